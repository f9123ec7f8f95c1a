"""What commands print: tables and progress for people, JSON for programs, one line for every error."""

import json
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import BaseModel
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Table

from conditions.moments import in_zone
from conditions.problems import Problem
from runtime.setting_problems import SettingProblem

#: Of the lines of a unified diff, by how they begin.
DIFF_COLOURS = {"+": "green", "-": "red", "@": "cyan"}


@cache
def console() -> Console:
    """Standard output; without colours and at most 80 columns wide for tables when piped."""
    return Console(highlight=False, soft_wrap=True)


@cache
def errors() -> Console:
    """Standard error, for what is not the command's result."""
    return Console(stderr=True, highlight=False, soft_wrap=True)


def say(text: str = "", style: str | None = None) -> None:
    """A line of text, taken as it is."""
    console().print(text, style=style, markup=False)


def note(text: str) -> None:
    """A line on standard error."""
    errors().print(text, style="dim", markup=False)


def note_rest(following: str | None, limit: int, which: str = "newest") -> None:
    """Where a list goes on, that it does; `following` is the cursor of its next page."""
    if following:
        note(f"The {which} {limit}; more with --limit.")


def print_json(data: Any) -> None:
    """Data for programs; answers of use cases in it are shown as the API gives them."""
    sys.stdout.write(json.dumps(data, indent=2, ensure_ascii=False, default=_plain) + "\n")


def answer_data(answer: BaseModel, *without: str) -> dict[str, Any]:
    """An answer of a use case as the API gives it: what is not set is not there."""
    return answer.model_dump(mode="json", by_alias=True, exclude_unset=True, exclude=set(without))


def _plain(value: Any) -> dict[str, Any]:
    if not isinstance(value, BaseModel):
        raise TypeError(f"{type(value).__name__} is no JSON")
    return answer_data(value)


def print_failure(message: str, problems: Iterable[Problem | SettingProblem] = ()) -> None:
    """Why a command failed, for programs: `{"error": ...}`, with `errors` where single values were wrong."""
    errors = [
        {"variable": problem.variable, "message": f"{problem.mistake}; {problem.remedy}"}
        if isinstance(problem, SettingProblem)
        else {"pointer": problem.pointer, "message": problem.message}
        for problem in problems
    ]
    print_json({"error": message, **({"errors": errors} if errors else {})})


def print_table(
    columns: Sequence[str],
    rows: Sequence[Sequence[Any]],
    right: Sequence[str] = (),
    whole: Sequence[str] = (),
) -> None:
    """A table; the columns named in `right` hold numbers, those in `whole` what people copy."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False, header_style="bold")
    for column in columns:
        justify = "right" if column in right else "left"
        table.add_column(column, justify=justify, overflow="fold", no_wrap=column in whole)  # type: ignore[arg-type]
    for row in rows:
        table.add_row(*("" if cell is None else str(cell) for cell in row))
    console().print(table, soft_wrap=False, markup=False)


def counted(count: int, one: str, many: str | None = None) -> str:
    """`1 row`, `2,000 rows`."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


@contextmanager
def progress_bar(
    text: str, total: int | None, *, of_bytes: bool = False, shown: bool = True
) -> Iterator["ProgressBar"]:
    """A bar on standard error; nothing when that is not a terminal. `total` None: nobody knows."""
    amount: ProgressColumn = DownloadColumn() if of_bytes else MofNCompleteColumn()
    columns = (TextColumn("{task.description}", markup=False), BarColumn(30), amount, TimeRemainingColumn())
    disable = not (shown and errors().is_terminal)
    with Progress(*columns, console=errors(), transient=True, disable=disable) as progress:
        yield ProgressBar(progress, text, total)


class ProgressBar:
    """Call it with how much is done."""

    def __init__(self, progress: Progress, text: str, total: int | None) -> None:
        self._progress = progress
        self._task = progress.add_task(text, total=total)

    def __call__(self, done: int, total: int | None = None) -> None:
        self._progress.update(self._task, completed=done, total=total)


def show_times_in(zone: ZoneInfo) -> None:
    """From now on, show moments as people of this time zone read them."""
    _zone.set(zone)


def shown_moment(text: str | None) -> str:
    """A moment as people read it, to the second: `2026-11-22 10:30:00 CET`; nothing where there is none."""
    return in_zone(text, _zone.get()) if text else ""


def in_words(text: str) -> str:
    """A sentence whose moments are for programs, as people read it."""
    return _MOMENT.sub(lambda moment: shown_moment(moment[0]), text)


_MOMENT = re.compile(r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z")
_UTC = ZoneInfo("UTC")
_zone: ContextVar[ZoneInfo] = ContextVar("zone", default=_UTC)
