"""Statements for many rows: straight on the driver, an array as one parameter."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Table

from store.database import dump_json


class Bulk:
    """Runs statements written with `?` placeholders. Values must be what the driver takes: no JSON, no enums.

    Several times faster than the expression language, which is why the batch path uses it.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.is_sqlite = connection.dialect.name == "sqlite"

    def rows(self, statement: str, *parameters: Any) -> Sequence[Any]:
        """All rows of a query, as the driver's own tuples: SQLAlchemy's rows cost as much as the query."""
        result = self._connection.exec_driver_sql(self._adapt(statement), parameters)
        rows: Sequence[Any] = result.cursor.fetchall()
        result.close()
        return rows

    def rows_up_to(self, size: int, column: int, statement: str, *parameters: Any) -> list[Any]:
        """The first rows of a query, as many as hold `size` characters in a text column, and at least one."""
        result = self._connection.exec_driver_sql(self._adapt(statement), parameters)
        rows: list[Any] = []
        while size > 0 and (more := result.cursor.fetchmany(500)):
            for row in more:
                size -= len(row[column])
                rows.append(row)
                if size <= 0:
                    break
        result.close()
        return rows

    def run(self, statement: str, *parameters: Any) -> int:
        """Run once; the number of rows it touched."""
        return self._connection.exec_driver_sql(self._adapt(statement), parameters).rowcount

    def each(self, statement: str, rows: Iterable[tuple[Any, ...]]) -> int:
        """Run for each row; the number of rows it touched."""
        values = rows if isinstance(rows, list) else list(rows)
        if not values:
            return 0
        return self._connection.exec_driver_sql(self._adapt(statement), values).rowcount

    def insert(
        self, target: Table, columns: Sequence[str], rows: Iterable[tuple[Any, ...]], suffix: str = ""
    ) -> int:
        """Insert many rows; the number really inserted (`suffix` may say ON CONFLICT DO NOTHING)."""
        marks = ", ".join("?" * len(columns))
        return self.each(f"INSERT INTO {target.name} ({', '.join(columns)}) VALUES ({marks}) {suffix}", rows)

    def among(self, column: str, values: Collection[Any]) -> tuple[str, Any]:
        """A test that the column is one of `values`, and the single parameter it takes."""
        if self.is_sqlite:
            return f"{column} IN (SELECT value FROM json_each(?))", dump_json(list(values))
        return f"{column} = ANY(?)", list(values)

    def table(self, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> tuple[str, list[Any]]:
        """Rows to join with, as a table of these columns, and the parameters it takes."""
        if self.is_sqlite:
            fields = ", ".join(f"value ->> {index} AS {name}" for index, name in enumerate(columns))
            return f"(SELECT {fields} FROM json_each(?))", [dump_json(rows)]
        types = {int: "bigint[]", str: "text[]"}
        arrays = ", ".join(f"CAST(? AS {types[type(value)]})" for value in rows[0])
        values = [list(column) for column in zip(*rows, strict=True)]
        return f"(SELECT * FROM unnest({arrays}) AS t({', '.join(columns)}))", values

    def _adapt(self, statement: str) -> str:
        return statement if self.is_sqlite else statement.replace("?", "%s")
