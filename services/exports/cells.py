"""Values as cells of CSV, which imports of contacts and deals read back as what they were. Pure."""

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import orjson

from conditions.values import LARGEST_INTEGER
from services.intake.files.safe_cells import guarded

_SEPARATING = re.compile(r"[,;|\n]")


def cell(value: Any, *, own: bool = False) -> str:
    """A value as a cell. `own`: of a field of the caller's own, whose type the cell alone says."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return number_cell(value)
    if isinstance(value, str):
        return guarded(value, own=own)
    return orjson.dumps(value).decode()


def number_cell(value: float) -> str:
    """A number in digits alone: no spreadsheet and no import takes it for anything else, negative or not."""
    if isinstance(value, int) and abs(value) <= LARGEST_INTEGER:
        return str(value)
    plain = format(Decimal(repr(value)), "f")
    return plain if "." in plain else f"{plain}.0"


def list_cell(values: Sequence[str] | str) -> str:
    """Tags or channels with commas between them; as JSON where one holds what would take it apart."""
    if isinstance(values, str):
        return values
    if any(_SEPARATING.search(value) or value.startswith("[") for value in values):
        return orjson.dumps(values).decode()
    return guarded(", ".join(values))
