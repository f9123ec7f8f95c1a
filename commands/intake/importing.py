"""`kindling import`: events from a file."""

import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import typer

from commands.intake.notes import of_shared, print_bad, waiting
from commands.output import counted, note, print_json, progress_bar, say
from commands.session import Session, session
from runtime.errors import ReadableError
from services.foresight.answers import ArrivalsPreview
from services.foresight.arrivals import Arrivals
from services.intake.files.dates import DateForms
from services.intake.files.import_columns import Columns
from services.intake.files.import_files import Format, size_of
from services.intake.files.imports import Imported, import_file


@dataclass(frozen=True)
class EventOptions:
    """How a file of events is read, besides its columns."""

    format: Format | None
    name: str | None
    encoding: str | None
    delimiter: str | None
    names: Mapping[str, str]


def run(
    path: Path,
    columns: Columns,
    options: EventOptions,
    *,
    silent: bool,
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> int:
    """Import a file, print what became of it; the exit status. What would start follow-ups is said and asked first."""
    size = size_of(path)
    with session() as opened:
        started: ArrivalsPreview | None = None
        if dry_run or not silent:
            looked, started = _look_ahead(opened, path, columns, options, size, fires=not silent)
            if dry_run:
                return _print_dry_run(looked, started, declared=columns.dates != DateForms(), as_json=as_json)
            if started is not None and not _agreed(started, yes=yes, as_json=as_json):
                note("Nothing was imported.")
                return 1
        begun = time.monotonic()
        newest = opened.application.duplicates.newest()
        with progress_bar(f"Importing {path.name}", size, of_bytes=True) as bar:
            done = import_file(
                opened.application.events,
                path,
                columns,
                **vars(options),
                silent=silent,
                progress=bar,
                told=waiting,
            )
        shared = opened.application.duplicates.count_since(newest)
        told = {"accepted": done.accepted, "triggers": "silent" if silent else "fire"}
        opened.application.access.audit.add(opened.by, "import", "events", None, after=told)
    seconds = time.monotonic() - begun
    notes = [*done.notes, *of_shared(shared)]
    if silent and done.accepted:
        notes.append("No follow-ups are started by what is imported; --triggers fire starts them.")
    if as_json:
        would = {} if started is None else {"would_start": started}
        print_json({**as_data(done, seconds), "notes": notes, "shared_addresses": shared, **would})
    else:
        say(summary(done, seconds))
        print_bad(done.first_bad, done.bad + done.conflicts, declared=columns.dates != DateForms())
        for text in notes:
            note(text)
    return 1 if done.bad or done.conflicts else 0


def _look_ahead(
    opened: Session, path: Path, columns: Columns, options: EventOptions, size: int, *, fires: bool
) -> tuple[Imported, ArrivalsPreview | None]:
    """What of the file is sound and new, and what that would start."""
    arrivals = Arrivals(opened.application.resources)
    with progress_bar(f"Reading {path.name}", size, of_bytes=True) as bar:
        looked = import_file(
            opened.application.events,
            path,
            columns,
            **vars(options),
            dry_run=True,
            look=arrivals.see if fires else lambda _events, _emails: None,
            progress=bar,
        )
    if not fires:
        return looked, None
    with progress_bar("Looking ahead", arrivals.events) as bar:
        return looked, arrivals.preview(bar)


def _agreed(started: ArrivalsPreview, *, yes: bool, as_json: bool) -> bool:
    """Whether these follow-ups are to be started."""
    total = sum(one.enrolled for one in started.enrollments)
    if not as_json:
        for line in would_start(started):
            note(line)
    if yes or not total:
        return True
    if not sys.stdin.isatty() or as_json:
        count = f"{_about(started)}{counted(total, 'follow-up')} ({_by_automation(started)})"
        remedy = "Say --yes to start them, or leave --triggers fire out; nothing was imported"
        raise ReadableError(f"This import would start {count}. {remedy}")
    return typer.confirm("Import and start them?", err=True)


def would_start(started: ArrivalsPreview) -> list[str]:
    """What would be started, in sentences."""
    lines = [
        f"Would start {_about(started)}{counted(one.enrolled, 'follow-up')} of {one.automation}"
        + "".join(
            f", {counted(count, 'match', 'matches')} skipped ({why})" for why, count in one.skipped.items()
        )
        + "."
        for one in started.enrollments
    ] or ["Would start no follow-ups."]
    if not started.exact:
        lines.append(
            f"Computed from the events of a share of the contacts, since the file has {started.events:,} new events."
        )
    return lines


def _about(started: ArrivalsPreview) -> str:
    return "" if started.exact else "about "


def _by_automation(started: ArrivalsPreview) -> str:
    return ", ".join(f"{one.automation}: {one.enrolled:,}" for one in started.enrollments if one.enrolled)


def _print_dry_run(done: Imported, started: ArrivalsPreview | None, *, declared: bool, as_json: bool) -> int:
    if as_json:
        would = {} if started is None else {"would_start": started}
        print_json(
            {**as_data(done, None), "dry_run": True, "first": done.first, "notes": done.notes, **would}
        )
    else:
        told = [f"Would import {counted(done.accepted, 'event')}", *_beside(done)]
        say(f"{', '.join(told)}.")
        if done.first:
            say("The first rows as events:")
        for event in done.first:
            say(f"  {_shown(event)}")
        for line in would_start(started) if started is not None else ():
            say(line)
        print_bad(done.first_bad, done.bad + done.conflicts, declared=declared)
        for text in done.notes:
            note(text)
    return 1 if done.bad or done.conflicts else 0


def _shown(event: dict[str, Any]) -> str:
    """An event as one line."""
    who = " ".join(str(event[name]) for name in ("contact", "deal") if event.get(name))
    at = event.get("occurred_at") or "now"
    given = (event.get("properties") or {}).items()
    properties = ", ".join(f"{name}={orjson.dumps(value).decode()}" for name, value in given)
    return f"{at}  {event.get('type')}  {who}" + (f"  {properties}" if properties else "")


def summary(done: Imported, seconds: float) -> str:
    """One sentence for people."""
    speed = done.accepted / max(seconds, 0.001)
    imported = f"Imported {counted(done.accepted, 'event')} in {seconds:.1f} s ({speed:,.0f} a second)"
    return ", ".join([imported, *_beside(done)]) + "."


def _beside(done: Imported) -> list[str]:
    """What became of the rows that are not imported."""
    parts = []
    if done.duplicates:
        parts.append(f"{done.duplicates:,} known already")
    if done.suppressed:
        parts.append(f"{counted(done.suppressed, 'event')} left out of persons who were erased for good")
    if done.conflicts:
        parts.append(f"{counted(done.conflicts, 'row')} left out whose id is that of another event")
    if done.bad:
        parts.append(f"{counted(done.bad, 'bad row')} left out")
    return parts


def as_data(done: Imported, seconds: float | None) -> dict[str, Any]:
    """The same for programs."""
    bad: Sequence[dict[str, Any]] = [{"line": row.line, "reason": row.reason} for row in done.first_bad]
    return {
        "file": done.file,
        "accepted": done.accepted,
        "duplicates": done.duplicates,
        "conflicts": done.conflicts,
        "suppressed": done.suppressed,
        "bad": done.bad,
        "first_bad": bad,
        **({} if seconds is None else {"seconds": round(seconds, 3)}),
    }
