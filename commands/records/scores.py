"""Scores on the command line: why one is what it is, what a publish would do, taking events back."""

from collections.abc import Sequence

from commands.output import (
    answer_data,
    counted,
    note,
    print_json,
    print_table,
    progress_bar,
    say,
    shown_moment,
)
from commands.session import session
from runtime.errors import ReadableError
from services.foresight.preview import preview
from services.records.answers import Change, Outlook, Score, ScoreEntry, ScoreSummary
from services.records.kinds import Kind

SHOWN = 10
_BY_TODAY = "by the rules and fields of today"


def score(key: str, profile: str | None, *, deal: bool, at: str | None, entries: bool, as_json: bool) -> int:
    """Show a record's scores, or one with what it is made of."""
    kind: Kind = "deal" if deal else "contact"
    with session() as opened:
        scores = opened.application.scores
        try:
            moment = scores.moment(at) if at is not None else None
        except ValueError as error:
            raise ReadableError(f"--at: {error}") from None
        if profile is None:
            return _every_score(scores.of_record(kind, key, moment).items, kind, as_json=as_json)
        one = scores.one(kind, key, profile, at=moment, limit=SHOWN)
        behind = None
        if entries:
            behind = scores.entries(kind, key, profile, rule=None, cursor=None, limit=500).items
    if as_json:
        print_json(answer_data(one) | ({"entries": behind} if behind is not None else {}))
    else:
        _print_score(one, behind or [])
    return 0


def _every_score(summaries: Sequence[ScoreSummary], kind: Kind, *, as_json: bool) -> int:
    if as_json:
        print_json(summaries)
        return 0
    if summaries and summaries[0].at:
        say(f"as of {_moment(summaries[0].at)}, {_BY_TODAY}", "dim")
    for summary in summaries:
        say(f"{summary.profile}: {_standing(summary)}")
    if not summaries:
        say(f"No profile of {kind}s is published.")
    return 0


def _standing(score: Score | ScoreSummary | Outlook) -> str:
    return ", ".join(filter(None, (shown(score.score), score.band)))


def shown(value: int | None) -> str:
    """A score as people read it."""
    return "empty" if value is None else str(value)


def _print_score(score: Score, entries: Sequence[ScoreEntry]) -> None:
    say(f"{score.profile}: {_standing(score)}", "bold")
    if score.at:
        say(f"as of {_moment(score.at)}, version {score.version}, {_BY_TODAY}", "dim")
    if score.breakdown:
        print_table(
            ("rule", "points", "count"),
            [(line.rule, f"{line.points:+}", line.count) for line in score.breakdown],
            right=("points", "count"),
        )
    for text in score.notes:
        say(f"Note: {text}.", "yellow")
    if score.band_until:
        say(f"{score.band or 'No band'} until {_moment(score.band_until)}, if nothing happens.")
    for outlook in score.forecast[:3]:
        say(f"  from {_moment(outlook.at)}: {_standing(outlook)}", "dim")
    if score.history:
        say("Last changes:")
    for change in score.history:
        say(f"  {_moment(change.at)}  {shown(change.previous)} → {shown(change.current)}  {_why(change)}")
    for entry in entries:
        cause, cause_id = None, None
        if entry.event is not None:
            cause, cause_id = entry.event.type, entry.event.id
        elif entry.adjustment is not None:
            cause, cause_id = entry.adjustment.reason, entry.adjustment.id
        ends = f", until {_moment(entry.ends_at)}" if entry.ends_at else ""
        say(f"  {entry.rule} {entry.worth:+} by {cause} {cause_id}, from {_moment(entry.starts_at)}{ends}")


def _why(change: Change) -> str:
    if change.event is not None:
        return f"{change.cause}: {change.event.type} ({change.event.id})"
    if change.adjustment is not None:
        return f"adjustment by {change.adjustment.author}: {change.adjustment.reason}"
    return change.cause


def _moment(text: str) -> str:
    return f"{shown_moment(text)} UTC"


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
        say(f"  {mover.deal or mover.contact}  {shown(mover.before)} → {shown(mover.after)}")
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


def revoke(events: list[str], import_name: str | None, *, silent: bool, as_json: bool) -> int:
    """Take events back, or all of an import."""
    if bool(events) == bool(import_name):
        raise ReadableError("Name the ids of events, or an import with --import NAME")
    with session() as opened:
        revocations = opened.application.revocations
        if import_name is not None:
            count = revocations.revoke_import(import_name, silent=silent)
        else:
            for event_id in events:
                revocations.revoke(event_id, silent=silent)
            count = len(events)
    if as_json:
        print_json({"revoked": count})
    else:
        say(f"{counted(count, 'event')} revoked. Scores follow within moments while a worker runs.")
        note(
            "Their ids stay known: sent or imported again, they are duplicates. The same file counts anew under "
            "another name (kindling import --name)."
        )
    return 0


def imports(*, as_json: bool) -> int:
    """List imports."""
    with session() as opened:
        known = opened.application.revocations.imports(cursor=None, limit=500).items
    if as_json:
        print_json(known)
    elif not known:
        say("No imports.")
    else:
        print_table(
            ("import", "events", "revoked", "last"),
            [
                (
                    one.name,
                    f"{one.events:,}",
                    f"{one.revoked:,}",
                    _moment(one.last_at) if one.last_at else None,
                )
                for one in known
            ],
            right=("events", "revoked"),
        )
    return 0
