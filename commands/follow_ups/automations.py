"""Automations on the command line: enroll by hand, count, pause and resume."""

from typing import Any

from commands.asking import ask
from commands.output import counted, note, print_json, say
from commands.session import session
from runtime.errors import ReadableError
from runtime.statuses import EnrollmentStatus
from services.answers import Enrolled
from services.design.answers import Automation
from services.follow_ups.answers import Enrollment
from services.follow_ups.repairs import is_enrollment_id


def enroll(
    key: str,
    *,
    contacts: list[str],
    deals: list[str],
    smart_list: str | None,
    matching: bool,
    dry_run: bool,
    draft: bool,
    again: bool,
    request: str | None,
    author: str | None,
    yes: bool,
    as_json: bool,
) -> int:
    """Count who would enroll, ask, and enroll them."""
    if draft and not dry_run:
        raise ReadableError("A draft enrolls nobody: --draft goes with --dry-run")
    named = {
        "contacts": contacts,
        "deals": deals,
        "smart_list": smart_list,
        "matching": matching,
        "request": request,
        "author": author,
        "draft": draft,
        "again": again,
    }
    wanted: dict[str, Any] = {name: value for name, value in named.items() if value}
    with session() as opened:
        by_hand = opened.application.enroll_by_hand
        enrolled = by_hand.enroll(key, {**wanted, "dry_run": True})
        if not dry_run:
            _confirm(enrolled, yes=yes, as_json=as_json)
            enrolled = by_hand.enroll(key, wanted, who=opened.by)
    if as_json:
        print_json(enrolled)
        return 0
    verb = "would enroll" if enrolled.dry_run else "enrolled"
    say(f"{counted(enrolled.enrolled, 'record')} of {enrolled.records:,} {verb} in {key}.", "bold")
    for reason, count in enrolled.skipped.items():
        say(f"  {count:,} skipped: {reason}")
    for line in _left_out(enrolled):
        say(f"  {line}")
    if enrolled.past:
        note(
            f"For {enrolled.past:,} of them the date that is waited for first is over; if_past says what happens."
        )
    if enrolled.enrolled and not enrolled.dry_run:
        note(f"kindling undo request {enrolled.request} takes that back.")
    if enrolled.starts_until:
        note(f"The storm limit lets the last one start at {enrolled.starts_until}.")
    return 0


#: The counts of `stats`, in the order in which they are shown.
_SHOWN = (
    *(EnrollmentStatus.QUEUED, "active", "paused", EnrollmentStatus.COMPLETED, EnrollmentStatus.EXITED),
    *(EnrollmentStatus.FAILED, EnrollmentStatus.REPLACED, EnrollmentStatus.CANCELLED),
)


def stats(key: str, *, version: int | None, as_json: bool) -> int:
    """Show how many entered and how they fared."""
    with session() as opened:
        counts = opened.application.statistics.read(key, version)
    if as_json:
        print_json(counts)
        return 0
    say(f"{key}: {counts.entered:,} entered", "bold")
    for name in _SHOWN:
        if count := getattr(counts, name):
            say(f"  {name + ':':<11}{count:,}")
    for reason, count in counts.skipped.items():
        say(f"  {'skipped:':<11}{count:,} ({reason})")
    for step in counts.steps:
        say(f"  {step.path:<10} {step.done:>7,}  {step.title}", "dim")
        for branch in step.branches:
            say(f"  {'':<10} {branch.count:>7,}    {branch.title}", "dim")
    return 0


def _left_out(enrolled: Enrolled) -> list[str]:
    """Who was passed over for having been there, and how to take them all the same."""
    lines = []
    if enrolled.running:
        lines.append(f"{enrolled.running:,} left out: in it now")
    if enrolled.recent:
        lines.append(f"{enrolled.recent:,} left out: enrolled within the last 7 days")
    return [*lines, "--again takes those left out, too"] if lines else []


def _confirm(counted_before: Enrolled, *, yes: bool, as_json: bool) -> None:
    """Ask whether to enroll so many, unless that has been answered."""
    question = f"Enroll {counted(counted_before.enrolled, 'record')} in {counted_before.automation}?"
    if not as_json:
        for line in _left_out(counted_before):
            note(line)
    if counted_before.past and not as_json:
        note(f"For {counted_before.past:,} of them the date that is waited for first is over already.")
    if counted_before.enrolled:
        ask(question, yes=yes, as_json=as_json)


def pause(target: str, *, running: bool, as_json: bool) -> int:
    """Pause an automation, or one follow-up."""
    with session() as opened:
        application = opened.application
        if is_enrollment_id(target):
            _only_automations(target, running)
            return _print_pause(
                target, application.repairs.pause(target, who=opened.by), "paused", as_json=as_json
            )
        automation = application.automations.pause(target, paused=True, running=running, who=opened.by)
    return _print_pause(target, automation, "paused", as_json=as_json)


def resume(target: str, *, running: bool, matching: bool, yes: bool, as_json: bool) -> int:
    """Resume an automation, and enroll who matches if that is wanted, or one follow-up."""
    with session() as opened:
        application = opened.application
        if is_enrollment_id(target):
            _only_automations(target, running or matching)
            return _print_pause(
                target, application.repairs.resume(target, who=opened.by), "goes on", as_json=as_json
            )
        by_hand = application.enroll_by_hand
        if matching:
            _confirm(by_hand.count_resumed(target), yes=yes, as_json=as_json)
        automation = application.automations.pause(target, paused=False, running=running, who=opened.by)
        if matching:
            automation.enrolled = by_hand.enroll(target, {"matching": True}, who=opened.by)
    return _print_pause(target, automation, "goes on", as_json=as_json)


def _only_automations(target: str, options: bool) -> None:
    if options:
        raise ReadableError(f"{target} is one follow-up; --running and --matching are for automations")


def _print_pause(target: str, after: Automation | Enrollment, state: str, *, as_json: bool) -> int:
    if as_json:
        print_json(after)
        return 0
    say(f"{target} {state}.")
    if isinstance(after, Enrollment):
        return 0
    if after.follow_ups_paused is not None:
        say(f"  {counted(after.follow_ups_paused, 'follow-up')} paused")
    if after.follow_ups_resumed is not None:
        say(f"  {counted(after.follow_ups_resumed, 'follow-up')} resumed")
    if after.enrolled is not None:
        say(f"  {counted(after.enrolled.enrolled, 'record')} enrolled")
    return 0
