"""What publishing a profile would do, and whom an automation would have enrolled."""

from commands.output import (
    answer_data,
    counted,
    print_json,
    print_table,
    progress_bar,
    say,
    shown_moment,
)
from commands.session import session
from conditions.values import shown_score
from services.foresight.answers import BacktestResult, Happened
from services.foresight.preview import preview


def look_ahead(profile: str, *, as_json: bool) -> int:
    """Show what publishing a profile's draft would do."""
    with session() as opened, progress_bar(f"Looking at {profile}", 0) as bar:
        ahead = preview(opened.application.resources, profile, bar)
    if as_json:
        print_json(answer_data(ahead, "status", "done", "total"))
        return 0
    kind = ahead.applies_to or "record"
    say(
        f"Publishing {profile} as version {ahead.version} would change {counted(ahead.changed or 0, 'score')}"
        f" of {ahead.records:,} {kind}s.",
        "bold",
    )
    if ahead.pending_events:
        say(f"{counted(ahead.pending_events, 'event')} still pending, not counted here.", "yellow")
    if ahead.empty is not None:
        say(f"Empty scores: {ahead.empty.before:,} before, {ahead.empty.after:,} after")
    if ahead.bands:
        print_table(
            ("band", "before", "after"),
            [(count.band, f"{count.before:,}", f"{count.after:,}") for count in ahead.bands],
            right=("before", "after"),
        )
    if ahead.distribution:
        print_table(
            ("score", "before", "after"),
            [
                (
                    f"{bar.from_} to {bar.to}" if bar.to > bar.from_ else bar.from_,
                    f"{bar.before:,}",
                    f"{bar.after:,}",
                )
                for bar in ahead.distribution
            ],
            right=("before", "after"),
        )
    for move in ahead.band_moves or []:
        say(f"{move.from_ or 'no band'} → {move.to or 'no band'}: {counted(move.count, kind)}")
    if ahead.movers:
        say("Those that move most:")
    for mover in ahead.movers or []:
        say(f"  {mover.deal or mover.contact}  {shown_score(mover.before)} → {shown_score(mover.after)}")
    if not ahead.enrollments:
        say("With --triggers fire, no automation would start.")
    for one in ahead.enrollments or []:
        skipped = ", ".join(f"{count:,} {reason}" for reason, count in one.skipped.items())
        say(
            f"With --triggers fire, {one.automation} would start {counted(one.enrolled, 'follow-up')}"
            + (f" and skip {skipped}" if skipped else "")
        )
        if one.past:
            say(
                f"  For {one.past:,} of them the date that is waited for first is over; if_past says what happens."
            )
    return 0


def backtest(key: str, *, days: int, version: int | None, as_json: bool) -> int:
    """Show who would have entered over the last days."""
    with session() as opened:
        result = opened.application.backtest.run(key, {"days": days, "version": version})
    if as_json:
        print_json(result)
        return 0
    what = f"version {version}" if version is not None else "the draft"
    say(
        f"{key}, {what}, over the last {counted(days, 'day')} ({counted(result.looked_at, 'change')} looked at):",
        "bold",
    )
    say(f"  would have enrolled {_times(result)}")
    for reason, count in result.skipped.items():
        say(f"  {count:,} skipped: {reason}")
    say(f"  was enrolled: {_times(result.published)}")
    if result.only_here or result.only_published:
        say(f"  {result.only_here:,} only here, {result.only_published:,} only in what was published")
    for warning in result.warnings:
        say(f"  warning: {warning}", "yellow")
    if result.items:
        print_table(
            ("record", "times", "first", "last"),
            [
                (
                    entered.deal or entered.contact,
                    entered.times,
                    shown_moment(entered.entries[0].at),
                    shown_moment(entered.entries[-1].at),
                )
                for entered in result.items[:10]
            ],
            right=("times",),
        )
    return 0


def _times(result: BacktestResult | Happened) -> str:
    return f"{counted(result.records, 'record')}, {counted(result.enrollments, 'time')} in all"
