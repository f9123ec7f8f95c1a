"""Duplicates of people."""

from fastapi import APIRouter

from api.parameters import DEFAULT_LIMIT, Cursor, Limit
from api.state import App
from runtime.permissions import needs
from services.answers import Page
from services.records.answers import SharedAddress

router = APIRouter(prefix="/v1", tags=["Contacts"])


@router.get("/duplicates", summary="List contacts that share an e-mail address")
@needs("read")
def list_duplicates(app: App, cursor: Cursor = None, limit: Limit = DEFAULT_LIMIT) -> Page[SharedAddress]:
    """Addresses that several contacts have, as `email` or as key, in whatever case and composition.

    Merging, with `POST /v1/contacts/{key}/merge`, makes one of two.
    """
    return app.duplicates.find(cursor=cursor, limit=limit)
