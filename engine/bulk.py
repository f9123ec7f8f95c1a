"""What a bulk job does to one slice of its records or tasks: the same as each single call does."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from conditions.fields import CONTACT
from conditions.limits import record_problems
from conditions.times import Micros, micros_of
from engine.admission.admitting import NAMED, OF_BULK, OF_LIST, ByHand
from engine.admission.by_hand import Wanted, enlist
from engine.published import Published
from runtime.beginnings import of_request
from runtime.statuses import DONE_TASK, EventStatus
from store.connection import Connection
from store.follow_ups import effects, tasks
from store.follow_ups.bulk_jobs import Member, Tally
from store.records import contacts, deals

#: Whom a task is given to for the owner of its record.
OWNER = "owner"


class JobFailed(Exception):
    """The job can go on with nobody; the message is safe to show anywhere."""


@dataclass(frozen=True, kw_only=True)
class Slice:
    """Some contacts, deals or tasks (`kind`) of a job, whose shards are locked. `smart_list`: where they come from."""

    connection: Connection
    job_id: str
    action: str
    kind: str
    parameters: Mapping[str, Any]
    smart_list: str | None
    members: Sequence[Member]
    published: Published
    now: Micros

    @property
    def ids(self) -> list[Any]:
        return [member.id for member in self.members]

    @property
    def brought_by(self) -> str:
        """What is noted of all that changes here bring about."""
        return of_request(self.job_id)


def act(work: Slice) -> Tally:
    """Do the action for all of the slice. Raises JobFailed."""
    return ACTIONS[work.action](work)


def _tag(work: Slice) -> Tally:
    tag = work.parameters["tag"]
    return _change(work, lambda row: {"tags": row["tags"] if tag in row["tags"] else [*row["tags"], tag]})


def _untag(work: Slice) -> Tally:
    tag = work.parameters["tag"]
    return _change(work, lambda row: {"tags": [kept for kept in row["tags"] if kept != tag]})


def _set(work: Slice) -> Tally:
    """The stage, or the owner."""
    return _change(work, lambda _: dict(work.parameters))


def _change(work: Slice, values_of: Callable[[Mapping[str, Any]], Mapping[str, Any]]) -> Tally:
    """Change each record; one that would hold more than is kept is skipped."""
    skipped: Counter[str] = Counter()
    changes = []
    rows = _records(work)
    for row in rows:
        new = contacts.differing(row, values_of(row))
        if problems := record_problems(new):
            skipped[problems[0].message] += 1
        elif new:
            changes.append((row, new))
    if work.kind == CONTACT:
        contacts.change_contacts(work.connection, changes, work.now, brought_by=work.brought_by)
    else:
        for row, new in changes:
            deals.change_deal(work.connection, row, new, work.now, brought_by=work.brought_by)
    return Tally(
        changed=len(changes), unchanged=len(rows) - len(changes) - skipped.total(), skipped=dict(skipped)
    )


def _records(work: Slice) -> list[Any]:
    find = contacts.contacts_by_id if work.kind == CONTACT else deals.deals_by_id
    return find(work.connection, work.ids)


def _adjust(work: Slice) -> Tally:
    wanted = work.parameters
    profile = work.published.by_key.get(wanted["profile"])
    if profile is None or profile.applies_to != work.kind:
        raise JobFailed(f'the profile "{wanted["profile"]}" of {work.kind}s is not published any more')
    life = micros_of(wanted["expires_after"]) if wanted.get("expires_after") else None
    added = effects.add_adjustments(
        work.connection,
        [
            {
                "id": f"{OF_BULK}/{work.job_id}/{member.id}",
                "profile_id": profile.id,
                "record_id": member.id,
                "shard": member.shard,
                "points": wanted.get("points"),
                "set_to": wanted.get("set_to"),
                "reason": wanted["reason"],
                "author": wanted["author"],
                "at": work.now,
                "ends_at": work.now + life if life is not None else None,
                "status": EventStatus.PENDING,
                "silent": False,
                "depth": 0,
            }
            for member in work.members
        ],
    )
    return Tally(changed=added, unchanged=len(work.members) - added)


def _enroll(work: Slice) -> Tally:
    key, of_list = work.parameters["automation"], work.smart_list
    by = ByHand(work.parameters.get("author"), f"{OF_LIST}{of_list}" if of_list is not None else NAMED)
    trigger = next((one for one in work.published.triggers.triggers if one.key == key), None)
    if trigger is None:
        raise JobFailed(f'the automation "{key}" is not published any more')
    counts: Counter[str] = Counter()
    enrolled = 0
    for shard in sorted({member.shard for member in work.members}):
        listed = enlist(
            work.connection,
            work.published,
            trigger,
            Wanted(work.job_id, matching=False, again=work.parameters["again"], by=by),
            shard=shard,
            kind=work.kind,
            ids=[member.id for member in work.members if member.shard == shard],
            now=work.now,
        )
        decided = listed.enrolling.save(work.connection)
        enrolled += len(decided.enrollments)
        counts.update(skip.reason for skip in decided.skips)
        counts.update({"running": listed.running, "recent": listed.recent})
    skipped = {reason: number for reason, number in counts.items() if number}
    rest = len(work.members) - enrolled - sum(skipped.values())
    return Tally(changed=enrolled, unchanged=rest, skipped=skipped)


def _reassign(work: Slice) -> Tally:
    name = work.parameters["assign_to"]
    rows = tasks.open_tasks(work.connection, work.ids)
    owners = tasks.owners(work.connection, work.ids) if name == OWNER else {}
    changes = [(row, {"assign_to": owners.get(row["id"]) if name == OWNER else name}) for row in rows]
    return _counted(work, tasks.change_tasks(work.connection, changes, work.now))


def _close(work: Slice) -> Tally:
    rows = tasks.open_tasks(work.connection, work.ids)
    changes = [(row, {"status": DONE_TASK}) for row in rows]
    return _counted(work, tasks.change_tasks(work.connection, changes, work.now, brought_by=work.brought_by))


def _counted(work: Slice, changed: int) -> Tally:
    return Tally(changed=changed, unchanged=len(work.members) - changed)


#: By the name of the action, what it does.
ACTIONS: Mapping[str, Callable[[Slice], Tally]] = {
    "tag": _tag,
    "untag": _untag,
    "owner": _set,
    "stage": _set,
    "adjust": _adjust,
    "enroll": _enroll,
    "reassign_tasks": _reassign,
    "close_tasks": _close,
}
