"""Automations on the command line: enroll by hand, look back, count, pause and resume."""

from typing import Any

import typer

from commands.output import counted, note, print_json, print_table, say, shown_moment
from commands.session import session
from runtime.errors import ReadableError
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
    request: str | None,
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
        "draft": draft,
    }
    wanted: dict[str, Any] = {name: value for name, value in named.items() if value}
    with session() as opened:
        by_hand = opened.application.enroll_by_hand
        found = by_hand.enroll(key, {**wanted, "dry_run": True})
        if not dry_run:
            _confirm(found, yes=yes, as_json=as_json)
            found = by_hand.enroll(key, wanted)
    if as_json:
        print_json(found)
        return 0
    verb = "would enroll" if found["dry_run"] else "enrolled"
    say(f"{counted(found['enrolled'], 'record')} of {found['records']:,} {verb} in {key}.", "bold")
    for reason, count in found["skipped"].items():
        say(f"  {count:,} skipped: {reason}")
    if found["starts_until"]:
        note(f"The storm limit lets the last one start at {found['starts_until']}.")
    return 0


def backtest(key: str, *, days: int, version: int | None, as_json: bool) -> int:
    """Show who would have entered over the last days."""
    with session() as opened:
        found = opened.application.backtest.run(key, {"days": days, "version": version})
    if as_json:
        print_json(found)
        return 0
    what = f"version {version}" if version is not None else "the draft"
    say(
        f"{key}, {what}, over the last {counted(days, 'day')} ({counted(found['looked_at'], 'change')} looked at):",
        "bold",
    )
    say(f"  would have enrolled {_times(found)}")
    for reason, count in found["skipped"].items():
        say(f"  {count:,} skipped: {reason}")
    say(f"  was enrolled: {_times(found['published'])}")
    if found["only_here"] or found["only_published"]:
        say(f"  {found['only_here']:,} only here, {found['only_published']:,} only in what was published")
    for warning in found["warnings"]:
        say(f"  warning: {warning}", "yellow")
    if found["items"]:
        print_table(
            ("record", "times", "first", "last"),
            [
                (
                    item["deal"] or item["contact"],
                    item["times"],
                    shown_moment(item["entries"][0]["at"]),
                    shown_moment(item["entries"][-1]["at"]),
                )
                for item in found["items"][:10]
            ],
            right=("times",),
        )
    return 0


def _times(found: dict[str, Any]) -> str:
    return f"{counted(found['records'], 'record')}, {counted(found['enrollments'], 'time')} in all"


def stats(key: str, *, version: int | None, as_json: bool) -> int:
    """Show how many entered and how they fared."""
    with session() as opened:
        found = opened.application.statistics.read(key, version)
    if as_json:
        print_json(found)
        return 0
    say(f"{key}: {found['entered']:,} entered", "bold")
    for name in ("queued", "active", "paused", "completed", "exited", "failed", "replaced", "cancelled"):
        if found[name]:
            say(f"  {name + ':':<11}{found[name]:,}")
    for reason, count in found["skipped"].items():
        say(f"  {'skipped:':<11}{count:,} ({reason})")
    for step in found["steps"]:
        say(f"  {step['path']:<10} {step['done']:>7,}  {step['title']}", "dim")
        for branch in step.get("branches", ()):
            say(f"  {'':<10} {branch['count']:>7,}    {branch['title']}", "dim")
    return 0


def _confirm(counted_before: dict[str, Any], *, yes: bool, as_json: bool) -> None:
    """Ask whether to enroll so many, unless that has been answered."""
    question = f"Enroll {counted(counted_before['enrolled'], 'record')} in {counted_before['automation']}?"
    if counted_before["enrolled"] and not yes and (as_json or not typer.confirm(question, err=True)):
        raise ReadableError(f"{question} Nothing was done; say yes, or add --yes")


def pause(target: str, *, running: bool, as_json: bool) -> int:
    """Pause an automation, or one follow-up."""
    with session() as opened:
        application = opened.application
        if is_enrollment_id(target):
            _only_automations(target, running)
            found = application.repairs.pause(target)
        else:
            found = application.automations.pause(target, paused=True, running=running)
    return _print_pause(target, found, "paused", as_json=as_json)


def resume(target: str, *, running: bool, matching: bool, yes: bool, as_json: bool) -> int:
    """Resume an automation, and enroll who matches if that is wanted, or one follow-up."""
    with session() as opened:
        application = opened.application
        if is_enrollment_id(target):
            _only_automations(target, running or matching)
            found = application.repairs.resume(target)
        else:
            by_hand = application.enroll_by_hand
            if matching:
                _confirm(by_hand.count_resumed(target), yes=yes, as_json=as_json)
            found = application.automations.pause(target, paused=False, running=running)
            if matching:
                found["enrolled"] = by_hand.enroll(target, {"matching": True})
    return _print_pause(target, found, "goes on", as_json=as_json)


def _only_automations(target: str, options: bool) -> None:
    if options:
        raise ReadableError(f"{target} is one follow-up; --running and --matching are for automations")


def _print_pause(target: str, found: dict[str, Any], state: str, *, as_json: bool) -> int:
    if as_json:
        print_json(found)
        return 0
    say(f"{target} {state}.")
    count = found.get("follow_ups_paused", found.get("follow_ups_resumed"))
    if count is not None:
        say(f"  {counted(count, 'follow-up')} {'paused' if state == 'paused' else 'resumed'}")
    if "enrolled" in found:
        say(f"  {counted(found['enrolled']['enrolled'], 'record')} enrolled")
    return 0
