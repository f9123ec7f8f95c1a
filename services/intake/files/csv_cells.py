"""Cells out of a line of CSV, and lines out of a text. Pure."""

import re
from collections.abc import Sequence
from functools import cache


class NotCsv(ValueError):
    """A text that is no row, or a header that is none."""


def scan(text: str, delimiter: str, cells: list[str], parts: list[str] | None = None) -> list[str] | None:
    """Add the cells of a line to `cells`. Returns the parts of a cell that is still open, None where none is.

    `parts` are those of a cell that was open before. A quote counts at the start of a cell only, blanks before it and
    behind the closing one do not. Raises NotCsv where something else stands behind a closing quote.
    """
    blank = "" if delimiter == " " else " "
    at, end = 0, len(text)
    while True:
        if parts is None:
            start = at
            while blank and text.startswith(blank, start):
                start += 1
            if not text.startswith('"', start):
                stop = text.find(delimiter, at)
                cells.append(text[at:] if stop < 0 else text[at:stop])
                if stop < 0:
                    return None
                at = stop + 1
                continue
            parts, at = [], start + 1
        while True:
            quote = text.find('"', at)
            if quote < 0:
                parts.append(text[at:])
                return parts
            parts.append(text[at:quote])
            at = quote + 1
            if not text.startswith('"', at):
                break
            parts.append('"')
            at += 1
        cells.append("".join(parts))
        parts = None
        while blank and text.startswith(blank, at):
            at += 1
        if at == end:
            return None
        if text[at] != delimiter:
            raise NotCsv(f"'{delimiter}' expected after '\"'")
        at += 1


def line_ends(sample: str) -> str:
    """What ends the lines of a text that begins so, for `open(newline=...)`: LF, also after CR, or CR alone.

    Those in quotes do not count. So a lone CR in a cell is part of it where lines end with LF.
    """
    for outside in sample.split('"')[::2]:
        for place, sign in enumerate(outside):
            if sign == "\n":
                return "\n"
            if sign == "\r":
                return "\n" if outside[place + 1 : place + 2] == "\n" else "\r"
    return "\n" if "\n" in sample or "\r" not in sample else "\r"


def body(line: str) -> str:
    """A line without its end."""
    return line.rstrip("\r\n") if line[-1:] in "\r\n" else line


def without_padding(cells: Sequence[str]) -> list[str]:
    """A header without the empty cells at its end."""
    last = len(cells)
    while last and not cells[last - 1].strip():
        last -= 1
    return list(cells[:last])


def fitted(cells: Sequence[str], named: int) -> Sequence[str]:
    """A row without the empty cells behind those that the header names."""
    last = len(cells)
    while last > named and not cells[last - 1].strip():
        last -= 1
    return cells[:last]


@cache
def _cell(delimiter: str) -> re.Pattern[str]:
    stop = re.escape(delimiter)
    return re.compile(rf' *"((?:[^"]|"")*)" *(?={stop}|$)|([^{stop}]*)')


def loose(text: str, delimiter: str) -> list[str]:
    """A line as a row of its own, whatever its quotes: one that is not closed is part of its cell."""
    cells: list[str] = []
    at = 0
    while cell := _cell(delimiter).match(text, at):
        cells.append(cell[2] if cell[1] is None else cell[1].replace('""', '"'))
        at = cell.end() + 1
        if at > len(text):
            break
    return cells
