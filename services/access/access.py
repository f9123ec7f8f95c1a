"""Who calls: by key, by session, or because this machine is let in as it is."""

import secrets
from functools import cached_property

from runtime.principals import INSTALLATION, LOCAL, Principal
from services.access import tokens
from services.access.audit import AuditLog
from services.access.keys import Keys
from services.access.opening import asks_everybody
from services.access.people import People
from services.access.sessions import Sessions
from services.resources import Resources
from store import meta


class Access:
    """Recognises principals, and has the use cases on people, keys and the audit."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources
        given = resources.settings.api_key
        self._installation = None if given is None else given.get_secret_value()
        self.keys = Keys(resources)
        self.people = People(resources)
        self.sessions = Sessions(resources)
        self.audit = AuditLog(resources)

    @cached_property
    def installation(self) -> str:
        """A name that this installation's cookies have and no other's."""
        fresh = secrets.token_hex(4)
        with self._resources.database.read() as connection:
            known = meta.get_fact(connection, meta.INSTALLATION)
        return known or self._resources.database.run(
            lambda connection: meta.settled_fact(connection, meta.INSTALLATION, fresh)
        )

    def is_installation_key(self, key: str) -> bool:
        """Whether it is `KINDLING_API_KEY`."""
        return self._installation is not None and tokens.same(key, self._installation)

    def of_key(self, key: str, address: str | None = None) -> Principal | None:
        """Whose key it is; None for one that opens nothing."""
        if self.is_installation_key(key):
            return _at(INSTALLATION, address)
        return self.keys.principal_of(key, address)

    def asks_everybody(self) -> bool:
        """Whether a key or a person is asked for, also on this machine."""
        if self._installation is not None:
            return True
        with self._resources.database.read() as connection:
            return asks_everybody(connection)


def local(address: str | None) -> Principal:
    """Whoever runs programs on this machine."""
    return _at(LOCAL, address)


def _at(principal: Principal, address: str | None) -> Principal:
    return Principal(principal.kind, principal.name, principal.permissions, address=address)
