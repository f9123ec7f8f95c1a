"""The two kinds of record that carry scores, for use cases that treat them alike."""

from conditions.fields import RecordKind
from services.records.contacts import find_contact, plus_hint
from services.records.deals import find_deal
from store.connection import Connection, RowMapping

Kind = RecordKind


def find_record(connection: Connection, kind: Kind, key: str) -> RowMapping:
    """The row of a contact or deal; raises NotFound."""
    return find_contact(connection, key) if kind == "contact" else find_deal(connection, key)


def unknown_record(kind: str, key: str) -> str:
    """That a filter names nobody; a plus that was not encoded is the usual reason."""
    return f'there is no {kind} "{key}"{plus_hint(key)}'
