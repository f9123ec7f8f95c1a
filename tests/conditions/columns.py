"""One value in every kind of column that can hold it, and what each operator says about it in SQL."""

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from conditions.operators import OPERATORS
from conditions.sql import SqlValue
from conditions.times import Micros, to_iso
from conditions.values import Value

NOW: Micros = 1_795_000_000_123_456
MISSING = object()

table = sa.Table(
    "samples",
    sa.MetaData(),
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("number", sa.Double),
    sa.Column("text", sa.Text),
    sa.Column("truth", sa.Boolean),
    sa.Column("moment", sa.BigInteger),
    sa.Column("fields", sa.JSON().with_variant(JSONB(), "postgresql")),
    sa.Column("whole", sa.JSON().with_variant(JSONB(), "postgresql")),
)
MEMBERS = ("plain", "größe 😀")


def row_of(value: Any) -> dict[str, Any]:
    """The value as a row; the columns of other types stay NULL."""
    row: dict[str, Any] = dict.fromkeys(table.c.keys()[1:], sa.null())
    if value is MISSING:
        return {**row, "fields": {"other": 1}}
    row |= {"fields": dict.fromkeys(MEMBERS, value), "whole": value}
    if isinstance(value, bool):
        row["truth"] = value
    elif isinstance(value, int | float):
        row["number"] = value
    elif isinstance(value, str):
        row["text"] = value
    return row


def readings(value: Any) -> dict[str, SqlValue]:
    """The columns that hold exactly this value."""
    columns = {f"member {name}": SqlValue.json_member(table.c.fields, name) for name in MEMBERS}
    if value is MISSING or value is None or isinstance(value, str | list):
        columns["whole"] = SqlValue.json_list(table.c.whole)
    if value is None or value is MISSING:
        return columns | {
            "number": SqlValue.number(table.c.number),
            "text": SqlValue.text(table.c.text),
            "boolean": SqlValue.boolean(table.c.truth),
            "moment": SqlValue.moment(table.c.moment),
        }
    if isinstance(value, bool):
        return columns | {"boolean": SqlValue.boolean(table.c.truth)}
    if isinstance(value, int | float):
        return columns | {"number": SqlValue.number(table.c.number)}
    return columns | ({"text": SqlValue.text(table.c.text)} if isinstance(value, str) else {})


def disagreements(engine: sa.Engine, value: Any, tests: Iterable[tuple[str, Any]]) -> list[str]:
    """Where SQL does not say exactly what Python says. NULL is a disagreement, too."""
    tests = list(tests)
    plain: Value = None if value is MISSING else value
    columns = [
        sa.type_coerce(OPERATORS[name].sql(field, operand, NOW), sa.Integer).label(f"t{number}_{place}")
        for number, (name, operand) in enumerate(tests)
        for place, field in enumerate(readings(value).values())
    ]
    return _compare(engine, row_of(value), plain, tests, list(readings(value)), columns)


def moment_disagreements(engine: sa.Engine, moment: Micros, tests: Iterable[tuple[str, Any]]) -> list[str]:
    """The same for a moment column, whose value in Python is an ISO text."""
    tests = list(tests)
    row = dict.fromkeys(table.c.keys()[1:], sa.null()) | {"moment": moment}
    field = SqlValue.moment(table.c.moment)
    columns = [
        sa.type_coerce(OPERATORS[name].sql(field, operand, NOW), sa.Integer).label(f"t{number}_0")
        for number, (name, operand) in enumerate(tests)
    ]
    return _compare(engine, row, to_iso(moment), tests, ["moment"], columns)


def _compare(
    engine: sa.Engine,
    row: dict[str, Any],
    value: Value,
    tests: list[tuple[str, Any]],
    places: list[str],
    columns: list[Any],
) -> list[str]:
    with engine.connect() as connection, connection.begin() as transaction:
        connection.execute(table.insert().values(id=1, **row))
        told = list(connection.execute(sa.select(*columns)).one())
        transaction.rollback()
    wrong = []
    for number, (name, operand) in enumerate(tests):
        expected = OPERATORS[name].test(value, operand, NOW)
        for place, label in enumerate(places):
            answer = told[number * len(places) + place]
            if answer is None or bool(answer) is not expected:
                wrong.append(f"{value!r} {name} {operand!r} in {label}: Python {expected}, SQL {answer}")
    return wrong
