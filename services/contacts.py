"""Contacts: create, replace, change, read one."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from conditions.definition import invalid
from conditions.fields import CONTACT
from conditions.messages import plain_errors
from conditions.problems import Problem, suggestion
from conditions.times import Micros, to_iso
from conditions.values import ALL_CHANNELS, CHANNELS
from services.names import LONGEST_NAME, ShortText, Tag, check_name, unstorable
from services.resources import Invalid, NotFound, Resources
from store import contacts, intake
from store.connection import Connection, RowMapping

T = TypeVar("T")


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


Channel = Literal["email", "sms", "call", "chat"]


class ContactIn(BaseModel):
    """What callers may set of a contact. Missing, null or empty: the contact has none."""

    model_config = ConfigDict(extra="forbid", strict=True)

    name: ShortText | None = None
    email: ShortText | None = None
    phone: ShortText | None = None
    stage: ShortText | None = Field(default=None, description="Changing it emits `stage.changed`")
    owner: ShortText | None = Field(default=None, description="Who looks after the contact")
    tags: Annotated[list[Tag], AfterValidator(lambda tags: list(dict.fromkeys(tags)))] | None = None
    dnd: Annotated[Literal["all"] | list[Channel] | None, BeforeValidator(_channels)] = Field(
        default=None, description="Channels on which the contact must not be disturbed, or `all`"
    )
    fields: dict[str, Any] | None = Field(
        default=None, description="Free fields: texts, numbers, true, false, lists of these; null removes one"
    )


class Contacts:
    """Reads and changes contacts, one transaction each."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources

    def get(self, key: str) -> dict[str, Any]:
        with self._resources.database.read() as connection:
            return contact_json(find_contact(connection, key))

    def put(self, key: str, body: Any) -> tuple[dict[str, Any], bool]:
        """Create a contact, or replace all that callers may set of it; also whether it was created."""
        values = _values(body)
        for name in contacts.WRITABLE:
            values.setdefault(name, _empty(name))
        values["fields"] = {name: value for name, value in values["fields"].items() if value is not None}

        def work(connection: Connection, now: Micros) -> tuple[dict[str, Any], bool]:
            before = contacts.contact_by_key(connection, key)
            created = before is None
            if before is None:
                intake.ensure_contacts(connection, [key], self._resources.shards, now)
                before = find_contact(connection, key)
            return _change(connection, before, values, now), created

        return self._write(key, work)

    def patch(self, key: str, body: Any) -> dict[str, Any]:
        """Change what is given; `fields` are merged."""
        values = _values(body)

        def work(connection: Connection, now: Micros) -> dict[str, Any]:
            before = find_contact(connection, key)
            changes = dict(values)
            if "fields" in changes:
                merged = {**before["fields"], **changes["fields"]}
                changes["fields"] = {name: value for name, value in merged.items() if value is not None}
            return _change(connection, before, changes, now)

        return self._write(key, work)

    def _write(self, key: str, work: Callable[[Connection, Micros], T]) -> T:
        """Do `work` while holding the contact's shard, then wake it."""
        database, clock = self._resources.database, self._resources.clock
        with database.read() as connection:
            known = intake.find_contacts(connection, [key])
        shard = known[key][1] if known else intake.shard_of(key, self._resources.shards)
        result = database.run(lambda connection: work(connection, clock()), [shard])
        self._resources.wakes.request([shard])
        return result


def find_contact(connection: Connection, key: str) -> RowMapping:
    """The contact's row; raises NotFound."""
    row = contacts.contact_by_key(connection, key)
    if row is None:
        raise NotFound(f'there is no contact "{key}"; PUT /v1/contacts/{{key}} or an event creates one')
    return row


def contact_json(row: RowMapping) -> dict[str, Any]:
    """A contact as the API shows it."""
    shown = {name: row[name] for name in ("id", "key", *contacts.WRITABLE)}
    return {**shown, "created_at": to_iso(row["created_at"]), "updated_at": to_iso(row["updated_at"])}


def _change(
    connection: Connection, before: RowMapping, values: Mapping[str, Any], now: Micros
) -> dict[str, Any]:
    contacts.change_contact(connection, before, values, now)
    return contact_json(find_contact(connection, before["key"]))


def _empty(name: str) -> Any:
    return {"tags": [], "dnd": [], "fields": {}}.get(name)


def _values(body: Any) -> dict[str, Any]:
    """The given values, checked; raises Invalid with every mistake."""
    if not isinstance(body, dict):
        raise Invalid([Problem((), 'a contact is an object such as {"name": "Ada", "tags": ["partner"]}')])
    problems = []
    try:
        given = ContactIn.model_validate(body)
    except ValidationError as error:
        problems = plain_errors(error, body)
        given = ContactIn()
    fields = body.get("fields")
    if isinstance(fields, dict):
        problems += [problem for name, value in fields.items() for problem in _field_problems(name, value)]
    if problems:
        raise Invalid(problems)
    return {
        name: _empty(name) if (value := getattr(given, name)) is None else value
        for name in contacts.WRITABLE
        if name in given.model_fields_set
    }


def _field_problems(name: str, value: Any) -> list[Problem]:
    """What is wrong with a free field; rules and filters could not read it otherwise."""
    loc = ("fields", name)
    if name in CONTACT or name == "id":
        return [
            Problem(
                loc, f'"{name}" is a field of every contact; set it beside "fields", or choose another name'
            )
        ]
    if not 1 <= len(name) <= LONGEST_NAME or not name.isprintable() or not name.strip():
        return [Problem(loc, "a field's name has 1 to 200 characters, not blank, no control characters")]
    if any(character in name for character in '."\\'):
        return [Problem(loc, "a field's name cannot hold dots, quotes or backslashes")]
    parts = value if isinstance(value, list) else [value]
    if any(isinstance(part, dict | list) for part in parts):
        return [
            Problem(loc, "a field holds a text, a number, true, false or a list of these; use more fields")
        ]
    return list(unstorable(value, loc))


__all__ = ["ContactIn", "Contacts", "check_name", "contact_json", "find_contact"]
