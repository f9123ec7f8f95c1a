"""Points given by hand."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from uuid_utils import uuid7

from conditions.messages import plain_errors
from conditions.problems import Problem, suggestion
from conditions.times import Duration, Micros, micros_of, to_iso
from runtime.principals import SYSTEM, Principal
from runtime.statuses import STATUS_NAMES, EventStatus
from scoring.profile import Points
from services.answers import iso
from services.names import Name, ShortText, unstorable
from services.records.answers import Adjusted
from services.records.kinds import Kind, find_record
from services.records.shard_locks import in_shards
from services.resources import Conflict, Invalid, NotFound, Resources
from store.access.audit import note
from store.connection import Connection, RowMapping
from store.design import definitions
from store.follow_ups import effects

_TOLD = {"points", "set_to", "reason", "expires_after", "id"}


class AdjustmentIn(BaseModel):
    """`points` to add, or the score to `set_to`: the points are then what that takes when it is applied."""

    model_config = ConfigDict(extra="forbid", strict=True)

    points: Points | None = None
    set_to: Points | None = None
    reason: Annotated[ShortText, Field(min_length=1, description="People will read it beside the score")]
    author: ShortText | None = Field(
        default=None, description="For whom; the author is whoever makes the call"
    )
    expires_after: Duration | None = None
    id: Name | None = Field(default=None, description="Idempotency key; a known id changes nothing")


class Adjustments:
    """Takes adjustments in; the next batch of the record's shard applies them."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources

    def add(
        self,
        kind: Kind,
        key: str,
        profile: str,
        body: Any,
        *,
        silent: bool = False,
        who: Principal = SYSTEM,
    ) -> Adjusted:
        """Give points; once per `id`. Raises Conflict while the profile is not published."""
        wanted = read_adjustment(body)

        def work(connection: Connection, now: Micros) -> Adjusted:
            record = find_record(connection, kind, key)
            row = published_profile(connection, profile, kind)
            adjustment_id = wanted.id or str(uuid7())
            known = effects.find_adjustment(connection, adjustment_id)
            if known is None:
                give_points(
                    connection,
                    wanted,
                    row,
                    record,
                    adjustment_id=adjustment_id,
                    author=who.said_by(wanted.author),
                    now=now,
                    silent=silent,
                )
                known = effects.find_adjustment(connection, adjustment_id)
                given = {"profile": profile, **wanted.model_dump(include=_TOLD, exclude_none=True)}
                contact_id = record["id"] if kind == "contact" else record["contact_id"]
                note(connection, who, now, "adjust", kind, record["key"], contact_id=contact_id, after=given)
            if known is None or (known["profile_id"], known["record_id"]) != (row["id"], record["id"]):
                raise Conflict(f'the id "{adjustment_id}" is that of an adjustment of another score')
            if known["reason"] != wanted.reason or known["set_to"] != wanted.set_to:
                raise Conflict(
                    f'the adjustment "{adjustment_id}" is known with other values; choose another id'
                )
            if wanted.points is not None and known["points"] != wanted.points:
                raise Conflict(
                    f'the adjustment "{adjustment_id}" is known with other points; choose another id'
                )
            return Adjusted(
                **{kind: record["key"]},
                profile=profile,
                id=known["id"],
                points=known["points"],
                set_to=known["set_to"],
                reason=known["reason"],
                author=known["author"],
                at=to_iso(known["at"]),
                expires_at=iso(known["ends_at"]),
                status=STATUS_NAMES[known["status"]],
            )

        return in_shards(
            self._resources, lambda connection: [find_record(connection, kind, key)["shard"]], work
        )


def give_points(
    connection: Connection,
    wanted: AdjustmentIn,
    profile: RowMapping,
    record: RowMapping,
    *,
    adjustment_id: str,
    author: str,
    now: Micros,
    silent: bool,
) -> None:
    """Have the next batch of the record's shard give them."""
    life = micros_of(wanted.expires_after) if wanted.expires_after else None
    effects.add_adjustment(
        connection,
        id=adjustment_id,
        profile_id=profile["id"],
        record_id=record["id"],
        shard=record["shard"],
        points=wanted.points,
        set_to=wanted.set_to,
        reason=wanted.reason,
        author=author,
        at=now,
        ends_at=now + life if life is not None else None,
        status=EventStatus.PENDING,
        silent=silent,
        depth=0,
    )


def read_adjustment(body: Any) -> AdjustmentIn:
    """The adjustment in a body; raises Invalid with every mistake."""
    example = 'send an adjustment such as {"points": 5, "reason": "met at the fair"}'
    if not isinstance(body, dict):
        raise Invalid([Problem((), example)])
    problems = list(unstorable(body))
    try:
        adjustment = AdjustmentIn.model_validate(body)
    except ValidationError as error:
        raise Invalid([*problems, *plain_errors(error, body)]) from None
    if (adjustment.points is None) == (adjustment.set_to is None):
        problems.append(Problem((), 'an adjustment takes either "points" or "set_to"'))
    if not adjustment.reason.strip():
        problems.append(Problem(("reason",), "say why: people will read it beside the score"))
    if problems:
        raise Invalid(problems)
    return adjustment


def published_profile(connection: Connection, key: str, kind: Kind) -> RowMapping:
    """The profile whose scores can be adjusted; raises NotFound, and Conflict while it is not published."""
    row = definitions.find(connection, definitions.PROFILES, key)
    if row is None or row["applies_to"] != kind:
        known = [
            profile["key"]
            for profile in definitions.all_definitions(connection, definitions.PROFILES)
            if profile["applies_to"] == kind
        ]
        raise NotFound(f'there is no profile "{key}" of {kind}s{suggestion(key, known)}')
    if row["version"] is None:
        raise Conflict(f'the profile "{key}" is not published, so it has no scores to adjust')
    return row
