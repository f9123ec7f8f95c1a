"""Parameters of addresses: names, pages, and no unknown ones."""

from typing import Annotated

from fastapi import Path, Query, Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from pydantic import AfterValidator

from conditions.problems import suggestion
from conditions.values import LARGEST_INTEGER
from services.cursors import MOST_PER_PAGE, PER_PAGE
from services.names import ShortText, check_name, check_tag
from services.resources import BadParameter

RecordKey = Annotated[str, AfterValidator(check_name), Path(description="The caller's own stable key")]
TagName = Annotated[str, AfterValidator(check_tag), Path(description="The tag")]
Key = Annotated[str, AfterValidator(check_name), Path(description="Key of the definition")]
Id = Annotated[str, AfterValidator(check_name), Path(description="Our id")]
EventId = Annotated[str, Path(description="The event's id")]
Text = Annotated[ShortText | None, Query()]
Score = Annotated[int | None, Query(ge=-LARGEST_INTEGER, le=LARGEST_INTEGER)]
Limit = Annotated[int, Query(ge=1, le=MOST_PER_PAGE, description="How many to list")]
Cursor = Annotated[str | None, Query(description="`next` of the last page")]
At = Annotated[
    str | None,
    Query(
        description="Another time, past or future: `2026-06-30T09:00:00Z`, `2026-06-30`, `2026-06`, `-7d`, `%2B7d`, "
        "`yesterday`, `last month`; without an offset in the installation's time zone. From rules and fields as they "
        "are now"
    ),
]
AsPublished = Annotated[
    bool,
    Query(
        description="With `at` in the past: by the version and the fields of then, as far as they are kept"
    ),
]
Version = Annotated[int | None, Query(ge=1, le=1_000_000)]
Triggers = Annotated[str | None, Query(description="`silent`: score changes enroll nobody; or `fire`")]
DEFAULT_LIMIT = PER_PAGE


async def only_known_parameters(request: Request) -> None:
    """Refuse a parameter that the call does not have: a filter that is passed over lists the wrong people."""
    route: APIRoute = request.scope["route"]
    known = _known(route.dependant)
    for name in request.query_params:
        if name not in known:
            raise BadParameter(name, f'unknown parameter "{name}"{suggestion(name, known)}')


def _known(dependant: Dependant) -> list[str]:
    """The parameters of a call and of what it depends on."""
    own = [field.alias for field in dependant.query_params]
    return [*own, *(name for inner in dependant.dependencies for name in _known(inner))]
