"""Looks at an installation's database from outside, at so little cost that what is measured does not notice."""

import sqlite3
from pathlib import Path
from typing import Any


class Observer:
    """A connection that only reads. For one thread at a time."""

    def __init__(self, file: Path) -> None:
        self._connection = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
        self._version = -1

    def close(self) -> None:
        self._connection.close()

    def changed(self) -> bool:
        """Whether another connection has committed since the last call. Takes no lock."""
        version = self.number("PRAGMA data_version")
        changed = version != self._version
        self._version = version
        return changed

    def number(self, statement: str, *parameters: Any) -> int:
        """The first column of the first row."""
        number: int = self._connection.execute(statement, parameters).fetchone()[0]
        return number

    def text(self, statement: str, *parameters: Any) -> str:
        """The same, of a column that holds text."""
        text: str = self._connection.execute(statement, parameters).fetchone()[0]
        return text
