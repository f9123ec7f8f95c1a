"""A shard's world for tests of the batch path: publish, send events, score, look."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from uuid_utils import uuid7

from conditions.times import Micros
from engine.batch import BatchOutcome, read_sweep, score_batch
from engine.published import PublishedCache
from runtime.statuses import EventStatus
from scoring.compiled import CompiledProfile
from scoring.entries import Adjustment, Event, Record
from scoring.fold import fold
from scoring.ledger import Ledger
from scoring.progress import Stored
from services.records.scores import record_of
from store.connection import Connection, RowMapping
from store.database import Database, dump_json
from store.design import definitions, publications
from store.follow_ups import effects
from store.intake import arriving as intake
from store.intake import places, revoking
from store.records import contacts, deals, erasing, merging
from store.scoring import histories, ledgers

HOUR = 3_600_000_000


class Known(NamedTuple):
    """What a score is a function of; `stored` is what came of it."""

    profile: CompiledProfile
    record: Record
    events: list[Event]
    adjustments: list[Adjustment]
    stored: Stored | None
    at: Micros


class World:
    """One database and a clock that tests set. All contacts are in whichever shard their key says."""

    def __init__(self, database: Database, shards: int = 4) -> None:
        self.database = database
        self.shards = shards
        self.now: Micros = 1_000 * 24 * HOUR
        self.published = PublishedCache()
        self.numbers = 0

    def later(self, hours: float) -> None:
        self.now += int(hours * HOUR)

    def publish(self, *rules: Mapping[str, Any], silent: bool = True, key: str = "p", **more: Any) -> str:
        """Save and publish a profile without sweeping it; the publication's id."""
        definition = {
            "key": key,
            "rules": [{"key": f"r{index}", **rule} for index, rule in enumerate(rules)],
            **more,
        }
        publication_id = str(uuid7())

        def work(connection: Connection) -> None:
            definitions.save_draft(
                connection,
                definitions.PROFILES,
                key,
                definition,
                self.now,
                extra={"applies_to": definition.get("applies_to", "contact")},
            )
            row = definitions.find(connection, definitions.PROFILES, key)
            assert row is not None
            version = definitions.publish_version(connection, definitions.PROFILES, row, definition, self.now)
            publications.begin(
                connection, publication_id, row["id"], version, self.shards, self.now, silent=silent
            )

        self.database.run(work)
        return publication_id

    def automate(self, trigger: Mapping[str, Any], key: str = "a", **more: Any) -> None:
        """Save and publish an automation."""
        definition = {"key": key, "trigger": trigger, "steps": [{"add_tag": "hot"}], **more}

        def work(connection: Connection) -> None:
            definitions.save_draft(connection, definitions.AUTOMATIONS, key, definition, self.now)
            row = definitions.find(connection, definitions.AUTOMATIONS, key)
            assert row is not None
            definitions.publish_version(
                connection,
                definitions.AUTOMATIONS,
                row,
                definition,
                self.now,
            )

        self.database.run(work)

    def send(
        self,
        event_type: str = "e",
        contact: str = "ada",
        *,
        at: Micros | None = None,
        event_id: str | None = None,
        silent: bool = False,
        deal: str | None = None,
        chain: int = 0,
        **properties: Any,
    ) -> str:
        """Take in one event; its id."""
        self.numbers += 1
        event_id = event_id or f"event-{self.numbers:04}"
        at = min(self.now if at is None else at, self.now)
        text = dump_json(properties)
        new = intake.NewEvent(event_id, event_type, contact or None, at, text, silent, None, deal, chain)
        self.database.run(lambda connection: intake.take_events(connection, [new], self.shards, self.now))
        return event_id

    def change(self, contact: str = "ada", *, depth: int = 0, **values: Any) -> None:
        """Change fields of a contact."""

        def work(connection: Connection) -> None:
            row = contacts.contact_by_key(connection, contact)
            assert row is not None
            contacts.change_contact(connection, row, values, self.now, depth=depth)

        self.database.run(work)

    def deal(self, deal: str, contact: str = "ada", *, depth: int = 0, **values: Any) -> None:
        """Create a deal, or change its fields."""

        def work(connection: Connection) -> None:
            owner = places.ensure_contacts(connection, [contact], self.shards, self.now)[contact]
            places.ensure_deals(connection, {deal: owner}, self.now)
            row = deals.deal_by_key(connection, deal)
            assert row is not None
            deals.change_deal(connection, row, values, self.now, depth=depth)

        self.database.run(work)

    def adjust(
        self,
        key: str,
        *,
        profile: str = "p",
        points: int | None = None,
        set_to: int | None = None,
        hours: float | None = None,
    ) -> str:
        """Adjust a score of a contact, or of a deal where the profile scores deals; the adjustment's id."""
        self.numbers += 1
        adjustment_id = f"adjustment-{self.numbers:04}"

        def work(connection: Connection) -> None:
            row = definitions.find(connection, definitions.PROFILES, profile)
            assert row is not None
            record = self._record(connection, row["applies_to"], key)
            effects.add_adjustment(
                connection,
                id=adjustment_id,
                profile_id=row["id"],
                record_id=record["id"],
                shard=record["shard"],
                points=points,
                set_to=set_to,
                reason="because",
                author="somebody",
                at=self.now,
                ends_at=None if hours is None else self.now + int(hours * HOUR),
                status=0,
                silent=False,
                depth=0,
            )

        self.database.run(work)
        return adjustment_id

    def revoke(self, *event_ids: str, silent: bool = False) -> int:
        """Take events back; how many were not before."""
        return self.database.run(
            lambda connection: revoking.revoke(connection, event_ids, self.now, silent=silent)
        )

    def merge(self, loser: str, survivor: str, **values: Any) -> None:
        """Merge one contact into another."""

        def work(connection: Connection) -> None:
            old, new = (contacts.contact_by_key(connection, key) for key in (loser, survivor))
            assert old is not None
            assert new is not None
            if old["id"] != new["id"]:
                merging.merge_contacts(connection, old, new, values, self.now)

        self.database.run(work)

    def erase(self, contact: str) -> None:
        """Erase a contact."""

        def work(connection: Connection) -> None:
            row = self._record(connection, "contact", contact)
            erasing.erase_contact(connection, row["id"], row["shard"])

        self.database.run(work)

    def move(self, deal: str, contact: str) -> None:
        """Give a deal to another contact."""

        def work(connection: Connection) -> None:
            row, owner = deals.deal_by_key(connection, deal), contacts.contact_by_key(connection, contact)
            assert row is not None
            assert owner is not None
            if row["contact_id"] != owner["id"]:
                merging.move_deal(connection, dict(row), owner, self.now)

        self.database.run(work)

    def _record(self, connection: Connection, kind: str, key: str) -> RowMapping:
        find = contacts.contact_by_key if kind == "contact" else deals.deal_by_key
        row = find(connection, key)
        assert row is not None
        return row

    def score(self, limit: int = 500) -> list[BatchOutcome]:
        """Batches of every shard until nothing is pending."""
        outcomes = []
        for shard in range(self.shards):
            while (outcome := self.batch(shard, limit)).size:
                outcomes.append(outcome)
        return outcomes

    def batch(self, shard: int, limit: int = 500) -> BatchOutcome:
        return self.database.run(
            lambda connection: score_batch(
                connection, shard, self.published.read(connection), lambda: self.now, limit
            ),
            [shard],
        )

    def sweep(
        self, publication_id: str, profile: str = "p", chunk: int = 2, shards: Iterable[int] | None = None
    ) -> int:
        """Re-score as the publish workflow does; how many records were passed."""
        passed = 0
        for shard in range(self.shards) if shards is None else shards:
            while True:

                def work(connection: Connection, shard: int = shard) -> int | None:
                    row = definitions.find(connection, definitions.PROFILES, profile)
                    assert row is not None
                    ids = publications.next_records(
                        connection, row["id"], publication_id, shard, chunk, 1_000
                    )
                    if ids:
                        published = self.published.read(connection)
                        profile_id = row["id"]
                        batch = read_sweep(connection, shard, published, self.now, profile_id, ids)
                        batch.save(connection)
                        if batch.unfinished:
                            return 0
                        publications.advance(connection, publication_id, shard, ids[-1], len(ids))
                    return len(ids) or None

                count = self.database.run(work, [shard])
                if count is None:
                    break
                passed += count
        return passed

    def query(self, statement: str) -> list[tuple[Any, ...]]:
        with self.database.read() as connection:
            return [tuple(row) for row in connection.exec_driver_sql(statement)]

    def scores(self, profile: str = "p") -> dict[str, int | None]:
        """The stored scores by the key of the contact or deal."""
        kind = self.query(f"SELECT applies_to FROM profiles WHERE key = '{profile}'")[0][0]
        return dict(
            self.query(
                f"SELECT c.key, s.score FROM scores s JOIN {kind}s c ON c.id = s.record_id "
                f"JOIN profiles p ON p.id = s.profile_id WHERE p.key = '{profile}' ORDER BY c.key"
            )
        )

    def changes(self, key: str = "ada", profile: str = "p") -> list[tuple[Any, ...]]:
        """(previous, current, cause) of the changes of a contact's or deal's score, in order."""
        kind = self.query(f"SELECT applies_to FROM profiles WHERE key = '{profile}'")[0][0]
        return self.query(
            f"SELECT h.previous, h.current, h.cause FROM changes h JOIN {kind}s c ON c.id = h.record_id "
            f"JOIN profiles p ON p.id = h.profile_id WHERE c.key = '{key}' AND p.key = '{profile}' ORDER BY h.seq"
        )

    def enrollments(self) -> list[tuple[Any, ...]]:
        """(automation, contact, previous, current, status), in order."""
        return self.query(
            "SELECT a.key, c.key, e.previous, e.current, e.status FROM enrollments e "
            "JOIN automations a ON a.id = e.automation_id JOIN contacts c ON c.id = e.contact_id ORDER BY e.id"
        )

    def skips(self) -> list[tuple[Any, ...]]:
        """(automation, contact, reason), in order."""
        return self.query(
            "SELECT a.key, c.key, s.reason FROM skips s JOIN automations a ON a.id = s.automation_id "
            "JOIN contacts c ON c.id = s.contact_id ORDER BY s.at, s.origin"
        )

    def history(self, key: str, profile: str = "p") -> Known:
        """Everything that the score of a contact or deal is a function of, as of its last scoring."""
        with self.database.read() as connection:
            compiled = self.published.read(connection).by_key[profile]
            kind = compiled.applies_to
            record_id = self._record(connection, kind, key)["id"]
            stored = ledgers.load_scores(connection, compiled.id, [record_id]).get(record_id)
            events = histories.load_applied_events(connection, kind, [record_id]).get(record_id, [])
            adjustments = histories.load_applied_adjustments(connection, compiled.id, [record_id])
            named = {event.deal for event in events if event.deal is not None}
            return Known(
                compiled,
                record_of(connection, kind, record_id, named),
                events,
                adjustments.get(record_id, []),
                stored,
                stored.scored_at if stored else self.now,
            )

    def plain(self, key: str, profile: str = "p") -> Ledger:
        """The plain fold over everything of a record that is not set aside, as of its last scoring."""
        known = self.history(key, profile)
        events = sorted(known.events, key=lambda event: (event.at, event.id))
        return fold(known.profile, known.record, events, known.adjustments, known.at)

    def corrupt(self, event_id: str, properties: str) -> None:
        """Spoil a stored event's properties, as nothing in the product would."""
        with self.database.write() as connection:
            connection.exec_driver_sql(
                f"UPDATE events SET properties = '{properties}' WHERE id = '{event_id}'"
            )

    def event_status(self, event_id: str) -> EventStatus:
        return EventStatus(self.query(f"SELECT status FROM events WHERE id = '{event_id}'")[0][0])
