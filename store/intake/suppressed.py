"""Who was erased for good: known by keyed hashes of keys and addresses, which tell nobody who it was."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from hashlib import blake2b

from sqlalchemy import Connection

from conditions.search import folded_address
from conditions.times import Micros
from store import meta
from store.bulk import Bulk

#: The fact that holds the secret of the hashes, beside the one that signs webhooks.
SECRET = "suppression_secret"  # noqa: S105 - a name
#: Of PostgreSQL: held together by those who take something in, and alone by who suppresses somebody.
_ADVISORY_LOCK = 5_346_254_638


def names_of_key(key: str) -> frozenset[str]:
    """What a key is looked for as: itself, letter by letter, and the address that it may be."""
    return frozenset((f"key {key}", *(names_of_address(key) if "@" in key else ())))


def names_of_address(address: str | None) -> frozenset[str]:
    """What an address is looked for as: without case, composed or not; nothing for a blank one."""
    folded = folded_address(address)
    return frozenset((f"address {folded}",)) if folded else frozenset()


def hashed(names: Iterable[str], secret: str) -> dict[str, str]:
    """Keyed hashes by name."""
    key = bytes.fromhex(secret)
    return {name: blake2b(name.encode(), digest_size=16, key=key).hexdigest() for name in names}


def close_intake(connection: Connection) -> None:
    """Wait for those who take something in, and let nobody begin to before this transaction ends.

    On SQLite there is one writer at a time anyway.
    """
    bulk = Bulk(connection)
    if not bulk.is_sqlite:
        bulk.rows("SELECT pg_advisory_xact_lock(?)", _ADVISORY_LOCK)


def suppressed(
    connection: Connection, keys: Collection[str], name: Callable[[str], frozenset[str]]
) -> dict[str, frozenset[str]]:
    """Those of the keys that are suppressed under one of their names, with the ids of the suppressions.

    Nobody is suppressed before the transaction ends. One statement where nobody is at all; PostgreSQL adds a lock.
    """
    bulk = Bulk(connection)
    if not bulk.is_sqlite:
        bulk.rows("SELECT pg_advisory_xact_lock_shared(?)", _ADVISORY_LOCK)
    secret = bulk.rows(
        "SELECT value FROM meta WHERE key = ? AND EXISTS (SELECT 1 FROM suppressed_names)", SECRET
    )
    if not secret:
        return {}
    wanted = {key: name(key) for key in keys}
    hashes = hashed({one for names in wanted.values() for one in names}, secret[0][0])
    test, parameter = bulk.among("hash", sorted(hashes.values()))
    by_hash: dict[str, set[str]] = {}
    for hash_, suppression_id in bulk.rows(
        f"SELECT hash, suppression_id FROM suppressed_names WHERE {test}", parameter
    ):
        by_hash.setdefault(hash_, set()).add(suppression_id)
    if not by_hash:
        return {}
    ids = {
        key: frozenset(id_ for one in names for id_ in by_hash.get(hashes[one], ()))
        for key, names in wanted.items()
    }
    return {key: those for key, those in ids.items() if those}


def note_met(connection: Connection, counts: Mapping[str, int], now: Micros) -> None:
    """Count what was not stored, by suppression."""
    Bulk(connection).each(
        "UPDATE suppressions SET met = met + ?, last_met_at = ? WHERE id = ?",
        [(count, now, suppression_id) for suppression_id, count in sorted(counts.items())],
    )


def held_back(
    connection: Connection, contacts: Iterable[str | None], emails: Mapping[str, str] | None = None
) -> dict[int, frozenset[str]]:
    """The places of events, by the keys of their contacts, that are not to be stored, with the suppressions' ids.

    `emails`: addresses by key, of those contacts that come with one.
    """
    keys, addresses = list(contacts), emails or {}
    wanted = {key for key in keys if key is not None}

    def names(key: str) -> frozenset[str]:
        return names_of_key(key) | names_of_address(addresses.get(key))

    barred = suppressed(connection, wanted, names) if wanted else {}
    return {place: barred[key] for place, key in enumerate(keys) if key in barred} if barred else {}


def hold_back(
    connection: Connection,
    contacts: Iterable[str | None],
    now: Micros,
    emails: Mapping[str, str] | None = None,
) -> frozenset[int]:
    """The places of those that are held back, which are counted."""
    places = held_back(connection, contacts, emails)
    if places:
        note_met(connection, Counter(id_ for ids in places.values() for id_ in ids), now)
    return frozenset(places)


def secret(connection: Connection, fresh: str) -> str:
    """The secret of this installation's hashes; `fresh` becomes it if there is none yet."""
    return meta.settled_fact(connection, SECRET, fresh)
