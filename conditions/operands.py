"""What may stand behind an operator."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from conditions.times import duration_words, micros_of
from conditions.values import BLANK, LARGEST_INTEGER, is_number

_SCALAR = {"type": ["string", "number", "boolean"]}
_FIELD = {
    "type": "object",
    "properties": {"field": {"type": "string", "description": "The field to compare with"}},
    "required": ["field"],
    "additionalProperties": False,
}


def operand_field(operand: Any) -> str | None:
    """The field that a valid operand names instead of giving a value: `{field: event.cart}`."""
    return operand["field"] if isinstance(operand, dict) else None


def _words(operand: Any) -> str:
    if isinstance(operand, list):
        return ", ".join(map(_words, operand))
    return str(operand).lower() if isinstance(operand, bool) else str(operand)


@dataclass(frozen=True)
class Operand:
    """`mistake` names what is wrong with a value, or gives None; `words` says it; `value_schema` is its JSON Schema.

    `from_field`: the value may be that of another field instead. One that would be a mistake here passes no test.
    """

    name: str
    value_schema: dict[str, Any]
    mistake: Callable[[Any], str | None]
    words: Callable[[Any], str] = _words
    from_field: bool = False

    @property
    def schema(self) -> dict[str, Any]:
        """The JSON Schema of values and fields."""
        return {"anyOf": [self.value_schema, _FIELD]} if self.from_field else self.value_schema

    def mistake_as_written(self, operand: Any) -> str | None:
        """What is wrong with an operand, be it a value or a field."""
        if not isinstance(operand, dict) or not self.from_field:
            return self.mistake(operand)
        named = operand.get("field")
        if set(operand) != {"field"} or not isinstance(named, str) or not named.strip(BLANK):
            return "to compare with another field, write {field: event.cart}"
        return None


def _scalar(value: Any) -> str | None:
    if value is None or (isinstance(value, str) and not value.strip(BLANK)):
        return "nothing equals an empty value; ask with `empty: true`"
    if is_number(value):
        return _number(value)
    if isinstance(value, str | bool):
        return None
    return "compare with one text, number or true/false; for several values use `one_of: [...]`"


def _number(value: Any) -> str | None:
    return None if abs(value) <= LARGEST_INTEGER else "numbers go up to 2^53 (9007199254740992)"


def _comparable(value: Any) -> str | None:
    if is_number(value):
        return _number(value)
    return None if isinstance(value, str) and value.strip(BLANK) else "compare with a number or a text"


def _text(value: Any) -> str | None:
    return None if isinstance(value, str) and value.strip(BLANK) else "give a text that is not blank"


def _scalars(value: Any) -> str | None:
    if not isinstance(value, list) or not value:
        return "give a list of values, such as [red, blue]"
    return next((mistake for mistake in map(_scalar, value) if mistake), None)


def _flag(value: Any) -> str | None:
    return None if isinstance(value, bool) else "write true or false"


def _duration(value: Any) -> str | None:
    if not isinstance(value, str):
        return "give a duration such as 12h or 30d"
    try:
        micros_of(value)
    except ValueError as error:
        return str(error)
    return None


SCALAR = Operand("value", _SCALAR, _scalar, from_field=True)
COMPARABLE = Operand("number or text", {"type": ["number", "string"]}, _comparable, from_field=True)
TEXT = Operand("text", {"type": "string", "minLength": 1}, _text, from_field=True)
SCALARS = Operand("values", {"type": "array", "items": _SCALAR, "minItems": 1}, _scalars)
FLAG = Operand("true or false", {"type": "boolean"}, _flag)
DURATION = Operand("duration", {"type": "string", "examples": ["12h", "30d"]}, _duration, duration_words)
