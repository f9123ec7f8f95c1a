"""Events whose id is known already: the same again, or another one under the same id."""

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

import orjson

from store.bulk import Bulk
from store.connection import Connection


class KnownEvent(NamedTuple):
    """What of an event its id stands for; `properties` is JSON text."""

    contact_id: int
    deal_id: int | None
    type: str
    properties: str


class Sent(NamedTuple):
    """The same of an event that has been sent: ids are None where there is no such record, or none is named.

    `names_contact`, `names_deal`: whether it names one.
    """

    names_contact: bool
    contact_id: int | None
    names_deal: bool
    deal_id: int | None
    type: str
    properties: str


def known_events(connection: Connection, ids: Collection[str]) -> dict[str, KnownEvent]:
    """Those of the ids that are taken, with what they stand for."""
    bulk = Bulk(connection)
    test, parameter = bulk.among("id", ids)
    query = f"SELECT id, contact_id, deal_id, type, properties FROM events WHERE {test}"
    return {row[0]: KnownEvent(*row[1:]) for row in bulk.rows(query, parameter)}


def difference(known: KnownEvent, sent: Sent) -> str | None:
    """How an event differs from the one that has its id, in words; None when it is the same again.

    An event stays its deal's when the deal moves to another contact.
    """
    same_deal = sent.names_deal and sent.deal_id is not None and sent.deal_id == known.deal_id
    if sent.names_contact and not same_deal and sent.contact_id != known.contact_id:
        return "another contact"
    if sent.names_deal and not same_deal:
        return "no deal" if known.deal_id is None else "another deal"
    if not sent.names_deal and known.deal_id is not None:
        return "a deal"
    if sent.type != known.type:
        return f"the type {known.type}"
    return None if _same_json(sent.properties, known.properties) else "other properties"


def _same_json(sent: str, stored: str) -> bool:
    """Whether two JSON texts say the same. What is stored and cannot be read is not held against the sender."""
    if sent == stored:
        return True
    try:
        known = orjson.loads(stored)
    except orjson.JSONDecodeError:
        return True
    return _same(orjson.loads(sent), known)


def _same(one: Any, other: Any) -> bool:
    """Whether two JSON values are the same; 1 is 1.0, and true is not 1."""
    if isinstance(one, Mapping):
        if not isinstance(other, Mapping) or one.keys() != other.keys():
            return False
        return all(_same(one[key], other[key]) for key in one)
    if isinstance(one, list):
        if not isinstance(other, list) or len(one) != len(other):
            return False
        return all(_same(*pair) for pair in zip(one, other, strict=True))
    return one == other and isinstance(one, bool) is isinstance(other, bool)
