"""Validation errors in plain words, each with the path of the value in the document that its author wrote."""

from collections.abc import Callable, Mapping
from typing import Any

from pydantic_core import ErrorDetails, ValidationError

from conditions.definition import unknown_key
from conditions.limits import listed
from conditions.problems import Loc, Problem, suggestion
from conditions.times import A_MOMENT, not_a_moment

_OWN = ("definition", "unknown_key", "conditions", "duration", "key", "tag")
"""Errors that are in plain words already."""

_WHOLE, _NUMBER, _TEXT = "should be a whole number", "should be a number", "should be a text"
_MAPPING, _LIST, _FLAG = (
    "should be a mapping of keys to values",
    "should be a list",
    "should be true or false",
)
_SAYINGS: Mapping[str, str] = {
    **dict.fromkeys(("int_type", "int_parsing", "int_from_float", "int_parsing_size"), _WHOLE),
    **dict.fromkeys(("float_type", "float_parsing", "finite_number"), _NUMBER),
    **dict.fromkeys(("bool_type", "bool_parsing"), _FLAG),
    **dict.fromkeys(("list_type", "tuple_type", "set_type"), _LIST),
    **dict.fromkeys(("dict_type", "mapping_type", "model_type", "model_attributes_type"), _MAPPING),
    "greater_than": "should be greater than {gt}",
    "greater_than_equal": "should be at least {ge}",
    "less_than": "should be less than {lt}",
    "less_than_equal": "should be at most {le}",
    "string_too_long": "should have at most {max_length} characters",
    "string_pattern_mismatch": "should match {pattern}",
    "too_long": "should have at most {max_length} entries",
}


def plain_errors(error: ValidationError, raw: Any) -> list[Problem]:
    """Everything that `error` found in the document `raw`, in the order of the document's keys."""
    problems = listed(_problem(detail, raw) for detail in error.errors(include_url=False))
    return list(dict.fromkeys(problems))


def _problem(detail: ErrorDetails, raw: Any) -> Problem:
    loc = _written(detail["loc"], raw, keep_last=detail["type"] == "missing" or detail["type"] in _OWN)
    return Problem(loc, _message(detail, loc))


def _written(loc: Loc, raw: Any, *, keep_last: bool) -> Loc:
    """The path without the names that pydantic adds for the branches of unions: they are in no document."""
    path: list[str | int] = []
    here = raw
    for place, part in enumerate(loc):
        mapped = isinstance(here, dict) and part in here
        if mapped or (isinstance(here, list) and isinstance(part, int) and part < len(here)):
            here = here[part]
        elif not (keep_last and place == len(loc) - 1 and isinstance(here, dict)):
            continue
        path.append(part)
    return tuple(path)


def _subject(loc: Loc) -> str:
    names = [part for part in loc if isinstance(part, str)]
    if not loc:
        return "the document"
    if isinstance(loc[-1], int):
        return f'entry {loc[-1] + 1} of "{names[-1]}"' if names else f"entry {loc[-1] + 1}"
    return f'"{names[-1]}"'


def _message(detail: ErrorDetails, loc: Loc) -> str:
    kind, context = detail["type"], detail.get("ctx", {})
    special = _SPECIAL.get(kind)
    if kind in _OWN:
        return detail["msg"]
    if special:
        return special(detail, context, _subject(loc))
    if kind in _SAYINGS:
        return f"{_subject(loc)} {_SAYINGS[kind].format_map(context)}"
    return f"{_subject(loc)}: {detail['msg'].replace('Input should', 'should')}"


def _text_type(detail: ErrorDetails, _context: dict[str, Any], subject: str) -> str:
    value = detail["input"]
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if subject.endswith('_at"'):
        return not_a_moment(str(value)) if number else f"{subject} should be a date or time; {A_MOMENT}"
    quoted = f'; put it in quotes: "{value}"' if number else ""
    return f"{subject} {_TEXT}{quoted}"


def _choices(detail: ErrorDetails, context: dict[str, Any], subject: str) -> str:
    words = context["expected"].replace("'", "")
    known = [word for part in words.split(" or ") for word in part.split(", ")]
    close = suggestion(detail["input"], known)
    return f"{subject} should be {words}{close if close.startswith('; did') else ''}"


def _too_short(_detail: ErrorDetails, context: dict[str, Any], subject: str) -> str:
    least = context["min_length"]
    return (
        f"{subject} should not be empty" if least == 1 else f"{subject} should have at least {least} entries"
    )


_SPECIAL: Mapping[str, Callable[[ErrorDetails, dict[str, Any], str], str]] = {
    "missing": lambda _detail, _context, subject: f"{subject} is missing",
    "extra_forbidden": lambda detail, _context, _subject: unknown_key(str(detail["loc"][-1]), []),
    "invalid_key": lambda _detail, _context, subject: f"{subject} has a key that is not a text",
    "value_error": lambda _detail, context, _subject: str(context["error"]),
    "string_type": _text_type,
    "string_too_short": _too_short,
    "too_short": _too_short,
    "literal_error": _choices,
    "enum": _choices,
}
