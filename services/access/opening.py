"""Whether this machine is let in without a key: as long as nobody has made a key or a person."""

from services.resources import Resources
from store.access import keys, people
from store.connection import Connection

ANNOUNCEMENT = (
    "From now on every call needs a key or somebody who is signed in, also from this machine. "
    "The way back in: kindling people add on the machine itself always works. "
    "KINDLING_LOOPBACK=open lets programs of this machine in without a key all the same"
)


def asks_everybody(connection: Connection) -> bool:
    """Whether there has been a key or a person: taking the last one back does not open the door again."""
    return people.any_ever(connection) or keys.any_ever(connection)


def announcement(resources: Resources, connection: Connection) -> str | None:
    """What to tell whoever is about to make the first key or person; None where nothing changes."""
    settings = resources.settings
    if settings.api_key is not None or settings.loopback == "open" or asks_everybody(connection):
        return None
    return ANNOUNCEMENT
