"""Smart lists: saved questions about contacts or deals, answered anew each time."""

from collections.abc import Iterator
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from automations.model import definition
from conditions.definition import Definition, Key, LongText, Text, WholeNumber, invalid
from conditions.fields import LIST, check_conditions
from conditions.problems import Problem, suggestion
from conditions.times import Micros, to_iso
from conditions.tree import Conditions, fields_read
from services import cursors
from services.design.definitions import change_definitions, read_model
from services.records.kinds import Kind
from services.records.lists import EQUAL, RecordLists, RecordQuery, check_query
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
    score_gte: WholeNumber | None = None
    score_lte: WholeNumber | None = None
    band: Text | None = None
    tag: Text | None = None
    stage: Text | None = None
    owner: Text | None = None
    email: Text | None = None
    phone: Text | None = None
    contact: Text | None = None
    pipeline: Text | None = None
    status: Literal["open", "won", "lost"] | None = None
    currency: Text | None = None
    q: Text | None = Field(default=None, description="A text in key, name or e-mail")
    filters: Conditions = Field(
        default={}, description="Conditions on `contact.*`, `deal.*`, `score`, `band`, `scores.*`, `bands.*`"
    )
    sort: Literal["created_at", "-created_at", "score", "-score"] = "created_at"

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if problems := list(self._problems()):
            raise invalid(*problems)
        return self

    def _problems(self) -> Iterator[Problem]:
        others = {"contact": ("contact", "pipeline", "status", "currency"), "deal": ("tag", "email", "phone")}
        for name in others[self.applies_to]:
            if getattr(self, name) is not None:
                yield Problem((name,), f'"{name}" is not a field of {self.applies_to}s')
        yield from check_conditions(self.filters, LIST[self.applies_to], ("filters",))
        try:
            check_query(self.query())
        except BadParameter as error:
            yield Problem((error.name,), str(error))
        if self.profile is None and {"score", "band"} & fields_read(self.filters):
            yield Problem(("filters",), '"score" and "band" need to know whose: add "profile"')

    def query(self, cursor: str | None = None, limit: int = cursors.PER_PAGE) -> RecordQuery:
        """The list as it is asked for."""
        kind: Kind = self.applies_to
        equal = {name: value for name in EQUAL[kind] if (value := getattr(self, name)) is not None}
        return RecordQuery(
            kind,
            self.profile,
            self.score_gte,
            self.score_lte,
            self.band,
            self.tag,
            self.contact,
            equal,
            self.q,
            self.filters,
            self.sort,
            cursor,
            limit,
        )


Shown = Annotated[dict[str, Any], "a smart list as the API shows it"]


class SmartLists:
    """Saves smart lists and answers them."""

    def __init__(self, resources: Resources, lists: RecordLists) -> None:
        self._resources = resources
        self._lists = lists

    def save(self, key: str, body: Any) -> tuple[Shown, bool]:
        """Create or replace a list; also whether it is new."""
        wanted = read_model(SmartList, body, key, "smart_list", also=("count",))

        def work(connection: Connection, now: Micros) -> bool:
            if problems := list(_unknown_profiles(connection, wanted)):
                raise Invalid(problems)
            created = smart_lists.find(connection, key) is None
            smart_lists.save(connection, key, definition(wanted), now)
            return created

        created = change_definitions(self._resources, work)
        return self.get(key), created

    def get(self, key: str) -> Shown:
        """The list, and `count`: how many records it has now; null when what it asks for is not there any more."""
        row = self._row(key)
        try:
            count = self._lists.count(_list(row).query())
        except BadParameter:
            count = None
        return {**_json(row), "count": count}

    def find(self, *, cursor: str | None, limit: int) -> dict[str, Any]:
        after = cursors.decode(cursor, "smart-lists", (str,))
        with self._resources.database.read() as connection:
            found = smart_lists.find_all(connection, after[0] if after else "", limit + 1)
        rows, following = cursors.cut(found, limit, "smart-lists", lambda row: [row["key"]])
        return cursors.page([_json(row) for row in rows], following)

    def remove(self, key: str) -> None:
        self._row(key)
        self._resources.database.run(lambda connection: smart_lists.remove(connection, key))

    def kind(self, key: str) -> Kind:
        """What the list has; raises NotFound."""
        return _list(self._row(key)).applies_to

    def records(self, kind: Kind, key: str, *, cursor: str | None, limit: int) -> dict[str, Any]:
        """A page of the records that the list has now."""
        wanted = _list(self._row(key))
        if wanted.applies_to != kind:
            raise NotFound(f'the smart list "{key}" has {wanted.applies_to}s, not {kind}s')
        return self._lists.find(wanted.query(cursor, limit))

    def _row(self, key: str) -> RowMapping:
        with self._resources.database.read() as connection:
            row = smart_lists.find(connection, key)
            if row is None:
                known = [found["key"] for found in smart_lists.find_all(connection, "", 500)]
                raise NotFound(f'there is no smart list "{key}"{suggestion(key, known)}')
            return row


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
    if wanted.band is not None and wanted.profile in known:
        row = known[wanted.profile]
        bands = {*row["draft"].get("bands", {})}
        if row["version"] is not None:
            published = definitions.version_definition(
                connection, definitions.PROFILE_VERSIONS, row["id"], row["version"]
            )
            bands |= {*(published or {}).get("bands", {})}
        if wanted.band not in bands:
            yield Problem(
                ("band",),
                f'profile "{wanted.profile}" has no band "{wanted.band}"{suggestion(wanted.band, bands)}',
            )


def _list(row: RowMapping) -> SmartList:
    return SmartList.model_validate(row["definition"])


def _json(row: RowMapping) -> Shown:
    found = _list(row)
    shown = {"kind": found.kind, "key": row["key"], "name": found.name, "applies_to": found.applies_to}
    return {**shown, **definition(found), "updated_at": to_iso(row["updated_at"])}
