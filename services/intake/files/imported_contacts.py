"""What a file says of contacts besides their events: their e-mail addresses."""

from collections.abc import Mapping

from conditions.times import Micros
from conditions.values import is_empty
from services.records.shard_locks import in_shards
from services.resources import Resources
from store.connection import Connection
from store.intake import imported
from store.records import contacts

#: Contacts that are counted one by one.
_MOST_COUNTED = 10_000


class Addresses:
    """Gives contacts that are there the address that a file has for them, where they have none.

    `read`: whether some published profile reads it. Then a silent import leaves it: what it would change is not silent.
    """

    def __init__(self, resources: Resources, *, silent: bool, read: bool) -> None:
        self._resources = resources
        self._silent = silent
        self._waits = silent and read
        self._kept: set[str] = set()
        self._left: set[str] = set()
        self.filled = 0

    def fill(self, emails: Mapping[str, str]) -> None:
        """`emails` by the keys of contacts; those that are not there yet get theirs when they are made."""
        if not emails:
            return
        with self._resources.database.read() as connection:
            contacts = imported.addresses(connection, list(emails))
        blank: dict[int, tuple[int, str]] = {}
        for key, contact in contacts.items():
            if is_empty(contact.email):
                blank.setdefault(contact.id, (contact.shard, emails[key]))
                if self._waits and len(self._left) < _MOST_COUNTED:
                    self._left.add(key)
            elif (contact.email or "").casefold() != emails[key].casefold() and len(
                self._kept
            ) < _MOST_COUNTED:
                self._kept.add(key)
        if blank and not self._waits:
            self._change({contact_id: email for contact_id, (_, email) in blank.items()})

    def _change(self, emails: Mapping[int, str]) -> None:
        def place(connection: Connection) -> set[int]:
            return {row["shard"] for row in contacts.contacts_by_id(connection, emails)}

        def work(connection: Connection, now: Micros) -> int:
            changed = 0
            for before in contacts.contacts_by_id(connection, emails):
                if is_empty(before["email"]):
                    email = {"email": emails[before["id"]]}
                    changed += contacts.change_contact(connection, before, email, now, silent=self._silent)
            return changed

        self.filled += in_shards(self._resources, place, work)

    def notes(self) -> list[str]:
        """What is to be said of it."""
        notes = []
        if self.filled:
            notes.append(f"Contacts that had no e-mail address and got that of the file: {self.filled:,}.")
        if self._kept:
            notes.append(
                f"Contacts that kept an e-mail address other than the file's: {_counted(self._kept)}."
            )
        if self._left:
            notes.append(
                f"Contacts that stay without an e-mail address: {_counted(self._left)}. A published profile reads it, "
                "so that filling it in would not be silent; import with --triggers fire for that."
            )
        return notes


def _counted(keys: set[str]) -> str:
    return f"{'at least ' if len(keys) >= _MOST_COUNTED else ''}{len(keys):,}"
