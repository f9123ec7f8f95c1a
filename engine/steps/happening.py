"""Whether an event that a follow-up is concerned with has happened."""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

import orjson

from conditions.tree import Predicate, compile_conditions
from engine.steps.situation import Situation
from scoring.entries import Event, Place
from store.database import dump_json
from triggers.evaluate import where_lookup


@lru_cache(maxsize=2_048)
def _compiled(conditions: str) -> Predicate:
    return compile_conditions(orjson.loads(conditions))


def compiled(conditions: Mapping[str, Any]) -> Predicate:
    """The conditions, compiled once for all follow-ups that have the same."""
    return _compiled(dump_json(conditions))


def first_that_holds(
    situation: Situation, event_type: str, where: Mapping[str, Any], events: Iterable[Event]
) -> Event | None:
    """The first of the events that is of the type and satisfies `where`."""
    holds = compiled(where)
    return next(
        (event for event in events if event.type == event_type and _holds(holds, event, situation)),
        None,
    )


def came_since(event: Event, place: Place) -> bool:
    """Whether an event is another than that of the place, and not from before it.

    At the same moment ids say nothing of what came first: files have dates, and a call has one time for all.
    """
    return event.at > place[0] or (event.at == place[0] and event.id != place[1])


def _holds(holds: Predicate, event: Event, situation: Situation) -> bool:
    try:
        return holds(where_lookup(event, situation.lookup), situation.now)
    except ValueError:  # its properties cannot be read: it has none
        return holds(where_lookup(event._replace(properties={}), situation.lookup), situation.now)
