"""An id counts once: the same again changes nothing at all, and another event under it is said."""

import asyncio
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from store.intake.known import KnownEvent, Sent, difference
from tests.api.installation import Installation

VISIT = {"id": "n-42", "type": "visit", "contact": "ada", "properties": {"page": "/a", "n": 1}}


async def send(kindling: Installation, *events: dict[str, Any]) -> dict[str, Any]:
    answer = await kindling.client.post("/v1/events", json=list(events))
    assert answer.status_code == 202, answer.text
    taken: dict[str, Any] = answer.json()
    return taken


async def test_one_id_for_two_contacts_is_a_conflict(kindling: Installation) -> None:
    answer = await send(kindling, VISIT, {**VISIT, "contact": "ben"})
    assert (answer["accepted"], answer["duplicates"], answer["ids"]) == (1, 0, ["n-42", None])
    [conflict] = answer["conflicts"]
    assert (conflict["index"], conflict["id"]) == (1, "n-42")
    assert (
        conflict["reason"]
        == 'the id "n-42" is known, of an event with another contact; give it an id of its own'
    )
    assert (await kindling.client.get("/v1/contacts/ben")).status_code == 404


@pytest.mark.parametrize(
    ("other", "what"),
    [
        ({"contact": "ben"}, "another contact"),
        ({"type": "order"}, "the type visit"),
        ({"properties": {"page": "/b", "n": 1}}, "other properties"),
        ({"properties": {}}, "other properties"),
        ({"properties": {"page": "/a", "n": True}}, "other properties"),
        ({"deal": "d1"}, "of an event with no deal"),
    ],
)
async def test_what_an_id_stands_for_cannot_be_changed(
    kindling: Installation, other: dict[str, Any], what: str
) -> None:
    await send(kindling, VISIT)
    before = await kindling.get("/v1/events")
    answer = await send(kindling, {**VISIT, **other})
    assert (answer["accepted"], answer["duplicates"], answer["rejected"]) == (0, 0, [])
    assert what in answer["conflicts"][0]["reason"]
    assert await kindling.get("/v1/events") == before


async def test_the_same_again_is_a_duplicate_however_it_is_written(kindling: Installation) -> None:
    await send(kindling, VISIT)
    again = {**VISIT, "properties": {"n": 1.0, "page": "/a"}, "occurred_at": "2020-01-01T00:00:00Z"}
    answer = await send(kindling, again, VISIT)
    assert (answer["accepted"], answer["duplicates"], answer["conflicts"]) == (0, 2, [])


async def test_the_same_again_under_the_old_key_of_a_merged_contact_is_a_duplicate(
    kindling: Installation,
) -> None:
    await send(kindling, VISIT, {"type": "hello", "contact": "ada-2"})
    merged = await kindling.client.post("/v1/contacts/ada/merge", json={"into": "ada-2"})
    assert merged.status_code < 300, merged.text
    answer = await send(kindling, VISIT, {**VISIT, "contact": "ada-2"})
    assert (answer["duplicates"], answer["conflicts"]) == (2, [])


async def test_what_is_known_creates_nobody(kindling: Installation) -> None:
    """A duplicate or a conflict of an unknown contact leaves no contact and no `contact.created` behind."""
    await send(kindling, VISIT)
    before = len((await kindling.get("/v1/events"))["items"])
    await send(kindling, {**VISIT, "contact": "nobody"}, {**VISIT, "contact": "nobody", "deal": "none"})
    assert (await kindling.client.get("/v1/contacts/nobody")).status_code == 404
    assert (await kindling.client.get("/v1/deals/none")).status_code == 404
    assert len((await kindling.get("/v1/events"))["items"]) == before


async def test_an_id_is_free_for_the_sound_event_behind_a_rejected_one(kindling: Installation) -> None:
    wrong = {"id": "x", "type": "visit", "deal": "not there"}
    answer = await send(kindling, wrong, {**VISIT, "id": "x"}, {**VISIT, "id": "x", "contact": "ben"})
    assert [event["index"] for event in answer["rejected"]] == [0]
    assert [event["index"] for event in answer["conflicts"]] == [2]
    assert (answer["accepted"], answer["duplicates"], answer["ids"]) == (1, 0, [None, "x", None])


async def test_very_many_of_one_id_that_name_no_deal_are_all_rejected(kindling: Installation) -> None:
    wrong = {"id": "x", "type": "visit", "deal": "not there"}
    answer = await send(kindling, *[wrong] * 2_000, VISIT)
    assert (answer["accepted"], answer["rejected_count"], answer["conflicts"]) == (1, 2_000, [])


async def test_an_event_stays_its_deals_when_the_deal_moves(kindling: Installation) -> None:
    order = {"id": "o1", "type": "order", "contact": "ada", "deal": "d1"}
    await send(kindling, order, {**VISIT, "contact": "ben"})
    moved = await kindling.client.patch("/v1/deals/d1", json={"contact": "ben"})
    assert moved.status_code == 200, moved.text
    answer = await send(kindling, order)
    assert (answer["duplicates"], answer["conflicts"]) == (1, [])


async def test_what_is_stored_and_cannot_be_read_holds_nobody_up(kindling: Installation) -> None:
    await send(kindling, VISIT)
    with kindling.database.write() as connection:
        connection.exec_driver_sql("UPDATE events SET properties = '{bad' WHERE id = 'n-42'")
    answer = await send(kindling, VISIT, {**VISIT, "id": "n-43"})
    assert (answer["accepted"], answer["duplicates"]) == (1, 1)


async def test_lines_of_a_stream_that_conflict_are_counted_and_listed(kindling: Installation) -> None:
    lines = "\n".join(
        f'{{"id": "s-{number % 150}", "type": "visit", "contact": "c{number}"}}' for number in range(300)
    )
    answer = await kindling.client.post(
        "/v1/events", content=lines, headers={"Content-Type": "application/x-ndjson"}
    )
    taken = answer.json()
    assert (taken["accepted"], taken["duplicates"], taken["conflicts_count"]) == (150, 0, 150)
    assert len(taken["conflicts"]) == 100
    assert taken["conflicts"][0]["index"] == 150


async def test_of_two_at_once_one_is_stored_and_the_other_is_said(kindling: Installation) -> None:
    answers = await asyncio.gather(
        *(send(kindling, {**VISIT, "contact": f"c{number}"}) for number in range(8))
    )
    assert sum(answer["accepted"] for answer in answers) == 1
    assert sum(len(answer["conflicts"]) for answer in answers) == 7


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.floats(-5, 5) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=3),
    max_leaves=6,
)


@given(properties=st.dictionaries(st.text(max_size=3), JSON, max_size=4), other=JSON)
@settings(max_examples=200)
def test_properties_differ_where_their_json_does(properties: dict[str, Any], other: Any) -> None:
    def dumped(value: Any) -> str:
        return orjson.dumps(value).decode()

    def sent(value: dict[str, Any]) -> Sent:
        return Sent(True, 1, False, None, "t", dumped(value))

    known = KnownEvent(1, None, "t", dumped(properties))
    assert difference(known, sent(dict(reversed(properties.items())))) is None
    if "new" not in properties:
        assert difference(known, sent({**properties, "new": other})) == "other properties"
