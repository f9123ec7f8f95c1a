"""What follow-ups are doing and have done: enrollments, notifications, webhooks."""

from collections.abc import Mapping, Sequence
from typing import Any

from runtime.statuses import EnrollmentStatus
from services import cursors
from services.answers import Page
from services.follow_ups.answers import Enrollment, EnrollmentDetails, Keys, Notification, Webhook
from services.follow_ups.steps import steps_done, titles_of
from services.records.kinds import ids_of
from services.resources import BadParameter, NotFound, Resources
from store.connection import Connection, RowMapping
from store.design import definitions
from store.follow_ups import enrollments, watching
from store.records import contacts, deals

#: What enrollments are listed by: their statuses, and `retrying`, which is said of some that run.
STATUSES = (*EnrollmentStatus, enrollments.RETRYING)


class FollowUps:
    """Lists what automations have brought about, the newest first."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources

    def enrollments(self, **query: Any) -> Page[Enrollment]:
        """By `contact`, `deal`, `automation` and `status`."""
        enrollments, keys, following = self._find("enrollments", query)
        settings = self._resources.settings
        return Page[Enrollment](
            items=[Enrollment.of(row, keys, settings) for row in enrollments], next=following
        )

    def enrollment(self, enrollment_id: str) -> EnrollmentDetails:
        """One, with what came of its steps; raises NotFound."""
        with self._resources.database.read() as connection:
            row, keys = self._one(connection, "enrollments", enrollment_id)
            shown = EnrollmentDetails.of(row, keys, self._resources.settings)
            shown.steps = steps_done(connection, row, self._resources.clock())
            return shown

    def notification(self, notification_id: str) -> Notification:
        """One; raises NotFound."""
        with self._resources.database.read() as connection:
            return Notification.of(*self._one(connection, "notifications", notification_id))

    def webhook(self, webhook_id: str) -> Webhook:
        """One; raises NotFound."""
        with self._resources.database.read() as connection:
            return Webhook.of(*self._one(connection, "webhooks", webhook_id))

    def _one(self, connection: Connection, of: str, row_id: str) -> tuple[RowMapping, Keys]:
        """The row of this id with the keys that it needs. What is left of an erased contact is not found."""
        row = next(iter(enrollments.newest_first(connection, of, {"id": row_id}, None, 1)), None)
        keys = keys_of(connection, [row] if row is not None else [])
        if row is None or row["contact_id"] not in keys.contacts:
            raise NotFound(f'there is no {of[:-1]} "{row_id}"; GET /v1/{of} lists them')
        return row, keys

    def notifications(self, **query: Any) -> Page[Notification]:
        """By `contact`, `deal` and `status`."""
        notifications, keys, following = self._find("notifications", query)
        return Page[Notification](items=[Notification.of(row, keys) for row in notifications], next=following)

    def webhooks(self, **query: Any) -> Page[Webhook]:
        """By `contact`, `deal` and `status`."""
        webhooks, keys, following = self._find("webhooks", query)
        return Page[Webhook](items=[Webhook.of(row, keys) for row in webhooks], next=following)

    def _find(self, of: str, query: Mapping[str, Any]) -> tuple[list[RowMapping], Keys, str | None]:
        """The rows of a page, the keys that they need, and the cursor of the next page."""
        filters = {k: v for k, v in query.items() if k == "status" and v is not None}
        before = cursors.decode_one(query.get("cursor"), of, str)
        limit = query["limit"]
        with self._resources.database.read() as connection:
            filters |= ids_of(connection, query.get("contact"), query.get("deal"))
            filters |= id_of_automation(connection, query.get("automation"))
            newest = enrollments.newest_first(connection, of, filters, before, limit + 1)
            taken, following = cursors.cut(newest, limit, of, lambda row: [row["id"]])
            return taken, keys_of(connection, taken), following


def id_of_automation(connection: Connection, key: str | None) -> dict[str, int]:
    """The id by which rows name an automation, where it is asked for; raises BadParameter."""
    if key is None:
        return {}
    automation = definitions.find_even_archived(connection, definitions.AUTOMATIONS, key)
    if automation is None:
        raise BadParameter("automation", f'there is no automation "{key}"')
    return {"automation_id": automation["id"]}


def keys_of(connection: Connection, rows: Sequence[RowMapping]) -> Keys:
    """Keys of the contacts and deals that rows name, and what else is shown of those that are enrollments."""
    enrolled = [row for row in rows if "attempt" in row]
    ids = [row["id"] for row in enrolled]
    return Keys(
        contacts.contact_keys(connection, {row["contact_id"] for row in rows}),
        deals.deal_keys(connection, {row["deal_id"] for row in rows if row["deal_id"] is not None}),
        watching.ends(connection, ids) if ids else {},
        titles_of(connection, enrolled),
        enrollments.skipped_paths(connection, ids) if ids else {},
    )
