"""Whether messages reach recipients."""

from fastapi import APIRouter

from api.parameters import Key
from api.state import App
from runtime.permissions import needs
from services.operations.answers import RecipientTest

router = APIRouter(prefix="/v1", tags=["Recipients"])


@router.post("/recipients/{key}/test", summary="Send a recipient a test message")
@needs("design")
def test_recipient(key: Key, app: App) -> RecipientTest:
    """One message by every channel; for each, whether it went out, would only be recorded, or failed and why."""
    return app.recipient_tests.send(key)
