"""Smart lists: saved questions about contacts or deals, answered anew each time."""

from collections.abc import Iterator, Mapping
from typing import Any, Literal, Self

from pydantic import Field, ValidationError, model_validator

from automations.model import definition
from conditions.definition import Definition, Key, LongText, Text, invalid
from conditions.fields import LIST, check_conditions
from conditions.messages import plain_errors
from conditions.problems import Problem, suggestion
from conditions.times import Micros, to_iso
from conditions.tree import Conditions, fields_read
from scoring.profile import bands_in_order
from services import cursors
from services.answers import Page
from services.design.definitions import change_definitions
from services.design.documents import read_model
from services.preconditions import ALWAYS, Precondition
from services.records import answers
from services.records.answers import ListedContact, ListedDeal
from services.records.kinds import Kind
from services.records.list_filters import (
    FILTER_NAMES,
    FILTERS,
    ContactFilter,
    DealFilter,
    RecordFilter,
    other_filters,
)
from services.records.lists import RecordLists, RecordQuery, check_query
from services.resources import BadParameter, Invalid, NotFound, Resources
from store.connection import Connection, RowMapping
from store.design import definitions
from store.records import smart_lists


class SmartList(Definition):
    """A question about contacts or deals: what lists are filtered by, and `filters`, any condition. All must hold."""

    kind: Literal["smart_list"] = "smart_list"
    key: Key
    name: Text | None = None
    description: LongText | None = None
    applies_to: Literal["contact", "deal"] = "contact"
    profile: Key | None = Field(default=None, description="Whose scores the list shows and tests")
    filter: ContactFilter | DealFilter = Field(
        default_factory=ContactFilter, description="What lists are filtered by, all of it"
    )
    filters: Conditions = Field(
        default={}, description="Conditions on `contact.*`, `deal.*`, `score`, `band`, `scores.*`, `bands.*`"
    )
    sort: Literal["created_at", "-created_at", "score", "-score"] = "created_at"

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
        try:
            check_query(self.query())
        except BadParameter as error:
            inside = error.name in type(self.filter).model_fields
            yield Problem(("filter", error.name) if inside else (error.name,), str(error))
        if self.profile is None and {"score", "band"} & fields_read(self.filters):
            yield Problem(("filters",), '"score" and "band" need to know whose: add "profile"')

    def query(self, cursor: str | None = None, limit: int = cursors.PER_PAGE) -> RecordQuery:
        """The list as it is asked for."""
        return RecordQuery(
            self.applies_to,
            self.filter,
            profile=self.profile,
            filters=self.filters,
            sort=self.sort,
            cursor=cursor,
            limit=limit,
        )


class SmartLists:
    """Saves smart lists and answers them."""

    def __init__(self, resources: Resources, lists: RecordLists) -> None:
        self._resources = resources
        self._lists = lists

    def save(self, key: str, body: Any, when: Precondition = ALWAYS) -> tuple[answers.SmartList, bool]:
        """Create or replace a list; also whether it is new."""
        wanted = read_model(SmartList, body, key, "smart_list", also=("count",), own=FILTER_NAMES)

        def work(connection: Connection, now: Micros) -> tuple[RowMapping, bool]:
            if problems := list(_unknown_profiles(connection, wanted)):
                raise Invalid([_as_written(problem, body) for problem in problems])
            before = smart_lists.find(connection, key)
            _check(when, key, before)
            smart_lists.save(connection, key, definition(wanted), now)
            return _find_list(connection, key), before is None

        row, created = change_definitions(self._resources, work)
        return self._counted(row), created

    def get(self, key: str) -> answers.SmartList:
        """The list, and `count`: how many records it has now; null when what it asks for is not there any more."""
        return self._counted(self._row(key))

    def _counted(self, row: RowMapping) -> answers.SmartList:
        shown = _shown(row)
        try:
            shown.count = self._lists.count(_list(row).query())
        except BadParameter:
            shown.count = None
        return shown

    def find(self, *, cursor: str | None, limit: int) -> Page[answers.SmartList]:
        after = cursors.decode_one(cursor, "smart-lists", str) or ""
        with self._resources.database.read() as connection:
            lists = smart_lists.find_all(connection, after, limit + 1)
        taken, following = cursors.cut(lists, limit, "smart-lists", lambda row: [row["key"]])
        return Page[answers.SmartList](items=[_shown(row) for row in taken], next=following)

    def remove(self, key: str, when: Precondition = ALWAYS) -> None:
        def work(connection: Connection, _now: Micros) -> None:
            _check(when, key, _find_list(connection, key))
            smart_lists.remove(connection, key)

        change_definitions(self._resources, work)

    def kind(self, key: str) -> Kind:
        """What the list has; raises NotFound."""
        return _list(self._row(key)).applies_to

    def contacts(self, key: str, *, cursor: str | None, limit: int) -> Page[ListedContact]:
        """A page of the contacts that the list has now."""
        return self._lists.contacts(self.query("contact", key, cursor, limit))

    def deals(self, key: str, *, cursor: str | None, limit: int) -> Page[ListedDeal]:
        """A page of the deals that the list has now."""
        return self._lists.deals(self.query("deal", key, cursor, limit))

    def records(
        self, kind: Kind, key: str, *, cursor: str | None, limit: int
    ) -> Page[ListedContact] | Page[ListedDeal]:
        """A page of the records that the list has now."""
        return self._lists.find(self.query(kind, key, cursor, limit))

    def query(
        self, kind: Kind, key: str, cursor: str | None = None, limit: int = cursors.PER_PAGE
    ) -> RecordQuery:
        """What the list asks for; raises NotFound when it has records of the other kind."""
        wanted = _list(self._row(key))
        if wanted.applies_to != kind:
            raise NotFound(f'the smart list "{key}" has {wanted.applies_to}s, not {kind}s')
        return wanted.query(cursor, limit)

    def _row(self, key: str) -> RowMapping:
        with self._resources.database.read() as connection:
            return _find_list(connection, key)


def _find_list(connection: Connection, key: str) -> RowMapping:
    """The list's row; raises NotFound."""
    row = smart_lists.find(connection, key)
    if row is None:
        known = [other["key"] for other in smart_lists.find_all(connection, "", 500)]
        raise NotFound(f'there is no smart list "{key}"{suggestion(key, known)}')
    return row


def _check(when: Precondition, key: str, row: RowMapping | None) -> None:
    if when:
        when.check(f'the smart list "{key}"', None if row is None else _shown(row))


def _unknown_profiles(connection: Connection, wanted: SmartList) -> Iterator[Problem]:
    """Profiles that the list names and that do not exist, or score other records."""
    known = {
        row["key"]: row for row in definitions.all_definitions(connection, definitions.PROFILES, limit=10_000)
    }
    named: list[tuple[tuple[str, ...], str]] = [(("profile",), wanted.profile)] if wanted.profile else []
    for field in sorted(fields_read(wanted.filters)):
        owner, _, key = field.partition(".")
        if owner in ("scores", "bands"):
            named.append((("filters", field), key))
    for loc, key in named:
        if key not in known:
            yield Problem(loc, f'there is no profile "{key}"{suggestion(key, known)}')
        elif loc == ("profile",) and known[key]["applies_to"] != wanted.applies_to:
            yield Problem(loc, f'the profile "{key}" scores {known[key]["applies_to"]}s')
    if wanted.filter.band is not None and wanted.profile in known:
        row = known[wanted.profile]
        bands = row["draft"].get("bands", {})
        if row["version"] is not None:
            published = definitions.version_definition(
                connection, definitions.PROFILES, row["id"], row["version"]
            )
            bands = (published or {}).get("bands", {}) | bands
        if wanted.filter.band not in bands:
            known_bands = suggestion(wanted.filter.band, bands_in_order(bands))
            message = f'profile "{wanted.profile}" has no band "{wanted.filter.band}"{known_bands}'
            yield Problem(("filter", "band"), message)


def _as_written(problem: Problem, body: Mapping[str, Any]) -> Problem:
    """The problem where its list has it: with the filter's keys among its own, as they once were written."""
    flat = problem.loc[:1] == ("filter",) and "filter" not in body
    return Problem(problem.loc[1:], problem.message) if flat else problem


def _list(row: RowMapping) -> SmartList:
    return SmartList.model_validate(row["definition"])


def _shown(row: RowMapping) -> answers.SmartList:
    """A list without its `count`."""
    wanted = _list(row)
    content = {
        "kind": wanted.kind,
        "key": row["key"],
        "name": wanted.name,
        "applies_to": wanted.applies_to,
        **definition(wanted),
    }
    return answers.SmartList(**content, updated_at=to_iso(row["updated_at"]))
