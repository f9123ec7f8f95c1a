"""Finding things by any key or id."""

from typing import Annotated

from fastapi import APIRouter, Query

from api.state import App
from runtime.permissions import needs
from services.names import ShortText
from services.operations.answers import Finds

router = APIRouter(prefix="/v1", tags=["Operations"])


@router.get("/find", response_model_exclude_unset=True, summary="Find what has a key or an id")
@needs("read")
def find(q: Annotated[ShortText, Query(min_length=1, description="The key or id")], app: App) -> Finds:
    """Everything that has it, whichever it is: the key, our id or the e-mail address of a contact, the key or id of a
    deal, the id of an enrollment, event, task, notification or webhook, the id of a workflow in Temporal or the address
    of its page there, the key of an automation or profile. Nothing found is an empty list.
    """
    return app.finding.find(q)
