"""Automations and recipients: save, publish, pause, resume, roll back, archive."""

from typing import Any, Literal

from automations.checks import check_automation
from automations.known import Known
from automations.model import Automation, Recipient, definition
from conditions.times import Micros, to_iso
from runtime.principals import SYSTEM, Principal
from services.answers import Page, field_problems
from services.design import answers
from services.design.authorship import NOT_SAID, Authorship
from services.design.definitions import (
    archive_automation,
    change_definitions,
    find_definition,
    known_definitions,
    note_saved,
    publish_automation,
    return_to_version,
    save_automation,
)
from services.design.documents import read_model, read_rollback, same_automation
from services.design.reading import Definitions, compare_versions
from services.preconditions import ALWAYS, Precondition
from services.resources import Conflict, Invalid, NotFound
from store.access.audit import note
from store.connection import Connection, RowMapping
from store.design import definitions
from store.follow_ups import enrolling, repairs


class Automations(Definitions[answers.Automation]):
    """Saves and publishes automations and recipients, one transaction each."""

    family = definitions.AUTOMATIONS

    def shown(self, connection: Connection, row: RowMapping) -> answers.Automation:
        draft = Automation.model_validate(row["draft"])
        published = None
        status: Literal["draft", "published", "paused"] = "draft"
        if row["version"] is not None:
            status = "paused" if row["paused"] else "published"
            published = definitions.version_definition(
                connection, definitions.AUTOMATIONS, row["id"], row["version"]
            )
        content = {
            "kind": draft.kind,
            "key": row["key"],
            "name": draft.name,
            "description": draft.description,
            **definition(draft),
        }
        return answers.Automation(
            **content,
            status=status,
            version=row["version"],
            latest_version=row["latest"],
            unpublished_changes=not same_automation(row["draft"], published),
            updated_at=to_iso(row["updated_at"]),
        )

    def _known(self, connection: Connection) -> Known:
        return known_definitions(connection, self._resources.settings.webhook_allowed)

    def _look_through(self, automation: Automation) -> None:
        """Compile its templates before others have to wait: what was found in them is kept."""
        with self._resources.database.read() as connection:
            check_automation(automation, self._known(connection))

    def save(
        self, key: str, body: Any, when: Precondition = ALWAYS, *, who: Principal = SYSTEM
    ) -> tuple[answers.Automation, bool]:
        """Save the draft, with `warnings` of what is not wrong but strange. Also whether the automation is new."""
        automation = read_model(Automation, body, key, "automation")
        self._look_through(automation)

        def work(connection: Connection, now: Micros) -> tuple[answers.Automation, bool]:
            errors, warnings = check_automation(automation, self._known(connection))
            if errors:
                raise Invalid(errors)
            before = definitions.find(connection, definitions.AUTOMATIONS, key)
            self.check(when, connection, key, before)
            created = before is None
            shown = self.shown(connection, save_automation(connection, automation, now, who=who))
            shown.warnings = field_problems(warnings)
            return shown, created

        return change_definitions(self._resources, work)

    def publish(
        self,
        key: str,
        when: Precondition = ALWAYS,
        *,
        by: Authorship = NOT_SAID,
        who: Principal = SYSTEM,
    ) -> answers.Automation:
        """Make the draft a version and switch to it; a paused automation goes on. `difference`: from the one before."""
        with self._resources.database.read() as connection:
            draft = find_definition(connection, self.family, key)["draft"]
        self._look_through(Automation.model_validate(draft))

        def work(connection: Connection, now: Micros) -> answers.Automation:
            row = self.checked(when, connection, key)
            version = publish_automation(connection, row, now, by=by, who=who)
            after = find_definition(connection, definitions.AUTOMATIONS, key)
            shown = self.shown(connection, after)
            before = row["version"] or row["latest"] or None
            if before is not None and before != version:
                shown.difference = compare_versions(
                    connection, definitions.AUTOMATIONS, after, before, version
                )
            return shown

        return change_definitions(self._resources, work)

    def rollback(
        self, key: str, body: Any, when: Precondition = ALWAYS, *, who: Principal = SYSTEM
    ) -> answers.Automation:
        """Publish an earlier version's content anew; it becomes the draft too. A paused automation stays paused."""
        version, by = read_rollback(body)

        def work(connection: Connection, now: Micros) -> answers.Automation:
            row = self.checked(when, connection, key)
            row = return_to_version(connection, definitions.AUTOMATIONS, row, version, now)
            before = row["version"] or row["latest"]
            after = publish_automation(connection, row, now, keep_paused=True, by=by, who=who)
            row = find_definition(connection, definitions.AUTOMATIONS, key)
            shown = self.shown(connection, row)
            shown.difference = compare_versions(connection, definitions.AUTOMATIONS, row, before, after)
            return shown

        return change_definitions(self._resources, work)

    def pause(
        self,
        key: str,
        when: Precondition = ALWAYS,
        *,
        paused: bool,
        running: bool = False,
        who: Principal = SYSTEM,
    ) -> answers.Automation:
        """Stop enrolling, or go on. What runs, runs on, unless `running`: then it is paused, or resumed, too."""

        def work(connection: Connection, now: Micros) -> answers.Automation:
            row = self.checked(when, connection, key)
            if row["version"] is None:
                raise Conflict(
                    f'the automation "{key}" is not published, so there is nothing to pause or resume'
                )
            definitions.change_definition(
                connection, definitions.AUTOMATIONS, row["id"], paused=paused, updated_at=now
            )
            action = "pause" if paused else "resume"
            note(connection, who, now, action, definitions.AUTOMATIONS.name, key, after={"running": running})
            shown = self.shown(connection, find_definition(connection, definitions.AUTOMATIONS, key))
            if running:
                if paused:
                    shown.follow_ups_paused = repairs.pause_all(connection, row["id"])
                else:
                    shown.follow_ups_resumed = repairs.resume_all(connection, row["id"])
            return shown

        shown = change_definitions(self._resources, work)
        if running and not paused:
            self._resources.wakes.request(range(self._resources.shards))
        return shown

    def drop_queued(self, key: str, *, who: Principal = SYSTEM) -> int:
        """Give up the follow-ups that wait for their start; they are recorded as skips. How many."""
        shards = range(self._resources.shards)

        def work(connection: Connection) -> int:
            row = find_definition(connection, definitions.AUTOMATIONS, key)
            now = self._resources.clock()
            dropped = enrolling.drop_queued(connection, row["id"], now)
            name = definitions.AUTOMATIONS.name
            note(connection, who, now, "drop queued", name, key, after={"dropped": dropped})
            return dropped

        return self._resources.database.run(work, shards)

    def archive(self, key: str, when: Precondition = ALWAYS, *, who: Principal = SYSTEM) -> None:
        """Take the automation out of use; what runs, runs on."""

        def work(connection: Connection, now: Micros) -> None:
            archive_automation(connection, self.checked(when, connection, key), now, who)

        change_definitions(self._resources, work)

    def save_recipient(
        self, key: str, body: Any, when: Precondition = ALWAYS, *, who: Principal = SYSTEM
    ) -> answers.Recipient:
        """Create or replace a recipient."""
        recipient = read_model(Recipient, body, key, "recipient")

        def work(connection: Connection, now: Micros) -> answers.Recipient:
            row = definitions.find_recipient(connection, key)
            if when:
                when.check(f'the recipient "{key}"', None if row is None else _recipient(row))
            definitions.save_recipient(connection, key, recipient.name or key, recipient.channels)
            saved = _find_recipient(connection, key)
            was = None if row is None else _told(row)
            note_saved(connection, who, now, "recipient", key, was, _told(saved))
            return _recipient(saved)

        return change_definitions(self._resources, work)

    def recipient(self, key: str) -> answers.Recipient:
        with self._resources.database.read() as connection:
            return _recipient(_find_recipient(connection, key))

    def recipients(self) -> Page[answers.Recipient]:
        with self._resources.database.read() as connection:
            recipients = definitions.all_recipients(connection)
        return Page[answers.Recipient](items=[_recipient(row) for row in recipients], next=None)


def _find_recipient(connection: Connection, key: str) -> RowMapping:
    row = definitions.find_recipient(connection, key)
    if row is None:
        raise NotFound(f'there is no recipient "{key}"; PUT /v1/recipients/{{key}} creates one')
    return row


def _told(row: RowMapping) -> dict[str, Any]:
    """What the audit keeps of a recipient."""
    return {"name": row["name"], "channels": row["channels"]}


def _recipient(row: RowMapping) -> answers.Recipient:
    return answers.Recipient(kind="recipient", key=row["key"], name=row["name"], channels=row["channels"])
