"""Smart lists as their authors write them: saved questions about contacts or deals."""

from collections.abc import Iterator, Mapping
from typing import Any, Literal, Self

from pydantic import Field, ValidationError, model_validator

from automations.list_filters import (
    FILTERS,
    ContactFilter,
    DealFilter,
    RecordFilter,
    Sort,
    other_filters,
    query_problems,
)
from conditions.definition import Definition, Key, LongText, Text, invalid
from conditions.fields import LIST, check_conditions
from conditions.messages import plain_errors
from conditions.problems import Problem
from conditions.tree import Conditions, fields_read


class SmartList(Definition):
    """A question about contacts or deals: what lists are filtered by, and `filters`, any condition. All must hold."""

    kind: Literal["smart_list"] = "smart_list"
    """Says what the document is."""
    key: Key
    """Your own stable name for the list."""
    name: Text | None = None
    """For people."""
    description: LongText | None = None
    """For people."""
    applies_to: Literal["contact", "deal"] = "contact"
    """What the list has."""
    profile: Key | None = None
    """Whose scores the list shows, tests and sorts by."""
    filter: ContactFilter | DealFilter = Field(default_factory=ContactFilter)
    """What lists are filtered by, all of it."""
    filters: Conditions = Field(default={})
    """Conditions on `contact.*`, `deal.*`, `score`, `band`, `scores.*`, `bands.*`."""
    sort: Sort = "created_at"
    """The order: the oldest or the newest first, the lowest or the highest score first."""

    @model_validator(mode="before")
    @classmethod
    def _filter_of_its_kind(cls, raw: Any) -> Any:
        """The filter as that of its kind of record. Lists were once written with its keys among their own."""
        kind: Any = raw.get("applies_to", "contact") if isinstance(raw, Mapping) else None
        if kind not in (*FILTERS,) or isinstance(raw.get("filter"), RecordFilter):
            return raw
        others = other_filters(kind)
        flat = {name: raw[name] for name in raw if name in {*FILTERS[kind].model_fields, *others}}
        given = raw.get("filter", flat)
        if not isinstance(given, Mapping):
            raise invalid(Problem(("filter",), "write the filter as a mapping, such as {stage: lead}"))
        if wrong := sorted(name for name in others & given.keys() if given[name] is not None):
            raise invalid(
                *(Problem(("filter", name), f'"{name}" is not a field of {kind}s') for name in wrong)
            )
        try:
            own = {name: given[name] for name in given if name not in others}
            record_filter = FILTERS[kind].model_validate(own)
        except ValidationError as error:
            problems = plain_errors(error, given)
            raise invalid(
                *(Problem(("filter", *problem.loc), problem.message) for problem in problems)
            ) from None
        rest = raw if "filter" in raw else {name: raw[name] for name in raw if name not in flat}
        return {**rest, "filter": record_filter}

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if problems := list(self._problems()):
            raise invalid(*problems)
        return self

    def _problems(self) -> Iterator[Problem]:
        yield from check_conditions(self.filters, LIST[self.applies_to], ("filters",))
        yield from query_problems(self.filter, self.profile, self.filters, self.sort)
        if self.profile is None and {"score", "band"} & fields_read(self.filters):
            yield Problem(("filters",), '"score" and "band" need to know whose: add "profile"')
