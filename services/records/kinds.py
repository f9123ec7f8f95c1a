"""The two kinds of record that carry scores, for use cases that treat them alike."""

from conditions.fields import RecordKind
from services.records.contacts import find_contact, plus_hint
from services.records.deals import find_deal
from services.resources import BadParameter
from store.connection import Connection, RowMapping
from store.records import contacts, deals

Kind = RecordKind


def find_record(connection: Connection, kind: Kind, key: str) -> RowMapping:
    """The row of a contact or deal; raises NotFound."""
    return find_contact(connection, key) if kind == "contact" else find_deal(connection, key)


def unknown_record(kind: str, key: str) -> str:
    """That a filter names nobody; a plus that was not encoded is the usual reason."""
    return f'there is no {kind} "{key}"{plus_hint(key)}'


def ids_of(connection: Connection, contact: str | None, deal: str | None) -> dict[str, int]:
    """The ids by which rows name a contact and a deal, where they are asked for; raises BadParameter."""
    ids: dict[str, int] = {}
    for kind, key, find in (("contact", contact, contacts.contact_by_key), ("deal", deal, deals.deal_by_key)):
        if key is not None:
            row = find(connection, key)
            if row is None:
                raise BadParameter(kind, unknown_record(kind, key))
            ids[f"{kind}_id"] = row["id"]
    return ids
