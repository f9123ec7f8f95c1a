"""Saving and publishing definitions inside one transaction; what profiles, automations and plans share."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar

from uuid_utils import uuid7

from automations.checks import automation_errors
from automations.known import Known
from automations.model import Automation
from automations.steps.places import fields_set, tags_added
from automations.touching import touching
from conditions.fields import INTERNAL_EVENTS
from conditions.problems import Problem, suggestion
from conditions.times import Micros
from runtime.messages import PublishInput
from runtime.principals import SYSTEM, Principal
from runtime.registry import publish_workflow_id
from scoring.checks import check_profile, publish_problems
from scoring.profile import ScoreProfile
from services.design.authorship import NOT_SAID, Authorship
from services.design.documents import automation_document, profile_document, same_automation
from services.design.seen_fields import SeenFields
from services.resources import Conflict, Invalid, NotFound, Resources
from store import meta
from store.access.audit import note
from store.connection import Connection, RowMapping
from store.design import definitions, publications
from store.intake import event_reads
from store.records import contacts

T = TypeVar("T")

#: Tags that are looked through for one that is spelled otherwise.
MOST_TAGS = 2_000


@dataclass(frozen=True)
class Publish:
    """A publish of a profile; `message` starts its workflow."""

    version: int
    message: PublishInput

    @property
    def workflow_id(self) -> str:
        return publish_workflow_id(self.message.publication_id)


def change_definitions(resources: Resources, work: Callable[[Connection, Micros], T]) -> T:
    """Do `work` in one transaction, after other changes of definitions."""

    def locked(connection: Connection) -> T:
        begin_change(connection)
        return work(connection, resources.clock())

    return resources.database.run(locked)


def begin_change(connection: Connection) -> None:
    """Wait for other changes of definitions, so that version numbers and the generation are counted one by one."""
    meta.set_fact(connection, "changing_definitions", "")


def known_definitions(connection: Connection, webhook_allow: Collection[str] = ()) -> Known:
    """What definitions may refer to. `tags` and `fields` read records when they are asked, so only while the connection
    is open. `webhook_allow`: private hosts that webhooks may call.
    """
    profiles = {
        row["key"]: ScoreProfile.model_validate(row["draft"])
        for row in definitions.all_definitions(connection, definitions.PROFILES, limit=10_000)
    }
    drafts = cache(lambda: _drafts(connection))
    seen = {name for name, _ in event_reads.event_types(connection, "", 10_000)}
    return Known(
        profiles=profiles,
        automations=definitions.all_keys(connection, definitions.AUTOMATIONS),
        recipients={row["key"] for row in definitions.all_recipients(connection)},
        event_types=seen if seen.difference(INTERNAL_EVENTS) else None,
        named_events=events_named(profiles.values()),
        tags=lambda: {
            *contacts.all_tags(connection, MOST_TAGS),
            *tags_added(drafts()),
        },
        fields=SeenFields(connection, lambda: fields_set(drafts())),
        touching=lambda: touching(drafts()),
        webhook_allow=webhook_allow,
        published_bands={
            profile.definition["key"]: tuple(profile.definition.get("bands", ()))
            for profile in definitions.published_profiles(connection)
        },
    )


def events_named(profiles: Iterable[ScoreProfile | None]) -> frozenset[str]:
    """The event types that rules of profiles name."""
    return frozenset(
        event
        for profile in profiles
        if profile is not None
        for rule in profile.rules
        for event in rule.event_types
    )


def _drafts(connection: Connection) -> list[Automation]:
    return [Automation.model_validate(draft) for draft in definitions.all_drafts(connection)]


def find_definition(connection: Connection, family: definitions.Family, key: str) -> RowMapping:
    """The row of a profile or automation; raises NotFound."""
    row = definitions.find(connection, family, key)
    if row is None:
        known = [other["key"] for other in definitions.all_definitions(connection, family)]
        raise NotFound(f'there is no {family.name} "{key}"{suggestion(key, known)}')
    return row


def save_profile(
    connection: Connection,
    profile: ScoreProfile,
    now: Micros,
    *,
    source: str | None = None,
    who: Principal = SYSTEM,
) -> RowMapping:
    """Save a draft; the row as it is then. Raises Invalid when it scores other records than its versions do."""
    before = definitions.find_even_archived(connection, definitions.PROFILES, profile.key)
    if before is not None and before["latest"] and before["applies_to"] != profile.applies_to:
        message = (
            f'the published versions of "{profile.key}" score {before["applies_to"]}s; choose another key for a '
            f"profile of {profile.applies_to}s"
        )
        raise Invalid([Problem(("applies_to",), message)])
    document, extra = profile_document(profile), {"applies_to": profile.applies_to}
    definitions.save_draft(
        connection, definitions.PROFILES, profile.key, document, now, source=source, extra=extra
    )
    note_saved(connection, who, now, definitions.PROFILES.name, profile.key, _draft(before), document)
    return find_definition(connection, definitions.PROFILES, profile.key)


def save_automation(
    connection: Connection,
    automation: Automation,
    now: Micros,
    *,
    source: str | None = None,
    who: Principal = SYSTEM,
) -> RowMapping:
    """Save a draft; the row as it is then."""
    before = definitions.find_even_archived(connection, definitions.AUTOMATIONS, automation.key)
    document = automation_document(automation)
    definitions.save_draft(connection, definitions.AUTOMATIONS, automation.key, document, now, source=source)
    note_saved(connection, who, now, definitions.AUTOMATIONS.name, automation.key, _draft(before), document)
    return find_definition(connection, definitions.AUTOMATIONS, automation.key)


def note_saved(
    connection: Connection, who: Principal, now: Micros, thing: str, key: str, before: Any, after: Any
) -> None:
    """Note that a definition was saved, with what it was before; not where nothing has changed."""
    if before != after:
        note(connection, who, now, "save", thing, key, before=before, after=after)


def _draft(row: RowMapping | None) -> Any:
    return None if row is None or row["archived"] else row["draft"]


def publish_profile(
    connection: Connection,
    row: RowMapping,
    now: Micros,
    *,
    shards: int,
    silent: bool,
    by: Authorship = NOT_SAID,
    who: Principal = SYSTEM,
) -> Publish:
    """Make the draft the next version and begin its re-scoring; raises Invalid for what may not be published."""
    profile = ScoreProfile.model_validate(row["draft"])
    if problems := [*check_profile(profile), *publish_problems(profile)]:
        raise Invalid(problems)
    version = definitions.publish_version(
        connection,
        definitions.PROFILES,
        row,
        row["draft"],
        now,
        author=who.said_by(by.author),
        comment=by.comment,
    )
    note_version(connection, who, now, definitions.PROFILES, row, version, by)
    publication = str(uuid7())
    publications.begin(connection, publication, row["id"], version, shards, now, silent=silent)
    return Publish(version, PublishInput(publication, row["key"], version, shards))


def publish_automation(
    connection: Connection,
    row: RowMapping,
    now: Micros,
    *,
    keep_paused: bool = False,
    by: Authorship = NOT_SAID,
    who: Principal = SYSTEM,
) -> int:
    """Make the draft the next version; its number. A draft that is what is published makes none."""
    family = definitions.AUTOMATIONS
    automation = Automation.model_validate(row["draft"])
    errors = automation_errors(automation, known_definitions(connection))
    if errors:
        raise Invalid(errors)
    paused = keep_paused and row["paused"]
    if row["version"] is not None:
        published = definitions.version_definition(connection, family, row["id"], row["version"])
        if same_automation(row["draft"], published):
            if row["paused"] and not paused:
                definitions.change_definition(connection, family, row["id"], paused=False, updated_at=now)
            return int(row["version"])
    version = definitions.publish_version(
        connection,
        family,
        row,
        row["draft"],
        now,
        author=who.said_by(by.author),
        comment=by.comment,
    )
    note_version(connection, who, now, family, row, version, by)
    if paused:
        definitions.change_definition(connection, family, row["id"], paused=True)
    return version


def note_version(
    connection: Connection,
    who: Principal,
    now: Micros,
    family: definitions.Family,
    row: RowMapping,
    version: int,
    by: Authorship,
) -> None:
    """Note a publish: the versions before and after, whose content is kept with them."""
    after: dict[str, Any] = {"version": version}
    if by.comment is not None:
        after["comment"] = by.comment
    before = None if row["version"] is None else {"version": row["version"]}
    note(connection, who, now, "publish", family.name, row["key"], before=before, after=after)


def return_to_version(
    connection: Connection, family: definitions.Family, row: RowMapping, version: int, now: Micros
) -> RowMapping:
    """Make an earlier version's content the draft; the row as it is then."""
    if not row["latest"]:
        raise Conflict(f'"{row["key"]}" has not been published, so there is no version to go back to')
    document = definitions.version_definition(connection, family, row["id"], version)
    if document is None:
        raise Conflict(f'"{row["key"]}" has no version {version}; its versions are 1 to {row["latest"]}')
    definitions.save_draft(connection, family, row["key"], document, now)
    return find_definition(connection, family, row["key"])


def archive_profile(connection: Connection, row: RowMapping, now: Micros, who: Principal = SYSTEM) -> None:
    """Take a profile out of use; raises Conflict while published automations look at it."""
    users = [
        automation.key
        for automation in definitions.published_automations(connection)
        if Automation.model_validate(automation.definition).trigger.profile == row["key"]
    ]
    if users:
        raise Conflict(
            f'the profile "{row["key"]}" is looked at by the published automations {", ".join(users)}; '
            "change or archive them first"
        )
    empty_scores(connection, row, now, archived=True)
    note(connection, who, now, "archive", definitions.PROFILES.name, row["key"], before=row["draft"])


def empty_scores(connection: Connection, row: RowMapping, now: Micros, **more: Any) -> None:
    """Publish a profile no more: its scores are empty from now on."""
    definitions.change_definition(
        connection,
        definitions.PROFILES,
        row["id"],
        version=None,
        emptied=row["latest"],
        updated_at=now,
        **more,
    )
    publications.supersede(connection, row["id"], now)


def archive_automation(connection: Connection, row: RowMapping, now: Micros, who: Principal = SYSTEM) -> None:
    """Take an automation out of use; what runs, runs on."""
    definitions.change_definition(
        connection, definitions.AUTOMATIONS, row["id"], version=None, archived=True, updated_at=now
    )
    note(connection, who, now, "archive", definitions.AUTOMATIONS.name, row["key"], before=row["draft"])
