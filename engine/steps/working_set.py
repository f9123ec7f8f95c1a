"""What steps of many follow-ups read and write in one transaction, for all of them in a few statements."""

from collections.abc import Callable, Collection, Mapping, Sequence
from itertools import groupby
from typing import Any, Generic, TypeAlias, TypeVar

from conditions.fields import CONTACT, DEAL
from conditions.times import Micros
from runtime.statuses import EnrollmentStatus
from store.connection import Connection, Row, RowMapping
from store.design import definitions
from store.follow_ups import effects, enrollments, messages, watching
from store.follow_ups.enrollments import OUTCOMES
from store.follow_ups.messages import NOTIFICATIONS, WEBHOOKS, Kind
from store.follow_ups.watching import WAITS
from store.follow_ups.writes import Writes
from store.records import contacts, deals

K = TypeVar("K")
V = TypeVar("V")
#: When a record was changed, how many follow-ups led there, and what had started the last of them.
_Cause: TypeAlias = tuple[Micros, int, str | None]


class WorkingSet:
    """What enrollments of one shard need, read for all of them with the first that asks; what they write, kept back.

    What came of one is there for the next, as if it had been written at once. What somebody reads or writes beside
    this, by `connection`, comes after all that was kept back.
    """

    def __init__(self, connection: Connection, rows: Sequence[RowMapping]) -> None:
        self._connection = connection
        self._writes = Writes(connection)
        self._changes: list[tuple[_Cause, tuple[dict[str, Any], dict[str, Any]]]] = []
        ids = [row["id"] for row in rows]
        contact_ids = [row["contact_id"] for row in rows]
        deal_ids = [row["deal_id"] for row in rows if row["deal_id"] is not None]
        event_ids = [row["event_id"] for row in rows if row["event_id"] is not None]
        self._contacts = _Known(lambda keys: contacts.load_contacts(connection, keys), contact_ids)
        self._deals = _Known(lambda keys: deals.load_deals(connection, keys), deal_ids)
        self._scores = {
            CONTACT: _Known(lambda keys: effects.scores_of(connection, CONTACT, keys), contact_ids),
            DEAL: _Known(lambda keys: effects.scores_of(connection, DEAL, keys), deal_ids),
        }
        self._events = _Known(lambda keys: effects.load_events(connection, keys), event_ids)
        self._recipients = _Known(lambda keys: definitions.find_recipients(connection, keys))
        self._profiles = _Known(lambda keys: definitions.find_many(connection, definitions.PROFILES, keys))
        self._outcomes = _KnownParts(lambda keys: enrollments.outcomes_of(self.connection, keys), ids)
        self._waits = _KnownParts(lambda keys: watching.waits_of(self.connection, keys), ids)
        self._notifications = _KnownParts(
            lambda keys: messages.of_enrollments(self.connection, NOTIFICATIONS, keys), ids
        )
        self._webhooks = _KnownParts(
            lambda keys: messages.of_enrollments(self.connection, WEBHOOKS, keys), ids
        )
        self._behind = _Known(lambda keys: enrollments.waited_for(connection, keys), ids)

    @property
    def connection(self) -> Connection:
        """For what this does not know. All that was kept back is written."""
        self.flush()
        return self._connection

    def flush(self) -> None:
        """Write what was kept back."""
        self._writes.flush()
        changes, self._changes = self._changes, []
        for (now, depth, brought_by), group in groupby(changes, key=lambda change: change[0]):
            changed = [change for _, change in group]
            contacts.change_contacts(self._connection, changed, now, depth=depth, brought_by=brought_by)

    def contact(self, contact_id: int) -> Row | None:
        """A contact, also one that was merged into another."""
        return self._contacts.find(contact_id)

    def deal(self, deal_id: int) -> Row | None:
        return self._deals.find(deal_id)

    def scores(self, contact_id: int, deal_id: int | None) -> dict[str, tuple[int, int | None]]:
        """As `effects.present_scores` gives them."""
        of_deal = self._scores[DEAL].find(deal_id) if deal_id is not None else None
        return {**(self._scores[CONTACT].find(contact_id) or {}), **(of_deal or {})}

    def event(self, event_id: str) -> Row | None:
        return self._events.find(event_id)

    def recipient(self, key: str) -> Row | None:
        return self._recipients.find(key)

    def profile(self, key: str) -> Row | None:
        """The row of a profile, published or not."""
        return self._profiles.find(key)

    def outcomes(self, enrollment_id: str) -> Mapping[str, Mapping[str, Any]]:
        """What the steps of an enrollment came to, by path."""
        return self._outcomes.find(enrollment_id) or {}

    def wait(self, enrollment_id: str, path: str) -> Row | None:
        return (self._waits.find(enrollment_id) or {}).get(path)

    def message(self, kind: Kind, enrollment_id: str, message_id: str) -> Row | None:
        return (self._of_kind(kind).find(enrollment_id) or {}).get(message_id)

    def is_waited_for(self, enrollment_id: str) -> bool:
        """Whether another enrollment begins only when the first steps of this one are done."""
        return self._behind.find(enrollment_id) is not None

    def add_outcome(
        self, row: RowMapping, path: str, kind: str, result: Mapping[str, Any], now: Micros
    ) -> None:
        """What a step came to."""
        self._outcomes.add(row["id"], path, result)
        self._writes.insert(
            OUTCOMES,
            enrollment_id=row["id"],
            path=path,
            kind=kind,
            result=dict(result),
            attempt=row["attempt"],
            at=now,
        )

    def add_message(self, kind: Kind, values: dict[str, Any]) -> None:
        """A message of an enrollment."""
        self._of_kind(kind).add(values["enrollment_id"], values["id"], values)
        self._writes.insert(kind, **values)

    def _of_kind(self, kind: Kind) -> "_KnownParts[str, dict[str, Any]]":
        return self._notifications if kind is NOTIFICATIONS else self._webhooks

    def add_task(self, now: Micros, depth: int, values: Mapping[str, Any]) -> str:
        """An open task; its id."""
        return self._writes.task(now, depth, values)

    def register_wait(self, enrollment_id: str, path: str, now: Micros, **values: Any) -> None:
        """Begin to wait, as `watching.new_wait` has it; the shard's lock is held."""
        wait = watching.new_wait(enrollment_id, path, now, **values)
        self._waits.add(enrollment_id, path, wait)
        self._writes.insert(WAITS, **wait)
        self._writes.watch(enrollment_id, watching.WAIT)

    def change_contact(
        self,
        before: Row,
        values: Mapping[str, Any],
        now: Micros,
        *,
        depth: int,
        brought_by: str | None,
    ) -> bool:
        """Set fields of a contact, as `contacts.change_contact` does; whether something differs."""
        present = dict(before)
        new = contacts.differing(present, values)
        if new:
            self._changes.append(((now, depth, brought_by), (present, new)))
            self._contacts.note(present["id"], contacts.after_change(present, new, now, depth=depth))
        return bool(new)

    def change_deal(
        self, deal: Row, values: Mapping[str, Any], now: Micros, *, depth: int, brought_by: str | None
    ) -> bool:
        """The same for a deal; it is written at once."""
        done = deals.change_deal(self.connection, deal, values, now, depth=depth, brought_by=brought_by)
        self._deals.forget()
        return done

    def reach_step(self, enrollment_id: str, path: str) -> None:
        """Note where an enrollment is."""
        self._writes.reach_step(enrollment_id, path)

    def settle(self, enrollment_id: str) -> None:
        """Note that the first steps of an enrollment are done."""
        self._writes.settle(enrollment_id)

    def end(self, enrollment_id: str, status: EnrollmentStatus, now: Micros, error: str | None) -> None:
        """Give an enrollment its final status, as `enrollments.end_enrollment` does."""
        if status == EnrollmentStatus.COMPLETED and error is None:
            self._writes.complete(enrollment_id, now)
        else:
            enrollments.end_enrollment(self.connection, enrollment_id, status, now, error)
            self._behind.forget()  # who came after it comes after another now


class _Known(Generic[K, V]):
    """What was read, by key. `expected`: what is read along with the first that is asked for."""

    def __init__(self, read: Callable[[Collection[K]], Mapping[K, V]], expected: Collection[K] = ()) -> None:
        self._read = read
        self._expected = expected
        self._known: dict[K, V | None] = {}

    def find(self, key: K) -> V | None:
        """None: there is nothing of this key."""
        if key not in self._known:
            wanted = {key, *self._expected} - self._known.keys()
            found = self._read(wanted)
            self._known |= {one: found.get(one) for one in wanted}
            self._expected = ()
        return self._known[key]

    def note(self, key: K, value: V) -> None:
        """What is of this key from now on."""
        self._known[key] = value

    def forget(self) -> None:
        """Have all of it read anew."""
        self._known.clear()


class _KnownParts(_Known[K, Mapping[str, V]]):
    """The same where there are several of a key, each with a name."""

    def add(self, key: K, name: str, part: V) -> None:
        """One more; what has not been read yet is read when it is asked for, with this."""
        if key in self._known:
            self._known[key] = {**(self._known[key] or {}), name: part}
