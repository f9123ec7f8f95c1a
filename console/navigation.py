"""Where the console's pages are, and how many things wait behind each."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock

from console.language import Speech
from services.application import Application
from services.operations.answers import Waiting

#: How long counts are good for, in seconds: they are on every page.
_FRESH = 5.0


@dataclass(frozen=True)
class Place:
    """An entry of the navigation. `counts`: what the number counts."""

    address: str
    name: str
    icon: str
    current: bool
    count: int = 0
    counts: str = ""
    alarm: bool = False


class Counts:
    """What waits, asked for at most every few seconds whatever the number of readers."""

    def __init__(self, application: Application) -> None:
        self._application = application
        self._lock = Lock()
        self._known: tuple[float, Waiting] | None = None

    def read(self) -> Waiting:
        """What waits."""
        with self._lock:
            if self._known is None or time.monotonic() - self._known[0] > _FRESH:
                self._known = time.monotonic(), self._application.attention.waiting()
            return self._known[1]

    def forget(self) -> None:
        """Ask anew: something has been done just now."""
        with self._lock:
            self._known = None


def navigation(speech: Speech, counts: Waiting, path: str) -> Sequence[Sequence[Place]]:
    """The groups of the navigation, with the place of a path marked."""
    _ = speech.gettext

    def place(
        address: str, name: str, icon: str, count: int = 0, counts: str = "", *, alarm: bool = False
    ) -> Place:
        current = path == address or (address != "/" and path.startswith(f"{address}/"))
        return Place(address, name, icon, current, count, counts, alarm)

    return (
        (
            place("/", _("Overview"), "overview"),
            place("/contacts", _("Contacts"), "contacts"),
            place("/deals", _("Deals"), "deals"),
            place("/tasks", _("Tasks"), "tasks", counts.tasks, _("due or overdue"), alarm=counts.overdue > 0),
        ),
        (
            place("/profiles", _("Profiles"), "profiles"),
            place("/automations", _("Automations"), "automations"),
        ),
        (
            place("/follow-ups", _("Follow-ups"), "follow-ups", counts.failed, _("failed"), alarm=True),
            place("/messages", _("Messages"), "messages"),
        ),
        (place("/settings", _("Settings"), "settings"),),
    )
