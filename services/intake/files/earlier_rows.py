"""What an import knows of earlier ones: its own rows under ids of former versions, and rows of another one."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from conditions.times import Micros
from services.intake.files.row_ids import packed, plain
from services.intake.moments import moment_of
from store.connection import Connection
from store.database import Database
from store.intake import imported, places

#: Rows of a batch that are compared with those of other imports.
SAMPLE = 20


class RowsByLine:
    """The rows of an import of which former versions made ids out of lines: each stands for one that says the same.

    Costs about 100 bytes of memory for each.
    """

    def __init__(self, database: Database, name: str) -> None:
        self._left: Counter[int] = Counter()
        self._since: Micros | None = None
        with database.read() as connection:
            for row in imported.rows_by_line(connection, name):
                if self._since is None or row.received_at < self._since:
                    self._since = row.received_at
                #: What came without a time, or with one ahead of the clock, has that of its arrival.
                at = None if row.occurred_at == row.received_at else row.occurred_at
                self._left[_key(row.contact_id, row.deal_id, row.type, at, _read(row.properties))] += 1

    def __bool__(self) -> bool:
        return bool(self._left)

    def known(self, connection: Connection, events: Sequence[Mapping[str, Any]]) -> list[bool]:
        """Of each event, whether such a row stands for it; one stands for one event."""
        contacts = places.find_contacts(connection, {_text(event.get("contact")) for event in events})
        deals = places.find_deals(connection, {_text(event.get("deal")) for event in events})
        return [self._take(event, contacts, deals) for event in events]

    def _take(
        self,
        event: Mapping[str, Any],
        contacts: Mapping[str, places.Place],
        deals: Mapping[str, places.Place],
    ) -> bool:
        deal = deals.get(_text(event.get("deal")))
        contact = contacts.get(_text(event.get("contact")))
        contact_id = contact.id if contact else deal.contact_id if deal else None
        if contact_id is None or (event.get("deal") is not None and deal is None):
            return False
        try:
            at = moment_of(event["occurred_at"]) if event.get("occurred_at") is not None else None
        except (TypeError, ValueError):
            return False
        moments: list[Micros | None] = [] if at is None else [at]
        if at is None or (self._since is not None and at >= self._since):
            moments.append(None)
        for moment in moments:
            key = _key(
                contact_id, deal.id if deal else None, event.get("type"), moment, event.get("properties")
            )
            if self._left[key] > 0:
                self._left[key] -= 1
                return True
        return False


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _read(properties: str) -> Any:
    try:
        return orjson.loads(properties)
    except orjson.JSONDecodeError:
        return properties


def _key(contact_id: int, deal_id: int | None, event_type: Any, at: Micros | None, properties: Any) -> int:
    return hash(packed(contact_id, deal_id, event_type, at, properties))


class Resemblance:
    """Whether most new rows of an import are there already: under another name, or with other properties."""

    def __init__(self, database: Database, name: str, started: Micros) -> None:
        self._database = database
        self._name = name
        self._started = started
        self._looked_at = 0
        self._changed = 0
        self._others: Counter[str] = Counter()

    def look(self, events: Sequence[Mapping[str, Any]]) -> None:
        """Compare some of a batch that is about to be stored. Events without a time are not compared."""
        step = max(1, len(events) // SAMPLE)
        chosen = [event for event in events[::step] if isinstance(event.get("occurred_at"), str)]
        sample: dict[str, tuple[tuple[str, Micros, str], Any]] = {}
        for event in chosen:
            try:
                row = (str(event["contact"]), moment_of(event["occurred_at"]), str(event["type"]))
            except (KeyError, ValueError):
                continue
            sample[event["id"]] = (row, plain(event.get("properties") or {}))
        if not sample:
            return
        with self._database.read() as connection:
            for known in imported.known_ids(connection, list(sample)):
                del sample[known]
            alike_events = (
                imported.like(connection, [row for row, _ in sample.values()], self._started)
                if sample
                else []
            )
        self._looked_at += len(sample)
        by_row: dict[tuple[str, Micros, str], list[imported.Like]] = {}
        for each in alike_events:
            by_row.setdefault((each.contact, each.occurred_at, each.type), []).append(each)
        for row, properties in sample.values():
            alike = by_row.get(row, ())
            same = {each.source for each in alike if plain(_read(each.properties)) == properties}
            self._others.update(same - {self._name})
            self._changed += bool(alike) and not same and any(each.source == self._name for each in alike)

    def notes(self, *, stored: bool) -> list[str]:
        """What is to be said of it. `stored`: whether the rows are there now."""
        if not self._looked_at:
            return []
        other, count = next(iter(self._others.most_common(1)), ("", 0))
        if count * 2 > self._looked_at:
            equal = f'Most of the new rows equal rows of the import "{other}" and'
            remedy = (
                f'count once more. If they are the same, take these back with kindling revoke --import "{self._name}", '
                f'and import later files under the name "{other}" (--name).'
                if stored
                else f'would count once more. If they are the same, import them under the name "{other}" (--name).'
            )
            return [f"{equal} {remedy}"]
        if self._changed * 2 > self._looked_at:
            counts = "count" if stored else "would count"
            take_back = "take all back" if stored else "take those that are there back"
            text = (
                f'Most of the new rows are there already under the name "{self._name}" with other properties, and '
                f"{counts} once more: columns were added, or cells are read otherwise. If they are the same, "
                f'{take_back} with kindling revoke --import "{self._name}", and import under another name (--name).'
            )
            return [text]
        return []
