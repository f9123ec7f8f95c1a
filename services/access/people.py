"""People: added, changed, disabled, given passwords."""

import re
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from conditions.definition import invalid
from conditions.messages import plain_errors
from conditions.problems import Problem
from conditions.times import Micros
from runtime.permissions import Role
from runtime.principals import INSTALLATION, LOCAL, SYSTEM, Principal
from services import cursors
from services.access import answers, passwords
from services.access.opening import announcement
from services.answers import Page
from services.names import ShortText, unstorable
from services.resources import Conflict, Invalid, NotFound, Resources
from store.access import people, sessions
from store.access.audit import note
from store.connection import Connection, RowMapping

#: What the audit keeps of a person.
_CHANGED = "changed"
_TOLD = ("key", "name", "email", "role", "language", "disabled")


def _check_email(text: str) -> str:
    if "@" not in text.strip("@ ") or " " in text.strip():
        raise invalid(Problem((), f'"{text[:40]}" is no e-mail address'))
    return text.strip()


def _check_key(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,99}", text):
        said = (
            "a person's key has letters from a to z, digits and . _ - @ +, and begins with a letter or digit"
        )
        raise invalid(Problem((), said))
    if text.casefold() in _RESERVED:
        raise invalid(Problem((), f'"{text}" stands for others who do things; choose another key'))
    return text


#: By a person's key they are known as the author of what they do, which nobody else may seem to be.
PersonKey = Annotated[str, AfterValidator(_check_key)]
_RESERVED = {principal.name.casefold() for principal in (LOCAL, INSTALLATION, SYSTEM)} | {"key", "automation"}
Email = Annotated[ShortText, Field(max_length=320), AfterValidator(_check_email)]
PersonName = Annotated[ShortText, Field(min_length=1, max_length=200)]
Language = Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Z]{2})?$", description="Such as `en` or `de-AT`")]
Password = Annotated[
    str, Field(description=f"At least {passwords.SHORTEST} characters, and none of the commonest")
]


class PersonChange(BaseModel):
    """What is missing stays."""

    model_config = ConfigDict(extra="forbid", strict=True)

    name: PersonName | None = None
    email: Email | None = Field(default=None, description="To sign in with, besides the key")
    role: Role | None = None
    language: Language | None = None
    disabled: bool | None = Field(default=None, description="Cannot sign in; sessions end at once")
    password: Password | None = None


class PersonIn(PersonChange):
    """A person to be added."""

    key: PersonKey = Field(description="To sign in with, and as the author of what they do")
    name: PersonName
    role: Role


class People:
    """What administrators do with people."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources

    def add(self, body: Any, by: Principal) -> answers.Person:
        """Add a person. Raises Conflict where the key or the e-mail address is somebody's."""
        wanted = _read(PersonIn, body, '{"key": "ada", "name": "Ada Byron", "role": "sales"}')
        stored = _hash(wanted.password, wanted.key, wanted.name, wanted.email)
        now = self._resources.clock()
        row: dict[str, Any] = {
            "key": wanted.key,
            "name": wanted.name,
            "email": wanted.email,
            "role": wanted.role,
            "language": wanted.language or "en",
            "password": stored,
            "disabled": wanted.disabled or False,
            "created_at": now,
            "updated_at": now,
        }

        def work(connection: Connection) -> answers.Person:
            told = announcement(self._resources, connection)
            _refuse_taken(connection, None, wanted.key, wanted.email)
            people.add(connection, row)
            note(connection, by, now, "add", "person", wanted.key, after=_told(row))
            person = answers.Person.of(find_person(connection, wanted.key))
            if told is not None:
                person.announcement = told
            return person

        return self._resources.database.run(work)

    def change(self, key: str, body: Any, by: Principal) -> answers.Person:
        """Change what is given. Who is disabled, or gets a new password, is signed out everywhere."""
        wanted = _read(PersonChange, body, '{"role": "designer"}')
        given = wanted.model_dump(exclude_unset=True)
        with self._resources.database.read() as connection:
            present = find_person(connection, key)
        if given.get("password") is not None:
            names = (given.get(name) or present[name] for name in ("key", "name", "email"))
            given["password"] = _hash(given["password"], *names)
        else:
            given.pop("password", None)
        needed = [name for name in ("name", "role", "language", "disabled") if given.get(name, 0) is None]
        if needed:
            raise Invalid([Problem((name,), "it cannot be null; leave it out") for name in needed])
        now = self._resources.clock()
        return self._resources.database.run(lambda connection: _change(connection, key, given, by, now))

    def get(self, key: str) -> answers.Person:
        """A person."""
        with self._resources.database.read() as connection:
            return answers.Person.of(find_person(connection, key))

    def find(self, *, cursor: str | None, limit: int) -> Page[answers.Person]:
        """A page of them, by key."""
        after = cursors.decode_one(cursor, "people", str)
        with self._resources.database.read() as connection:
            rows = people.find_all(connection, after, limit + 1)
        taken, following = cursors.cut(rows, limit, "people", lambda row: [row["key"]])
        return Page[answers.Person](items=[answers.Person.of(row) for row in taken], next=following)

    def sign_out(self, key: str, by: Principal) -> int:
        """End all sessions of a person; how many there were."""
        now = self._resources.clock()

        def work(connection: Connection) -> int:
            find_person(connection, key)
            ended = sessions.end_all(connection, key)
            note(connection, by, now, "sign out everywhere", "person", key, after={"sessions": ended})
            return ended

        return self._resources.database.run(work)


def find_person(connection: Connection, key: str) -> RowMapping:
    """The person's row; raises NotFound."""
    row = people.by_key(connection, key)
    if row is None:
        raise NotFound(f'there is no person "{key}"; kindling people list and GET /v1/people list them')
    return row


def _change(
    connection: Connection, key: str, given: dict[str, Any], by: Principal, now: Micros
) -> answers.Person:
    before = find_person(connection, key)
    if "email" in given:
        _refuse_taken(connection, key, None, given["email"])
    people.change(connection, key, {**given, "updated_at": now})
    after = find_person(connection, key)
    if "password" in given or after["disabled"]:
        sessions.end_all(connection, key)
    told = {name: value for name, value in _told(after).items() if value != before[name]}
    if "password" in given:
        told["password"] = _CHANGED
    if told:
        was = {name: before[name] for name in told if name != "password"}
        note(connection, by, now, "change", "person", key, before=was, after=told)
    return answers.Person.of(after)


def _refuse_taken(connection: Connection, key: str | None, new_key: str | None, email: str | None) -> None:
    """Raise Conflict where somebody else signs in with the key or the address. `key`: who may have them already."""
    for name, what in ((new_key, "key"), (email, "e-mail address")):
        other = None if name is None else people.by_name(connection, name)
        if other is not None and other["key"] != key:
            raise Conflict(f'the {what} "{name}" is that of the person "{other["key"]}" already')


def _hash(password: str | None, *about: str | None) -> str | None:
    """The hash of a new password; raises Invalid for one that is too easy."""
    if password is None:
        return None
    wrong = passwords.mistake(password, about)
    if wrong is not None:
        raise Invalid([Problem(("password",), wrong)])
    return passwords.hash_of(password)


def _told(row: Any) -> dict[str, Any]:
    return {name: row[name] for name in _TOLD}


def _read(model: type[Any], body: Any, example: str) -> Any:
    if not isinstance(body, dict):
        raise Invalid([Problem((), f"send an object such as {example}")])
    problems = list(unstorable(body))
    try:
        wanted = model.model_validate(body)
    except ValidationError as error:
        raise Invalid([*problems, *plain_errors(error, body)]) from None
    if problems:
        raise Invalid(problems)
    return wanted
