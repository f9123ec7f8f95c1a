"""What the commands of `kindling export` do: ask for a stream, and write it."""

import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, get_args

from automations.list_filters import FILTERS
from commands.moments import with_moments
from commands.options import FileFormat
from commands.output import counted, errors, note, print_json, progress_bar, say
from commands.session import session
from commands.whole_file import whole_file
from conditions.problems import suggestion
from runtime.errors import ReadableError
from runtime.statuses import TaskStatus
from services.application import Application
from services.exports.streams import Format, Stream
from services.follow_ups.listing import STATUSES
from services.follow_ups.tasks import TaskFilter, read_filter
from services.records.filter_texts import filter_of
from services.records.kinds import Kind
from services.records.lists import RecordQuery

_BY_NAME: Mapping[str, Format] = {".csv": "csv", ".ndjson": "ndjson", ".jsonl": "ndjson"}


@dataclass(frozen=True)
class Target:
    """Where a list goes to, and how."""

    out: Path | None
    asked: FileFormat | None
    as_json: bool

    @property
    def format(self) -> Format:
        if self.asked is not None:
            return "csv" if self.asked is FileFormat.csv else "ndjson"
        suffix = self.out.suffix.lower() if self.out is not None else ""
        if suffix and suffix not in _BY_NAME:
            raise ReadableError(
                f"{self.out}: a list is written as .csv or .ndjson; name the file so, or say which with --format"
            )
        return _BY_NAME.get(suffix, "csv")


def records(
    kind: Kind, target: Target, filters: Iterable[str], smart_list: str | None, scores: str | None
) -> int:
    """Export contacts or deals."""
    given = _given(filters, ("profile", *FILTERS[kind].model_fields))
    profile = given.pop("profile", None)
    wanted = filter_of(kind, given)
    named = tuple(name.strip() for name in (scores or "").split(",") if name.strip())
    query = RecordQuery(kind, wanted, profile=profile, scores=named)
    return _write(target, lambda application: application.exports.records(query, target.format, smart_list))


def tasks(target: Target, filters: Iterable[str]) -> int:
    """Export tasks."""
    given: dict[str, Any] = {**_given(filters, TaskFilter.model_fields)}
    _check_status(given, get_args(TaskStatus))
    if "overdue" in given:
        given["overdue"] = {"true": True, "false": False}.get(given["overdue"], given["overdue"])

    def stream(application: Application) -> Stream:
        wanted = read_filter(with_moments(given, application.scores.moment))
        return application.exports.tasks(target.format, wanted)

    return _write(target, stream)


def enrollments(target: Target, filters: Iterable[str]) -> int:
    """Export enrollments."""
    given = _given(filters, ("contact", "deal", "automation", "status"))
    _check_status(given, STATUSES)
    return _write(target, lambda application: application.exports.enrollments(target.format, **given))


def changes(target: Target, filters: Iterable[str]) -> int:
    """Export changes of scores."""
    given = _given(filters, ("profile", "contact", "deal", "since"))
    since = given.pop("since", None)

    def stream(application: Application) -> Stream:
        try:
            moment = 0 if since is None else application.scores.moment(since)
        except ValueError as error:
            raise ReadableError(f"--filter since: {error}") from None
        return application.exports.changes(target.format, since=moment, **given)

    return _write(target, stream)


def events(target: Target, filters: Iterable[str], *, internal: bool) -> int:
    """Export events."""
    given = _given(filters, ("contact", "deal", "type"))
    event_type = given.pop("type", None)
    return _write(
        target,
        lambda application: application.exports.events(event_type=event_type, internal=internal, **given),
    )


def _given(texts: Iterable[str], known: Iterable[str]) -> dict[str, str]:
    """Filters by name; raises ReadableError."""
    given: dict[str, str] = {}
    names = list(known)
    for text in texts:
        name, equals, value = text.partition("=")
        name = name.strip()
        if not equals or not value:
            raise ReadableError(f'"{text}" is no filter; write --filter {names[0]}=VALUE')
        if name not in names:
            raise ReadableError(f'There is no filter "{name}"{suggestion(name, names)}')
        if name in given:
            raise ReadableError(f'The filter "{name}" is there twice; all filters must hold')
        given[name] = value
    return given


def _check_status(given: Mapping[str, str], known: Iterable[str]) -> None:
    status = given.get("status")
    if status is not None and status not in known:
        raise ReadableError(f'"status" is never "{status}"{suggestion(status, known)}')


def _write(target: Target, open_stream: Callable[[Application], Stream]) -> int:
    """Write a stream to its file, or to standard output; the exit status."""
    if target.as_json and target.out is None:
        raise ReadableError("--json says what was written to a file; add --out FILE")
    started = time.monotonic()
    with session() as opened:
        stream = open_stream(opened.application)
        shown = target.out is not None or not sys.stdout.isatty()
        total = stream.total() if shown and errors().is_terminal else None
        rows = 0
        with (
            _destination(target.out) as file,
            progress_bar(f"Exporting {stream.name}", total, shown=shown) as bar,
        ):
            for part in stream.parts():
                file.write(part.text)
                rows += part.rows
                bar(rows, total)
    seconds = time.monotonic() - started
    if target.as_json:
        print_json({"file": str(target.out), "rows": rows, "seconds": round(seconds, 3)})
    elif target.out is not None:
        name = stream.name.removesuffix("s")
        say(f"Exported {counted(rows, name, stream.name)} to {target.out} in {seconds:.1f} s.")
    else:
        note(f"Exported {rows:,} {stream.name}.")
    return 0


@contextmanager
def _destination(out: Path | None) -> Iterator[BinaryIO]:
    """Standard output, or a file that is there once all of it has been written."""
    if out is None:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    with whole_file(out) as file:
        yield file
