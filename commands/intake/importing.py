"""`kindling import`: events from a file."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from commands.output import counted, errors, note, print_json, progress_bar, say
from commands.session import session
from services.intake.import_columns import Columns
from services.intake.imports import Format, Imported, import_file, size_of


def run(
    path: Path,
    columns: Columns,
    *,
    format: Format | None,  # noqa: A002 - the option's name
    name: str | None,
    encoding: str | None,
    delimiter: str | None,
    silent: bool,
    as_json: bool,
) -> int:
    """Import a file, print what became of it; the exit status."""
    size = size_of(path)
    started = time.monotonic()
    with session() as opened, progress_bar(f"Importing {path.name}", size, of_bytes=True) as bar:
        newest = opened.application.duplicates.newest()
        done = import_file(
            opened.application.events,
            path,
            columns,
            format=format,
            name=name,
            encoding=encoding,
            delimiter=delimiter,
            silent=silent,
            progress=bar,
            told=lambda reason: note(f"The import waits, and goes on by itself: {reason}"),
        )
        shared = opened.application.duplicates.count_since(newest)
    seconds = time.monotonic() - started
    notes = [*done.notes, *_of_shared(shared)]
    if as_json:
        print_json({**as_data(done, seconds), "notes": notes, "shared_addresses": shared})
    else:
        say(summary(done, seconds))
        for row in done.first_bad:
            errors().print(str(row), style="red", markup=False)
        more = done.bad + done.conflicts - len(done.first_bad)
        if more > 0:
            note(f"... and {counted(more, 'more bad row')}")
        for text in notes:
            note(text)
    return 1 if done.bad or done.conflicts else 0


def _of_shared(count: int) -> list[str]:
    if not count:
        return []
    addresses = counted(count, "e-mail address", "e-mail addresses")
    return [f"New contacts share {addresses} with other contacts. kindling duplicates lists them."]


def summary(done: Imported, seconds: float) -> str:
    """One sentence for people."""
    speed = done.accepted / max(seconds, 0.001)
    parts = [f"Imported {counted(done.accepted, 'event')} in {seconds:.1f} s ({speed:,.0f} a second)"]
    if done.duplicates:
        parts.append(f"{done.duplicates:,} known already")
    if done.suppressed:
        parts.append(f"{counted(done.suppressed, 'event')} left out of persons who were erased for good")
    if done.conflicts:
        parts.append(f"{counted(done.conflicts, 'row')} left out whose id is that of another event")
    if done.bad:
        parts.append(f"{counted(done.bad, 'bad row')} left out")
    return ", ".join(parts) + "."


def as_data(done: Imported, seconds: float) -> dict[str, Any]:
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
        "seconds": round(seconds, 3),
    }
