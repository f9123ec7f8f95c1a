"""A field in SQL, read as each type. The same expression runs on SQLite and PostgreSQL.

`SqlValue` answers what the operators ask, each time with an expression that is never NULL, so that NOT,
AND and OR mean in SQL what they mean in Python.
"""

import json
import operator
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Self

import sqlalchemy as sa
from sqlalchemy import ColumnElement

from conditions import sql_json
from conditions.sql_moment import IsoText, moment_of_text
from conditions.times import Micros
from conditions.values import ALL_CHANNELS, BLANK, CHANNELS, Scalar

Sql = ColumnElement[Any]
Test = ColumnElement[bool]
Ordering = Literal["gt", "ge", "lt", "le"]

#: So many tests stand side by side.
_GROUP = 50
_PLAIN_KEY = re.compile(r"[A-Za-z0-9_ .\-]+")


@dataclass(frozen=True)
class SqlValue:
    """One field. A reading is NULL where the value is of another type, and None if it never has that type.

    Numbers in JSON agree with Python to 15 significant digits; SQLite rounds the rest in its own way.
    """

    filled: Test
    as_number: Sql | None = None
    as_text: Sql | None = None
    as_boolean: Sql | None = None
    as_moment: Sql | None = None
    json_place: tuple[Sql, Sql] | None = None

    @classmethod
    def number(cls, column: Any) -> Self:
        """A numeric column."""
        return cls(filled=column.is_not(None), as_number=column)

    @classmethod
    def text(cls, column: Any) -> Self:
        """A text column."""
        return cls(filled=_where(column, ~_blank(column)), as_text=column)

    @classmethod
    def boolean(cls, column: Any) -> Self:
        """A boolean column."""
        return cls(filled=column.is_not(None), as_boolean=column)

    @classmethod
    def moment(cls, column: Any) -> Self:
        """A column of microseconds since the epoch, whose Python value is the text of `to_iso`."""
        return cls(filled=column.is_not(None), as_text=IsoText(column), as_moment=column)

    @classmethod
    def json_member(cls, column: Any, key: str) -> Self:
        """A member of a JSON object column. ValueError for a name that no JSON path can hold on SQLite."""
        if not key or re.search(r'["\\\x00-\x1f]', key):
            raise ValueError(f"a field name cannot hold quotes, backslashes or control characters: {key!r}")
        name = sa.literal(key, sa.Text)
        return cls._json(column, sql_json.Plain(name) if _PLAIN_KEY.fullmatch(key) else sql_json.Exact(name))

    @classmethod
    def json_list(cls, column: Any) -> Self:
        """A JSON column that holds a list (tags) or a text (a DND field with "all")."""
        return cls._json(column, sql_json.Whole())

    @classmethod
    def _json(cls, document: Any, place: Sql) -> Self:
        kind = sql_json.JsonKind(document, place)
        text = sql_json.JsonText(document, place)
        filled = sa.and_(
            kind.is_not(None),
            kind != "null",
            sa.or_(kind != "text", ~_blank(text)),
            sa.or_(kind != "array", sql_json.JsonLength(document, place) > 0),
        )
        return cls(
            filled=filled,
            as_number=sa.case((kind == "number", sql_json.JsonNumber(document, place))),
            as_text=sa.case((kind == "text", text)),
            as_boolean=sa.case((kind == "true", sa.true()), (kind == "false", sa.false())),
            json_place=(document, place),
        )

    def equal(self, operand: "Scalar | SqlValue") -> Test:
        """Equal, and of the same type."""
        if isinstance(operand, SqlValue):
            return sa.or_(
                _both(self.as_number, operand.as_number, operator.eq),
                _both(self.as_text, operand.as_text, operator.eq, blank=False),
                _both(self.as_boolean, operand.as_boolean, operator.eq),
            )
        reading = self._reading(operand)
        return _where(reading, reading == _literal(operand)) if reading is not None else sa.false()

    def compare(self, ordering: Ordering, operand: "Scalar | SqlValue") -> Test:
        """Numbers by size, texts by code point; a blank text compares with nothing."""
        test = getattr(operator, ordering)
        if isinstance(operand, SqlValue):
            return sa.or_(
                _both(self.as_number, operand.as_number, test),
                _both(self.as_text, operand.as_text, _by_code_point(test), blank=False),
            )
        reading = self._reading(operand)
        if reading is None or isinstance(operand, bool):
            return sa.false()
        if isinstance(operand, str):
            in_order = _by_code_point(test)(reading, _literal(operand))
            return _where(reading, sa.and_(in_order, ~_blank(reading)))
        return _where(reading, test(reading, _literal(operand)))

    def contains(self, operand: "str | SqlValue") -> Test:
        """A text in the text, or in some text of the list."""
        wanted = operand.as_text if isinstance(operand, SqlValue) else _literal(operand)
        if wanted is None:
            return sa.false()
        tests: list[Test] = []
        if self.as_text is not None:
            replaced = sa.func.replace(self.as_text, wanted, "")
            tests.append(_where(self.as_text, sa.func.length(replaced) < sa.func.length(self.as_text)))
        if self.json_place is not None:
            tests.append(sql_json.JsonMentions(*self.json_place, wanted))
        within = sa.or_(sa.false(), *tests)
        return _where(wanted, sa.and_(~_blank(wanted), within)) if isinstance(operand, SqlValue) else within

    def starts_with(self, operand: "str | SqlValue") -> Test:
        """A text at the beginning of the text."""
        if self.as_text is None:
            return sa.false()
        if isinstance(operand, SqlValue):
            return _both(self.as_text, operand.as_text, _starts_with, blank=False)
        return _where(self.as_text, sa.func.substr(self.as_text, 1, len(operand)) == _literal(operand))

    def has(self, operand: "Scalar | SqlValue") -> Test:
        """An element of the list. "all" stands for every channel."""
        if isinstance(operand, SqlValue):
            return self._has_value_of(operand)
        stands_for_all = self.equal(ALL_CHANNELS) if operand in CHANNELS else sa.false()
        if self.json_place is None:
            return stands_for_all
        scalar = json.dumps(operand, ensure_ascii=False)
        kind = "text" if isinstance(operand, str) else scalar if isinstance(operand, bool) else "number"
        listed = sql_json.JsonHas(*self.json_place, _literal(kind), _literal(operand), _literal(scalar))
        return sa.or_(stands_for_all, listed)

    def _has_value_of(self, other: "SqlValue") -> Test:
        tests: list[Test] = []
        if other.as_text is not None:
            channel = _where(other.as_text, other.as_text.in_(CHANNELS))
            tests.append(sa.and_(channel, self.equal(ALL_CHANNELS)))
        if self.json_place is not None:
            kinds = (("text", other.as_text), ("number", other.as_number))
            for kind, reading in kinds:
                if reading is not None:
                    listed = sql_json.JsonHas(
                        *self.json_place, _literal(kind), reading, sql_json.AsJson(reading)
                    )
                    filled = ~_blank(reading) if kind == "text" else sa.true()
                    tests.append(_where(reading, sa.and_(filled, listed)))
            if other.as_boolean is not None:
                tests += [sa.and_(other.equal(truth), self.has(truth)) for truth in (True, False)]
        return sa.or_(sa.false(), *tests)

    def before(self, moment: Micros) -> Test:
        """A moment earlier than another."""
        reading = self.as_moment
        if reading is None and self.as_text is not None:
            reading = moment_of_text(self.as_text)
        if reading is None:
            return sa.false()
        return _where(reading, reading < sa.literal(moment, sa.BigInteger))

    def _reading(self, operand: Scalar) -> Sql | None:
        if isinstance(operand, bool):
            return self.as_boolean
        return self.as_text if isinstance(operand, str) else self.as_number


def either(tests: Sequence[Test]) -> Test:
    """Whether any of many tests holds, in groups: SQLite takes no expression that is a thousand deep."""
    if len(tests) <= _GROUP:
        return sa.or_(*tests)
    groups = [tests[start : start + _GROUP] for start in range(0, len(tests), _GROUP)]
    return either([sa.func.coalesce(sa.or_(*group), sa.false(), type_=sa.Boolean) for group in groups])


def _both(
    reading: Sql | None, other: Sql | None, test: Callable[[Sql, Sql], Test], *, blank: bool = True
) -> Test:
    """Whether two fields, read as one type, pass a test; `blank`: whether texts without letters may."""
    if reading is None or other is None:
        return sa.false()
    filled = [] if blank else [~_blank(reading), ~_blank(other)]
    return sa.and_(reading.is_not(None), other.is_not(None), *filled, test(reading, other))


def _by_code_point(test: Callable[[Any, Any], Test]) -> Callable[[Sql, Sql], Test]:
    return lambda text, other: test(sql_json.CodePoints(text), sql_json.CodePoints(other))


def _starts_with(text: Sql, beginning: Sql) -> Test:
    return sa.func.substr(text, 1, sa.func.length(beginning)) == beginning


def _where(reading: Sql, test: Test) -> Test:
    """Never NULL, and unlike coalesce() it lets the database use an index."""
    return sa.and_(reading.is_not(None), test)


def _blank(text: Sql) -> Test:
    return sa.func.ltrim(text, _literal(BLANK)) == ""


def _literal(operand: Scalar) -> Sql:
    if isinstance(operand, bool):
        return sa.true() if operand else sa.false()
    if isinstance(operand, str):
        return sa.literal(operand, sa.Text)
    return sa.literal(operand, sa.BigInteger if isinstance(operand, int) else sa.Double)
