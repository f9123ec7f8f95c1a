"""What can be exported: contacts, deals, tasks, enrollments, changes of scores, and events."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from automations.list_filters import FILTERS
from services.answers import Page
from services.cursors import MOST_PER_PAGE
from services.exports.columns import Column, plain_columns, record_columns
from services.exports.streams import Format, Listing, Stream
from services.follow_ups.listing import FollowUps
from services.follow_ups.tasks import TaskFilter, Tasks
from services.intake.history import EventHistory
from services.records.changes import ScoreChanges
from services.records.lists import RecordLists, RecordQuery
from services.records.smart_lists import SmartLists
from services.resources import BadParameter

#: Columns beyond which a table is of no use to anybody.
MOST_COLUMNS = 2_000
_TASK = plain_columns(
    *("id", "contact", "deal", "automation", "enrollment", "title", "description", "assign_to"),
    *("due_at", "status", "created_at", "updated_at"),
)
_ENROLLMENT = plain_columns(
    *("id", "contact", "deal", "automation", "version", "status", "step", "step_place", "step_title"),
    *("attempt", "paused", "retrying", "last_error", "tries", "next_attempt_at", "waits_until"),
    *("cause", "author", "chosen", "started_by", "previous", "current"),
    *("workflow_id", "created_at", "started_at", "finished_at"),
)
_CHANGE = plain_columns(
    *("profile", "contact", "deal", "previous", "current", "cause", "at", "version", "silent"),
    *("event.id", "event.type", "event.occurred_at", "adjustment.reason", "adjustment.author"),
)


class Exports:
    """Gives lists as streams of text. Whatever cannot be asked is said before a stream begins."""

    def __init__(
        self,
        lists: RecordLists,
        smart_lists: SmartLists,
        follow_ups: FollowUps,
        tasks: Tasks,
        changes: ScoreChanges,
        history: EventHistory,
    ) -> None:
        self._lists = lists
        self._smart_lists = smart_lists
        self._follow_ups = follow_ups
        self._tasks = tasks
        self._changes = changes
        self._history = history

    def records(self, query: RecordQuery, file_format: Format, smart_list: str | None = None) -> Stream:
        """Contacts or deals: those of the query, or of a smart list; each once, in the order of their creation.

        With the scores and bands of the query's `scores`, and of the profile that the list or the filter asks for.
        """
        if smart_list is not None:
            query = replace(self._of_list(query, smart_list), scores=query.scores)
        of_profile = () if query.profile is None else (query.profile,)
        query = replace(
            query,
            scores=tuple(dict.fromkeys((*of_profile, *query.scores))),
            sort="created_at",
            limit=MOST_PER_PAGE,
        )

        def columns() -> Sequence[Column]:
            fields = self._lists.field_names(query)
            if len(fields) > MOST_COLUMNS:
                raise BadParameter(
                    "format", f"{len(fields):,} different fields make no table; export them as ndjson"
                )
            return record_columns(query.kind, fields, query.scores)

        def page(cursor: str | None) -> Page[Any]:
            return self._lists.find(replace(query, cursor=cursor))

        return Stream(Listing(f"{query.kind}s", page, columns, lambda: self._lists.count(query)), file_format)

    def tasks(self, file_format: Format, wanted: TaskFilter) -> Stream:
        """Tasks, the newest first."""
        return self._stream("tasks", self._tasks.find, _TASK, file_format, {"wanted": wanted})

    def enrollments(self, file_format: Format, **filters: str | None) -> Stream:
        """Enrollments, the newest first."""
        return self._stream("enrollments", self._follow_ups.enrollments, _ENROLLMENT, file_format, filters)

    def changes(self, file_format: Format, **filters: Any) -> Stream:
        """Changes of scores, profile by profile and record by record."""
        return self._stream("changes", self._changes.find, _CHANGE, file_format, filters)

    def events(self, **filters: Any) -> Stream:
        """Events as lines that can be imported: their properties fit no table."""
        return self._stream("events", self._history.sent, None, "ndjson", filters)

    def _stream(
        self,
        name: str,
        find: Callable[..., Page[Any]],
        columns: Sequence[Column] | None,
        file_format: Format,
        filters: dict[str, Any],
    ) -> Stream:
        def page(cursor: str | None) -> Page[Any]:
            return find(**filters, cursor=cursor, limit=MOST_PER_PAGE)

        return Stream(Listing(name, page, None if columns is None else lambda: columns), file_format)

    def _of_list(self, query: RecordQuery, smart_list: str) -> RecordQuery:
        if query.profile is not None or query.filter != FILTERS[query.kind].model_construct():
            raise BadParameter("list", "a smart list has filters of its own; name a list, or filters")
        return self._smart_lists.query(query.kind, smart_list)
