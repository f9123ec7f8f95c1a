"""Smart lists: saved questions about contacts or deals, answered anew each time."""

from collections.abc import Collection, Mapping
from typing import Any

from automations.list_filters import FILTER_NAMES
from automations.model import definition
from automations.smart_list import SmartList
from automations.smart_list_checks import check_smart_list
from conditions.problems import Problem, suggestion
from conditions.times import Micros, to_iso
from runtime.principals import SYSTEM, Principal
from services import cursors
from services.answers import Page, field_problems
from services.design.definitions import change_definitions, known_definitions, note_saved
from services.design.documents import read_model
from services.preconditions import ALWAYS, Precondition
from services.records import answers
from services.records.answers import ListedContact, ListedDeal
from services.records.kinds import Kind
from services.records.lists import RecordLists, RecordQuery
from services.resources import BadParameter, Invalid, NotFound, Resources
from store.access.audit import note
from store.connection import Connection, RowMapping
from store.records import smart_lists


class SmartLists:
    """Saves smart lists and answers them."""

    def __init__(self, resources: Resources, lists: RecordLists) -> None:
        self._resources = resources
        self._lists = lists

    def save(
        self, key: str, body: Any, when: Precondition = ALWAYS, *, who: Principal = SYSTEM
    ) -> tuple[answers.SmartList, bool]:
        """Create or replace a list, with `warnings` of what is not wrong but strange. Also whether it is new."""
        wanted = read_model(SmartList, body, key, "smart_list", also=("count",), own=FILTER_NAMES)

        def work(connection: Connection, now: Micros) -> tuple[RowMapping, bool, list[Problem]]:
            errors, warnings = check_smart_list(wanted, known_definitions(connection))
            if errors:
                raise Invalid([_as_written(problem, body) for problem in errors])
            before = smart_lists.find(connection, key)
            _check(when, key, before)
            smart_lists.save(connection, key, definition(wanted), now)
            saved = _find_list(connection, key)
            was = None if before is None else before["definition"]
            note_saved(connection, who, now, "smart_list", key, was, saved["definition"])
            return saved, before is None, warnings

        row, created, warnings = change_definitions(self._resources, work)
        shown = self._counted(row)
        if warnings:
            shown.warnings = field_problems([_as_written(problem, body) for problem in warnings])
        return shown, created

    def get(self, key: str) -> answers.SmartList:
        """The list, and `count`: how many records it has now; null when what it asks for is not there any more."""
        return self._counted(self._row(key))

    def _counted(self, row: RowMapping) -> answers.SmartList:
        shown = _shown(row)
        try:
            shown.count = self._lists.count(query_of(_list(row)))
        except BadParameter:
            shown.count = None
        return shown

    def find(self, *, cursor: str | None, limit: int, counted: bool = False) -> Page[answers.SmartList]:
        """A page of them, by key; `counted`: each with its `count`, which takes a look at its records."""
        after = cursors.decode_one(cursor, "smart-lists", str) or ""
        with self._resources.database.read() as connection:
            lists = smart_lists.find_all(connection, after, limit + 1)
        taken, following = cursors.cut(lists, limit, "smart-lists", lambda row: [row["key"]])
        show = self._counted if counted else _shown
        return Page[answers.SmartList](items=[show(row) for row in taken], next=following)

    def remove(self, key: str, when: Precondition = ALWAYS, *, who: Principal = SYSTEM) -> None:
        """Delete it; the records stay."""

        def work(connection: Connection, now: Micros) -> None:
            row = _find_list(connection, key)
            _check(when, key, row)
            smart_lists.remove(connection, key)
            note(connection, who, now, "delete", "smart_list", key, before=row["definition"])

        change_definitions(self._resources, work)

    def kind(self, key: str) -> Kind:
        """What the list has; raises NotFound."""
        return _list(self._row(key)).applies_to

    def members(self, key: str, ids: Collection[int]) -> set[int]:
        """Those of the records with these ids that the list has now."""
        return self._lists.members(query_of(_list(self._row(key))), ids)

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
        return query_of(wanted, cursor, limit)

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


def _as_written(problem: Problem, body: Mapping[str, Any]) -> Problem:
    """The problem where its list has it: with the filter's keys among its own, as they once were written."""
    flat = problem.loc[:1] == ("filter",) and "filter" not in body
    return Problem(problem.loc[1:], problem.message) if flat else problem


def query_of(wanted: SmartList, cursor: str | None = None, limit: int = cursors.PER_PAGE) -> RecordQuery:
    """The list as it is asked for."""
    return RecordQuery(
        wanted.applies_to,
        wanted.filter,
        profile=wanted.profile,
        filters=wanted.filters,
        sort=wanted.sort,
        cursor=cursor,
        limit=limit,
    )


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
