"""Many records in one call: each merged into what is there, put in its place, or given tags."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Generic, NamedTuple, TypeVar

from conditions.limits import EVENTS
from conditions.problems import Problem
from conditions.times import Micros
from services.records.bulk.bulk_items import DEFAULT, EXAMPLES, Mode, Options, Wish
from services.records.kinds import Kind
from services.records.shard_locks import in_shards
from services.resources import Invalid, Resources
from store.connection import Connection
from store.intake import suppressed
from store.records.contacts import differ, differing

#: As many as one array may have.
MOST_AT_ONCE = EVENTS.most
#: Records in one transaction: other writers wait no longer than a batch.
CHUNK = 100
#: Changes that a dry run shows.
SHOWN = 20


class Change(NamedTuple):
    """What becomes of a record: by field, what it has and what it will have."""

    key: str
    created: bool
    fields: Mapping[str, tuple[Any, Any]]


@dataclass
class Written:
    """What became of many records, or in a dry run would become of them; `changes`: the first of those.

    `rejected`: by place, with what is wrong. `suppressed` are about persons who were erased for good.
    """

    created: int = 0
    changed: int = 0
    unchanged: int = 0
    suppressed: int = 0
    rejected: list[tuple[int, list[Problem]]] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)

    def add(self, other: "Written") -> None:
        """Count others, too, but for those that were rejected."""
        self.created += other.created
        self.changed += other.changed
        self.unchanged += other.unchanged
        self.suppressed += other.suppressed
        self.changes += other.changes[: SHOWN - len(self.changes)]


W = TypeVar("W", bound=Wish)


class Chunk(ABC, Generic[W]):
    """Some records in one transaction, one after the other: an item sees what those before it have done."""

    def __init__(self, connection: Connection, shards: int, now: Micros, options: Options) -> None:
        self.connection = connection
        self.shards = shards
        self.now = now
        self.options = options
        self.made: set[str] = set()
        self._written = Written()
        self._touched: dict[int, tuple[str, Mapping[str, Any], dict[str, Any]]] = {}

    @abstractmethod
    def keys(self, wishes: Sequence[W]) -> dict[int, str | Problem]:
        """Which record each is about, by place."""

    @abstractmethod
    def names(self, wish: W, key: str | None) -> frozenset[str]:
        """What a suppression of the person may be known by."""

    @abstractmethod
    def rows(self, good: Sequence[tuple[W, str]]) -> dict[str, dict[str, Any]]:
        """The records by key, those that there were not made, or as they will be made; these are noted in `made`."""

    @abstractmethod
    def missing(self, key: str) -> Problem:
        """Why there is no record of this key."""

    @abstractmethod
    def values(self, wish: W, before: Mapping[str, Any]) -> dict[str, Any]:
        """What the record will have; raises Invalid where that is too much."""

    @abstractmethod
    def change(self, changes: Sequence[tuple[Mapping[str, Any], dict[str, Any]]]) -> None:
        """Write what becomes of records."""

    def write(self, wishes: Sequence[W]) -> tuple[Written, Mapping[str, int]]:
        """What became of them, and how often each suppression was met."""
        keys = self.keys(wishes)
        met = self._suppressed(wishes, keys)
        good: list[tuple[W, str]] = []
        for wish in wishes:
            key = keys[wish.place]
            if isinstance(key, Problem):
                self._written.rejected.append((wish.place, [key]))
            elif wish.place not in met:
                good.append((wish, key))
        rows = self.rows(good)
        for wish, key in good:
            if key not in rows:
                self._written.rejected.append((wish.place, [self.missing(key)]))
                continue
            try:
                self._apply(wish, key, rows)
            except Invalid as error:
                self._written.rejected.append((wish.place, list(error.problems)))
        self._store()
        counts: dict[str, int] = {}
        for ids in met.values():
            for suppression_id in ids:
                counts[suppression_id] = counts.get(suppression_id, 0) + 1
        self._written.suppressed = len(met)
        return self._written, counts

    def _suppressed(
        self, wishes: Sequence[W], keys: Mapping[int, str | Problem]
    ) -> dict[int, frozenset[str]]:
        """The places of those who were erased for good, with the ids of the suppressions."""
        names = {
            str(wish.place): self.names(wish, key if isinstance(key := keys[wish.place], str) else None)
            for wish in wishes
        }
        met = suppressed.suppressed(self.connection, names, names.__getitem__)
        return {int(index): ids for index, ids in met.items()}

    def _apply(self, wish: W, key: str, rows: Mapping[str, Mapping[str, Any]]) -> None:
        row = rows[key]
        _, first, new = self._touched.get(row["id"], (key, row, {}))
        values = self.values(wish, {**first, **new})
        self._touched[row["id"]] = (key, first, differing(first, {**new, **values}))

    def _store(self) -> None:
        written, changes = self._written, []
        for key, before, new in self._touched.values():
            created = key in self.made
            written.created += created
            written.changed += bool(new) and not created
            written.unchanged += not new and not created
            if new:
                changes.append((before, new))
            if (new or created) and len(written.changes) < SHOWN:
                written.changes.append(Change(key, created, dict(_differences(before, new))))
        if changes and not self.options.dry_run:
            self.change(changes)


class RecordsInBulk(ABC, Generic[W]):
    """Writes records of one kind, some hundred in one transaction."""

    kind: ClassVar[Kind]
    modes: ClassVar[Sequence[Mode]]

    def __init__(self, resources: Resources) -> None:
        self.resources = resources

    @abstractmethod
    def wish(self, index: int, item: Mapping[str, Any], options: Options) -> W:
        """An item, checked; raises Invalid with every mistake."""

    @abstractmethod
    def shards_of(self, connection: Connection, wishes: Sequence[W]) -> set[int]:
        """The shards of all that the wishes may change."""

    @abstractmethod
    def chunk(self, connection: Connection, now: Micros, options: Options) -> Chunk[W]:
        """For some of them."""

    def write(self, items: Sequence[Any], options: Options = DEFAULT) -> Written:
        """Each item is a record with its key, and says how it is written (`mode`), or is as the call says.

        `merge` creates or changes: what is given is set, `fields` are merged and tags added. `put` replaces it.
        `add_tags` adds tags to one that there is. Good ones are written whatever the others are like.
        """
        written = Written()
        wishes = []
        for index, item in enumerate(items):
            try:
                wishes.append(self._wish(index, item, options))
            except Invalid as error:
                written.rejected.append((index, list(error.problems)))
        for start in range(0, len(wishes), CHUNK):
            self._write(wishes[start : start + CHUNK], written, options)
        written.rejected.sort(key=lambda place: place[0])
        return written

    def _wish(self, index: int, item: Any, options: Options) -> W:
        if not isinstance(item, dict):
            raise Invalid([Problem((), EXAMPLES[self.kind])])
        return self.wish(index, item, options)

    def _write(self, wishes: Sequence[W], written: Written, options: Options) -> None:
        def work(connection: Connection, now: Micros) -> tuple[Written, Mapping[str, int]]:
            return self.chunk(connection, now, options).write(wishes)

        if options.dry_run:
            with self.resources.database.read() as connection:
                chunk, met = work(connection, self.resources.clock())
        else:
            chunk, met = in_shards(
                self.resources, lambda connection: self.shards_of(connection, wishes), work
            )
        written.add(chunk)
        written.rejected += chunk.rejected
        if met and not options.dry_run:
            clock = self.resources.clock
            self.resources.database.run(lambda connection: suppressed.note_met(connection, met, clock()))


def _differences(before: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[tuple[str, tuple[Any, Any]]]:
    """By field, what a record has and will have; fields of the caller's own as `fields.<name>`."""
    for name, value in new.items():
        if name != "fields":
            yield name, (before[name], value)
            continue
        for own in (*before["fields"], *(added for added in value if added not in before["fields"])):
            pair = before["fields"].get(own), value.get(own)
            if differ(*pair):
                yield f"fields.{own}", pair
