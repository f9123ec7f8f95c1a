"""Contacts that share an e-mail address: probably one and the same person."""

import time

from services import cursors
from services.answers import Page
from services.records.answers import Contact, SharedAddress
from services.resources import Resources
from store.records import duplicates

#: Of one address so many contacts are shown.
SHOWN = 20
_OF = "duplicates"
#: Seconds of counting after which the count is kept, how many times as long as counting took, and for how long at most.
_BRIEF, _KEPT, _LONGEST = 0.1, 100, 60


class Duplicates:
    """Finds addresses that several contacts have, in their field `email` or as their key, however they are written."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources
        self._counted, self._good_until = 0, 0.0

    def find(self, *, cursor: str | None, limit: int) -> Page[SharedAddress]:
        """A page of such addresses, each with its contacts, the oldest first."""
        after = cursors.decode_one(cursor, _OF, str) or ""
        with self._resources.database.read() as connection:
            shared = duplicates.shared_addresses(connection, after, limit + 1)
            addresses, following = cursors.cut(shared, limit, _OF, lambda address: [address])
            items = [
                SharedAddress(address=address, count=count, contacts=[Contact.of(row) for row in contacts])
                for address in addresses
                for count, contacts in [duplicates.contacts_sharing(connection, address, SHOWN)]
            ]
        return Page[SharedAddress](items=items, next=following)

    def count(self) -> int:
        """How many such addresses there are. Where counting takes long, the last count is good for a while."""
        began = time.monotonic()
        if began >= self._good_until:
            with self._resources.database.read() as connection:
                self._counted = duplicates.count_shared(connection)
            ended = time.monotonic()
            self._good_until = ended + min(max(ended - began - _BRIEF, 0) * _KEPT, _LONGEST)
        return self._counted

    def newest(self) -> int:
        """Up to which contact there are any, for `count_since`."""
        with self._resources.database.read() as connection:
            return duplicates.newest_contact(connection)

    def count_since(self, newest: int) -> int:
        """How many such addresses have a contact that has been created since."""
        with self._resources.database.read() as connection:
            if duplicates.newest_contact(connection) == newest:
                return 0
            return duplicates.count_shared(connection, newest)
