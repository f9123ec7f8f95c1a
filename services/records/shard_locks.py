"""Changing a record: one transaction that holds its shard, then a wake-up."""

from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import TypeVar

from conditions.times import Micros
from services.resources import Conflict, Resources, Suppressed
from store.connection import Connection
from store.database import DatabaseUnavailable
from store.intake.suppressed import note_met

T = TypeVar("T")
_TRIES = 5


class _MovedError(Exception):
    """The record changed its shard between the look and the lock."""


def in_shards(
    resources: Resources,
    place: Callable[[Connection], Iterable[int]],
    work: Callable[[Connection, Micros], T],
) -> T:
    """Do `work` while holding the shards that `place` finds; `place` may raise what callers should see.

    What is Suppressed is counted.
    """
    try:
        return _in_shards(resources, place, work)
    except Suppressed as error:
        counts = dict.fromkeys(error.ids, 1)
        resources.database.run(lambda connection: note_met(connection, counts, resources.clock()))
        raise


def _in_shards(
    resources: Resources,
    place: Callable[[Connection], Iterable[int]],
    work: Callable[[Connection, Micros], T],
) -> T:
    for _ in range(_TRIES):
        with resources.database.read() as connection:
            shards = frozenset(place(connection))

        def locked(connection: Connection, shards: frozenset[int] = shards) -> T:
            if frozenset(place(connection)) != shards:
                raise _MovedError
            return work(connection, resources.clock())

        try:
            result = resources.database.run(locked, shards)
        except _MovedError:
            continue
        resources.wakes.request(shards)
        return result
    raise Conflict("the record is being moved by other calls; try again")


def forget_copies(resources: Resources) -> None:
    """After a deletion: have nothing of what is deleted left in files beside the database.

    Where a reader still needs it, or somebody holds the lock, workers do it once that is over.
    """
    with suppress(DatabaseUnavailable):
        resources.database.empty_log()
