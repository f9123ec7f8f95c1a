"""How the installation is doing."""

from collections.abc import Sequence

from conditions.times import DAY, SECOND, Micros, to_iso
from runtime.statuses import OPEN, EnrollmentStatus
from runtime.temporal import ui_url
from services.operations import answers
from services.operations.answers import Loop, LostDigest, Mail, ShardStatus, Worker
from services.records.duplicates import Duplicates
from services.resources import Resources
from store import meta
from store.connection import RowMapping
from store.design import publications
from store.follow_ups import alerts, bulk_jobs, enrollments, statistics
from store.operations import status
from store.records import suppressions

#: Counted also where there is none.
_ALWAYS = (
    *(one.value for one in OPEN),
    enrollments.RETRYING,
    EnrollmentStatus.COMPLETED.value,
    EnrollmentStatus.FAILED.value,
)


class StatusReport:
    """Reads how the installation is doing."""

    def __init__(self, resources: Resources, duplicates: Duplicates) -> None:
        self._resources = resources
        self._duplicates = duplicates

    def read(self, *, temporal_up: bool) -> answers.Status:
        """Work that is accepted and not done, follow-ups by status, who works."""
        now = self._resources.clock()
        with self._resources.database.read() as connection:
            shards = status.shard_status(connection, now)
            counts = enrollments.count_by_status(connection)
            quarantined = status.quarantined(connection)
            workers = status.workers(connection, now - status.GONE_AFTER)
            jobs = bulk_jobs.running(connection)
            unfinished = publications.unfinished(connection)
            suppressed = suppressions.count(connection)
            lost = alerts.lost(connection, now - 7 * DAY)
            loops = statistics.loops_since(connection, now - DAY)
            held = bool(meta.get_fact(connection, meta.HELD))
        shared = self._duplicates.count()
        oldest = min((shard.oldest for shard in shards if shard.oldest is not None), default=None)
        return answers.Status(
            pending_events=sum(shard.pending for shard in shards),
            starts_later=sum(shard.later for shard in shards),
            follow_ups={**dict.fromkeys(_ALWAYS, 0), **counts},
            temporal="up" if temporal_up else "down",
            temporal_ui=ui_url(self._resources.settings),
            oldest_pending_seconds=_age(now, oldest),
            quarantined=quarantined,
            shared_addresses=shared,
            publishing=len(unfinished),
            bulk_jobs=len(jobs),
            held=held,
            loops=[
                Loop(automation=key, contacts=contacts, skipped=skipped) for key, contacts, skipped in loops
            ],
            mail=_mail(workers),
            lost_digests=[
                LostDigest(
                    id=digest["id"],
                    recipient=digest["recipient"],
                    held=digest["held"],
                    due_at=to_iso(digest["due_at"]),
                    reason=digest["reason"],
                )
                for digest in lost
            ],
            suppressions=suppressed,
            workers=[
                Worker(
                    id=worker["id"],
                    host=worker["host"],
                    pid=worker["pid"],
                    started_at=to_iso(worker["started_at"]),
                    seen_at=to_iso(worker["seen_at"]),
                    no_mail=worker["no_mail"],
                )
                for worker in workers
            ],
            shards=[_shown(shard, now) for shard in shards],
        )

    def mail(self) -> Mail:
        """What becomes of messages."""
        with self._resources.database.read() as connection:
            return _mail(status.workers(connection, self._resources.clock() - status.GONE_AFTER))

    def backlog(self) -> list[ShardStatus]:
        """What each shard has to do."""
        now = self._resources.clock()
        with self._resources.database.read() as connection:
            return [_shown(shard, now) for shard in status.shard_status(connection, now)]

    def check(self) -> None:
        """Raises DatabaseUnavailable, or whatever else keeps the database from being read and written to."""
        self._resources.database.check()


def _mail(workers: Sequence[RowMapping]) -> Mail:
    """By what workers say of themselves."""
    reasons = [worker["no_mail"] for worker in workers if worker["no_mail"] is not None]
    if not workers:
        return Mail(state="unknown", reason=None)
    if not reasons:
        return Mail(state="sent", reason=None)
    return Mail(state="recorded" if len(reasons) == len(workers) else "mixed", reason=reasons[0])


def _shown(shard: status.ShardStatus, now: Micros) -> ShardStatus:
    return ShardStatus(
        shard=shard.shard,
        pending=shard.pending,
        events=shard.events,
        adjustments=shard.adjustments,
        revocations=shard.revocations,
        field_changes=shard.touched,
        leftovers=shard.leftovers,
        overdue=shard.overdue,
        unstarted=shard.unstarted,
        starts_later=shard.later,
        oldest_pending_seconds=_age(now, shard.oldest),
    )


def _age(now: int, moment: int | None) -> float:
    return 0.0 if moment is None else round(max(now - moment, 0) / SECOND, 3)
