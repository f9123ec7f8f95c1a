"""Dates as files have them: in the order of days, months and years that somebody declares. Pure."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from conditions.times import from_iso

_PART = re.compile(r"yyyy|yy|mm|m|dd|d|hh|h|ss|s", re.IGNORECASE)
_EXAMPLES = "write dd.mm.yyyy, mm/dd/yyyy or dd.mm.yyyy hh:mm"
_DAY = {"%d", "%m", "%y"}
_CODES = {"yyyy": "%Y", "yy": "%y", "d": "%d", "h": "%H", "s": "%S"}


@dataclass(frozen=True)
class DateForm:
    """How dates are written, such as `dd.mm.yyyy hh:mm`. In a cell a leading zero may be missing, and the time."""

    text: str
    codes: tuple[str, ...]

    @classmethod
    def parse(cls, text: str) -> "DateForm":
        """The form of a text such as `dd.mm.yyyy`; raises ValueError. `mm` behind `hh` are minutes."""
        code = ""
        timed = False
        end = 0
        for part in _PART.finditer(text):
            name = part[0].lower()
            code += text[end : part.start()].replace("%", "%%")
            end = part.end()
            if name[0] == "m":
                code += "%M" if timed else "%m"
            else:
                code += _CODES.get(name) or _CODES[name[0]]
            timed = timed or name[0] == "h"
        code += text[end:].replace("%", "%%")
        codes = [found.replace("Y", "y") for found in re.findall("%[a-zA-Z]", code)]
        if not set(codes) >= _DAY:
            raise ValueError(f'"{text[:40]}" says no day, month and year; {_EXAMPLES}')
        if len(codes) != len(set(codes)) or ("%H" in codes) != ("%M" in codes):
            raise ValueError(f'"{text[:40]}" says something twice, or half a time; {_EXAMPLES}')
        day, clock, _ = code.partition("%H")
        return cls(text, (code, day.rstrip(" T,")) if clock else (code,))

    def iso(self, text: str) -> str:
        """The date that a cell holds as ISO 8601; raises ValueError."""
        for code in self.codes:
            try:
                moment = datetime.strptime(text, code)  # noqa: DTZ007 - as in the API, UTC where nothing is said
            except ValueError:
                continue
            return moment.isoformat() if "%H" in code else moment.date().isoformat()
        raise ValueError(f"is not a date as {self.text} is")


@dataclass(frozen=True)
class DateForms:
    """How the dates of a file are written: all of them (None: ISO 8601), and those of single columns."""

    form: DateForm | None = None
    columns: Mapping[str, DateForm] = field(default_factory=dict)

    @classmethod
    def parse(cls, texts: Iterable[str]) -> "DateForms":
        """Of texts such as `dd.mm.yyyy` or, for one column, `Datum=dd.mm.yyyy`; raises ValueError."""
        form, columns = None, {}
        for text in texts:
            column, equals, own = text.rpartition("=")
            if equals:
                columns[column.strip().casefold()] = DateForm.parse(own)
            elif form is not None:
                raise ValueError(f'two forms for all dates, "{form.text}" and "{text}"; write COLUMN={text}')
            else:
                form = DateForm.parse(text)
        return cls(form, columns)

    def declares(self, column: str) -> bool:
        """Whether the column is said to hold dates."""
        return column.strip().casefold() in self.columns

    def iso(self, column: str, text: str) -> str:
        """The date that a cell of a column holds as ISO 8601; raises ValueError."""
        form = self.columns.get(column.strip().casefold(), self.form)
        if form is not None:
            return form.iso(text)
        try:
            from_iso(text)
        except ValueError as error:  # which begins with the text, as those of all cells do
            raise ValueError(str(error).removeprefix(f'"{text[:40]}" ')) from None
        return text
