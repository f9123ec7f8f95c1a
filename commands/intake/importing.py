"""`kindling import`: events or contacts from a file."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson

from commands.output import counted, errors, note, print_json, progress_bar, say
from commands.session import session
from services.intake.contact_columns import ContactColumns
from services.intake.contact_files import ImportedContacts, import_contacts
from services.intake.import_columns import Columns
from services.intake.imports import BadRow, Format, Imported, import_file, size_of
from services.records.in_bulk import Change, Mode


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
            told=_waiting,
        )
        shared = opened.application.duplicates.count_since(newest)
    seconds = time.monotonic() - started
    notes = [*done.notes, *_of_shared(shared)]
    if as_json:
        print_json({**as_data(done, seconds), "notes": notes, "shared_addresses": shared})
    else:
        say(summary(done, seconds))
        _print_bad(done.first_bad, done.bad + done.conflicts)
        for text in notes:
            note(text)
        if silent and done.accepted:
            note("No follow-ups are started by what is imported; --triggers fire starts them.")
    return 1 if done.bad or done.conflicts else 0


def run_contacts(
    path: Path,
    columns: ContactColumns,
    *,
    mode: Mode,
    tags: Sequence[str],
    file_format: Format | None,
    encoding: str | None,
    delimiter: str | None,
    dry_run: bool,
    as_json: bool,
) -> int:
    """Import a file of contacts, or look at what that would change; the exit status."""
    size = size_of(path)
    started = time.monotonic()
    with session() as opened, progress_bar(f"Importing {path.name}", size, of_bytes=True) as bar:
        newest = opened.application.duplicates.newest()
        done = import_contacts(
            opened.application.contacts_in_bulk,
            path,
            columns,
            mode=mode,
            tags=tags,
            file_format=file_format,
            encoding=encoding,
            delimiter=delimiter,
            dry_run=dry_run,
            progress=bar,
            told=_waiting,
        )
        shared = 0 if dry_run else opened.application.duplicates.count_since(newest)
    seconds = time.monotonic() - started
    notes = [*done.notes, *_of_shared(shared)]
    if as_json:
        print_json(
            {**_contacts_data(done, seconds, dry_run=dry_run), "notes": notes, "shared_addresses": shared}
        )
    else:
        say(_contacts_summary(done, seconds, dry_run=dry_run))
        if dry_run:
            _print_changes(done.changes)
        _print_bad(done.first_bad, done.bad)
        for text in notes:
            note(text)
    return 1 if done.bad else 0


def _waiting(reason: str) -> None:
    note(f"The import waits, and goes on by itself: {reason}")


def _contacts_summary(done: ImportedContacts, seconds: float, *, dry_run: bool) -> str:
    speed = "" if dry_run else f" in {seconds:.1f} s ({done.written / max(seconds, 0.001):,.0f} a second)"
    verb = "Would import" if dry_run else "Imported"
    parts = [
        f"{verb} {counted(done.written, 'contact')}{speed}: {done.created:,} new",
        f"{done.changed:,} changed",
        f"{done.unchanged:,} as they were",
    ]
    if done.suppressed:
        parts.append(f"{counted(done.suppressed, 'row')} left out of persons who were erased for good")
    if done.bad:
        parts.append(f"{counted(done.bad, 'bad row')} left out")
    return ", ".join(parts) + "."


def _print_changes(changes: Sequence[Change]) -> None:
    for change in changes:
        fields = [f"{name} {_short(old)} → {_short(new)}" for name, (old, new) in change.fields.items()]
        say(f"  {change.key}{' (new)' if change.created else ''}: {'; '.join(fields) or 'nothing more'}")


def _short(value: Any) -> str:
    """A value as one looks at it in passing."""
    if value is None or value in ([], {}):
        return "empty"
    text = value if isinstance(value, str) else orjson.dumps(value).decode()
    return text if len(text) <= 60 else f"{text[:59]}…"


def _print_bad(first: Sequence[BadRow], count: int) -> None:
    for row in first:
        errors().print(str(row), style="red", markup=False)
    if count > len(first):
        note(f"... and {counted(count - len(first), 'more bad row')}")


def _contacts_data(done: ImportedContacts, seconds: float, *, dry_run: bool) -> dict[str, Any]:
    return {
        "file": done.file,
        "dry_run": dry_run,
        "created": done.created,
        "changed": done.changed,
        "unchanged": done.unchanged,
        "suppressed": done.suppressed,
        "bad": done.bad,
        "first_bad": [{"line": row.line, "reason": row.reason} for row in done.first_bad],
        "changes": [
            {"contact": change.key, "created": change.created, "fields": change.fields}
            for change in done.changes
        ],
        "seconds": round(seconds, 3),
    }


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
