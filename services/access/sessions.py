"""Sessions: people sign in with a password and get a token; what of it is stored opens nothing."""

import structlog
from pydantic import BaseModel

from conditions.problems import Problem
from conditions.search import folded, folded_address
from conditions.times import HOUR, SECOND, Micros, to_iso
from runtime.permissions import ROLES, Role
from runtime.principals import Principal
from services.access import passwords, tokens
from services.access.answers import Who
from services.access.attempts import Attempts
from services.access.people import find_person
from services.names import unstorable
from services.resources import Busy, Invalid, NotSignedIn, Resources
from store.access import people, sessions
from store.access.audit import note
from store.connection import Connection, RowMapping
from store.database import DatabaseUnavailable

_MINUTE = 60 * SECOND
#: How exactly it is kept when a session was used last.
_SEEN_WITHIN = _MINUTE
#: Failures within a quarter of an hour: for one name from one address, for one name from addresses where that person is
#: not signed in, from one address.
_OF_BOTH, _OF_NAME, _OF_ADDRESS, _SPAN = 10, 30, 60, 15 * _MINUTE
_WRONG = 'the name or the password is wrong; whoever has "admin" can set a new password'
_log = structlog.get_logger()


class SignedIn(BaseModel):
    """A session that has just begun. `token` is for its cookie, and is stored nowhere."""

    token: str
    seconds: int
    who: Who


class Sessions:
    """Signing in and out, and whose a token is."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources
        self._of_both, self._of_name = Attempts(_OF_BOTH, _SPAN), Attempts(_OF_NAME, _SPAN)
        self._of_address = Attempts(_OF_ADDRESS, _SPAN)
        #: By person, of those who are signed in: nobody else's tries count.
        self._of_present = Attempts(_OF_BOTH, _SPAN)

    def sign_in(self, name: str, password: str, address: str) -> SignedIn:
        """Begin a session for whoever has this key or e-mail address, and this password.

        Raises NotSignedIn, alike and after the same time for unknown names, wrong passwords and people who are
        disabled; Busy where too often wrong ones were tried. Strangers who try cannot keep out a person at an address
        where they are signed in already.
        """
        now = self._resources.clock()
        name = name[:1_000]
        with self._resources.database.read() as connection:
            row = None if any(unstorable(name)) else people.by_name(connection, name)
            known = row is not None and sessions.was_at(connection, row["key"], address)
        # By what was sent, whether somebody has that name or nobody has.
        account = tokens.hashed(folded_address(name) or folded(name))
        both = f"{account} {address}"
        self._take(account, both, address, now, known=known)
        try:
            right = passwords.fits(
                None if row is None else row["password"], password[: passwords.LONGEST + 1]
            )
        except Busy:
            self._give_back(account, both, address)
            raise
        if row is None or not right or row["disabled"]:
            _log.warning("sign-in refused", address=address)
            raise NotSignedIn(_WRONG)
        self._give_back(account, both, address)
        self._of_both.forget(both)
        return self._begin(row, password, address, now)

    def _begin(self, row: RowMapping, password: str, address: str, now: Micros) -> SignedIn:
        token = tokens.new_token()
        ends_at = now + self._longest
        renewed = passwords.hash_of(password) if passwords.is_outdated(row["password"]) else None

        def work(connection: Connection) -> Principal:
            present = people.by_key(connection, row["key"])
            if present is None or present["disabled"] or present["password"] != row["password"]:
                raise NotSignedIn(_WRONG)  # it has become so since the password was looked at
            sessions.forget_ended(connection, now, now - self._idle)
            sessions.add(
                connection,
                {
                    "hash": tokens.hashed(token),
                    "person": row["key"],
                    "address": address,
                    "created_at": now,
                    "seen_at": now,
                    "ends_at": ends_at,
                },
            )
            values = {"signed_in_at": now} | ({"password": renewed} if renewed is not None else {})
            people.change(connection, row["key"], values)
            principal = _principal(row, address)
            note(connection, principal, now, "sign in", "person", row["key"])
            return principal

        who = Who.of(self._resources.database.run(work))
        who.expires_at = to_iso(ends_at)
        return SignedIn(token=token, seconds=(ends_at - now) // SECOND, who=who)

    def principal_of(self, token: str, address: str | None = None) -> Principal | None:
        """Whose session it is; None for one that is unknown, over, or of somebody who is disabled."""
        now = self._resources.clock()
        hash_ = tokens.hashed(token)
        with self._resources.database.read() as connection:
            row = sessions.with_person(connection, hash_)
        if row is None or row["disabled"] or now >= row["ends_at"] or now - row["seen_at"] >= self._idle:
            return None
        if now - row["seen_at"] >= _SEEN_WITHIN:
            self._note_seen(hash_, now)
        return _principal(row, address)

    def sign_out(self, token: str) -> bool:
        """End a session; False when it is over already."""
        return self._resources.database.run(lambda connection: sessions.end(connection, tokens.hashed(token)))

    def sign_out_everywhere(self, by: Principal) -> int:
        """End all sessions of the person who asks; how many there were."""
        if by.kind != "person" or by.id is None:
            raise NotSignedIn("only people have sessions; sign in first")
        person, now = by.id, self._resources.clock()

        def work(connection: Connection) -> int:
            ended = sessions.end_all(connection, person)
            note(connection, by, now, "sign out everywhere", "person", person, after={"sessions": ended})
            return ended

        return self._resources.database.run(work)

    def change_password(self, by: Principal, present: str, new: str, token: str | None = None) -> None:
        """Give oneself another password; all other sessions end. Raises Invalid, and Busy after too many wrong ones."""
        if by.kind != "person" or by.id is None:
            raise NotSignedIn("only people have passwords; sign in first")
        person, now = by.id, self._resources.clock()
        with self._resources.database.read() as connection:
            row = find_person(connection, person)
        if seconds := self._of_present.take(person, now):
            raise Busy("too many wrong passwords were tried; wait before the next one", seconds)
        if not passwords.fits(row["password"], present[: passwords.LONGEST + 1]):
            raise Invalid([Problem(("present",), "this is not your present password")])
        self._of_present.forget(person)
        wrong = passwords.mistake(new, (row["key"], row["name"], row["email"]))
        if wrong is not None:
            raise Invalid([Problem(("password",), wrong)])
        stored = passwords.hash_of(new)

        def work(connection: Connection) -> None:
            people.change(connection, person, {"password": stored, "updated_at": now})
            sessions.end_all(connection, person, besides=None if token is None else tokens.hashed(token))
            note(connection, by, now, "change", "person", person, after={"password": "changed"})

        self._resources.database.run(work)

    @property
    def _idle(self) -> Micros:
        return self._resources.settings.session_idle_hours * HOUR

    @property
    def _longest(self) -> Micros:
        return self._resources.settings.session_days * 24 * HOUR

    def _take(self, account: str, both: str, address: str, now: Micros, *, known: bool) -> None:
        """Count a try in all that limit it; raises Busy, and counts it nowhere, where there were enough."""
        counted: list[tuple[Attempts, str]] = []
        for attempts, subject in self._limits(account, both, address):
            seconds = attempts.take(subject, now)
            if seconds and not (known and attempts is self._of_name):
                for each, of in counted:
                    each.give_back(of)
                raise Busy("too many wrong passwords were tried; wait before the next one", seconds)
            if not seconds:
                counted.append((attempts, subject))

    def _give_back(self, account: str, both: str, address: str) -> None:
        for attempts, subject in self._limits(account, both, address):
            attempts.give_back(subject)

    def _limits(self, account: str, both: str, address: str) -> tuple[tuple[Attempts, str], ...]:
        return (self._of_both, both), (self._of_address, address), (self._of_name, account)

    def _note_seen(self, hash_: str, now: Micros) -> None:
        try:
            self._resources.database.run(lambda connection: sessions.note_seen(connection, hash_, now))
        except DatabaseUnavailable:
            return  # whatever the call does says so itself


def _principal(row: RowMapping, address: str | None) -> Principal:
    role: Role = row["role"]
    return Principal(
        "person", row["key"], ROLES[role], id=row["key"], address=address, language=row["language"]
    )
