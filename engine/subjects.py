"""The records that a batch is about, with what rules and filters may read of them."""

from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from conditions.fields import CONTACT, DEAL
from conditions.values import Value
from engine.published import Published
from scoring.compiled import CompiledProfile
from scoring.entries import Record
from scoring.progress import Touch
from store.connection import Connection, RowMapping
from store.follow_ups.enrolling import Earlier
from store.scoring.facts import DealWithContact, load_contacts, load_deals
from store.scoring.pending import Due, PendingEvent, fields_before


def record_id_of(kind: str, contact_id: int, deal_id: int | None) -> int | None:
    """Of a contact and perhaps a deal of it, the id of the one of a kind."""
    return contact_id if kind == CONTACT else deal_id


class Subject(NamedTuple):
    """Who is enrolled: the contact, or with `about_deal` the deal. A contact's enrollment may name a deal besides."""

    contact_id: int
    deal_id: int | None
    about_deal: bool

    @classmethod
    def enrolled(cls, contact_id: int, deal_id: int | None, scored: str | None) -> "Subject":
        """A deal is enrolled by its score, or by an event that names it. `scored`: the kind of record whose score
        moved, None where an event enrolled.
        """
        return cls(contact_id, deal_id, about_deal=deal_id is not None and scored != CONTACT)

    @classmethod
    def of_record(cls, kind: str, row: RowMapping) -> "Subject":
        """A contact, or a deal, as one to be enrolled."""
        if kind == DEAL:
            return cls(row["contact_id"], row["id"], about_deal=True)
        return cls(row["id"], None, about_deal=False)

    @property
    def record_id(self) -> int:
        """Of the deal or the contact."""
        return self.deal_id if self.about_deal and self.deal_id is not None else self.contact_id

    @property
    def kind(self) -> str:
        """What is enrolled."""
        return DEAL if self.about_deal else CONTACT

    @property
    def guarded(self) -> tuple[int, int | None]:
        """Whose earlier enrollments count for re-entry: the contact's, or those of this deal of it."""
        return self.contact_id, self.deal_id if self.about_deal else None


def subject_of(enrollment: RowMapping) -> Subject:
    """Who is enrolled; of a row with what its profile `applies_to`."""
    return Subject.enrolled(enrollment["contact_id"], enrollment["deal_id"], enrollment["applies_to"])


def earlier_subject(earlier: Earlier, kinds: Mapping[int, str]) -> Subject:
    """Who was enrolled earlier; `kinds` of records by profile id."""
    scored = None if earlier.profile_id is None else kinds.get(earlier.profile_id)
    return Subject.enrolled(earlier.contact_id, earlier.deal_id, scored)


class Subjects:
    """Contacts and deals by id; those that no longer exist are missing.

    `before`: by kind and id, what fields held that have changed since the last scoring, where a trigger looks at that.
    """

    def __init__(
        self,
        connection: Connection,
        due: Due,
        published: Published,
        sweep: Mapping[str, Iterable[int]] | None = None,
    ) -> None:
        self._connection = connection
        self._touched: dict[str, Mapping[int, int]] = {CONTACT: due.touched_contacts, DEAL: due.touched_deals}
        contacts = {pending.contact_id for pending in due.events}
        deals = {pending.event.deal for pending in due.events if pending.event.deal is not None}
        contacts.update(revocation.contact_id for revocation in due.revocations)
        deals.update(
            revocation.event.deal for revocation in due.revocations if revocation.event.deal is not None
        )
        contacts.update(due.touched_contacts)
        deals.update(due.touched_deals)
        wanted = {CONTACT: contacts, DEAL: deals}
        kinds = published.kinds
        for adjustment in due.adjustments:
            wanted[kinds.get(adjustment.profile_id, CONTACT)].add(adjustment.record_id)
        for profile_id, ids in due.overdue.items():
            wanted[kinds.get(profile_id, CONTACT)].update(ids)
        for profile_id, record_id in [*due.folded, *([due.fold[:2]] if due.fold is not None else [])]:
            wanted[kinds.get(profile_id, CONTACT)].add(record_id)
        for kind, swept in (sweep or {}).items():
            wanted[kind].update(swept)
        self.deals = load_deals(connection, deals)
        if due.touched_contacts and published.reads_across(DEAL):
            self.deals |= load_deals(connection, due.touched_contacts, of_contacts=True)
        if published.looks_across and contacts:
            self.deals |= load_deals(connection, contacts, of_contacts=True)
        self.before: dict[str, Mapping[int, Mapping[str, Value]]] = {CONTACT: {}, DEAL: {}}
        if published.triggers.looking:
            self.before = {
                CONTACT: fields_before(connection, "contacts", due.touched_contacts),
                DEAL: fields_before(connection, "deals", due.touched_deals),
            }
        contacts.update(deal.contact_id for deal in self.deals.values())
        self.contacts = load_contacts(connection, contacts)

    def ids(self, kind: str) -> Collection[int]:
        """Of the records of a kind."""
        return self.contacts if kind == CONTACT else self.deals

    def exists(self, kind: str, record_id: int) -> bool:
        """Whether there is such a record, and for a deal its contact."""
        if kind == CONTACT:
            return record_id in self.contacts
        deal = self.deals.get(record_id)
        return deal is not None and deal.contact_id in self.contacts

    def strayed(self, pending: PendingEvent) -> bool:
        """Whether the event's contact is gone, or its deal another contact's, since it was being stored."""
        if pending.contact_id not in self.contacts:
            return True
        deal = self.deals.get(pending.event.deal) if pending.event.deal is not None else None
        return deal is not None and deal.contact_id != pending.contact_id

    def record(self, kind: str, record_id: int) -> Record:
        """The record as rules read it."""
        if kind == CONTACT:
            contact = self.contacts[record_id]
            return Record(kind, contact.created_at, contact, self._deal_field)
        deal = self.deals[record_id]
        return Record(kind, deal.created_at, DealWithContact(deal, self.contacts[deal.contact_id]))

    def subject(self, kind: str, record_id: int, named: int | None = None) -> Subject:
        """The record of this kind as one to be enrolled; `named`: the deal that what enrolls a contact names."""
        if kind == DEAL:
            return Subject(self.deals[record_id].contact_id, record_id, about_deal=True)
        return Subject(record_id, named, about_deal=False)

    def know_deals(self, ids: Collection[int]) -> None:
        """Load further deals: those that events of a history name."""
        self.deals |= load_deals(self._connection, [deal_id for deal_id in ids if deal_id not in self.deals])

    def touched(self, profile: CompiledProfile) -> dict[int, Touch]:
        """By id, the records of whose changed fields the profile reads some."""
        kind = profile.applies_to
        touches: dict[int, Touch] = {}
        if kind in profile.where_reads or profile.attribute_rules:
            reread = kind in profile.where_reads
            touches = {
                record_id: Touch(depth - 1, reread) for record_id, depth in self._touched[kind].items()
            }
        if kind == CONTACT and DEAL in profile.where_reads:
            across = [
                (self.deals[i].contact_id, depth)
                for i, depth in self._touched[DEAL].items()
                if i in self.deals
            ]
        elif kind == DEAL and CONTACT in profile.where_reads:
            owners = self._touched[CONTACT]
            across = [(i, owners[d.contact_id]) for i, d in self.deals.items() if d.contact_id in owners]
        else:
            across = []
        for record_id, depth in across:
            known = touches.get(record_id)
            touches[record_id] = Touch(max(depth - 1, known.depth if known else 0), reread=True)
        return touches

    def depth_of_fields(self, kind: str, record_id: int) -> int:
        """How many follow-ups led to the change of a record's fields, or of those of a deal's contact."""
        depths = [self._touched[kind].get(record_id, 1)]
        if kind == DEAL:
            depths.append(self._touched[CONTACT].get(self.deals[record_id].contact_id, 1))
        return max(depths) - 1

    def _deal_field(self, deal_id: int | None, name: str) -> Value:
        deal = self.deals.get(deal_id) if deal_id is not None else None
        return deal(name) if deal is not None else None
