"""What rules and filters read: an event's properties, a contact's and a deal's fields."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, ClassVar

import orjson

from conditions.fields import CONTACT_TEXTS
from conditions.times import Micros, to_iso
from conditions.values import Value
from scoring.entries import Event
from store.bulk import Bulk
from store.connection import Connection, Row


class Properties(Mapping[str, Any]):
    """An event's properties, decoded when first read; most rules never do. ValueError when they are not an object."""

    __slots__ = ("_known", "_text")

    def __init__(self, text: str) -> None:
        self._text = text
        self._known: dict[str, Any] | None = None

    def _read(self) -> dict[str, Any]:
        if self._known is None:
            properties = orjson.loads(self._text)
            if not isinstance(properties, dict):
                raise ValueError("the stored properties are not a JSON object")
            self._known = properties
        return self._known

    def get(self, key: str, default: Any = None) -> Any:
        return self._read().get(key, default)

    def __getitem__(self, key: str) -> Any:
        return self._read()[key]

    def __iter__(self) -> Any:
        return iter(self._read())

    def __len__(self) -> int:
        return len(self._read())


def event_of(row: Row) -> Event:
    """An event as rules and filters read it, of a row with all that they may ask for."""
    return Event(row["id"], row["type"], row["occurred_at"], Properties(row["properties"]), row["deal_id"])


class RecordFacts:
    """A record as rules and filters read it: `<kind>.<field>`, custom fields beside the built-in ones.

    Columns of JSON are decoded when first read; most batches read none of them.
    """

    __slots__ = ("_decode", "_documents", "_row", "created_at", "id", "key")

    KIND: ClassVar[str]
    COLUMNS: ClassVar[Mapping[str, int]]
    DOCUMENTS: ClassVar[Mapping[str, int]]
    FIELDS: ClassVar[int]

    def __init__(self, row: Sequence[Any], *, decode: bool) -> None:
        self.id: int = row[0]
        self.created_at: Micros = row[1]
        self.key: str = row[2]
        self._row = row
        self._decode = decode
        self._documents: dict[int, Any] = {}

    def __call__(self, name: str) -> Value:
        column = self.COLUMNS.get(name)
        if column is not None:
            value: Value = self._row[column]
            return value
        owner, _, field = name.partition(".")
        if owner != self.KIND:
            return None
        if field == "created_at":
            return to_iso(self.created_at)
        if name in self.DOCUMENTS:
            return self._document(self.DOCUMENTS[name])  # type: ignore[no-any-return]
        return self._document(self.FIELDS).get(field)  # type: ignore[no-any-return]

    def _document(self, column: int) -> Any:
        if column not in self._documents:
            document = self._row[column]
            self._documents[column] = orjson.loads(document) if self._decode else document
        return self._documents[column]


def _columns(kind: str, names: Sequence[str]) -> dict[str, int]:
    return {f"{kind}.{name}": index for index, name in enumerate(names, start=2)}


class ContactFacts(RecordFacts):
    """A contact's fields."""

    __slots__ = ()
    KIND = "contact"
    COLUMNS = _columns("contact", ("key", *CONTACT_TEXTS))
    DOCUMENTS: ClassVar[dict[str, int]] = {
        f"contact.{name}": len(CONTACT_TEXTS) + index for index, name in enumerate(("tags", "dnd"), start=3)
    }
    FIELDS = len(CONTACT_TEXTS) + 5


class DealFacts(RecordFacts):
    """A deal's fields. `contact_id`: whose it is."""

    __slots__ = ()
    KIND = "deal"
    COLUMNS = _columns("deal", ("key", "name", "pipeline", "stage", "status", "currency", "owner", "value"))
    DOCUMENTS: ClassVar[dict[str, int]] = {"deal.tags": 12}
    FIELDS = 10

    @property
    def contact_id(self) -> int:
        contact_id: int = self._row[11]
        return contact_id


def load_contacts(connection: Connection, ids: Collection[int]) -> dict[int, ContactFacts]:
    """The contacts that exist, by id."""
    bulk = Bulk(connection)
    test, parameter = bulk.among("id", ids)
    contacts = bulk.rows(
        f"SELECT id, created_at, key, {', '.join(CONTACT_TEXTS)}, tags, dnd, fields "
        f"FROM contacts WHERE {test} AND merged_into IS NULL",
        parameter,
    )
    return {row[0]: ContactFacts(row, decode=bulk.is_sqlite) for row in contacts}


def load_deals(
    connection: Connection, ids: Collection[int], *, of_contacts: bool = False
) -> dict[int, DealFacts]:
    """The deals that exist, by id; or all deals of the contacts with these ids."""
    if not ids:
        return {}
    bulk = Bulk(connection)
    test, parameter = bulk.among("contact_id" if of_contacts else "id", ids)
    deals = bulk.rows(
        "SELECT id, created_at, key, name, pipeline, stage, status, currency, owner, value, fields, contact_id, "
        "tags "
        f"FROM deals WHERE {test}",
        parameter,
    )
    return {
        row[0]: DealFacts((*row[:9], plain_number(row[9]), *row[10:]), decode=bulk.is_sqlite) for row in deals
    }


def plain_number(value: float | None) -> int | float | None:
    """A stored number as its sender wrote it: 5000, not 5000.0."""
    return int(value) if value is not None and value == int(value) else value


class DealWithContact:
    """A deal as rules of deals read it: `deal.x` its own fields, `contact.x` its contact's."""

    __slots__ = ("contact", "deal")

    def __init__(self, deal: DealFacts, contact: ContactFacts) -> None:
        self.deal = deal
        self.contact = contact

    def __call__(self, name: str) -> Value:
        return self.contact(name) if name.startswith("contact.") else self.deal(name)
