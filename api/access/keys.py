"""API keys."""

from fastapi import APIRouter

from api.bodies import Body, takes
from api.parameters import DEFAULT_LIMIT, Cursor, Id, Limit
from api.state import App, By
from runtime.permissions import needs
from services.access.answers import ApiKey, MadeKey
from services.access.keys import KeyIn
from services.answers import Page

router = APIRouter(prefix="/v1/keys", tags=["Access"])


@router.get("", summary="List API keys")
@needs("admin")
def list_keys(app: App, cursor: Cursor = None, limit: Limit = DEFAULT_LIMIT) -> Page[ApiKey]:
    """The newest first, revoked ones among them. The keys themselves are stored nowhere."""
    return app.access.keys.find(cursor=cursor, limit=limit)


@router.post(
    "",
    status_code=201,
    openapi_extra=takes(KeyIn),
    response_model_exclude_unset=True,
    summary="Make an API key",
)
@needs("admin")
def make_key(body: Body, app: App, by: By) -> MadeKey:
    """The answer alone has the `key`."""
    return app.access.keys.add(body, by)


@router.delete("/{key_id}", summary="Revoke an API key")
@needs("admin")
def revoke_key(key_id: Id, app: App, by: By) -> ApiKey:
    """It is refused from the next call on. By its id, its name, or how it begins."""
    return app.access.keys.revoke(key_id, by)
