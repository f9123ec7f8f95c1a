"""Saving and publishing definitions inside one transaction; what profiles, automations and plans share."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import orjson
from pydantic import BaseModel, ValidationError
from uuid_utils import uuid7

from activities.messages import PublishInput
from automations.checks import check_automation
from automations.known import Known
from automations.model import Automation, definition
from conditions import limits
from conditions.messages import plain_errors
from conditions.problems import Problem, suggestion
from conditions.times import Micros, to_iso
from runtime.registry import publish_workflow_id
from scoring.checks import check_profile, publish_problems
from scoring.profile import ScoreProfile
from services.design.differences import difference
from services.names import unstorable
from services.resources import BadParameter, Conflict, Invalid, NotFound, Resources
from store import meta
from store.connection import Connection, RowMapping
from store.design import definitions, publications
from store.intake import event_reads
from store.records import contacts

T = TypeVar("T")
Model = TypeVar("Model", bound=BaseModel)

#: What the API shows beside a definition's own content, and passes over when it is sent back.
READ_ONLY = (
    "status",
    "version",
    "latest_version",
    "unpublished_changes",
    "publishing",
    "published_at",
    "updated_at",
    "warnings",
    "difference",
    "enrolled",
    "follow_ups_paused",
    "follow_ups_resumed",
)
#: Tags that are looked through for one that is spelled otherwise.
MOST_TAGS = 2_000
_NAMING = ("name", "description")


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


def read_model(
    model: type[Model],
    body: Any,
    key: str,
    kind: str,
    *,
    also: Collection[str] = (),
    own: Collection[str] = (),
) -> Model:
    """The document in a request as a model; raises Invalid with every mistake.

    What only we write is passed over: `also` names more of it, `own` what is the document's own all the same.
    """
    if not isinstance(body, dict):
        raise Invalid(
            [Problem((), f"send the {kind.replace('_', ' ')} as an object, as in its YAML document")]
        )
    if problems := limits.definition_problems(body):
        raise Invalid(problems)
    problems = limits.listed(unstorable(body))
    for name, wanted in (("key", key), ("kind", kind)):
        if body.get(name, wanted) != wanted:
            problems.append(Problem((name,), f'"{name}" should be "{wanted}" here, or be left out'))
    if any(len(problem.loc) > 1 for problem in problems):
        raise Invalid(problems)
    passed = (*(name for name in READ_ONLY if name not in {*model.model_fields, *own}), *also)
    given = {name: body[name] for name in body if name not in passed and body[name] is not None}
    raw = given | {"kind": kind, "key": key}
    try:
        found = model.model_validate({"kind": kind, "key": key} | raw)
    except ValidationError as error:
        raise Invalid([*problems, *plain_errors(error, raw)]) from None
    if problems:
        raise Invalid(problems)
    return found


def profile_document(profile: ScoreProfile) -> dict[str, Any]:
    """A profile in the form that is stored and compared."""
    return {"kind": profile.kind, **definition(profile)}


def automation_document(automation: Automation) -> dict[str, Any]:
    """An automation in the form that is stored and compared."""
    return {"kind": automation.kind, **definition(automation)}


def same_profile(document: Mapping[str, Any], other: Mapping[str, Any] | None) -> bool:
    """Whether two profiles score alike; name and description apply without a publish."""
    return other is not None and _content(ScoreProfile, document, _NAMING) == _content(
        ScoreProfile, other, _NAMING
    )


def same_automation(document: Mapping[str, Any], other: Mapping[str, Any] | None) -> bool:
    """Whether two automations are one and the same, however much of it is written out."""
    return other is not None and _content(Automation, document) == _content(Automation, other)


def _content(model: type[BaseModel], document: Mapping[str, Any], without: Collection[str] = ()) -> bytes:
    """The whole content with its defaults, as comparable text: true is not 1 there."""
    whole = model.model_validate(document).model_dump(mode="json", by_alias=True)
    shown = {name: value for name, value in whole.items() if name not in without}
    return orjson.dumps(shown, option=orjson.OPT_SORT_KEYS)


def known_definitions(connection: Connection) -> Known:
    """What automations may refer to. `tags` reads contacts when it is called, so only while the connection is open."""
    profiles = {
        row["key"]: ScoreProfile.model_validate(row["draft"])
        for row in definitions.all_definitions(connection, definitions.PROFILES, limit=10_000)
    }
    return Known(
        profiles=profiles,
        automations=definitions.all_keys(connection, definitions.AUTOMATIONS),
        recipients={row["key"] for row in definitions.all_recipients(connection)},
        event_types={name for name, _ in event_reads.event_types(connection, "", 10_000)},
        named_events=events_named(profiles.values()),
        tags=lambda: {
            *contacts.all_tags(connection, MOST_TAGS),
            *_added_tags(definitions.all_drafts(connection)),
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


def _added_tags(drafts: Iterable[Any]) -> frozenset[str]:
    """The tags that stored automations add, wherever in them."""
    found: set[str] = set()
    waiting = list(drafts)
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            if isinstance(part.get("add_tag"), str):
                found.add(part["add_tag"])
            waiting.extend(part.values())
        elif isinstance(part, list):
            waiting.extend(part)
    return frozenset(found)


def find_definition(connection: Connection, family: definitions.Family, key: str) -> RowMapping:
    """The row of a profile or automation; raises NotFound."""
    row = definitions.find(connection, family, key)
    if row is None:
        known = [found["key"] for found in definitions.all_definitions(connection, family)]
        raise NotFound(f'there is no {family.name} "{key}"{suggestion(key, known)}')
    return row


def save_profile(
    connection: Connection, profile: ScoreProfile, now: Micros, *, applied: bool = False
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
        connection, definitions.PROFILES, profile.key, document, now, applied=applied, extra=extra
    )
    return find_definition(connection, definitions.PROFILES, profile.key)


def save_automation(
    connection: Connection, automation: Automation, now: Micros, *, applied: bool = False
) -> RowMapping:
    """Save a draft; the row as it is then."""
    document = automation_document(automation)
    definitions.save_draft(
        connection, definitions.AUTOMATIONS, automation.key, document, now, applied=applied
    )
    return find_definition(connection, definitions.AUTOMATIONS, automation.key)


def publish_profile(
    connection: Connection, row: RowMapping, now: Micros, *, shards: int, silent: bool
) -> Publish:
    """Make the draft the next version and begin its re-scoring; raises Invalid for what may not be published."""
    profile = ScoreProfile.model_validate(row["draft"])
    if problems := [*check_profile(profile), *publish_problems(profile)]:
        raise Invalid(problems)
    version = definitions.publish_version(connection, definitions.PROFILES, row, row["draft"], now)
    publication = str(uuid7())
    publications.begin(connection, publication, row["id"], version, shards, now, silent=silent)
    return Publish(version, PublishInput(publication, row["key"], version, shards))


def publish_automation(
    connection: Connection, row: RowMapping, now: Micros, *, keep_paused: bool = False
) -> int:
    """Make the draft the next version; its number."""
    automation = Automation.model_validate(row["draft"])
    errors, _ = check_automation(automation, known_definitions(connection))
    if errors:
        raise Invalid(errors)
    version = definitions.publish_version(connection, definitions.AUTOMATIONS, row, row["draft"], now)
    if keep_paused and row["paused"]:
        definitions.change_definition(connection, definitions.AUTOMATIONS, row["id"], paused=True)
    return version


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


def read_version(body: Any) -> int:
    """The `version` that a rollback names."""
    version = body.get("version") if isinstance(body, dict) else None
    if not isinstance(version, int) or isinstance(version, bool) or not 1 <= version <= 1_000_000:
        raise Invalid([Problem(("version",), 'send the version to go back to, such as {"version": 3}')])
    return version


def versions_json(
    connection: Connection, family: definitions.Family, row: RowMapping
) -> list[dict[str, Any]]:
    """All versions, the newest first."""
    return [
        {
            "version": found["version"],
            "published_at": to_iso(found["published_at"]),
            "current": found["version"] == row["version"],
            "definition": found["definition"],
        }
        for found in definitions.versions_of(connection, family, row["id"])
    ]


def compare_versions(
    connection: Connection, family: definitions.Family, row: RowMapping, before: int | None, after: int | None
) -> dict[str, Any]:
    """What changed from one version to another, as a diff of YAML. By default from the published one to the draft."""
    before = before if before is not None else row["version"]

    def content(version: int) -> dict[str, Any]:
        found = definitions.version_definition(connection, family, row["id"], version)
        if found is None:
            had = f"its versions are 1 to {row['latest']}" if row["latest"] else "it has not been published"
            raise NotFound(f'"{row["key"]}" has no version {version}; {had}')
        return found

    old = content(before) if before is not None else None
    new = content(after) if after is not None else row["draft"]
    names = (
        f"version {before}" if before is not None else "nothing",
        f"version {after}" if after else "draft",
    )
    return {"from": before, "to": after, "diff": difference(old, new, names)}


def read_silent(triggers: str | None, *, default: bool) -> bool:
    """`silent` or `fire`, as calls that move scores take it."""
    if triggers is None:
        return default
    if triggers not in ("silent", "fire"):
        raise BadParameter("triggers", f'"triggers" is "silent" or "fire", not "{triggers[:40]}"')
    return triggers == "silent"
