"""What rules and filters read: an event's properties, a contact's fields."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, ClassVar

import orjson

from conditions.times import Micros, to_iso
from conditions.values import Value
from store.bulk import Bulk
from store.connection import Connection


class Properties(Mapping[str, Any]):
    """An event's properties, decoded when first read; most rules never do. ValueError when they are not an object."""

    __slots__ = ("_known", "_text")

    def __init__(self, text: str) -> None:
        self._text = text
        self._known: dict[str, Any] | None = None

    def _read(self) -> dict[str, Any]:
        if self._known is None:
            found = orjson.loads(self._text)
            if not isinstance(found, dict):
                raise ValueError("the stored properties are not a JSON object")
            self._known = found
        return self._known

    def get(self, key: str, default: Any = None) -> Any:
        return self._read().get(key, default)

    def __getitem__(self, key: str) -> Any:
        return self._read()[key]

    def __iter__(self) -> Any:
        return iter(self._read())

    def __len__(self) -> int:
        return len(self._read())


class ContactFacts:
    """A contact as rules and filters read it: `contact.<field>`, custom fields beside the built-in ones.

    Columns of JSON are decoded when first read; most batches read none of them.
    """

    __slots__ = ("_decode", "_documents", "_row", "created_at", "id", "key")

    _COLUMNS: ClassVar[dict[str, int]] = {
        f"contact.{name}": index
        for index, name in enumerate(("key", "name", "email", "phone", "stage", "owner"), start=2)
    }
    _DOCUMENTS: ClassVar[dict[str, int]] = {"contact.tags": 8, "contact.dnd": 9, "contact.": 10}

    def __init__(self, row: Sequence[Any], *, decode: bool) -> None:
        self.id: int = row[0]
        self.created_at: Micros = row[1]
        self.key: str = row[2]
        self._row = row
        self._decode = decode
        self._documents: dict[str, Any] = {}

    def __call__(self, name: str) -> Value:
        column = self._COLUMNS.get(name)
        if column is not None:
            value: Value = self._row[column]
            return value
        if name in self._DOCUMENTS:
            return self._document(name)  # type: ignore[no-any-return]
        if name == "contact.created_at":
            return to_iso(self.created_at)
        if name.startswith("contact."):
            return self._document("contact.").get(name[8:])  # type: ignore[no-any-return]
        return None

    def _document(self, name: str) -> Any:
        if name not in self._documents:
            found = self._row[self._DOCUMENTS[name]]
            self._documents[name] = orjson.loads(found) if self._decode else found
        return self._documents[name]


def load_contacts(connection: Connection, ids: Collection[int]) -> dict[int, ContactFacts]:
    """The contacts that exist, by id."""
    bulk = Bulk(connection)
    test, parameter = bulk.among("id", ids)
    rows = bulk.rows(
        "SELECT id, created_at, key, name, email, phone, stage, owner, tags, dnd, fields "
        f"FROM contacts WHERE {test}",
        parameter,
    )
    return {row[0]: ContactFacts(row, decode=bulk.is_sqlite) for row in rows}
