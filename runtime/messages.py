"""What workflows and activities tell each other: ids, keys of definitions and numbers; never contact data."""

from dataclasses import dataclass, field
from typing import Any

SCORE_SHARD = "score_shard"
START_FOLLOW_UPS = "start_follow_ups"
RUN_STEPS = "run_steps"
DELIVER = "deliver_notification"
CALL_WEBHOOK = "call_webhook"
END_FOLLOW_UP = "end_follow_up"
SWEEP_SHARD = "sweep_shard"
FINISH_PUBLISH = "finish_publish"

#: What a delivery comes to when its follow-up is paused.
PAUSED = "paused"
#: What it comes to when its step was skipped by hand.
SKIPPED = "skipped"


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
    """One attempt at an enrollment.

    `steps` is the outline of what is left to do, `log` what was done before; activities load the rest.
    """

    enrollment_id: str
    attempt: int
    automation: str
    version: int
    steps: list[dict[str, Any]]
    log: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class FollowUpResult:
    """How it ended, and why if there is more to say."""

    outcome: str
    reason: str | None = None


@dataclass(frozen=True)
class StepRef:
    """A step by its path in the automation version."""

    path: str
    kind: str


@dataclass(frozen=True)
class RunSteps:
    """Do these steps, in order. `finish`: nothing comes after them. `timed_out`: the first has waited long enough."""

    enrollment_id: str
    attempt: int
    steps: list[StepRef]
    finish: bool
    timed_out: bool = False


@dataclass(frozen=True)
class StepsResult:
    """`done` of the steps have an outcome now.

    Of the last of them: `branch` is the branch that was taken (then, elif.0, else, split.1, timeout ...), `until` the
    end of a wait, `deliver` a message that has to go out before the next step. `waiting`: the step after them waits
    for something, at most until `until`. `paused`: nothing goes on until it is resumed. `ended`: the enrollment is
    over, with this status, and `reason` may say why. `skipped`: why steps failed that say `on_failure: continue`, by
    path; `passed`: steps that were skipped by hand; `before`: the attempts in which steps were done, of those that an
    earlier one did.
    """

    done: int
    branch: str | None = None
    until: int | None = None
    deliver: str | None = None
    ended: str | None = None
    reason: str | None = None
    skipped: dict[str, str] = field(default_factory=dict)
    waiting: bool = False
    paused: bool = False
    passed: list[str] = field(default_factory=list)
    before: dict[str, int] = field(default_factory=dict)

    @property
    def pauses(self) -> bool:
        """Whether the next step does not come at once."""
        return (
            self.until is not None
            or self.deliver is not None
            or self.waiting
            or self.paused
            or bool(self.ended)
        )


@dataclass(frozen=True)
class Delivery:
    """A notification or webhook to be sent."""

    enrollment_id: str
    message_id: str


@dataclass(frozen=True)
class Delivered:
    """What a try came to. `status`: None when it is sent or need not be, else `paused` or `skipped`.

    `again_at`: when the next try begins, in microseconds since the epoch, since this one failed for `reason`.
    """

    status: str | None = None
    again_at: int | None = None
    reason: str | None = None


@dataclass(frozen=True)
class EndFollowUp:
    """An attempt that ends without completing."""

    enrollment_id: str
    attempt: int
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
