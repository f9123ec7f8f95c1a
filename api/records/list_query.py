"""The parameters of lists of records, made from the filters that they have: one model says what there is."""

from inspect import Parameter, Signature
from typing import Annotated, Any

from fastapi import Query
from pydantic import TypeAdapter

from api.parameters import DEFAULT_LIMIT, Cursor, Limit, Score, Text
from automations.list_filters import FILTERS
from services.names import ShortText
from services.records.kinds import Kind
from services.records.lists import RecordQuery
from services.resources import BadParameter

_SORT = Annotated[str, Query(description="score, -score, created_at or -created_at")]
_SCORES = Annotated[
    ShortText | None, Query(description="Profiles whose `scores` and `bands` to show, such as fit,engagement")
]


class ListQuery:
    """A dependency that reads the list that is asked for from the address; FastAPI asks it for its signature.

    Not `paged`: all of it, in no order that could be asked for.
    """

    def __init__(self, kind: Kind, *, paged: bool = True) -> None:
        self._kind = kind
        self._model = FILTERS[kind]
        filters = self._model.model_fields.items()
        self.__signature__ = Signature(
            [
                _parameter("profile", Text),
                _parameter("scores", _SCORES),
                *(_parameter(name, _lenient(field.annotation)) for name, field in filters),
                *(_PAGES if paged else ()),
            ]
        )

    def __call__(
        self,
        *,
        profile: str | None,
        scores: str | None,
        sort: str = "created_at",
        cursor: str | None = None,
        limit: int = DEFAULT_LIMIT,
        **given: Any,
    ) -> RecordQuery:
        email = given.get("email")
        if email is not None and " " in email.strip():
            raise BadParameter("email", f'"{email}" is no address; a + in one is a blank here: write %2B')
        # Checked by the parameters' own types, which take longer and empty texts than a document does.
        wanted = self._model.model_construct(
            **{name: value for name, value in given.items() if value is not None}
        )
        return RecordQuery(
            self._kind,
            wanted,
            profile=profile,
            scores=named(scores),
            sort=sort,
            cursor=cursor,
            limit=limit,
        )


def named(texts: str | None) -> tuple[str, ...]:
    """The names in a parameter that lists some, with commas between them."""
    return tuple(dict.fromkeys(name.strip() for name in (texts or "").split(",") if name.strip()))


def _lenient(wanted: Any) -> Any:
    """How a value of the filter is read from an address, where everything is a text."""
    schema = TypeAdapter(wanted).json_schema()
    kinds = [kind for kind in schema.get("anyOf", [schema]) if kind.get("type") != "null"]
    if any("enum" in kind for kind in kinds):
        return Annotated[wanted, Query()]
    [one] = kinds
    return {"integer": Score, "string": Text}[one["type"]]


def _parameter(name: str, annotation: Any, default: Any = None) -> Parameter:
    return Parameter(name, Parameter.KEYWORD_ONLY, default=default, annotation=annotation)


_PAGES = (
    _parameter("sort", _SORT, "created_at"),
    _parameter("cursor", Cursor),
    _parameter("limit", Limit, DEFAULT_LIMIT),
)
