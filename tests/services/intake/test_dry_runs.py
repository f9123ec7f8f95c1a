"""A dry run tells what the import then does."""

import json
from collections.abc import Callable
from itertools import count
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.intake.events import Intake
from services.intake.files.dry_runs import DryRun
from tests.services.intake.shop import Shop

_NUMBERS = count()
_OWNERS = {"d-ada": "ada", "d-ben": "ben"}


def _event(event_id: str | None, whose: dict[str, str], kind: str, amount: float) -> dict[str, Any]:
    return {"id": event_id, "type": kind, "properties": {"amount": amount}, **whose}


_OF_CONTACTS = st.sampled_from(["ada", "ben", "cleo"]).map(lambda key: {"contact": key})
_OF_DEALS = st.sampled_from([*_OWNERS]).flatmap(
    lambda deal: st.sampled_from([{"deal": deal}, {"deal": deal, "contact": _OWNERS[deal]}])
)
_OF_ANY_DEAL = st.builds(
    lambda deal, contact: {"deal": deal, "contact": contact},
    st.sampled_from([*_OWNERS, "d-new"]),
    st.sampled_from(["ben", "cleo", None]),
)
_THERE = [{"type": "seen", "deal": deal, "contact": contact} for deal, contact in _OWNERS.items()]
_EVENTS = st.one_of(
    st.builds(
        _event,
        st.sampled_from("abcd"),
        _OF_CONTACTS | _OF_DEALS,
        st.sampled_from(["seen", ""]),
        st.sampled_from([1, 1.0, 2]),
    ),
    st.builds(_event, st.none(), _OF_CONTACTS | _OF_DEALS | _OF_ANY_DEAL, st.just("seen"), st.just(1)),
)
_CHUNKS = st.lists(st.lists(_EVENTS, min_size=1, max_size=6), min_size=1, max_size=4)


@given(earlier=st.lists(_EVENTS, max_size=4), chunks=_CHUNKS)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_counts_and_places_are_those_of_the_import(
    each_shop: Shop, earlier: list[dict[str, Any]], chunks: list[list[dict[str, Any]]]
) -> None:
    number = next(_NUMBERS)
    before, *batches = [[_of_run(event, number) for event in chunk] for chunk in (_THERE + earlier, *chunks)]
    each_shop.events.take(before)
    seen: list[str] = []
    run = DryRun(each_shop.events.resources, lambda new, _emails: seen.extend(event.id for event in new))
    foretold = _counts(batches, lambda batch: run.keep(batch, {}))
    known = set(each_shop.rows())
    assert _counts(batches, each_shop.events.take) == foretold
    named = {event["id"] for batch in batches for event in batch if "id" in event}
    assert (set(each_shop.rows()) - known) & named == set(seen) & named


def _of_run(event: dict[str, Any], number: int) -> dict[str, Any]:
    """The event in a world of its own."""
    names = {name: f"{event[name]}-{number}" for name in ("id", "contact", "deal") if event.get(name)}
    return {name: value for name, value in {**event, **names}.items() if value is not None}


def _counts(batches: list[list[dict[str, Any]]], keep: Callable[[list[dict[str, Any]]], Intake]) -> list[Any]:
    """What became of each batch: the last are left out, for one reason or another."""
    return [
        (
            taken.accepted,
            taken.duplicates,
            taken.suppressed,
            sorted([*(index for index, *_ in taken.conflicts), *(index for index, _ in taken.rejected)]),
        )
        for taken in map(keep, batches)
    ]


def test_conflicts_and_the_erased_are_named_before_anything_is_stored(shop: Shop) -> None:
    shop.take("id,contact,type\n1,ada,seen\n", "first.csv", id="id")
    shop.take("id,contact,type\n2,zoe,seen\n", "first.csv", id="id")
    shop.application.contacts.erase("zoe", suppress="asked to")
    lines = [
        {"id": "3", "contact": "zoe", "type": "seen"},
        {"id": "1", "contact": "ben", "type": "seen"},
        {"id": "1", "contact": "ada", "type": "seen"},
        {"id": "900", "contact": "ada", "type": "seen"},
        {"id": "900", "contact": "ben", "type": "seen"},
    ]
    text = "\n".join(map(json.dumps, lines))
    looked = shop.take(text, "more.ndjson", dry_run=True)
    assert (looked.accepted, looked.duplicates, looked.suppressed, looked.conflicts) == (1, 1, 1, 2)
    assert [(row.line, row.reason) for row in looked.first_bad] == [
        (2, 'the id "1" is known, of an event with another contact; give it an id of its own'),
        (5, 'the id "900" is that of another row further up; give it an id of its own'),
    ]
    done = shop.take(text, "more.ndjson")
    assert (done.accepted, done.duplicates, done.suppressed, done.conflicts) == (1, 1, 1, 2)
