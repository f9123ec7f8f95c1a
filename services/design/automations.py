"""Automations and recipients: save, publish, pause, resume, roll back, archive."""

from typing import Any

from automations.checks import check_automation
from automations.model import Automation, Recipient, definition
from conditions.times import Micros, to_iso
from services import cursors
from services.design.definitions import (
    change_definitions,
    find_definition,
    known_definitions,
    publish_automation,
    return_to_version,
    save_automation,
)
from services.design.documents import read_model, read_version, same_automation
from services.design.reading import Definitions, compare_versions
from services.resources import Conflict, Invalid, NotFound
from store.connection import Connection, RowMapping
from store.design import definitions
from store.follow_ups import enrolling, repairs


class Automations(Definitions):
    """Saves and publishes automations and recipients, one transaction each."""

    family = definitions.AUTOMATIONS

    def shown(self, connection: Connection, row: RowMapping) -> dict[str, Any]:
        return automation_json(connection, row)

    def _look_through(self, automation: Automation) -> None:
        """Compile its templates before others have to wait: what was found in them is kept."""
        with self._resources.database.read() as connection:
            check_automation(automation, known_definitions(connection))

    def save(self, key: str, body: Any) -> tuple[dict[str, Any], bool]:
        """Save the draft, with `warnings` of what is not wrong but strange. Also whether the automation is new."""
        automation = read_model(Automation, body, key, "automation")
        self._look_through(automation)

        def work(connection: Connection, now: Micros) -> tuple[dict[str, Any], bool]:
            errors, warnings = check_automation(automation, known_definitions(connection))
            if errors:
                raise Invalid(errors)
            created = definitions.find(connection, definitions.AUTOMATIONS, key) is None
            shown = automation_json(connection, save_automation(connection, automation, now))
            shown["warnings"] = [{"pointer": found.pointer, "message": found.message} for found in warnings]
            return shown, created

        return change_definitions(self._resources, work)

    def publish(self, key: str) -> dict[str, Any]:
        """Make the draft a version and switch to it; a paused automation goes on. `difference`: from the one before."""
        with self._resources.database.read() as connection:
            draft = find_definition(connection, self.family, key)["draft"]
        self._look_through(Automation.model_validate(draft))

        def work(connection: Connection, now: Micros) -> dict[str, Any]:
            row = find_definition(connection, definitions.AUTOMATIONS, key)
            version = publish_automation(connection, row, now)
            after = find_definition(connection, definitions.AUTOMATIONS, key)
            shown = automation_json(connection, after)
            before = row["version"] or row["latest"] or None
            if before is not None and before != version:
                found = compare_versions(connection, definitions.AUTOMATIONS, after, before, version)
                shown["difference"] = found
            return shown

        return change_definitions(self._resources, work)

    def rollback(self, key: str, body: Any) -> dict[str, Any]:
        """Publish an earlier version's content anew; it becomes the draft too. A paused automation stays paused."""
        version = read_version(body)

        def work(connection: Connection, now: Micros) -> dict[str, Any]:
            row = find_definition(connection, definitions.AUTOMATIONS, key)
            row = return_to_version(connection, definitions.AUTOMATIONS, row, version, now)
            before = row["version"] or row["latest"]
            after = publish_automation(connection, row, now, keep_paused=True)
            row = find_definition(connection, definitions.AUTOMATIONS, key)
            found = compare_versions(connection, definitions.AUTOMATIONS, row, before, after)
            return {**automation_json(connection, row), "difference": found}

        return change_definitions(self._resources, work)

    def pause(self, key: str, *, paused: bool, running: bool = False) -> dict[str, Any]:
        """Stop enrolling, or go on. What runs, runs on, unless `running`: then it is paused, or resumed, too."""

        def work(connection: Connection, now: Micros) -> dict[str, Any]:
            row = find_definition(connection, definitions.AUTOMATIONS, key)
            if row["version"] is None:
                raise Conflict(
                    f'the automation "{key}" is not published, so there is nothing to pause or resume'
                )
            definitions.change_definition(
                connection, definitions.AUTOMATIONS, row["id"], paused=paused, updated_at=now
            )
            shown = automation_json(connection, find_definition(connection, definitions.AUTOMATIONS, key))
            if running:
                change = repairs.pause_all if paused else repairs.resume_all
                shown["follow_ups_paused" if paused else "follow_ups_resumed"] = change(connection, row["id"])
            return shown

        shown = change_definitions(self._resources, work)
        if running and not paused:
            self._resources.wakes.request(range(self._resources.shards))
        return shown

    def drop_queued(self, key: str) -> int:
        """Give up the follow-ups that wait for their start; they are recorded as skips. How many."""
        shards = range(self._resources.shards)

        def work(connection: Connection) -> int:
            row = find_definition(connection, definitions.AUTOMATIONS, key)
            return enrolling.drop_queued(connection, row["id"], self._resources.clock())

        return self._resources.database.run(work, shards)

    def archive(self, key: str) -> None:
        """Take the automation out of use; what runs, runs on."""

        def work(connection: Connection, now: Micros) -> None:
            row = find_definition(connection, definitions.AUTOMATIONS, key)
            definitions.change_definition(
                connection, definitions.AUTOMATIONS, row["id"], version=None, archived=True, updated_at=now
            )

        change_definitions(self._resources, work)

    def save_recipient(self, key: str, body: Any) -> dict[str, Any]:
        """Create or replace a recipient."""
        recipient = read_model(Recipient, body, key, "recipient")

        def work(connection: Connection, _now: Micros) -> dict[str, Any]:
            row = definitions.find_recipient(connection, key)
            applied = row["applied"] if row is not None else None
            definitions.save_recipient(connection, key, recipient.name or key, recipient.channels, applied)
            return recipient_json(_find_recipient(connection, key))

        return change_definitions(self._resources, work)

    def recipient(self, key: str) -> dict[str, Any]:
        with self._resources.database.read() as connection:
            return recipient_json(_find_recipient(connection, key))

    def recipients(self) -> dict[str, Any]:
        with self._resources.database.read() as connection:
            return cursors.page([recipient_json(row) for row in definitions.all_recipients(connection)], None)


def automation_json(connection: Connection, row: RowMapping) -> dict[str, Any]:
    """The draft as its author wrote it, and how it stands."""
    draft = Automation.model_validate(row["draft"])
    published = None
    status = "draft"
    if row["version"] is not None:
        status = "paused" if row["paused"] else "published"
        published = definitions.version_definition(
            connection, definitions.AUTOMATIONS, row["id"], row["version"]
        )
    return {
        "kind": draft.kind,
        "key": row["key"],
        "name": draft.name,
        "description": draft.description,
        **definition(draft),
        "status": status,
        "version": row["version"],
        "latest_version": row["latest"],
        "unpublished_changes": not same_automation(row["draft"], published),
        "updated_at": to_iso(row["updated_at"]),
    }


def _find_recipient(connection: Connection, key: str) -> RowMapping:
    row = definitions.find_recipient(connection, key)
    if row is None:
        raise NotFound(f'there is no recipient "{key}"; PUT /v1/recipients/{{key}} creates one')
    return row


def recipient_json(row: RowMapping) -> dict[str, Any]:
    """A recipient as the API shows it."""
    return {"kind": "recipient", "key": row["key"], "name": row["name"], "channels": row["channels"]}
