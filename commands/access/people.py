"""People on the command line."""

import sys
from collections.abc import Mapping
from typing import Any

import typer

from commands.output import note, note_rest, print_json, print_table, say, shown_moment
from commands.session import session
from runtime.errors import ReadableError
from services.access.answers import Person


def add(body: Mapping[str, Any], *, from_input: bool, no_password: bool, as_json: bool) -> int:
    """Add a person."""
    given = {} if no_password else {"password": _password(from_input=from_input)}
    with session() as opened:
        person = opened.application.access.people.add({**body, **given}, opened.by)
    if as_json:
        print_json(person)
        return 0
    say(_line(person))
    if not person.password:
        note(f"Without a password nobody can sign in as {person.key}: kindling people password {person.key}")
    if person.announcement:
        say(f"{person.announcement}.", "yellow")
    return 0


def find(*, limit: int, as_json: bool) -> int:
    """List people."""
    with session() as opened:
        page = opened.application.access.people.find(cursor=None, limit=limit)
    if as_json:
        print_json(page.items)
        return 0
    if not page.items:
        say("Nobody can sign in; kindling people add adds somebody.")
        return 0
    rows = [
        (one.key, one.name, one.email, one.role, _state(one), shown_moment(one.signed_in_at))
        for one in page.items
    ]
    print_table(("key", "name", "e-mail", "role", "", "last signed in"), rows)
    note_rest(page.next, limit, "first")
    return 0


def change(key: str, wanted: Mapping[str, Any], *, as_json: bool) -> int:
    """Change a person."""
    with session() as opened:
        person = opened.application.access.people.change(key, dict(wanted), opened.by)
    if as_json:
        print_json(person)
    else:
        say(_line(person))
    return 0


def password(key: str, *, from_input: bool, as_json: bool) -> int:
    """Give a person a new password."""
    with session() as opened:
        opened.application.access.people.get(key)  # before anybody thinks of a password
        new = _password(from_input=from_input)
        person = opened.application.access.people.change(key, {"password": new}, opened.by)
    if as_json:
        print_json(person)
    else:
        say(f"{key} has a new password and is signed out everywhere.")
    return 0


def _password(*, from_input: bool) -> str:
    """The password that is typed twice, or the first line of standard input."""
    if from_input:
        return sys.stdin.readline().rstrip("\r\n")
    if not sys.stdin.isatty():
        raise ReadableError("there is nobody to ask for a password; add --password-stdin and send it in")
    typed: str = typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    return typed


def _line(person: Person) -> str:
    state = _state(person)
    return f"{person.key}: {person.name}, {person.role}{f', {state}' if state else ''}"


def _state(person: Person) -> str:
    return "disabled" if person.disabled else "" if person.password else "no password"
