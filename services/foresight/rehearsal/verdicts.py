"""What a rehearsal says besides its steps: of the trigger, of the end, of what it takes for granted."""

from conditions.times import to_iso
from engine.rehearsal.entering import Entered, Given, Version
from engine.rehearsal.scene import Scene
from engine.rehearsal.tried import Ended
from services.foresight.answers import FilterVerdict
from services.foresight.rehearsal.answers import RehearsedEnd, RehearsedStep, RehearsedTrigger
from services.foresight.rehearsal.reading import Basis
from services.foresight.rehearsal.telling import Teller
from store.follow_ups import enrollments

#: Seconds after which a rehearsal ends, whatever is left of its steps.
LONGEST = 20.0


def end_of(scene: Scene, ended: Ended | None) -> RehearsedEnd:
    """How the follow-up ends; `ended` is None where that was not waited for."""
    if ended is None:
        reason = f"filling in its templates took longer than {LONGEST:.0f} seconds"
        return RehearsedEnd(status="unfinished", reason=reason, at=to_iso(scene.now))
    told = {"status": ended.status.value, "reason": ended.reason, "at": to_iso(ended.at)}
    return RehearsedEnd.model_validate(told)


def trigger_of(read: Basis, entered: Entered, given: Given | None) -> RehearsedTrigger:
    """Whether the trigger would have begun it, and why, or why not."""
    return RehearsedTrigger(
        enrolls=entered.enrolls,
        why=_why(read, entered, given),
        filters=[
            FilterVerdict(text=test.text, actual=test.actual, holds=test.holds) for test in entered.tests
        ],
    )


def _why(read: Basis, entered: Entered, given: Given | None) -> str:
    trigger = read.version.automation.trigger
    if entered.enrolls:
        return "its trigger enrolls" if given is not None else "its filters hold, so that it can be enrolled"
    if not read.copy.has_history:
        return "whether it would have begun is not known: the contact has too long a history"
    if entered.skipped is not None:
        return f"its filters hold, but it would be skipped: {entered.skipped}"
    if trigger.profile is not None and trigger.profile not in read.published.by_key:
        return f'the profile "{trigger.profile}" is not published, so that nobody has its score'
    if trigger.event is not None and given is None:
        return f"it begins with the event {trigger.event}, which is not given"
    if given is not None and trigger.event is not None and given.type != trigger.event:
        return f"it begins with the event {trigger.event}, not with {given.type}"
    if not entered.holds:
        return "not all filters hold"
    if given is not None and entered.cause != "event":
        return f"the event does not move the score under {trigger.profile}"
    if trigger.fires == "on_entry":
        return (
            "on_entry: the filters held before, too, or since the last start the score has not been where `rearm` "
            "wants it"
        )
    return "its filters hold, but nothing would have begun it"


def besides(scene: Scene, version: Version, entered: Entered, steps: list[RehearsedStep]) -> list[str]:
    """Other automations that would begin, because of the event or of what the steps change."""
    keys = {one.automation_id: one.key for one in scene.published.triggers.triggers}
    named = {step.starts.automation for step in steps if step.starts is not None}
    newer = enrollments.newest_first(scene.connection, "enrollments", {}, None, 500)
    begun = {keys.get(row["automation_id"]) for row in newer if row["id"] > entered.before}
    return sorted(
        key for key in begun if key is not None and key != version.automation.key and key not in named
    )


def assumptions(
    scene: Scene,
    read: Basis,
    entered: Entered,
    teller: Teller,
    steps: list[RehearsedStep],
) -> list[str]:
    """What the rehearsal takes for granted, and somebody who reads it has to know."""
    said = []
    if entered.over:
        said.append(
            "exit_when holds from the beginning on, so that nobody would be enrolled; it is not asked here"
        )
    if not scene.scored:
        said.append("the contact has a long history: its scores stay as they are now")
    if any(step.until is not None and step.until > step.at for step in steps):
        said.append("nothing happens to the record meanwhile but what the steps and time bring about")
    if any(step.webhook is not None and step.webhook.outcome == "sent" for step in steps):
        said.append("webhooks are taken, and answer nothing that later steps could read")
    recording = [reason for reason in read.workers if reason is not None]
    if 0 < len(recording) < len(read.workers):
        said.append(f"a worker that sends messages carries it out; some only record them: {recording[0]}")
    if teller.unknown_secrets:
        names = ", ".join(sorted(teller.unknown_secrets))
        said.append(f"workers know the secrets {names}; KINDLING_SECRETS_FILE is not set here")
    passed = [path for path in read.takes if path not in {step.path for step in steps}]
    if passed:
        said.append(f"a way was chosen at steps that are never reached: {', '.join(passed)}")
    return said
