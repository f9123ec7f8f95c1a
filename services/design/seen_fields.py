"""The custom fields of records, looked for when a definition names them."""

from collections.abc import Callable, Collection
from collections.abc import Set as AbstractSet
from functools import cache

from store.connection import Connection
from store.records import custom_fields

#: Records whose fields are known by name, for what is spelled otherwise; the newest.
NEWEST = 10_000


class SeenFields:
    """What `automations.known.RecordFields` asks of a database. Each question is asked once."""

    def __init__(self, connection: Connection, set_by_steps: Callable[[], AbstractSet[str]]) -> None:
        self._connection = connection
        self._set_by_steps = cache(set_by_steps)
        self._has: dict[tuple[str, str], bool] = {}
        self._names: dict[str, Collection[str]] = {}
        self._nameless: tuple[int, int] | None = None

    def has(self, kind: str, name: str) -> bool:
        """Whether some record has this field, or an automation that is stored sets it."""
        if (kind, name) not in self._has:
            found = custom_fields.has(self._connection, kind, name)
            self._has[kind, name] = found or name in self._set_by_steps()
        return self._has[kind, name]

    def names(self, kind: str) -> Collection[str]:
        """Fields of the newest records."""
        if kind not in self._names:
            self._names[kind] = custom_fields.names(self._connection, kind, NEWEST)
        return self._names[kind]

    def nameless(self) -> tuple[int, int]:
        """How many of the newest contacts have no name, of how many."""
        if self._nameless is None:
            self._nameless = custom_fields.nameless(self._connection, NEWEST)
        return self._nameless
