"""Texts as cells of CSV that a spreadsheet takes for nothing else, and back again. Pure."""

from typing import Any

import orjson

from services.intake.files.cell_values import Convert, recognised

#: What a spreadsheet takes for the beginning of a formula.
_BEGIN_FORMULAS = frozenset("=+-@\t\r")
_BOOLEANS = {"true": True, "false": False}


def own_value(text: str, number: Convert = recognised) -> Any:
    """What a cell of a field of the caller's own holds: a boolean, a list as JSON, a number, else its text."""
    if (plain := text.lower()) in _BOOLEANS:
        return _BOOLEANS[plain]
    if text.startswith("["):
        parts = listed(text)
        return text if parts is None else parts
    return number(text)


def listed(text: str) -> list[Any] | None:
    """The list that a cell holds as JSON; None where it is none, or has parts of its own."""
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    flat = isinstance(value, list) and not any(isinstance(part, dict | list) for part in value)
    return value if flat else None


def guarded(text: str, *, own: bool = False) -> str:
    """A text as a cell: with a `'` in front where it would be a formula, lose blanks around it, or, as a field of the
    caller's `own`, be read as something else than a text.
    """
    return f"'{text}" if _in_danger(text, own=own) else text


def unguarded(cell: str, *, own: bool = False) -> str | None:
    """The text that `guarded` made this cell of; None where there is no guard."""
    text = cell[1:]
    return text if cell[:1] == "'" and _in_danger(text, own=own) else None


def _in_danger(text: str, *, own: bool) -> bool:
    """The same for a text and for it with a `'` in front, so that exactly one is taken away again."""
    bare = text.lstrip("'")
    if not bare:
        return own
    if bare[0] in _BEGIN_FORMULAS or bare != bare.strip():
        return True
    return own and not isinstance(own_value(bare), str)
