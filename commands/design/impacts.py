"""Whom a change of definitions would touch, in words and as a file."""

import csv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path

from commands.output import counted
from commands.whole_file import whole_file
from conditions.values import shown_score
from services.foresight.answers import (
    AutomationImpact,
    DocumentImpact,
    ProfileImpact,
    TouchedRecord,
    WouldStart,
)
from services.foresight.impact import TellRecords
from services.intake.files.safe_cells import guarded

_COLUMNS = (
    *("kind", "definition", "contact", "deal", "name", "before", "after", "band_before", "band_after"),
    "starts",
)


@contextmanager
def touched_file(path: Path | None) -> Iterator[TellRecords | None]:
    """Writes everybody into a CSV file, which is there once all are in it; without a path, nobody."""
    if path is None:
        yield None
        return
    with whole_file(path) as file:
        text = TextIOWrapper(file, encoding="utf-8", newline="")
        writer = csv.writer(text)
        writer.writerow(_COLUMNS)

        def write(touched: Sequence[TouchedRecord]) -> None:
            for one in touched:
                cells = one.model_dump() | {"starts": " ".join(one.starts)}
                writer.writerow([_cell(cells[column]) for column in _COLUMNS])

        yield write
        text.detach()  # which writes what is left, and leaves the file open


def _cell(value: str | int | None) -> str | int | None:
    """A text that no spreadsheet computes."""
    return guarded(value) if isinstance(value, str) else value


def impact_lines(impact: DocumentImpact | None) -> list[str]:
    """The blast radius in words."""
    if impact is None:
        return []
    return _of_profile(impact) if isinstance(impact, ProfileImpact) else _of_automation(impact)


def _of_profile(impact: ProfileImpact) -> list[str]:
    if impact.new:
        lines = [f"new: {counted(impact.records, 'record')} will be scored"]
    else:
        lines = [f"{impact.changed or 0:,} of {counted(impact.records, 'score')} change"]
        moves = [
            f"{move.count:,} {move.from_ or 'none'} → {move.to or 'none'}" for move in impact.band_moves[:5]
        ]
        if moves:
            lines.append(f"bands: {', '.join(moves)}")
    if impact.first:
        first = [
            f"{one.deal or one.contact} {shown_score(one.before)} → {shown_score(one.after)}"
            for one in impact.first
        ]
        lines.append(_and_more(first, impact.changed or 0))
    fired = [f"{one.enrolled:,} in {one.automation}{past_dates(one)}" for one in impact.fire if one.enrolled]
    if fired or not impact.new:
        lines.append(f"with --triggers fire it would enroll {', '.join(fired) or 'nobody'}; otherwise nobody")
    return lines


def past_dates(one: WouldStart | AutomationImpact) -> str:
    """For how many the date that is waited for is over, if it is for some."""
    return f" (the date that is waited for is over for {one.past:,})" if one.past else ""


def _of_automation(impact: AutomationImpact) -> list[str]:
    lines = []
    if impact.running:
        lines.append(f"{counted(impact.running, 'follow-up')} run on with the version they began with")
    if impact.published is None:
        return [*lines, f"whom it would enroll is not known: {impact.unknown}"]
    lines.append(
        f"over the last {impact.days} days it would have enrolled {counted(impact.records, 'record')}, "
        f"{counted(impact.enrollments, 'time')} in all; enrolled were {impact.published.enrollments:,}"
    )
    if impact.matching_now:
        first = [one.deal or one.contact or "" for one in impact.first]
        lines.append(
            f"{counted(impact.matching_now, 'record')} match now, {_and_more(first, impact.matching_now)}"
            f"{past_dates(impact)}; "
            "publishing enrolls none of them, kindling enroll --matching does"
        )
    return [*lines, *(f"warning: {warning}" for warning in impact.warnings)]


def _and_more(first: Sequence[str], count: int) -> str:
    """The first, and that there are more."""
    return ", ".join(first) + (f" and {count - len(first):,} more" if count > len(first) else "")
