"""Finding things by any key or id that people come across: ours, the callers', and what Temporal shows."""

import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import unquote

from conditions.search import folded_address
from runtime.registry import (
    BULK_WORKFLOW_PREFIX,
    PUBLISH_WORKFLOW_PREFIX,
    SHARD_WORKFLOW_PREFIX,
    enrollment_of,
    is_cohort,
)
from services.design.automations import Automations
from services.design.profiles import Profiles
from services.follow_ups.bulk import Bulk
from services.follow_ups.listing import FollowUps
from services.follow_ups.tasks import Tasks
from services.intake.history import EventHistory
from services.operations.answers import Finds, Found
from services.operations.status import StatusReport
from services.records.answers import Contact, Deal
from services.resources import NotFound, Resources
from store.connection import Connection, RowMapping
from store.design import definitions, publications
from store.follow_ups import enrollments
from store.records import contacts, deals

#: Contacts of one e-mail address.
MOST_OF_ADDRESS = 20
#: An address of the Temporal UI, as far as the workflow's id.
_WORKFLOW_ADDRESS = re.compile(r"https?://\S+/workflows/([^/?#\s]+)\S*")
#: Our ids are 63 bits wide.
_NUMBER = re.compile("(deal-)?([0-9]{1,18})")
_SHARD = re.compile(re.escape(SHARD_WORKFLOW_PREFIX) + "([0-9]{1,4})")


class Finding:
    """Reads whatever has a key or an id."""

    def __init__(
        self,
        resources: Resources,
        *,
        follow_ups: FollowUps,
        tasks: Tasks,
        bulk: Bulk,
        events: EventHistory,
        automations: Automations,
        profiles: Profiles,
        status: StatusReport,
    ) -> None:
        self._resources = resources
        self._follow_ups = follow_ups
        self._tasks = tasks
        self._bulk = bulk
        self._events = events
        self._automations = automations
        self._profiles = profiles
        self._status = status

    def find(self, text: str) -> Finds:
        """Everything that has this key or id: records first, then what happened to them, then definitions.

        A record is found by its key, by our id (a deal's as `deal-12`, as Temporal shows it, or as `12`) and a contact
        by its e-mail address; a follow-up by the id of its enrollment or workflow, and by the address of its page in
        the Temporal UI; all else by its id or key.
        """
        text = text.strip()
        address = _WORKFLOW_ADDRESS.fullmatch(text)
        if address is not None:
            return Finds(items=list(self._of_workflow(unquote(address[1]))))
        return Finds(
            items=[*self._records(text), *self._of_workflow(text), *self._by_id(text), *self._by_key(text)]
        )

    def _records(self, text: str) -> Iterator[Found]:
        with self._resources.database.read() as connection:
            seen: set[int] = set()
            for row, by in _contacts(connection, text):
                if row["id"] not in seen:
                    seen.add(row["id"])
                    yield Found(kind="contact", by=by, contact=Contact.of(row))
            seen.clear()
            for row, by in _deals(connection, text):
                if row["id"] not in seen:
                    seen.add(row["id"])
                    keys = contacts.contact_keys(connection, [row["contact_id"]])
                    yield Found(kind="deal", by=by, deal=Deal.of(row, keys))

    def _members(self, workflow_id: str) -> list[str]:
        with self._resources.database.read() as connection:
            return [row["id"] for row in enrollments.members(connection, workflow_id)]

    def _of_workflow(self, workflow_id: str) -> Iterator[Found]:
        if (enrollment_id := enrollment_of(workflow_id)) is not None:
            for enrollment in _there(self._follow_ups.enrollment, enrollment_id):
                yield Found(kind="enrollment", by="workflow", enrollment=enrollment)
        elif is_cohort(workflow_id):
            for enrollment_id in self._members(workflow_id):
                for enrollment in _there(self._follow_ups.enrollment, enrollment_id):
                    yield Found(kind="enrollment", by="workflow", enrollment=enrollment)
        elif workflow_id.startswith(PUBLISH_WORKFLOW_PREFIX):
            for profile in self._published_by(workflow_id.removeprefix(PUBLISH_WORKFLOW_PREFIX)):
                yield Found(kind="profile", by="workflow", profile=profile)
        elif workflow_id.startswith(BULK_WORKFLOW_PREFIX):
            for job in _there(self._bulk.get, workflow_id.removeprefix(BULK_WORKFLOW_PREFIX)):
                yield Found(kind="bulk_job", by="workflow", bulk_job=job)
        elif (shard := _SHARD.fullmatch(workflow_id)) is not None:
            for one in self._status.backlog():
                if one.shard == int(shard[1]):
                    yield Found(kind="shard", by="workflow", shard=one)

    def _published_by(self, publication_id: str) -> Iterator[Any]:
        with self._resources.database.read() as connection:
            row = publications.load(connection, publication_id)
            key = definitions.profile_key(connection, row["profile_id"]) if row is not None else None
        if key is not None:
            yield from _there(self._profiles.get, key)

    def _by_id(self, text: str) -> Iterator[Found]:
        for enrollment in _there(self._follow_ups.enrollment, text):
            yield Found(kind="enrollment", by="id", enrollment=enrollment)
        for event in _there(self._events.event, text):
            yield Found(kind="event", by="id", event=event)
        for task in _there(self._tasks.get, text):
            yield Found(kind="task", by="id", task=task)
        for notification in _there(self._follow_ups.notification, text):
            yield Found(kind="notification", by="id", notification=notification)
        for webhook in _there(self._follow_ups.webhook, text):
            yield Found(kind="webhook", by="id", webhook=webhook)
        for job in _there(self._bulk.get, text):
            yield Found(kind="bulk_job", by="id", bulk_job=job)

    def _by_key(self, text: str) -> Iterator[Found]:
        for automation in _there(self._automations.get, text):
            yield Found(kind="automation", by="key", automation=automation)
        for profile in _there(self._profiles.get, text):
            yield Found(kind="profile", by="key", profile=profile)


def _contacts(connection: Connection, text: str) -> Iterator[tuple[RowMapping, Any]]:
    if (row := contacts.contact_by_key(connection, text)) is not None:
        yield row, "key"
    number = _NUMBER.fullmatch(text)
    if number is not None and number[1] is None:
        row = contacts.contact_by_id(connection, int(number[2]))
        if row is not None and row["merged_into"] is not None:
            row = contacts.contact_by_id(connection, row["merged_into"])
        if row is not None:
            yield row, "id"
    if "@" in text:
        for row in contacts.contacts_by_address(connection, folded_address(text) or "", MOST_OF_ADDRESS):
            yield row, "email"


def _deals(connection: Connection, text: str) -> Iterator[tuple[RowMapping, Any]]:
    if (row := deals.deal_by_key(connection, text)) is not None:
        yield row, "key"
    number = _NUMBER.fullmatch(text)
    if number is not None and (row := deals.deal_by_id(connection, int(number[2]))) is not None:
        yield row, "id"


def _there(read: Callable[[str], Any], text: str) -> Iterator[Any]:
    """What a use case reads, or nothing."""
    try:
        yield read(text)
    except NotFound:
        return
