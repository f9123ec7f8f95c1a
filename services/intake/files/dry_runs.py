"""What would become of the events of a file, without storing any of them."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import orjson

from conditions.problems import Problem
from services.intake.events import Intake, new_event
from services.intake.files.row_ids import packed
from services.resources import Invalid, Resources
from store.connection import Connection
from store.intake.arriving import NewEvent, foresee_events

#: Shown the events that are new, with the e-mail addresses of contacts.
Look = Callable[[Sequence[NewEvent], Mapping[str, str]], None]


class DryRun:
    """Takes batches as `Events.take` does, except that nothing is stored.

    Costs about 100 bytes of memory for each event that is new, which knows those with the same id further down.
    """

    def __init__(self, resources: Resources, look: Look) -> None:
        self._resources = resources
        self._look = look
        self._new: dict[str, int] = {}
        self._owner_keys: dict[str, str] = {}

    def keep(self, events: Sequence[dict[str, Any]], emails: Mapping[str, str]) -> Intake:
        """What would become of these; their ids are not told."""
        taken = Intake()
        now = self._resources.clock()
        waiting: list[tuple[int, NewEvent]] = []
        for index, body in enumerate(events):
            try:
                waiting.append((index, new_event(body, now)))
            except Invalid as error:
                taken.rejected.append((index, error.problems))
        with self._resources.database.read() as connection:
            while waiting:
                firsts: dict[str, tuple[int, NewEvent]] = {}
                later: list[tuple[int, NewEvent]] = []
                for index, event in waiting:
                    if event.id in self._new:
                        self._again(taken, index, event)
                    elif event.id in firsts:
                        later.append((index, event))
                    else:
                        firsts[event.id] = index, event
                self._judge(connection, taken, list(firsts.values()), emails)
                waiting = later
        taken.conflicts.sort()
        taken.rejected.sort(key=lambda rejection: rejection[0])
        return taken

    def notes(self) -> list[str]:
        """Addresses of contacts are not looked at: there is nothing to say of them."""
        return []

    def _again(self, taken: Intake, index: int, event: NewEvent) -> None:
        """An id that is that of a row further up: the same, or another one."""
        if self._new[event.id] == _content(event):
            taken.duplicates += 1
        else:
            reason = f'the id "{event.id}" is that of another row further up; give it an id of its own'
            taken.conflicts.append((index, event.id, reason))

    def _judge(
        self,
        connection: Connection,
        taken: Intake,
        arriving: Sequence[tuple[int, NewEvent]],
        emails: Mapping[str, str],
    ) -> None:
        """Events of which no two have the same id."""
        events = [event for _, event in arriving]
        would, places, owner_keys = foresee_events(connection, events, emails, self._owner_keys)
        taken.accepted += would.accepted
        taken.duplicates += would.duplicates
        taken.suppressed += len(would.suppressed)
        for place, reason in would.conflicts.items():
            taken.conflicts.append((arriving[place][0], events[place].id, reason))
        for place, reason in would.rejected.items():
            taken.rejected.append((arriving[place][0], [Problem(("deal",), reason)]))
        new = [events[place] for place in places]
        made = {event.deal for event in new}
        self._owner_keys |= {deal: contact for deal, contact in owner_keys.items() if deal in made}
        self._new.update((event.id, _content(event)) for event in new)
        self._look(new, emails)


def _content(event: NewEvent) -> int:
    """What an id stands for. Of a deal's event the contact does not matter."""
    whose = event.deal or event.contact
    return hash(packed(whose, event.deal is None, event.type, orjson.loads(event.properties)))
