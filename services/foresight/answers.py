"""What looking ahead and back answers: previews, backtests, what a change would touch, explanations."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from services.intake.answers import Event
from services.records.answers import CausingAdjustment, CausingEvent


class BeforeAfter(BaseModel):
    """Numbers of records before and after."""

    before: int
    after: int


class Bar(BeforeAfter):
    """Scores from one bound to the other, both included."""

    model_config = ConfigDict(populate_by_name=True)

    from_: int = Field(alias="from")
    to: int


class Move(BaseModel):
    """How time alone will move a score within a time, if nothing happens."""

    contact: str | None = None
    deal: str | None = None
    score: int | None = Field(description="As of the last scoring")
    band: str | None
    at: str = Field(description="When it moves first")
    score_then: int | None = Field(description="At the end of the time")
    band_then: str | None
    band_until: str | None = Field(description="When it leaves its band; null: not within the time")
    looked_until: str | None = Field(
        description="Not null: too much fades to be looked at to the end, and all is as of then"
    )


class ScoreAt(BaseModel):
    """A record's score at another time."""

    contact: str | None = None
    deal: str | None = None
    score: int | None
    band: str | None
    at: str


class Band(BaseModel):
    """A band of scores."""

    model_config = ConfigDict(populate_by_name=True)

    band: str
    from_: int | None = Field(alias="from", description="null: below all others")


class CurvePoint(BaseModel):
    """The score from a moment on."""

    at: str
    score: int | None
    band: str | None


class Curve(BaseModel):
    """How one score went and will go on, by the rules and fields of today."""

    contact: str | None = None
    deal: str | None = None
    profile: str
    since: str
    now: str
    until: str
    exact: bool = Field(description="False: so much happened that not every change of the past is shown")
    points: list[CurvePoint] = Field(description="Where the score changed, up to now")
    ahead: list[CurvePoint] = Field(description="Where time alone will change it")
    bands: list[Band] = Field(description="The lowest first")


class Trend(BaseModel):
    """How a score has gone of late, by the rules and fields of today."""

    contact: str | None = None
    deal: str | None = None
    profile: str
    since: str
    scores: list[int | None] = Field(description="At even distances, the last one of now")
    band_until: str | None = Field(
        description="When time alone will take the score out of its band; null: not within a year"
    )


class BandCount(BeforeAfter):
    """Records in one band."""

    band: str


class BandMove(BaseModel):
    """Records that go from one band to another; null: no band."""

    model_config = ConfigDict(populate_by_name=True)

    from_: str | None = Field(alias="from")
    to: str | None
    count: int


class Mover(BaseModel):
    """A record whose score moves far."""

    contact: str | None = None
    deal: str | None = None
    before: int | None
    after: int | None


class WouldEnroll(BaseModel):
    """How many follow-ups of an automation `fire` would start, and how many matches it would skip, by reason."""

    automation: str
    enrolled: int
    past: int = Field(
        description="Those among them for whom the date that a follow-up waits for first is over; `if_past` says "
        "what happens to them"
    )
    skipped: dict[str, int]


class ArrivalsPreview(BaseModel):
    """What events that are about to arrive would start."""

    events: int
    exact: bool = Field(
        description="False: there are so many that those of a share of the contacts were looked at, and multiplied"
    )
    enrollments: list[WouldEnroll]


class Preview(BaseModel):
    """What publishing the draft would do; while it is computed, only how far that is."""

    status: Literal["computing", "done"]
    done: int
    total: int
    profile: str | None = None
    applies_to: Literal["contact", "deal"] | None = None
    version: int | None = Field(default=None, description="The version that the draft would become")
    published_version: int | None = None
    computed_at: str | None = None
    records: int | None = None
    pending_events: int | None = Field(default=None, description="Work not applied yet, which is not counted")
    changed: int | None = Field(default=None, description="Records whose score would change")
    empty: BeforeAfter | None = Field(default=None, description="Records without a score")
    distribution: list[Bar] | None = None
    bands: list[BandCount] | None = None
    band_moves: list[BandMove] | None = None
    movers: list[Mover] | None = Field(default=None, description="Those that move most")
    enrollments: list[WouldEnroll] | None = None


class PastEnrollment(BaseModel):
    """An enrollment that would have been made."""

    at: str | None
    previous: int | None
    current: int | None


class PastEnrollments(BaseModel):
    """How often a record would have entered, and when."""

    contact: str | None
    deal: str | None
    times: int
    entries: list[PastEnrollment]


class OnDay(BaseModel):
    """Enrollments on one day, UTC."""

    date: str
    enrollments: int


class Happened(BaseModel):
    """What was published has done in the same time."""

    enrollments: int
    records: int
    skipped: dict[str, int]


class BacktestResult(BaseModel):
    """What a trigger would have done in the past."""

    automation: str
    version: int | None = Field(description="null: the draft")
    days: int
    since: str | None
    looked_at: int = Field(description="How many changes or events")
    enrollments: int
    records: int
    skipped: dict[str, int]
    per_day: list[OnDay]
    published: Happened
    only_here: int = Field(description="Records that would have entered and were not enrolled")
    only_published: int = Field(description="Records that were enrolled and would not have entered")
    warnings: list[str]
    items: list[PastEnrollments] = Field(description="The records that would have entered most often")


class WouldStart(BaseModel):
    """How many follow-ups of an automation `fire` would start."""

    automation: str
    enrolled: int
    past: int = Field(description="Those among them for whom the date that is waited for first is over")


class TouchedRecord(BaseModel):
    """Somebody whom a change of definitions would touch, and how."""

    kind: str = Field(description="Of the definition that would change")
    definition: str = Field(description="Its key")
    contact: str | None = None
    deal: str | None = None
    name: str | None = None
    before: int | None = None
    after: int | None = None
    band_before: str | None = None
    band_after: str | None = None
    starts: list[str] = Field(
        default=[], description="Automations: that `fire` would start; of an automation that it matches now"
    )


class ProfileImpact(BaseModel):
    """What publishing a profile would touch. `new`: it has no scores yet."""

    records: int
    new: bool
    changed: int | None = None
    first: list[TouchedRecord] = Field(default=[], description="The first whose scores change")
    band_moves: list[BandMove] = []
    fire: list[WouldStart] = []


class AutomationImpact(BaseModel):
    """What publishing an automation would touch: follow-ups that run, and the last days as it would have seen them.

    `unknown` says why it is not known whom it would enroll.
    """

    running: int
    matching_now: int | None = None
    past: int = Field(default=0, description="For how many of these the date that is waited for is over")
    first: list[TouchedRecord] = Field(default=[], description="The first of those who match now")
    unknown: str | None = None
    days: int = 0
    enrollments: int = 0
    records: int = 0
    published: Happened | None = None
    only_here: int = 0
    only_published: int = 0
    warnings: list[str] = []


DocumentImpact = ProfileImpact | AutomationImpact


class FilterVerdict(BaseModel):
    """How one test came out. One under `not` is judged without the `not`."""

    text: str = Field(examples=["score is at least 50"])
    actual: Any
    holds: bool


class RulePoints(BaseModel):
    """What one rule made of an event."""

    rule: str
    points: int = Field(description="What the rule gives")
    worth: int = Field(description="What that is worth now")
    outcome: Literal["gave", "where", "limit", "silence", "otherwise"] = Field(
        description="`where`: its conditions do not hold; `limit`: others count; `silence`: it only breaks one"
    )
    why: str = Field(examples=['amount is at least 100: no, it is the text "120.00"'])
    filters: list[FilterVerdict] = Field(description="The rule's conditions, test by test")


class ProfilePoints(BaseModel):
    """What one published profile made of an event."""

    profile: str
    version: int
    applies_to: Literal["contact", "deal"]
    record: str | None = Field(description="Key of the contact or deal whose score it is")
    points: int
    worth: int = Field(
        description="What of the points there is now, before bounds of groups and of the score"
    )
    why: str = Field(examples=["no rule is on visit"])
    rules: list[RulePoints] = Field(description="The rules on this type of event")
    bounds: list[str] = Field(default=[], description="Bounds that keep points from showing")


class EventPoints(BaseModel):
    """Why an event gave what it gave."""

    event: Event
    profiles: list[ProfilePoints]


class GuardVerdict(BaseModel):
    """What a guard said at that moment, whether it was asked or not."""

    guard: Literal["reentry", "while_running", "rearm", "depth"]
    text: str = Field(examples=["reentry: after 7 days; the last start was 2026-11-22T12:00:00.000000Z"])
    holds: bool


Outcome = Literal[
    "enrolled",
    "skipped",
    "silent",
    "filters",
    "where",
    "inside",
    "rearm",
    "unpublished",
    "elsewhere",
    "otherwise",
]


class Explained(BaseModel):
    """A change or event, and what the automation made of it."""

    at: str | None
    previous: int | None = None
    current: int | None = None
    cause: str
    version: int | None = None
    silent: bool | None = None
    event: CausingEvent | None = None
    adjustment: CausingAdjustment | None = None
    outcome: Outcome
    why: str
    reason: str | None = Field(description="Of a skip")
    automation_version: int | None = Field(description="The version that was published then; null: the draft")
    enrollment: str | None
    workflow_id: str | None
    workflow_url: str | None
    filters: list[FilterVerdict]
    guards: list[GuardVerdict]


class Besides(BaseModel):
    """An enrollment, or a skip with its reason, that no event and no change of the profile's score caused."""

    at: str | None
    cause: Literal["manual", "start", "attribute", "score"] = Field(
        description="By hand, by another automation, by fields of the record, or by another score that filters read"
    )
    enrollment: str | None
    reason: str | None


class Explanation(BaseModel):
    """Why an automation did or did not enroll a record, for each recent change; the newest first."""

    automation: str
    contact: str | None = None
    deal: str | None = None
    version: int | None
    items: list[Explained]
    besides: list[Besides] = Field(description="Enrolled without an event or a change of the profile's score")


class Nearness(BaseModel):
    """How far a record is from entering an automation, as both are now."""

    automation: str
    name: str | None
    state: Literal["ready", "inside", "guard", "event", "filters", "paused", "running"] = Field(
        description="`filters`: not all hold; `guard`: re-entry, running follow-ups or rearm keep it out; `inside`: "
        "the filters hold already, and it fires when they come to hold; `event`: it begins with an event; `ready`: the "
        "next change enrolls it"
    )
    why: str = Field(examples=["score is at least 50"])
    holding: int = Field(description="How many of the filters hold, each group counted as one")
    tests: int = Field(description="Of how many")
    short: int | float | None = Field(
        description="By how much the first filter that does not hold is missed, where that is a number"
    )
    until: str | None = Field(description="When re-entry lets it in again")
    enrollment: str | None = Field(description="The follow-up that runs, where one does")


class NearnessOf(BaseModel):
    """How far a record is from each published automation, the nearest first; where it is already, last."""

    contact: str | None = None
    deal: str | None = None
    items: list[Nearness]


class ScoreMove(BaseModel):
    """What becomes of one score."""

    profile: str
    before: int | None
    after: int | None
    band_before: str | None
    band_after: str | None


class Consequences(BaseModel):
    """What something done by hand would bring about at once, worked out in a copy."""

    contact: str | None = None
    deal: str | None = None
    scores: list[ScoreMove] = Field(description="Scores that would move")
    starts: list[str] = Field(description="Automations whose follow-ups would begin")
    skipped: dict[str, str] = Field(description="Automations that would match and not begin, with the reason")
    ends: list[str] = Field(description="Automations whose running follow-ups would end early")
