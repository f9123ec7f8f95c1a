"""`kindling import contacts` and `kindling import deals`."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from commands.intake.notes import of_shared, print_bad, waiting
from commands.intake.options import parsed, parsed_all
from commands.options import FileFormat
from commands.output import counted, note, print_json, progress_bar, say
from commands.session import session
from services.intake.files.cell_values import NumberForm
from services.intake.files.dates import DateForms
from services.intake.files.import_files import FORMATS, Format, delimiter_of, size_of
from services.intake.files.record_columns import RecordColumns, parse_mapping
from services.intake.files.record_files import ImportedRecords, import_records
from services.records.bulk.bulk_items import Options
from services.records.bulk.in_bulk import Change, RecordsInBulk
from services.records.kinds import Kind


@dataclass(frozen=True)
class RecordOptions:
    """How a file of records is read."""

    kind: Kind
    columns: RecordColumns
    file_format: Format | None
    encoding: str | None
    delimiter: str | None


def read_options(
    kind: Kind,
    file_format: FileFormat | None,
    mapping: Sequence[str] | None,
    date_format: Sequence[str] | None,
    decimal: str | None,
    delimiter: str | None,
    encoding: str | None,
    *,
    restore: bool,
) -> RecordOptions:
    """What the options of the command mean; raises typer.BadParameter that names the option."""
    columns = RecordColumns(
        given=parsed_all("--map", lambda texts: dict(parse_mapping(text, kind) for text in texts), mapping),
        form=parsed("--decimal", NumberForm.parse, decimal),
        dates=parsed_all("--date-format", DateForms.parse, date_format),
        restore=restore,
    )
    return RecordOptions(
        kind=kind,
        columns=columns,
        file_format=None if file_format is None else FORMATS[f".{file_format}"],
        encoding=encoding,
        delimiter=parsed("--delimiter", delimiter_of, delimiter),
    )


def run(path: Path, how: RecordOptions, options: Options, *, tags: Sequence[str], as_json: bool) -> int:
    """Import a file of records, or look at what that would change; the exit status."""
    size = size_of(path)
    started = time.monotonic()
    with session() as opened, progress_bar(f"Importing {path.name}", size, of_bytes=True) as bar:
        application = opened.application
        bulks: dict[Kind, RecordsInBulk[Any]] = {
            "contact": application.contacts_in_bulk,
            "deal": application.deals_in_bulk,
        }
        newest = application.duplicates.newest()
        done = import_records(
            bulks[how.kind],
            path,
            how.columns,
            options,
            tags=tags,
            file_format=how.file_format,
            encoding=how.encoding,
            delimiter=how.delimiter,
            progress=bar,
            told=waiting,
        )
        shared = 0 if options.dry_run else application.duplicates.count_since(newest)
        if not options.dry_run:
            told = {"mode": options.mode, "restore": options.restore}
            application.access.audit.add(opened.by, "import", f"{how.kind}s", None, after=told)
    seconds = time.monotonic() - started
    notes = [*done.notes, *of_shared(shared)]
    if as_json:
        data = _as_data(done, how.kind, seconds, dry_run=options.dry_run)
        print_json({**data, "notes": notes, "shared_addresses": shared})
    else:
        say(_summary(done, how.kind, seconds, dry_run=options.dry_run))
        if options.dry_run:
            _print_changes(done.changes)
        print_bad(done.first_bad, done.bad, declared=how.columns.dates != DateForms())
        for text in notes:
            note(text)
    return 1 if done.bad else 0


def _summary(done: ImportedRecords, kind: Kind, seconds: float, *, dry_run: bool) -> str:
    speed = "" if dry_run else f" in {seconds:.1f} s ({done.written / max(seconds, 0.001):,.0f} a second)"
    verb = "Would import" if dry_run else "Imported"
    parts = [
        f"{verb} {counted(done.written, kind)}{speed}: {done.created:,} new",
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


def _as_data(done: ImportedRecords, kind: Kind, seconds: float, *, dry_run: bool) -> dict[str, Any]:
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
            {kind: change.key, "created": change.created, "fields": change.fields} for change in done.changes
        ],
        "seconds": round(seconds, 3),
    }
