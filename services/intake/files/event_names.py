"""The types of events that a file's names stand for."""

from collections.abc import Iterable, Mapping
from typing import Any

from conditions.problems import suggestion

_SHOWN = 5
#: Names of a file that are kept in mind.
_MOST = 1_000


def event_names(texts: Iterable[str]) -> dict[str, str]:
    """Types by name, of texts such as `Opened Mail=email.opened`; raises ValueError."""
    types = {}
    for text in texts:
        name, equals, event_type = text.rpartition("=")
        if not equals or not name.strip() or not event_type.strip():
            raise ValueError(f'"{text}" names no event; write "Opened Mail=email.opened"')
        types[name.strip()] = event_type.strip()
    return types


class EventNames:
    """Gives events the types that their names stand for, whatever the case. A name that nothing is said of stays."""

    def __init__(self, types: Mapping[str, str]) -> None:
        self._names = {name.casefold(): name for name in types}
        self._types = {name.casefold(): event_type for name, event_type in types.items()}
        self._met: set[str] = set()
        self._others: dict[str, int] = {}

    def apply(self, event: dict[str, Any]) -> None:
        """Give the event its type."""
        if not self._types:
            return
        name = event.get("type")
        if not isinstance(name, str):
            return
        key = name.strip().casefold()
        if key in self._types:
            event["type"] = self._types[key]
            self._met.add(key)
        elif name in self._others or len(self._others) < _MOST:
            self._others[name] = self._others.get(name, 0) + 1

    def notes(self) -> list[str]:
        """The names that no row has, and those of rows that stayed as they are."""
        notes = [
            f'No row has the event name "{name}"{suggestion(name, self._others)}.'
            for key, name in self._names.items()
            if key not in self._met
        ]
        if self._others:
            shown = ", ".join(f'"{name}" ({count:,})' for name, count in [*self._others.items()][:_SHOWN])
            more = f" and {len(self._others) - _SHOWN:,} more" if len(self._others) > _SHOWN else ""
            notes.append(
                f"Event names that stayed as they are: {shown}{more}; --event-name NAME=TYPE changes one."
            )
        return notes
