"""Bulk jobs: counted first, begun for those who are meant at that moment, watched, stopped. Workers do them."""

from typing import Any, NamedTuple

from pydantic import ValidationError
from uuid_utils import uuid7

from automations.model import Automation
from automations.smart_list import SmartList
from conditions.messages import plain_errors
from conditions.problems import Problem
from runtime.principals import SYSTEM, Principal
from runtime.statuses import BulkKind, BulkStatus
from services import cursors
from services.answers import Page
from services.design.definitions import find_definition
from services.follow_ups.answers import BulkCount, BulkJob
from services.follow_ups.bulk_requests import OF_TASKS, BulkIn, parameters_of, read_bulk
from services.follow_ups.tasks import TaskFilter, tests_of
from services.records.adjustments import published_profile
from services.records.kinds import Kind
from services.records.lists import RecordLists, RecordQuery
from services.records.smart_lists import SmartLists, query_of
from services.resources import BadParameter, Conflict, Invalid, NotFound, Resources
from store.access.audit import note
from store.connection import Connection, RowMapping
from store.design import definitions
from store.follow_ups import bulk_jobs, tasks


class _Meant(NamedTuple):
    """Who is meant: contacts, deals or tasks, by id."""

    kind: BulkKind
    ids: list[Any]


class Bulk:
    """Counts, begins and stops jobs."""

    def __init__(self, resources: Resources, lists: RecordLists, smart_lists: SmartLists) -> None:
        self._resources = resources
        self._lists = lists
        self._smart_lists = smart_lists

    def start(self, body: Any, *, who: Principal = SYSTEM) -> BulkJob | BulkCount:
        """Begin a job for all who are meant now, or only count them. Whoever comes later is not meant."""
        wanted = read_bulk(body)
        parameters = parameters_of(wanted)
        if wanted.request is not None and (known := self._known(wanted.request)) is not None:
            return self._same(known, wanted, parameters)
        meant = self._meant(wanted)
        if wanted.dry_run:
            return BulkCount(
                action=wanted.action, of=meant.kind, smart_list=wanted.smart_list, total=len(meant.ids)
            )
        if wanted.action in ("adjust", "enroll"):
            parameters["author"] = who.said_by(wanted.author)

        def work(connection: Connection) -> RowMapping:
            if wanted.request is not None:
                known = bulk_jobs.find_request(connection, wanted.request)
                if known is not None:
                    return known
            job_id = str(uuid7())
            bulk_jobs.begin(
                connection,
                meant.ids,
                self._resources.clock(),
                id=job_id,
                request=wanted.request,
                action=wanted.action,
                kind=meant.kind,
                parameters=parameters,
                smart_list=wanted.smart_list,
            )
            told = {"action": wanted.action, "of": meant.kind, "total": len(meant.ids), **parameters}
            note(connection, who, self._resources.clock(), "start", "bulk job", job_id, after=told)
            return _find(connection, job_id)

        return self._shown(self._resources.database.run(work))

    def get(self, job_id: str) -> BulkJob:
        with self._resources.database.read() as connection:
            return self._shown(_find(connection, job_id))

    def find(self, *, cursor: str | None, limit: int) -> Page[BulkJob]:
        """The newest first."""
        before = cursors.decode_one(cursor, "bulk", str)
        with self._resources.database.read() as connection:
            rows = bulk_jobs.newest_first(connection, before, limit + 1)
        taken, following = cursors.cut(rows, limit, "bulk", lambda row: [row["id"]])
        return Page[BulkJob](items=[self._shown(row) for row in taken], next=following)

    def stop(self, job_id: str, *, who: Principal = SYSTEM) -> BulkJob:
        """Let no further slice begin; what is done stays done. Raises Conflict where it is over already."""

        def work(connection: Connection) -> RowMapping:
            row = _find(connection, job_id)
            if not bulk_jobs.end(connection, job_id, BulkStatus.STOPPED, self._resources.clock()):
                raise Conflict(f'the bulk job "{job_id}" is over already: {row["status"]}')
            note(connection, who, self._resources.clock(), "stop", "bulk job", job_id)
            return _find(connection, job_id)

        return self._shown(self._resources.database.run(work))

    def _shown(self, row: RowMapping) -> BulkJob:
        return BulkJob.of_row(row, self._resources.settings)

    def _known(self, request: str) -> RowMapping | None:
        with self._resources.database.read() as connection:
            return bulk_jobs.find_request(connection, request)

    def _same(self, known: RowMapping, wanted: BulkIn, parameters: dict[str, Any]) -> BulkJob:
        """The job that was begun by this name; raises Conflict where another was."""
        was = {
            name: value
            for name, value in known["parameters"].items()
            if name in parameters and name != "author"
        }
        parameters = {name: value for name, value in parameters.items() if name != "author"}
        if known["action"] != wanted.action or was != parameters:
            raise Conflict(
                f'the request "{wanted.request}" is that of another bulk job, {known["id"]}; choose another name'
            )
        return self._shown(known)

    def _meant(self, wanted: BulkIn) -> _Meant:
        """Who is meant, at one moment. Raises what callers should see where the action is none for them."""
        if wanted.tasks is not None:
            return _Meant("task", self._tasks(wanted.tasks))
        query = self._query(wanted)
        if wanted.action not in OF_TASKS:
            self._check(wanted, query.kind)
        try:
            ids = self._lists.ids(query)
        except BadParameter as error:
            loc = (f"{query.kind}s", error.name) if wanted.smart_list is None else ("smart_list",)
            raise Invalid([Problem(loc, str(error))]) from None
        if wanted.action not in OF_TASKS:
            return _Meant(query.kind, ids)
        with self._resources.database.read() as connection:
            return _Meant("task", tasks.open_tasks_of(connection, query.kind, ids))

    def _query(self, wanted: BulkIn) -> RecordQuery:
        if wanted.smart_list is not None:
            return self._smart_lists.query(self._smart_lists.kind(wanted.smart_list), wanted.smart_list)
        kind: Kind = "contact" if wanted.contacts is not None else "deal"
        raw = {**(wanted.contacts or wanted.deals or {}), "key": "bulk", "applies_to": kind}
        try:
            return query_of(SmartList.model_validate(raw))
        except ValidationError as error:
            raise Invalid(_inside(f"{kind}s", plain_errors(error, raw))) from None

    def _tasks(self, given: dict[str, Any]) -> list[str]:
        raw = {"status": "open", **given}
        try:
            wanted = TaskFilter.model_validate(raw)
        except ValidationError as error:
            raise Invalid(_inside("tasks", plain_errors(error, raw))) from None
        with self._resources.database.read() as connection:
            try:
                tests = tests_of(connection, wanted, self._resources.clock())
            except BadParameter as error:
                raise Invalid([Problem(("tasks", error.name), str(error))]) from None
            return tasks.task_ids(connection, tests)

    def _check(self, wanted: BulkIn, kind: Kind) -> None:
        """Raise NotFound, Conflict or Invalid for a profile or an automation that is none for such records."""
        with self._resources.database.read() as connection:
            if wanted.profile is not None:
                published_profile(connection, wanted.profile, kind)
            if wanted.automation is not None:
                self._check_automation(connection, wanted.automation, kind)

    def _check_automation(self, connection: Connection, key: str, kind: Kind) -> None:
        row = find_definition(connection, definitions.AUTOMATIONS, key)
        published = None
        if row["version"] is not None:
            published = definitions.version_definition(
                connection, definitions.AUTOMATIONS, row["id"], row["version"]
            )
        if published is None:
            raise Conflict(f'the automation "{key}" is not published; publish it first')
        profile_key = Automation.model_validate(published).trigger.profile
        if profile_key is None:  # an event enrolls whom it names
            return
        profile = definitions.find(connection, definitions.PROFILES, profile_key)
        if profile is None or profile["version"] is None:
            raise Conflict(f'the profile "{profile_key}" is not published, so that nobody has its score')
        if (enrolled := profile["applies_to"]) != kind:
            raise Invalid([Problem(("automation",), f'"{key}" enrolls {enrolled}s; name {enrolled}s')])


def _find(connection: Connection, job_id: str) -> RowMapping:
    row = bulk_jobs.find(connection, job_id)
    if row is None:
        raise NotFound(f'there is no bulk job "{job_id}"; GET /v1/bulk lists them')
    return row


def _inside(name: str, problems: list[Problem]) -> list[Problem]:
    return [Problem((name, *problem.loc), problem.message) for problem in problems]
