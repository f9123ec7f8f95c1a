"""What follow-ups are doing and have done: enrollments, tasks, notifications."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from automations import secret_placeholders
from conditions.messages import plain_errors
from conditions.problems import Problem
from conditions.times import from_iso
from runtime.registry import follow_up_workflow_id
from runtime.settings import Settings
from runtime.statuses import OPEN, EnrollmentStatus
from runtime.temporal import workflow_url
from services import cursors
from services.names import ShortText
from services.records.scores import iso
from services.resources import BadParameter, Invalid, NotFound, Resources
from store.connection import Connection, RowMapping
from store.design import definitions
from store.follow_ups import effects
from store.follow_ups import enrollments as follow_ups
from store.records import contacts, deals

STATUSES = tuple(EnrollmentStatus)


class TaskChange(BaseModel):
    """What may be changed of a task; what is missing stays."""

    model_config = ConfigDict(extra="forbid", strict=True)

    status: Literal["open", "done"] | None = None
    title: Annotated[ShortText, Field(min_length=1)] | None = None
    assign_to: ShortText | None = None
    due_at: str | None = Field(default=None, description="ISO 8601; null: no due date")


class FollowUps:
    """Lists what automations have brought about, the newest first."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources

    def enrollments(self, **query: Any) -> dict[str, Any]:
        """By `contact`, `deal`, `automation` and `status`."""
        settings = self._resources.settings
        return self._page(
            "enrollments",
            query,
            lambda row, contact_keys, deal_keys: enrollment_json(row, contact_keys, deal_keys, settings),
        )

    def tasks(self, **query: Any) -> dict[str, Any]:
        """By `contact`, `deal`, `status` and `assign_to`."""
        return self._page("tasks", query, task_json)

    def notifications(self, **query: Any) -> dict[str, Any]:
        """By `contact`, `deal` and `status`."""
        return self._page("notifications", query, notification_json)

    def webhooks(self, **query: Any) -> dict[str, Any]:
        """By `contact`, `deal` and `status`."""
        return self._page("webhooks", query, webhook_json)

    def change_task(self, task_id: str, body: Any) -> dict[str, Any]:
        values = _task_values(body)

        def work(connection: Connection) -> RowMapping | None:
            now = self._resources.clock()
            if not effects.change_task(connection, task_id, **values, updated_at=now):
                return None
            return next(iter(follow_ups.list_rows(connection, "tasks", {"id": task_id}, None, 1)))

        row = self._resources.database.run(work)
        if row is None:
            raise NotFound(f'there is no task "{task_id}"; GET /v1/tasks lists them')
        with self._resources.database.read() as connection:
            return task_json(row, *keys_of(connection, [row]))

    def _page(self, of: str, query: Mapping[str, Any], shown: Any) -> dict[str, Any]:
        filters = {k: v for k, v in query.items() if k in ("status", "assign_to") and v is not None}
        key = cursors.decode(query.get("cursor"), of, (str,))
        limit = query["limit"]
        with self._resources.database.read() as connection:
            filters |= ids_of(connection, query.get("contact"), query.get("deal"))
            if query.get("automation") is not None:
                automation = definitions.find(connection, definitions.AUTOMATIONS, query["automation"])
                if automation is None:
                    raise BadParameter("automation", f'there is no automation "{query["automation"]}"')
                filters["automation_id"] = automation["id"]
            found = follow_ups.list_rows(connection, of, filters, key[0] if key else None, limit + 1)
            rows, following = cursors.cut(found, limit, of, lambda row: [row["id"]])
            keys = keys_of(connection, rows)
        return cursors.page([shown(row, *keys) for row in rows], following)


def ids_of(connection: Connection, contact: str | None, deal: str | None) -> dict[str, int]:
    """The ids by which rows name a contact and a deal, where they are asked for; raises BadParameter."""
    ids: dict[str, int] = {}
    for kind, key, find in (("contact", contact, contacts.contact_by_key), ("deal", deal, deals.deal_by_key)):
        if key is not None:
            row = find(connection, key)
            if row is None:
                raise BadParameter(kind, unknown_record(kind, key))
            ids[f"{kind}_id"] = row["id"]
    return ids


def unknown_record(kind: str, key: str) -> str:
    """That a filter names nobody; a plus that was not encoded is the usual reason."""
    plus = "; a + in an address is a blank: write %2B" if " " in key else ""
    return f'there is no {kind} "{key}"{plus}'


def keys_of(connection: Connection, rows: Iterable[RowMapping]) -> tuple[dict[int, str], dict[int, str]]:
    """Keys of the contacts and deals that rows name, by id."""
    found = list(rows)
    return (
        contacts.contact_keys(connection, {row["contact_id"] for row in found}),
        deals.deal_keys(connection, {row["deal_id"] for row in found if row["deal_id"] is not None}),
    )


def enrollment_json(
    row: RowMapping, contact_keys: Mapping[int, str], deal_keys: Mapping[int, str], settings: Settings
) -> dict[str, Any]:
    """An enrollment with the place of its follow-up in the Temporal UI."""
    workflow_id = follow_up_workflow_id(row["id"], row["attempt"])
    started, is_open = row["started_at"] is not None, row["status"] in OPEN
    return {
        "id": row["id"],
        "contact": contact_keys.get(row["contact_id"]),
        "deal": deal_keys.get(row["deal_id"]),
        "automation": row["automation"],
        "version": row["version"],
        "status": row["status"],
        "step": row["step"],
        "attempt": row["attempt"],
        "paused": row["paused"] and is_open,
        "last_error": row["last_error"],
        "tries": row["tries"],
        "next_attempt_at": iso(row["next_attempt_at"]) if is_open else None,
        "cause": row["cause"],
        "previous": row["previous"],
        "current": row["current"],
        "workflow_id": workflow_id,
        "workflow_url": workflow_url(settings, workflow_id) if started else None,
        "created_at": iso(row["created_at"]),
        "started_at": iso(row["started_at"]),
        "finished_at": iso(row["finished_at"]),
    }


def _made_by(
    row: RowMapping, contact_keys: Mapping[int, str], deal_keys: Mapping[int, str]
) -> dict[str, Any]:
    """What a task, notification or webhook is, of whom, and which follow-up made it."""
    return {
        "id": row["id"],
        "contact": contact_keys.get(row["contact_id"]),
        "deal": deal_keys.get(row["deal_id"]),
        "automation": row["automation"],
        "enrollment": row["enrollment_id"],
    }


def task_json(
    row: RowMapping, contact_keys: Mapping[int, str], deal_keys: Mapping[int, str]
) -> dict[str, Any]:
    """A task as the API shows it."""
    return {
        **_made_by(row, contact_keys, deal_keys),
        "title": row["title"],
        "description": row["description"],
        "assign_to": row["assign_to"],
        "due_at": iso(row["due_at"]),
        "status": row["status"],
        "created_at": iso(row["created_at"]),
        "updated_at": iso(row["updated_at"]),
    }


def notification_json(
    row: RowMapping, contact_keys: Mapping[int, str], deal_keys: Mapping[int, str]
) -> dict[str, Any]:
    """A notification as the API shows it."""
    return {
        **_made_by(row, contact_keys, deal_keys),
        "recipient": row["recipient"],
        "subject": row["subject"],
        "message": row["message"],
        "status": row["status"],
        "reason": row["reason"],
        "created_at": iso(row["created_at"]),
        "sent_at": iso(row["sent_at"]),
    }


def webhook_json(
    row: RowMapping, contact_keys: Mapping[int, str], deal_keys: Mapping[int, str]
) -> dict[str, Any]:
    """A webhook as the API shows it; of a secret only its name."""

    def plain(text: str) -> str:
        return secret_placeholders.shown(text, row["id"])

    return {
        **_made_by(row, contact_keys, deal_keys),
        "method": row["method"],
        "url": plain(row["url"]),
        "headers": {name: plain(value) for name, value in row["headers"].items()},
        "body": plain(row["body"]),
        "status": row["status"],
        "reason": row["reason"],
        "tries": row["tries"],
        "response_status": row["response_status"],
        "response": json.loads(row["response"]) if row["response"] is not None else None,
        "created_at": iso(row["created_at"]),
        "delivered_at": iso(row["delivered_at"]),
    }


def _task_values(body: Any) -> dict[str, Any]:
    if not isinstance(body, dict):
        raise Invalid([Problem((), 'send what to change, such as {"status": "done"}')])
    problems: Sequence[Problem] = []
    try:
        change = TaskChange.model_validate(body)
    except ValidationError as error:
        raise Invalid(plain_errors(error, body)) from None
    values = change.model_dump(exclude_unset=True)
    if values.get("due_at") is not None:
        try:
            values["due_at"] = from_iso(values["due_at"])
        except ValueError as error:
            problems = [Problem(("due_at",), str(error))]
    problems = [
        *problems,
        *(
            Problem((name,), f'"{name}" cannot be null')
            for name in ("status", "title")
            if name in values and values[name] is None
        ),
    ]
    if not values:
        problems = [Problem((), "nothing to change; send status, title, assign_to or due_at")]
    if problems:
        raise Invalid(problems)
    return values
