"""Tasks: created by hand, listed, done, opened again, put off, given to others."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from conditions.definition import Definition, LongText, Text
from conditions.messages import plain_errors
from conditions.problems import Problem, suggestion
from conditions.times import LATEST, Duration, Micros, from_iso, micros_of, not_a_moment, parse_moment
from conditions.values import is_empty
from runtime.statuses import OPEN_TASK, TaskStatus
from services import cursors
from services.answers import Page
from services.follow_ups.answers import Task
from services.follow_ups.listing import id_of_automation, keys_of
from services.names import Name, ShortText, unstorable
from services.records.contacts import find_contact
from services.records.deals import find_deal
from services.records.kinds import ids_of
from services.records.shard_locks import in_shards
from services.resources import BadParameter, Conflict, Invalid, NotFound, Resources
from store.connection import Connection, RowMapping
from store.follow_ups import tasks
from store.records import contacts, deals

Sort = Literal["created_at", "-created_at", "due_at", "-due_at"]
SORTS: tuple[Sort, ...] = get_args(Sort)
#: Whom a list names for the tasks of nobody, and whom a task is given to for the owner of its record.
NOBODY, OWNER = "none", "owner"
_EXAMPLE = 'send a task such as {"contact": "ada", "title": "Call Ada", "due_in": "1d"}'


class TaskIn(BaseModel):
    """A task of a contact, or of a deal."""

    model_config = ConfigDict(extra="forbid", strict=True)

    contact: Name | None = Field(default=None, description="Key of the contact; this or `deal`")
    deal: Name | None = Field(default=None, description="Key of the deal")
    title: Annotated[ShortText, Field(min_length=1)]
    description: LongText | None = None
    assign_to: ShortText | None = Field(
        default=None, description="A name, or `owner` for the owner of the contact or deal"
    )
    due_at: str | None = Field(default=None, description="ISO 8601")
    due_in: Duration | None = Field(default=None, description="Instead of `due_at`: time from now on")
    request: Annotated[str, Field(min_length=1, max_length=100)] | None = Field(
        default=None,
        description="A name of your own for this call; calling again with it gives the same task",
    )


class TaskChange(BaseModel):
    """What may be changed of a task; what is missing stays."""

    model_config = ConfigDict(extra="forbid", strict=True)

    status: TaskStatus | None = Field(default=None, description="`open` opens one again that is done")
    title: Annotated[ShortText, Field(min_length=1)] | None = None
    description: LongText | None = None
    assign_to: ShortText | None = Field(
        default=None, description="A name, or `owner` for the owner of the contact or deal; null: nobody"
    )
    due_at: str | None = Field(default=None, description="ISO 8601; null: no due date")
    snooze: Duration | None = Field(
        default=None, description="Due so much later: than it was, or than now where that is over"
    )


class TaskFilter(Definition):
    """Which tasks; all that is given must hold."""

    contact: Text | None = None
    """Key of the contact."""
    deal: Text | None = None
    """Key of the deal."""
    automation: Text | None = None
    """Key of the automation that created it."""
    status: TaskStatus | None = None
    """How it stands."""
    assign_to: Text | None = None
    """Whose it is; `none`: nobody's."""
    overdue: bool | None = None
    """Whether it is open and its time is over."""
    due_before: Text | None = None
    """Due before this moment."""
    due_after: Text | None = None
    """Due at this moment or after it."""


class Tasks:
    """Reads and changes tasks, one transaction each."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources

    def find(
        self, wanted: TaskFilter, *, sort: str = "-created_at", cursor: str | None, limit: int
    ) -> Page[Task]:
        """A page. By `due_at`, those without a date come last, both ways."""
        if sort not in SORTS:
            raise BadParameter("sort", f'cannot sort by "{sort}"{suggestion(sort, SORTS)}')
        by_due, descending, of = sort.endswith("due_at"), sort.startswith("-"), f"tasks:{sort}"
        with self._resources.database.read() as connection:
            rows = tasks.find_tasks(
                connection,
                tests_of(connection, wanted, self._resources.clock()),
                by_due=by_due,
                descending=descending,
                after=_place(cursor, of, by_due=by_due),
                limit=limit + 1,
            )
            taken, following = cursors.cut(rows, limit, of, _by_due if by_due else _by_age)
            keys = keys_of(connection, taken)
        return Page[Task](items=[Task.of(row, keys) for row in taken], next=following)

    def get(self, task_id: str) -> Task:
        with self._resources.database.read() as connection:
            row = find_task(connection, task_id)
            return Task.of(row, keys_of(connection, [row]))

    def add(self, body: Any) -> Task:
        """Create a task, once per `request`. Emits `task.created`."""
        wanted, due_at = _read_new(body)

        def place(connection: Connection) -> list[int]:
            return [_record_of(connection, wanted)["shard"]]

        def work(connection: Connection, now: Micros) -> Task:
            record = _record_of(connection, wanted)
            about_deal = wanted.deal is not None
            if (known := _known(connection, wanted, record)) is not None:
                return Task.of(known, keys_of(connection, [known]))
            life = micros_of(wanted.due_in) if wanted.due_in is not None else None
            task_id = tasks.add_task(
                connection,
                now,
                contact_id=record["contact_id"] if about_deal else record["id"],
                deal_id=record["id"] if about_deal else None,
                request=wanted.request,
                shard=record["shard"],
                title=wanted.title.strip(),
                description=wanted.description or "",
                assign_to=assignee(wanted.assign_to, record["owner"]),
                due_at=due_at if life is None else now + life,
            )
            row = find_task(connection, task_id)
            return Task.of(row, keys_of(connection, [row]))

        return in_shards(self._resources, place, work)

    def change(self, task_id: str, body: Any) -> Task:
        """Change what is given. What becomes done emits `task.done`; what is due anew, `task.overdue` when it is."""
        values = _read_change(body)

        def work(connection: Connection, now: Micros) -> Task:
            row = find_task(connection, task_id)
            tasks.change_tasks(connection, [(row, _new_values(connection, row, values, now))], now)
            row = find_task(connection, task_id)
            return Task.of(row, keys_of(connection, [row]))

        return in_shards(self._resources, lambda connection: [find_task(connection, task_id)["shard"]], work)


def _known(connection: Connection, wanted: TaskIn, record: RowMapping) -> RowMapping | None:
    """The task that this request has created before; raises Conflict where it is that of another."""
    known = tasks.find_request(connection, wanted.request) if wanted.request is not None else None
    if known is None:
        return None
    of = known["deal_id"] if wanted.deal is not None else known["contact_id"]
    if of != record["id"]:
        raise Conflict(
            f'the request "{wanted.request}" is that of another task, {known["id"]}; choose another name'
        )
    return known


def read_filter(body: Mapping[str, Any]) -> TaskFilter:
    """The filter in a mapping; raises Invalid."""
    try:
        return TaskFilter.model_validate(body)
    except ValidationError as error:
        raise Invalid(plain_errors(error, body)) from None


def find_task(connection: Connection, task_id: str) -> RowMapping:
    """The task's row; raises NotFound."""
    row = tasks.find_task(connection, task_id)
    if row is None:
        raise NotFound(f'there is no task "{task_id}"; GET /v1/tasks lists them')
    return row


def tests_of(connection: Connection, wanted: TaskFilter, now: Micros) -> list[Any]:
    """What the filter tests; raises BadParameter."""
    equal: dict[str, Any] = {
        **ids_of(connection, wanted.contact, wanted.deal),
        **id_of_automation(connection, wanted.automation),
    }
    if wanted.status is not None:
        equal["status"] = wanted.status
    if wanted.assign_to is not None:
        equal["assign_to"] = None if wanted.assign_to == NOBODY else wanted.assign_to
    return tasks.task_tests(
        equal,
        overdue=wanted.overdue,
        now=now,
        due_before=_moment("due_before", wanted.due_before),
        due_after=_moment("due_after", wanted.due_after),
    )


def assignee(wanted: str | None, owner: str | None) -> str | None:
    """Whom a task is given to, of a contact or deal with this owner."""
    name = owner if wanted == OWNER else wanted
    return None if is_empty(name) else name


def _moment(name: str, text: str | None) -> Micros | None:
    try:
        return None if text is None else from_iso(text)
    except ValueError as error:
        raise BadParameter(name, str(error)) from None


def _record_of(connection: Connection, wanted: TaskIn) -> RowMapping:
    if wanted.deal is not None:
        return find_deal(connection, wanted.deal)
    return find_contact(connection, wanted.contact or "")


def _new_values(
    connection: Connection, row: RowMapping, values: Mapping[str, Any], now: Micros
) -> dict[str, Any]:
    """The columns of a task after a change; raises Conflict."""
    new = {name: value for name, value in values.items() if name != "snooze"}
    if "assign_to" in new:
        about_deal = row["deal_id"] is not None
        record = (
            deals.deal_by_id(connection, row["deal_id"])
            if about_deal
            else contacts.contact_by_id(connection, row["contact_id"])
        )
        new["assign_to"] = assignee(new["assign_to"], record["owner"] if record is not None else None)
    if (put_off := values.get("snooze")) is not None:
        if new.get("status", row["status"]) != OPEN_TASK:
            raise Conflict('a task that is not open is not due; open it again with {"status": "open"}')
        new["due_at"] = min(max(now, row["due_at"] or now) + micros_of(put_off), LATEST)
    return new


Model = TypeVar("Model", bound=BaseModel)


def _read(model: type[Model], body: Any, example: str) -> Model:
    """What is sent; raises Invalid."""
    if not isinstance(body, dict):
        raise Invalid([Problem((), example)])
    problems = list(unstorable(body))
    try:
        read = model.model_validate(body)
    except ValidationError as error:
        raise Invalid([*problems, *plain_errors(error, body)]) from None
    if problems:
        raise Invalid(problems)
    return read


def _due_at(read: TaskIn | TaskChange) -> Micros | None:
    """`due_at` as a moment; raises Invalid for values that cannot be."""
    problems = []
    due_at = parse_moment(read.due_at) if read.due_at is not None else None
    if read.due_at is not None and due_at is None:
        problems.append(Problem(("due_at",), not_a_moment(read.due_at)))
    if not (read.title or "x").strip():
        problems.append(Problem(("title",), '"title" should not be empty'))
    if read.assign_to == NOBODY:
        problems.append(Problem(("assign_to",), f'"{NOBODY}" is nobody: write null, or leave it out'))
    if problems:
        raise Invalid(problems)
    return due_at


def _read_new(body: Any) -> tuple[TaskIn, Micros | None]:
    wanted = _read(TaskIn, body, _EXAMPLE)
    due_at = _due_at(wanted)
    problems = []
    if (wanted.contact is None) == (wanted.deal is None):
        problems.append(Problem((), "a task is of a contact or of a deal: name one of them"))
    if wanted.due_at is not None and wanted.due_in is not None:
        problems.append(Problem(("due_in",), 'a task takes either "due_at" or "due_in"'))
    if problems:
        raise Invalid(problems)
    return wanted, due_at


def _read_change(body: Any) -> dict[str, Any]:
    """What is to be changed, by column, and `snooze`."""
    change = _read(TaskChange, body, 'send what to change, such as {"status": "done"}')
    due_at = _due_at(change)
    values = change.model_dump(exclude_unset=True)
    problems = [
        Problem((name,), f'"{name}" cannot be null')
        for name in ("status", "title", "snooze")
        if name in values and values[name] is None
    ]
    if not values:
        names = ", ".join(list(TaskChange.model_fields)[:-1])
        problems = [Problem((), f"nothing to change; send {names} or snooze")]
    if {"due_at", "snooze"} <= values.keys():
        problems.append(Problem(("snooze",), 'send either "due_at" or "snooze"'))
    if problems:
        raise Invalid(problems)
    if "due_at" in values:
        values["due_at"] = due_at
    if "title" in values:
        values["title"] = values["title"].strip()
    if "description" in values:
        values["description"] = values["description"] or ""
    return values


def _place(cursor: str | None, of: str, *, by_due: bool) -> tasks.Place | None:
    if cursor is None:
        return None
    if not by_due:
        return tasks.Place(None, cursors.decode_one(cursor, of, str) or "")
    try:
        key = cursors.decode(cursor, of, (int, str))
    except BadParameter:
        key = cursors.decode(cursor, of, (str,))
        return tasks.Place(None, key[0]) if key else None
    return tasks.Place(key[0], key[1]) if key else None


def _by_age(row: RowMapping) -> list[Any]:
    return [row["id"]]


def _by_due(row: RowMapping) -> list[Any]:
    return [row["id"]] if row["due_at"] is None else [row["due_at"], row["id"]]
