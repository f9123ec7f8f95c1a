"""Score profiles: save, publish, unpublish, roll back, archive."""

from collections.abc import Callable
from typing import Any

from automations.profile_warnings import profile_warnings
from conditions.times import Micros, to_iso
from runtime.messages import PublishInput
from runtime.principals import SYSTEM, Principal
from runtime.registry import publish_workflow_id
from runtime.statuses import PublicationStatus
from scoring.checks import check_profile
from scoring.profile import ScoreProfile
from services.answers import field_problems
from services.design.answers import Profile, Publishing
from services.design.authorship import NOT_SAID, Authorship
from services.design.definitions import (
    Publish,
    archive_profile,
    change_definitions,
    empty_scores,
    find_definition,
    known_definitions,
    publish_profile,
    return_to_version,
    save_profile,
)
from services.design.documents import profile_document, read_model, read_rollback, same_profile
from services.design.reading import Definitions
from services.preconditions import ALWAYS, Precondition
from services.resources import Conflict, Invalid, Resources
from store.access.audit import note
from store.connection import Connection, RowMapping
from store.design import definitions, publications

StartPublish = Callable[[PublishInput], None]
"""Starts a publish workflow soon; never fails, never waits. Workers start those that it does not reach."""


class Profiles(Definitions[Profile]):
    """Saves and publishes score profiles, one transaction each."""

    family = definitions.PROFILES

    def __init__(self, resources: Resources, start_publish: StartPublish) -> None:
        super().__init__(resources)
        self._start_publish = start_publish

    def shown(self, connection: Connection, row: RowMapping) -> Profile:
        draft = ScoreProfile.model_validate(row["draft"])
        published = None
        if row["version"] is not None:
            published = definitions.version_definition(
                connection, definitions.PROFILES, row["id"], row["version"]
            )
        content = {
            "key": row["key"],
            "name": draft.name,
            "description": draft.description,
            "applies_to": draft.applies_to,
            **profile_document(draft),
        }
        return Profile(
            **content,
            status="draft" if row["version"] is None else "published",
            version=row["version"],
            latest_version=row["latest"],
            unpublished_changes=not same_profile(row["draft"], published),
            publishing=_publishing(connection, row["id"]),
            updated_at=to_iso(row["updated_at"]),
        )

    def save(
        self, key: str, body: Any, when: Precondition = ALWAYS, *, who: Principal = SYSTEM
    ) -> tuple[Profile, bool]:
        """Save the draft; name and description apply at once. `warnings`: what is not wrong but strange.

        Also whether the profile is new.
        """
        profile = read_model(ScoreProfile, body, key, "score_profile")
        if problems := check_profile(profile):
            raise Invalid(problems)

        def work(connection: Connection, now: Micros) -> tuple[Profile, bool]:
            before = definitions.find(connection, definitions.PROFILES, key)
            self.check(when, connection, key, before)
            warnings = field_problems(profile_warnings(profile, known_definitions(connection)))
            shown = self.shown(connection, save_profile(connection, profile, now, who=who))
            shown.warnings = warnings
            return shown, before is None

        return change_definitions(self._resources, work)

    def publish(
        self,
        key: str,
        when: Precondition = ALWAYS,
        *,
        silent: bool = True,
        by: Authorship = NOT_SAID,
        who: Principal = SYSTEM,
    ) -> Publish:
        """Make the draft a version, switch to it, and start to re-score every record."""

        def work(connection: Connection, now: Micros) -> Publish:
            row = self.checked(when, connection, key)
            shards = self._resources.shards
            return publish_profile(connection, row, now, shards=shards, silent=silent, by=by, who=who)

        return self._started(change_definitions(self._resources, work))

    def rollback(
        self,
        key: str,
        body: Any,
        when: Precondition = ALWAYS,
        *,
        silent: bool = True,
        who: Principal = SYSTEM,
    ) -> Publish:
        """Publish an earlier version's content anew; it becomes the draft too."""
        version, by = read_rollback(body)

        def work(connection: Connection, now: Micros) -> Publish:
            row = self.checked(when, connection, key)
            row = return_to_version(connection, definitions.PROFILES, row, version, now)
            shards = self._resources.shards
            return publish_profile(connection, row, now, shards=shards, silent=silent, by=by, who=who)

        return self._started(change_definitions(self._resources, work))

    def unpublish(self, key: str, when: Precondition = ALWAYS, *, who: Principal = SYSTEM) -> Profile:
        """Make the profile a draft again: its scores are empty from now on."""

        def work(connection: Connection, now: Micros) -> Profile:
            row = self.checked(when, connection, key)
            if row["version"] is None:
                raise Conflict(f'the profile "{key}" is not published')
            empty_scores(connection, row, now)
            before = {"version": row["version"]}
            note(connection, who, now, "unpublish", definitions.PROFILES.name, key, before=before)
            return self.shown(connection, find_definition(connection, definitions.PROFILES, key))

        return change_definitions(self._resources, work)

    def archive(self, key: str, when: Precondition = ALWAYS, *, who: Principal = SYSTEM) -> None:
        """Take the profile out of use. Saving one of the same key brings it back as a draft."""

        def work(connection: Connection, now: Micros) -> None:
            archive_profile(connection, self.checked(when, connection, key), now, who)

        change_definitions(self._resources, work)

    def _started(self, publish: Publish) -> Publish:
        self._start_publish(publish.message)
        return publish


def _publishing(connection: Connection, profile_id: int) -> Publishing | None:
    """How far the re-scoring that goes on has come; None when it is done."""
    latest = publications.latest(connection, profile_id)
    if latest is None or latest["status"] != PublicationStatus.RUNNING:
        return None
    return Publishing(
        done=min(int(latest["done"]), latest["total"]),
        total=latest["total"],
        status="running",
        triggers="silent" if latest["silent"] else "fire",
        workflow_id=publish_workflow_id(latest["id"]),
    )
