"""What something done by hand would bring about: it is done in a copy, and scored and matched as in earnest."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from uuid_utils import uuid7

from channels.outbound import make_outbound
from channels.signing import new_secret
from conditions.times import Micros
from engine.published import PublishedCache
from engine.rehearsal.scene import Scene
from runtime.statuses import OPEN
from services.foresight.answers import Consequences, ScoreMove
from services.records.adjustments import give_points, published_profile, read_adjustment
from services.records.contacts import EMPTY, TAKEN, ContactPatchIn, patch_values
from services.records.kinds import Kind, find_record
from services.records.values import read_values
from services.resources import Conflict, Resources
from store.connection import Connection, RowMapping
from store.design import definitions
from store.foresight import outcomes
from store.foresight.copies import Copy, one_moment
from store.records import contacts

Deed = Callable[[Connection, RowMapping, Micros], None]
"""What is done to the record in the copy."""


@dataclass(frozen=True)
class _State:
    """What a copy holds at a moment."""

    scores: dict[tuple[int, int], tuple[int, int | None]]
    enrollments: dict[str, tuple[int, str]]

    @classmethod
    def of(cls, connection: Connection) -> "_State":
        return cls(outcomes.scores(connection), outcomes.statuses(connection))


class ConsequencesOf:
    """Tries what people do by hand. Nothing is written, and nothing leaves."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources
        self._published = PublishedCache(resources.settings.loop_limit)

    def of_adjustment(self, kind: Kind, key: str, profile: str, body: Any) -> Consequences:
        """What giving points would bring about; raises what giving them raises."""
        wanted = read_adjustment(body)

        def give(connection: Connection, record: RowMapping, now: Micros) -> None:
            row = published_profile(connection, profile, kind)
            give_points(
                connection,
                wanted,
                row,
                record,
                adjustment_id=str(uuid7()),
                author=wanted.author or "",
                now=now,
                silent=False,
            )

        return self._try(kind, key, give)

    def of_change(self, key: str, body: Any) -> Consequences:
        """What changing a contact would bring about; raises what changing it raises."""
        values = read_values(ContactPatchIn, body, "contact", TAKEN, EMPTY)

        def change(connection: Connection, record: RowMapping, now: Micros) -> None:
            contacts.change_contact(connection, record, patch_values(values, dict(record)), now)

        return self._try("contact", key, change)

    def _try(self, kind: Kind, key: str, deed: Deed) -> Consequences:
        now = self._resources.clock()
        with self._resources.database.read() as connection:
            one_moment(connection)
            record = find_record(connection, kind, key)
            owner = contacts.contact_by_id(connection, record["contact_id"]) if kind == "deal" else record
            if owner is None:
                raise Conflict(f'the contact of the deal "{key}" is being erased')
            published = self._published.read(connection)
            names = {one.id: one.key for one in published.profiles}
            keys = {
                row["id"]: row["key"]
                for row in definitions.all_definitions(connection, definitions.AUTOMATIONS)
            }
            copy = Copy(connection, owner, now)
        if not copy.has_history:
            raise Conflict(
                f'the {kind} "{key}" has too many events for this to be tried; it can be done all the same'
            )
        outbound = make_outbound(self._resources.settings, new_secret())
        with copy.opened() as connection:
            scene = Scene(connection, published, outbound, owner["shard"], now, scored=True)
            scene.settle()
            before = _State.of(connection)
            skipped = len(outcomes.skips(connection))
            deed(connection, find_record(connection, kind, key), now)
            scene.settle()
            after = _State.of(connection)
            answer = Consequences(
                scores=[],
                starts=[keys[one] for one in _begun(before, after) if one in keys],
                skipped={
                    keys[one]: reason for one, reason in outcomes.skips(connection)[skipped:] if one in keys
                },
                ends=[keys[one] for one in _ended(before, after) if one in keys],
            )
        for place, (_, score) in after.scores.items():
            profile_id, was = place[0], before.scores.get(place, (0, None))[1]
            if score != was and profile_id in names:
                profile = published.by_key[names[profile_id]]
                answer.scores.append(
                    ScoreMove(
                        profile=profile.key,
                        before=was,
                        after=score,
                        band_before=profile.band(was),
                        band_after=profile.band(score),
                    )
                )
        setattr(answer, kind, record["key"])
        return answer


def _begun(before: _State, after: _State) -> list[int]:
    """The automations of enrollments that were not there before."""
    return [automation for one, (automation, _) in after.enrollments.items() if one not in before.enrollments]


def _ended(before: _State, after: _State) -> list[int]:
    """The automations of enrollments that were open before and are not any more."""
    return [
        automation
        for one, (automation, status) in after.enrollments.items()
        if status not in OPEN and before.enrollments.get(one, (0, ""))[1] in OPEN
    ]
