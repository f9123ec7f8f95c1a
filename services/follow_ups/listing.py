"""What follow-ups are doing and have done: enrollments, notifications, webhooks."""

from collections.abc import Mapping, Sequence
from typing import Any

from runtime.statuses import EnrollmentStatus
from services import cursors
from services.answers import Page
from services.follow_ups.answers import Enrollment, Keys, Notification, Webhook
from services.records.kinds import unknown_record
from services.resources import BadParameter, Resources
from store.connection import Connection, RowMapping
from store.design import definitions
from store.follow_ups import enrollments, watching
from store.records import contacts, deals

STATUSES = tuple(EnrollmentStatus)


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


def id_of_automation(connection: Connection, key: str | None) -> dict[str, int]:
    """The id by which rows name an automation, where it is asked for; raises BadParameter."""
    if key is None:
        return {}
    automation = definitions.find(connection, definitions.AUTOMATIONS, key)
    if automation is None:
        raise BadParameter("automation", f'there is no automation "{key}"')
    return {"automation_id": automation["id"]}


def keys_of(connection: Connection, rows: Sequence[RowMapping]) -> Keys:
    """Keys of the contacts and deals that rows name, and of those that are enrollments until when they wait."""
    enrollments = [row["id"] for row in rows if "attempt" in row]
    return Keys(
        contacts.contact_keys(connection, {row["contact_id"] for row in rows}),
        deals.deal_keys(connection, {row["deal_id"] for row in rows if row["deal_id"] is not None}),
        watching.ends(connection, enrollments) if enrollments else {},
    )
