"""What workflows and activities tell each other: ids, numbers and words of definitions; never contact data."""

from dataclasses import dataclass, field

SCORE_SHARD = "score_shard"
START_FOLLOW_UPS = "start_follow_ups"
ADVANCE = "advance"
SEND = "send_messages"
END_FOLLOW_UPS = "end_follow_ups"
SWEEP_SHARD = "sweep_shard"
FINISH_PUBLISH = "finish_publish"
WORK_OFF_BULK = "work_off_bulk"
END_BULK = "end_bulk"


@dataclass(frozen=True)
class ScoreResult:
    """`more`: work is left. `unstarted`: follow-ups wait for their start, or for word of their end.
    `next_due_at`: when time alone may next change a score, or let a follow-up start, in microseconds since the epoch.
    """

    events: int
    changes: int
    more: bool
    unstarted: bool
    next_due_at: int | None


@dataclass(frozen=True)
class StartResult:
    """`more`: others may be queued."""

    started: int
    more: bool


@dataclass(frozen=True)
class FollowUpInput:
    """One attempt at an enrollment, or a cohort of many: those that the database says this workflow carries out.

    `upcoming`: what comes first, in words. `failed`: so many of a cohort have failed in earlier runs of the workflow.
    """

    automation: str
    version: int
    enrollments: int
    upcoming: str
    failed: int = 0


@dataclass(frozen=True)
class FollowUpResult:
    """How it ended, and why if there is more to say: of a cohort, how many ended in which way."""

    outcome: str
    reason: str | None = None


@dataclass(frozen=True)
class Advance:
    """Take everybody of a workflow as far as they can go.

    `reached`: a moment until which has been waited, in microseconds since the epoch.
    """

    workflow_id: str
    reached: int = 0


@dataclass(frozen=True)
class FailedMember:
    """One of a cohort that has failed, and goes on in a workflow of its own: red, and found by itself."""

    workflow_id: str
    record: str
    summary: str
    details: str


@dataclass(frozen=True)
class Advanced:
    """Where they stand now.

    `due_at`: when somebody's time comes next; None: not by time. `sending`: messages have to go out. `more`: not all
    have had their turn. `paused`: until somebody resumes it. `now` and `done`: what ops read, `upcoming` what comes
    next, in words. `failed`: members of a cohort that have failed and whose own workflows have not been heard of yet.
    `ended`: how it ended once all is over, with the reason.
    """

    due_at: int | None = None
    sending: bool = False
    more: bool = False
    paused: bool = False
    now: str = ""
    done: str = ""
    upcoming: str = ""
    failed: list[FailedMember] = field(default_factory=list)
    ended: str | None = None
    reason: str | None = None


@dataclass(frozen=True)
class Send:
    """Send what those of a workflow have to send now; `reached` as in `Advance`."""

    workflow_id: str
    reached: int = 0


@dataclass(frozen=True)
class EndFollowUps:
    """Everybody of a workflow who is not over yet ends so."""

    workflow_id: str
    status: str
    reason: str | None = None


@dataclass(frozen=True)
class PublishInput:
    """A publish: its profile's key and version, and how many shards have to be swept."""

    publication_id: str
    profile: str
    version: int
    shards: int


@dataclass(frozen=True)
class SweepInput:
    """One shard of a publish."""

    publication_id: str
    shard: int


@dataclass(frozen=True)
class SweepResult:
    """`superseded`: a newer publish, or an unpublish, made this one pointless."""

    done: int
    superseded: bool


@dataclass(frozen=True)
class PublishResult:
    """`done` or `superseded`, and how many records were re-scored."""

    outcome: str
    rescored: int = field(default=0)


@dataclass(frozen=True)
class BulkInput:
    """A bulk job, and the name of its action; who is meant is in the database."""

    job_id: str
    action: str


@dataclass(frozen=True)
class BulkProgress:
    """How a bulk job stands: running, done, stopped or failed."""

    status: str
    done: int
    total: int
