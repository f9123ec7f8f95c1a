"""Scores on the command line: why one is what it is, what a publish would do, taking events back."""

from datetime import datetime
from typing import Any

from commands.output import counted, note, print_json, print_table, progress_bar, say
from commands.session import session
from conditions.times import from_iso
from runtime.errors import ReadableError
from services.foresight.preview import preview
from services.records.kinds import Kind

SHOWN = 10


def score(key: str, profile: str | None, *, deal: bool, at: str | None, entries: bool, as_json: bool) -> int:
    """Show a record's scores, or one with what it is made of."""
    kind: Kind = "deal" if deal else "contact"
    try:
        moment = from_iso(at) if at is not None else None
    except ValueError as error:
        raise ReadableError(f"--at: {error}") from None
    with session() as opened:
        scores = opened.application.scores
        every = scores.of_record(kind, key) if profile is None else []
        one = scores.one(kind, key, profile, at=moment, limit=SHOWN) if profile is not None else {}
        if entries and profile is not None:
            one["entries"] = scores.entries(kind, key, profile, rule=None, cursor=None, limit=500)["items"]
    if as_json:
        print_json(every if profile is None else one)
    elif profile is not None:
        _print_score(one)
    else:
        for row in every:
            say(f"{row['profile']}: {_standing(row)}")
        if not every:
            say(f"No profile of {kind}s is published.")
    return 0


def _standing(row: dict[str, Any]) -> str:
    return ", ".join(filter(None, (shown(row["score"]), row["band"])))


def shown(value: int | None) -> str:
    """A score as people read it."""
    return "empty" if value is None else str(value)


def _print_score(found: dict[str, Any]) -> None:
    say(f"{found['profile']}: {_standing(found)}", "bold")
    if found["at"]:
        say(f"as of {_moment(found['at'])}, version {found['version']}", "dim")
    if found["breakdown"]:
        print_table(
            ("rule", "points", "count"),
            [(line["rule"], f"{line['points']:+}", line["count"]) for line in found["breakdown"]],
            right=("points", "count"),
        )
    if found["band_until"]:
        say(f"{found['band'] or 'No band'} until {_moment(found['band_until'])}, if nothing happens.")
    for change in found["forecast"][:3]:
        say(f"  from {_moment(change['at'])}: {_standing(change)}", "dim")
    if found["history"]:
        say("Last changes:")
    for change in found["history"]:
        say(
            f"  {_moment(change['at'])}  {shown(change['previous'])} → {shown(change['current'])}  {_why(change)}"
        )
    for entry in found.get("entries", ()):
        cause = entry.get("event") or entry.get("adjustment") or {}
        ends = f", until {_moment(entry['ends_at'])}" if entry["ends_at"] else ""
        say(
            f"  {entry['rule']} {entry['worth']:+} by {cause.get('type') or cause.get('reason')}"
            f" {cause.get('id')}, from {_moment(entry['starts_at'])}{ends}"
        )


def _why(change: dict[str, Any]) -> str:
    if "event" in change:
        return f"{change['cause']}: {change['event']['type']} ({change['event']['id']})"
    if "adjustment" in change:
        return f"adjustment by {change['adjustment']['author']}: {change['adjustment']['reason']}"
    return str(change["cause"])


def _moment(text: str) -> str:
    return f"{datetime.fromisoformat(text):%Y-%m-%d %H:%M:%S} UTC"


def look_ahead(profile: str, *, as_json: bool) -> int:
    """Show what publishing a profile's draft would do."""
    with session() as opened, progress_bar(f"Looking at {profile}", 0) as bar:
        found = preview(opened.application.resources, profile, bar)
    if as_json:
        print_json(found)
        return 0
    of = f"{found['applies_to']}s"
    say(
        f"Publishing {profile} as version {found['version']} would change {counted(found['changed'], 'score')}"
        f" of {found['records']:,} {of}.",
        "bold",
    )
    if found["pending_events"]:
        say(f"{counted(found['pending_events'], 'event')} still pending, not counted here.", "yellow")
    empty = found["empty"]
    say(f"Empty scores: {empty['before']:,} before, {empty['after']:,} after")
    if found["bands"]:
        print_table(
            ("band", "before", "after"),
            [(row["band"], f"{row['before']:,}", f"{row['after']:,}") for row in found["bands"]],
            right=("before", "after"),
        )
    if found["distribution"]:
        print_table(
            ("score", "before", "after"),
            [
                (
                    f"{row['from']} to {row['to']}" if row["to"] > row["from"] else row["from"],
                    f"{row['before']:,}",
                    f"{row['after']:,}",
                )
                for row in found["distribution"]
            ],
            right=("before", "after"),
        )
    for move in found["band_moves"]:
        say(
            f"{move['from'] or 'no band'} → {move['to'] or 'no band'}: {counted(move['count'], found['applies_to'])}"
        )
    if found["movers"]:
        say("Those that move most:")
    for mover in found["movers"]:
        say(f"  {mover[found['applies_to']]}  {shown(mover['before'])} → {shown(mover['after'])}")
    if not found["enrollments"]:
        say("With --triggers fire, no automation would start.")
    for row in found["enrollments"]:
        skipped = ", ".join(f"{count:,} {reason}" for reason, count in row["skipped"].items())
        say(
            f"With --triggers fire, {row['automation']} would start {counted(row['enrolled'], 'follow-up')}"
            + (f" and skip {skipped}" if skipped else "")
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
        found = opened.application.revocations.imports(cursor=None, limit=500)["items"]
    if as_json:
        print_json(found)
    elif not found:
        say("No imports.")
    else:
        print_table(
            ("import", "events", "revoked", "last"),
            [
                (row["name"], f"{row['events']:,}", f"{row['revoked']:,}", _moment(row["last_at"]))
                for row in found
            ],
            right=("events", "revoked"),
        )
    return 0
