"""Contacts: create, replace, change, read, merge, erase."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from conditions.definition import invalid
from conditions.fields import CONTACT_FIELDS, CONTACT_TEXTS
from conditions.problems import Problem, suggestion
from conditions.times import Micros
from conditions.values import ALL_CHANNELS, CHANNELS, Channel, is_empty
from runtime.principals import SYSTEM, Principal
from services.names import ShortText, Tag, check_name
from services.preconditions import ALWAYS, Precondition
from services.records.answers import Contact
from services.records.shard_locks import forget_copies, in_shards
from services.records.suppressions import refuse_suppressed, suppress_family
from services.records.values import read_values, refuse_too_large, without_nulls
from services.resources import Conflict, Invalid, NotFound, Resources
from store.access.audit import note, strip
from store.connection import Connection, RowMapping
from store.intake import places
from store.records import contacts, erasing, merging


def _channels(value: Any) -> Any:
    """`all`, and a list of every channel, are one and the same."""
    if isinstance(value, str) and value != ALL_CHANNELS:
        raise invalid(Problem((), f'write a list such as ["email"], or "all", not "{value[:40]}"'))
    if isinstance(value, list):
        unknown = [(index, channel) for index, channel in enumerate(value) if channel not in CHANNELS]
        if unknown:
            raise invalid(
                *(
                    Problem((index,), f"unknown channel{suggestion(name, CHANNELS)}")
                    for index, name in unknown
                )
            )
        return ALL_CHANNELS if set(value) == set(CHANNELS) else list(dict.fromkeys(value))
    return value


Tags = Annotated[list[Tag], AfterValidator(lambda tags: list(dict.fromkeys(tags)))]


class TagChange(BaseModel):
    """Tags to add and to remove; the others stay, whoever else changes them meanwhile."""

    model_config = ConfigDict(extra="forbid", strict=True)

    add: Tags = []
    remove: Tags = []

    def of(self, tags: list[str]) -> list[str]:
        """The tags after the change; one that is both added and removed is not there."""
        known = {tag.strip() for tag in tags}
        added = [tag for tag in self.add if tag not in known]
        return [tag for tag in (*tags, *added) if tag.strip() not in self.remove]


class _ContactValues(BaseModel):
    """What callers may set of a contact, its tags apart. Missing, null or empty: the contact has none."""

    model_config = ConfigDict(extra="forbid", strict=True)

    name: ShortText | None = None
    email: ShortText | None = None
    phone: ShortText | None = None
    stage: ShortText | None = Field(default=None, description="Changing it emits `stage.changed`")
    owner: ShortText | None = Field(default=None, description="Who looks after the contact")
    dnd: Annotated[Literal["all"] | list[Channel] | None, BeforeValidator(_channels)] = Field(
        default=None, description="Channels on which the contact must not be disturbed, or `all`"
    )
    fields: dict[str, Any] | None = Field(
        default=None, description="Free fields: texts, numbers, true, false, lists of these; null removes one"
    )


class ContactIn(_ContactValues):
    """What callers may set of a contact. Missing, null or empty: the contact has none."""

    tags: Tags | None = None


TAGS_OF_PATCH: Any = Field(
    default=None,
    description="All tags as a list, or `{add: [...], remove: [...]}`, which leaves the others alone",
)


class ContactPatchIn(_ContactValues):
    """The same for a change: what is missing stays."""

    tags: Tags | TagChange | None = TAGS_OF_PATCH


class MergeIn(BaseModel):
    """`into`: the key of the contact that takes over."""

    model_config = ConfigDict(extra="forbid", strict=True)

    into: str


EMPTY: Mapping[str, Any] = {"tags": [], "dnd": [], "fields": {}}
TAKEN = (*CONTACT_FIELDS, "id")


class Contacts:
    """Reads and changes contacts, one transaction each."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources

    def get(self, key: str) -> Contact:
        with self._resources.database.read() as connection:
            return Contact.of(find_contact(connection, key))

    def put(self, key: str, body: Any, when: Precondition = ALWAYS) -> tuple[Contact, bool]:
        """Create a contact, or replace all that callers may set of it; also whether it was created.

        An opt-out ends only when somebody says so: without `dnd` it stays.
        """
        given = read_values(ContactIn, body, "contact", TAKEN, EMPTY)
        values = put_values(given)
        shards = self._resources.shards

        def place(connection: Connection) -> list[int]:
            refuse_suppressed(connection, key, email=given.get("email"))
            known = places.find_contacts(connection, [key])
            return [known[key].shard if known else places.shard_of(key, shards)]

        def work(connection: Connection, now: Micros) -> tuple[Contact, bool]:
            before = contacts.contact_by_key(connection, key)
            _check(when, key, before)
            created = False
            if before is None:
                created = places.make_contact(connection, key, shards, now)
                before = find_contact(connection, key)
                if not created:
                    _check(when, key, before)
            return _change(connection, before, values, now), created

        return in_shards(self._resources, place, work)

    def patch(self, key: str, body: Any, when: Precondition = ALWAYS) -> Contact:
        """Change what is given; `fields` are merged."""
        values = read_values(ContactPatchIn, body, "contact", TAKEN, EMPTY)

        def place(connection: Connection) -> list[int]:
            refuse_suppressed(connection, key, email=values.get("email"))
            return [find_contact(connection, key)["shard"]]

        def work(connection: Connection, now: Micros) -> Contact:
            before = find_contact(connection, key)
            _check(when, key, before)
            return _change(connection, before, patch_values(values, dict(before)), now)

        return in_shards(self._resources, place, work)

    def tag(self, key: str, tag: str, when: Precondition = ALWAYS, *, there: bool) -> Contact:
        """Add a tag, or remove it; doing so twice is no error."""
        return self.patch(key, {"tags": {"add" if there else "remove": [tag]}}, when)

    def erase(
        self,
        key: str,
        when: Precondition = ALWAYS,
        *,
        suppress: str | None = None,
        who: Principal = SYSTEM,
    ) -> None:
        """Delete the contact with everything about it; its follow-ups end.

        With `suppress`, a reason, for good: what senders send again about it is not stored.
        """

        def work(connection: Connection, now: Micros) -> None:
            if suppress is not None:
                suppress_family(connection, find_contact(connection, key), suppress, now)
            contact = find_contact(connection, key)
            _check(when, key, contact)
            family = erasing.erase_contact(connection, contact["id"], contact["shard"])
            strip(connection, family)
            told = {"id": contact["id"], "for good": suppress is not None}
            note(connection, who, now, "erase", "contact", None, after=told)

        in_shards(self._resources, lambda connection: [find_contact(connection, key)["shard"]], work)
        forget_copies(self._resources)

    def merge(self, key: str, body: Any, when: Precondition = ALWAYS, *, who: Principal = SYSTEM) -> Contact:
        """Give everything of a contact to another, which is returned; the key stays as an alias.

        The other's own fields win; those it lacks, and all tags and opt-outs, are taken over.
        """
        into = _into(body)

        def both(connection: Connection) -> tuple[RowMapping, RowMapping]:
            refuse_suppressed(connection, key, into)
            loser, survivor = find_contact(connection, key), find_contact(connection, into)
            if loser["id"] == survivor["id"]:
                raise Conflict(f'"{key}" and "{into}" are one and the same contact')
            return loser, survivor

        def work(connection: Connection, now: Micros) -> Contact:
            loser, survivor = both(connection)
            _check(when, key, loser)
            merging.merge_contacts(connection, loser, survivor, _merged(loser, survivor), now)
            told = {"into": survivor["key"]}
            note(connection, who, now, "merge", "contact", key, contact_id=loser["id"], after=told)
            return Contact.of(find_contact(connection, into))

        return in_shards(self._resources, lambda connection: [row["shard"] for row in both(connection)], work)


def put_values(given: Mapping[str, Any]) -> dict[str, Any]:
    """All that callers may set, as replacing sets it; without `dnd` an opt-out stays."""
    values = {
        name: given.get(name, EMPTY.get(name)) for name in contacts.WRITABLE if name != "dnd" or name in given
    }
    values["fields"] = without_nulls(values["fields"] or {})
    return values


def patch_values(given: Mapping[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
    """What is given, with tags added and removed, and `fields` merged. Raises Invalid where that is too much."""
    values = dict(given)
    if isinstance(tags := values.get("tags"), TagChange):
        values["tags"] = tags.of(before["tags"])
    if "fields" in values:
        values["fields"] = without_nulls({**before["fields"], **values["fields"]})
    refuse_too_large(values)
    return values


#: What is wrong with tags to add and to remove where all are replaced.
TAGS_OF_PUT = Problem(("tags",), 'with "mode": "put" tags are a list, which replaces those there are')


def added_tags(given: Mapping[str, Any]) -> dict[str, Any]:
    """A list of tags as tags to be added to those there are, as files mean it."""
    tags = given.get("tags")
    return {"tags": TagChange(add=tags)} if isinstance(tags, list) else {}


def find_contact(connection: Connection, key: str) -> RowMapping:
    """The contact's row; raises NotFound."""
    row = contacts.contact_by_key(connection, key)
    if row is None:
        raise NotFound(
            f'there is no contact "{key}"; PUT /v1/contacts/{{key}} or an event creates one{plus_hint(key)}'
        )
    return row


def plus_hint(key: str) -> str:
    """What to add where a key finds nobody, in which a plus may have been read as a blank."""
    return "; a + in an address is a blank: write %2B" if " " in key else ""


def _check(when: Precondition, key: str, row: RowMapping | None) -> None:
    if when:
        when.check(f'the contact "{key}"', None if row is None else Contact.of(row))


def _change(connection: Connection, before: RowMapping, values: Mapping[str, Any], now: Micros) -> Contact:
    contacts.change_contact(connection, before, values, now)
    return Contact.of(find_contact(connection, before["key"]))


def _into(body: Any) -> str:
    into = body.get("into") if isinstance(body, dict) and set(body) == {"into"} else None
    if not isinstance(into, str):
        raise Invalid([Problem(("into",), 'name the contact that takes over: {"into": "ada"}')])
    return into


def _merged(loser: RowMapping, survivor: RowMapping) -> dict[str, Any]:
    """The survivor's fields after the merge."""
    values: dict[str, Any] = {
        name: loser[name] if is_empty(survivor[name]) else survivor[name] for name in CONTACT_TEXTS
    }
    values["tags"] = list(dict.fromkeys([*survivor["tags"], *loser["tags"]]))
    own = {name: value for name, value in survivor["fields"].items() if not is_empty(value)}
    values["fields"] = {**survivor["fields"], **loser["fields"], **own}
    off = [survivor["dnd"], loser["dnd"]]
    channels = [*dict.fromkeys(channel for dnd in off if isinstance(dnd, list) for channel in dnd)]
    every = ALL_CHANNELS in off or set(channels) == set(CHANNELS)
    values["dnd"] = ALL_CHANNELS if every else channels
    return values


__all__ = ["ContactIn", "Contacts", "MergeIn", "check_name", "find_contact"]
