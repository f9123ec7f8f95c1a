"""The value that a cell's text stands for: numbers as they are written in different countries, booleans, texts."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from conditions.values import LARGEST_INTEGER

#: A cell's text as a value; ValueError when it is none.
Convert = Callable[[str], Any]

#: Minus and apostrophe as word processors write them.
_MINUS, _APOSTROPHE = "\u2212", "\u2019"
#: A leading zero makes a text: `007` is a code, not seven.
_RECOGNISED = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?")
_PLAINLY = re.compile(rf"-?(?:0|[1-9][0-9.,'{_APOSTROPHE}]*)(?:[.,][0-9]+)?(?<=[0-9])")
_PLAIN = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_BOOLEANS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
_CURRENCY = r"(?:[A-Z]{0,3}[$€£¥₹₽₺₩₪₫₴₦₱₡₵₸]|[A-Z]{3}|kr\.?|zł|Fr\.)"
_AROUND = re.compile(
    rf"(\()?\s*([+\-{_MINUS}]?)\s*{_CURRENCY}?\s*([+\-{_MINUS}]?)(.*?)\s*{_CURRENCY}?\s*(-?)\s*(\))?",
    re.DOTALL,
)
#: Characters up to which a text may be a number.
_LONGEST = 400
_BETWEEN_THOUSANDS = f"'{_APOSTROPHE} \u00a0\u202f"
#: A dot before three digits, as thousands are written in many countries.
LIKE_THOUSANDS = re.compile(r"-?[1-9][0-9]{0,2}\.[0-9]{3}")


@dataclass(frozen=True)
class NumberForm:
    """How numbers are written: their decimal sign. Thousands may be apart by the other sign, by `'` or by a blank."""

    decimal: str

    @classmethod
    def parse(cls, example: str) -> "NumberForm":
        """The form of an example such as `1.234,56`, or of a decimal sign alone; raises ValueError."""
        if example in (".", ","):
            return cls(example)
        fitting = [form for form in FORMS if form.read(example) is not None]
        if len(fitting) != 1:
            trouble = "can be read in two ways" if fitting else "is not a number"
            raise ValueError(f'"{example}" {trouble}; write an example such as 1,234.56 or 1.234,56')
        return fitting[0]

    @property
    def example(self) -> str:
        return "1,234.56" if self.decimal == "." else "1.234,56"

    def read(self, text: str) -> int | float | None:
        """The number, or None. A sign, also behind or as brackets, and a currency around it do not matter."""
        match = _AROUND.fullmatch(text.strip())
        if match is None or bool(match[1]) is not bool(match[6]) or len(text) > _LONGEST:
            return None
        number = _GROUPED[self.decimal].fullmatch(match[4])
        if number is None:
            return None
        signs = [sign for sign in (match[1] and "-", match[2], match[3], match[5]) if sign]
        if len(signs) > 1:
            return None
        whole = re.sub(r"[^0-9]", "", number[1] or "0")
        value: int | float = float(f"{whole}.{number[3]}") if number[3] else int(whole)
        return -value if signs and signs[0] != "+" else value

    def number(self, text: str) -> int | float:
        """The number that a cell of a column of numbers holds; raises ValueError."""
        value = self.read(text)
        if value is None:
            raise ValueError(f"is not a number as {self.example} is")
        return value

    def recognised(self, text: str) -> str | int | float:
        """The number that a text plainly is, without currency and blanks; else the text, also of a code such as 007."""
        if not _PLAINLY.fullmatch(text):
            return text
        return _exact(text, self.read(text))


FORMS = (NumberForm("."), NumberForm(","))


def _grouped(decimal: str) -> re.Pattern[str]:
    other = re.escape(_BETWEEN_THOUSANDS + ("," if decimal == "." else "."))
    return re.compile(
        rf"([0-9]+|[1-9][0-9]{{0,2}}([{other}])[0-9]{{3}}(?:\2[0-9]{{3}})*)?(?:{re.escape(decimal)}([0-9]+))?(?<=[0-9])"
    )


_GROUPED = {decimal: _grouped(decimal) for decimal in ".,"}


def _exact(text: str, number: float | None) -> str | int | float:
    """The number; the text where there is none, or none without losing digits."""
    if number is None or (isinstance(number, int) and abs(number) > LARGEST_INTEGER):
        return text
    return number


def likely_form(text: str) -> NumberForm | None:
    """The form in which a text is a number that is not written plainly; None where there is none, or are two numbers.

    Codes such as 007, and what begins with a plus as phone numbers do, are no numbers.
    """
    numbers = {form: number for form in FORMS if (number := form.read(text)) is not None}
    if len(numbers) == 1:
        return next(iter(numbers))
    alike = len({*numbers.values()}) == 1 and not text.isdigit() and not text.startswith("+")
    return FORMS[0] if alike else None


def recognised(text: str) -> str | int | float:
    """What a cell holds if nothing is said of its column."""
    if not _RECOGNISED.fullmatch(text) or len(text) > _LONGEST:
        return text
    return float(text) if "." in text else _exact(text, int(text))


def plain_number(text: str) -> int | float:
    """A number as programs write it; raises ValueError."""
    if not _PLAIN.fullmatch(text):
        form = likely_form(text)
        remedy = f", or say how numbers are written: --decimal {form.decimal}" if form else ""
        raise ValueError(f"is not a number; write 12 or 12.50{remedy}")
    return float(text) if "." in text or "e" in text.lower() else int(text)


def boolean(text: str) -> bool:
    """Yes or no; raises ValueError."""
    try:
        return _BOOLEANS[text.lower()]
    except KeyError:
        raise ValueError("is not a boolean; write true or false") from None


VALUE_KINDS = ("any", "number", "text", "boolean", "date")
"""The kinds that a property may be declared to be; `any` is what is recognised."""


def converters(form: NumberForm | None) -> Mapping[str, Convert]:
    """How cells are read, by the kind of their property, in a file whose numbers are in that form."""
    return {
        "any": form.recognised if form else recognised,
        "number": form.number if form else plain_number,
        "text": str,
        "boolean": boolean,
    }


def number_columns(texts: Iterable[str]) -> dict[str, NumberForm | None]:
    """Columns of numbers, of texts such as `amount` or, with an example, `amount=1.234,56`; raises ValueError."""
    forms: dict[str, NumberForm | None] = {}
    for text in texts:
        column, equals, example = text.rpartition("=") if "=" in text else (text, "", "")
        forms[column] = NumberForm.parse(example) if equals else None
    return forms
