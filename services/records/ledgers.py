"""The ledgers behind scores: as the last scoring left them, or folded for another time."""

from collections.abc import Collection, Iterable

from conditions.describing import field_words
from conditions.times import Micros, parse_moment
from conditions.values import Value, is_empty
from engine.scores.coming import Coming, StoredEntries
from engine.scores.rewinding import Past
from scoring.breakdown import breakdown
from scoring.compiled import CompiledProfile
from scoring.entries import Record
from scoring.fold import fold
from scoring.ledger import Ledger
from services.resources import NotFound
from store.connection import Connection, RowMapping
from store.records import score_reads
from store.scoring.facts import DealWithContact, load_contacts, load_deals


def folded(
    connection: Connection, profile: CompiledProfile, record_id: int, at: Micros, past: Past | None = None
) -> Ledger:
    """The ledger at another time, from the whole applied history and the fields as they are now; with `past`, as they
    were.
    """
    kind = profile.applies_to
    events, adjustments = score_reads.history_of(connection, kind, profile.id, record_id)
    deals = {event.deal for event in events if event.deal is not None}
    record = record_of(connection, kind, record_id, deals)
    return fold(profile, past.of(record, record_id) if past is not None else record, events, adjustments, at)


def record_of(connection: Connection, kind: str, record_id: int, deals: Iterable[int] = ()) -> Record:
    """The record as rules read it, with the fields of the deals that its events name."""
    record = records_of(connection, kind, [record_id], deals).get(record_id)
    if record is None:
        raise NotFound(f"the {kind} is being erased, or its contact is")
    return record


def records_of(
    connection: Connection, kind: str, ids: Collection[int], deals: Iterable[int] = ()
) -> dict[int, Record]:
    """The same of several, by id; without those that are being erased."""
    if kind == "deal":
        theirs = load_deals(connection, list(ids))
        owners = load_contacts(connection, [deal.contact_id for deal in theirs.values()])
        return {
            deal_id: Record(kind, deal.created_at, DealWithContact(deal, owners[deal.contact_id]))
            for deal_id, deal in theirs.items()
            if deal.contact_id in owners
        }
    known = load_deals(connection, list(deals))

    def beside(deal_id: int | None, name: str) -> Value:
        return known[deal_id](name) if deal_id is not None and deal_id in known else None

    return {
        contact_id: Record(kind, facts.created_at, facts, beside)
        for contact_id, facts in load_contacts(connection, list(ids)).items()
    }


def breakdown_of(connection: Connection, stored: RowMapping, ledger: Ledger) -> list[tuple[str, int, int]]:
    """The breakdown of a ledger as the last scoring left it."""
    if ledger.standing.living is not None:
        return breakdown(ledger)
    entries = score_reads.entries_of(connection, stored["profile_id"], stored["record_id"])
    return breakdown(ledger, entries)


def coming_of(connection: Connection, stored: RowMapping, ledger: Ledger) -> Coming:
    """What time may change of a ledger as the last scoring left it."""
    living = ledger.standing.living
    if living is None:
        return Coming(score_reads.entries_of(connection, stored["profile_id"], stored["record_id"]))
    return StoredEntries(connection, ledger.profile, stored["record_id"], living).coming(ledger)


def no_dates(profile: CompiledProfile, record: Record) -> list[str]:
    """Rules that ask how old a date is, of a field that holds something else."""
    notes = []
    for rule in profile.attribute_rules:
        for field, _ in rule.ages:
            value = record.fields(f"{profile.applies_to}.{field}")
            if is_empty(value) or (isinstance(value, str) and parse_moment(value) is not None):
                continue
            notes.append(
                f'rule {rule.key} never holds: {field_words(field)} is "{str(value)[:40]}", which is no date; '
                "write 2026-05-15, or 2026-05-15T09:00:00+02:00"
            )
    return notes
