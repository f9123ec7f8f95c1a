"""Deals: create, replace, change, read, erase."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from conditions.fields import DEAL_FIELDS, OPEN_DEAL, DealStatus
from conditions.problems import Problem
from conditions.times import Micros
from conditions.values import LARGEST_INTEGER
from runtime.principals import SYSTEM, Principal
from services.names import Name, ShortText
from services.preconditions import ALWAYS, Precondition
from services.records.answers import Deal
from services.records.contacts import TAGS_OF_PATCH, TagChange, Tags, find_contact, patch_values
from services.records.shard_locks import forget_copies, in_shards
from services.records.suppressions import refuse_suppressed
from services.records.values import read_values, without_nulls
from services.resources import Invalid, NotFound, Resources
from store.access.audit import note, strip_subject
from store.connection import Connection, RowMapping
from store.intake import places
from store.records import contacts, deals, erasing, merging

_Value = Annotated[int | float, Field(ge=-LARGEST_INTEGER, le=LARGEST_INTEGER, allow_inf_nan=False)]


class _DealValues(BaseModel):
    """What callers may set of a deal, its tags apart. Missing, null or empty: the deal has none."""

    model_config = ConfigDict(extra="forbid", strict=True)

    contact: Name | None = Field(default=None, description="Its contact's key; a new deal needs one")
    name: ShortText | None = None
    pipeline: ShortText | None = None
    stage: ShortText | None = Field(default=None, description="Changing it emits `deal.stage_changed`")
    status: DealStatus | None = Field(
        default=None, description="Emits `deal.won` and `deal.lost`; default: open"
    )
    value: _Value | None = None
    currency: ShortText | None = None
    owner: ShortText | None = Field(default=None, description="Who looks after the deal")
    fields: dict[str, Any] | None = Field(
        default=None, description="Free fields: texts, numbers, true, false, lists of these; null removes one"
    )


class DealIn(_DealValues):
    """What callers may set of a deal. Missing, null or empty: the deal has none."""

    tags: Tags | None = None


class DealPatchIn(_DealValues):
    """The same for a change: what is missing stays."""

    tags: Tags | TagChange | None = TAGS_OF_PATCH


EMPTY: Mapping[str, Any] = {"status": OPEN_DEAL, "tags": [], "fields": {}}
TAKEN = (*DEAL_FIELDS, "id", "contact")


class Deals:
    """Reads and changes deals, one transaction each."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources

    def get(self, key: str) -> Deal:
        with self._resources.database.read() as connection:
            return self._shown(connection, key)

    def put(self, key: str, body: Any, when: Precondition = ALWAYS) -> tuple[Deal, bool]:
        """Create a deal, or replace all that callers may set of it; also whether it was created.

        An unknown contact is created. A deal that exists may leave its contact out.
        """
        given = read_values(DealIn, body, "deal", TAKEN, EMPTY)
        return self._write(key, given.get("contact"), put_values(given), when, create=True)

    def patch(self, key: str, body: Any, when: Precondition = ALWAYS) -> Deal:
        """Change what is given; `fields` are merged."""
        values = read_values(DealPatchIn, body, "deal", TAKEN, EMPTY)
        contact = values.pop("contact", None)
        if contact is None and "contact" in body:
            raise Invalid(
                [Problem(("contact",), "a deal needs a contact; leave it out to keep the one it has")]
            )
        return self._write(key, contact, values, when, create=False)[0]

    def tag(self, key: str, tag: str, when: Precondition = ALWAYS, *, there: bool) -> Deal:
        """Add a tag, or remove it; doing so twice is no error."""
        return self.patch(key, {"tags": {"add" if there else "remove": [tag]}}, when)

    def _write(
        self,
        key: str,
        contact: str | None,
        values: Mapping[str, Any],
        when: Precondition,
        *,
        create: bool,
    ) -> tuple[Deal, bool]:
        """Do it while holding the shards of the deal and of the contact that it is given to."""
        shards = self._resources.shards

        def place(connection: Connection) -> list[int]:
            refuse_suppressed(connection, contact)
            row = deals.deal_by_key(connection, key)
            if row is None and not create:
                find_deal(connection, key)
            held = [] if row is None else [row["shard"]]
            if contact is not None:
                known = places.find_contacts(connection, [contact])
                held.append(known[contact].shard if known else places.shard_of(contact, shards))
            elif row is None:
                raise Invalid([Problem(("contact",), "a new deal needs the key of its contact")])
            return held

        def work(connection: Connection, now: Micros) -> tuple[Deal, bool]:
            before = deals.deal_by_key(connection, key)
            _check(when, connection, key, before)
            created = False
            if contact is not None:
                owner = places.ensure_contacts(connection, [contact], shards, now)[contact]
                if before is None:
                    created = places.make_deal(connection, key, owner, now)
                    before = find_deal(connection, key)
                    if not created:
                        _check(when, connection, key, before)
                if before["contact_id"] != owner.id:
                    merging.move_deal(connection, dict(before), find_contact(connection, contact), now)
            before = find_deal(connection, key)
            changes = values if create else patch_values(values, dict(before))
            deals.change_deal(connection, before, changes, now)
            return self._shown(connection, key), created

        return in_shards(self._resources, place, work)

    def erase(self, key: str, when: Precondition = ALWAYS, *, who: Principal = SYSTEM) -> None:
        """Delete the deal with everything about it; its follow-ups end. What its contact did stays."""

        def work(connection: Connection, now: Micros) -> None:
            deal = find_deal(connection, key)
            _check(when, connection, key, deal)
            erasing.erase_deal(connection, deal["id"], deal["contact_id"], deal["shard"], now)
            strip_subject(connection, "deal", deal["key"])
            note(connection, who, now, "erase", "deal", None, after={"id": deal["id"]})

        in_shards(self._resources, lambda connection: [find_deal(connection, key)["shard"]], work)
        forget_copies(self._resources)

    def _shown(self, connection: Connection, key: str) -> Deal:
        return _deal(connection, find_deal(connection, key))


def put_values(given: Mapping[str, Any]) -> dict[str, Any]:
    """All that callers may set, as replacing sets it."""
    values = {name: given.get(name, EMPTY.get(name)) for name in deals.WRITABLE}
    values["fields"] = without_nulls(values["fields"] or {})
    return values


def _deal(connection: Connection, row: RowMapping) -> Deal:
    return Deal.of(row, contacts.contact_keys(connection, [row["contact_id"]]))


def _check(when: Precondition, connection: Connection, key: str, row: RowMapping | None) -> None:
    if when:
        when.check(f'the deal "{key}"', None if row is None else _deal(connection, row))


def find_deal(connection: Connection, key: str) -> RowMapping:
    """The deal's row; raises NotFound."""
    row = deals.deal_by_key(connection, key)
    if row is None:
        raise NotFound(
            f'there is no deal "{key}"; PUT /v1/deals/{{key}} or an event that names it and its contact creates one'
        )
    return row
