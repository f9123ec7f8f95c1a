"""Scores on the command line: what they are made of, were, and will be."""

from collections.abc import Sequence

from commands.output import (
    answer_data,
    print_json,
    print_table,
    say,
    shown_moment,
)
from commands.session import session
from conditions.values import shown_score
from runtime.errors import ReadableError
from services.records.another_time import AnotherTime
from services.records.answers import Change, Outlook, Recorded, Score, ScoreEntry, ScoreSummary
from services.records.kinds import Kind
from services.resources import BadParameter

SHOWN = 10


def score(
    key: str,
    profile: str | None,
    *,
    deal: bool,
    at: str | None,
    as_published: bool,
    entries: bool,
    as_json: bool,
) -> int:
    """Show a record's scores, or one with what it is made of."""
    kind: Kind = "deal" if deal else "contact"
    with session() as opened:
        scores = opened.application.scores
        try:
            time = scores.time(at, as_published=as_published)
        except BadParameter as error:
            raise ReadableError(f"--{error.name.replace('_', '-')}: {error}") from None
        if profile is None:
            return _every_score(scores.of_record(kind, key, time).items, kind, _by(time), as_json=as_json)
        one = scores.one(kind, key, profile, at=time, limit=SHOWN)
        behind = None
        if entries:
            behind = scores.entries(kind, key, profile, rule=None, cursor=None, limit=500).items
    if as_json:
        print_json(answer_data(one) | ({"entries": behind} if behind is not None else {}))
    else:
        _print_score(one, behind or [], time)
    return 0


def _by(time: AnotherTime | None) -> str:
    """What a score of another time was computed with; nothing for the present one."""
    if time is None:
        return ""
    return ", by the rules and fields of " + ("then" if time.as_published else "today")


def _every_score(summaries: Sequence[ScoreSummary], kind: Kind, made_with: str, *, as_json: bool) -> int:
    if as_json:
        print_json(summaries)
        return 0
    if summaries and summaries[0].at:
        say(f"as of {shown_moment(summaries[0].at)}{made_with}", "dim")
    for summary in summaries:
        say(f"{summary.profile}: {_score_words(summary)}")
    if not summaries:
        say(f"No profile of {kind}s is published.")
    return 0


def _score_words(score: Score | ScoreSummary | Outlook | Recorded) -> str:
    return ", ".join(filter(None, (shown_score(score.score), score.band)))


def _print_score(score: Score, entries: Sequence[ScoreEntry], time: AnotherTime | None) -> None:
    say(f"{score.profile}: {_score_words(score)}", "bold")
    if score.at:
        version = f", version {score.version}" if score.version is not None else ""
        say(f"as of {shown_moment(score.at)}{version}{_by(time)}", "dim")
    if time is not None and time.as_published:
        shown = score.recorded
        words = f"{_score_words(shown)} (version {shown.version})" if shown is not None else "empty"
        say(f"Shown then: {words}", "dim")
    if score.breakdown:
        print_table(
            ("rule", "points", "count"),
            [(line.rule, f"{line.points:+}", line.count) for line in score.breakdown],
            right=("points", "count"),
        )
    for text in score.notes:
        say(f"Note: {text}.", "yellow")
    if score.band_until:
        say(f"{score.band or 'No band'} until {shown_moment(score.band_until)}, if nothing happens.")
    for outlook in score.forecast[:3]:
        say(f"  from {shown_moment(outlook.at)}: {_score_words(outlook)}", "dim")
    if score.history:
        say("Last changes:")
    for change in score.history:
        moved = f"{shown_score(change.previous)} → {shown_score(change.current)}"
        say(f"  {shown_moment(change.at)}  {moved}  {_why(change)}")
    for entry in entries:
        cause, cause_id = None, None
        if entry.event is not None:
            cause, cause_id = entry.event.type, entry.event.id
        elif entry.adjustment is not None:
            cause, cause_id = entry.adjustment.reason, entry.adjustment.id
        ends = f", until {shown_moment(entry.ends_at)}" if entry.ends_at else ""
        say(
            f"  {entry.rule} {entry.worth:+} by {cause} {cause_id}, from {shown_moment(entry.starts_at)}{ends}"
        )


def _why(change: Change) -> str:
    if change.event is not None:
        return f"{change.cause}: {change.event.type} ({change.event.id})"
    if change.adjustment is not None:
        return f"adjustment by {change.adjustment.author}: {change.adjustment.reason}"
    return change.cause
