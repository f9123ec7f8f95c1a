"""Two write at once: with the ETag of what they read, the second is told instead of undoing the first."""

import asyncio
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.conditional import read_tags
from automations.smart_list import SmartList
from services.design.answers import Automation, Profile
from services.preconditions import Tags
from services.records import answers
from services.records.answers import Contact
from store.records.contacts import differ
from tests.api.installation import AUTOMATION, PROFILE, Installation

DOCUMENTS: dict[str, dict[str, Any]] = {
    "/v1/contacts/ada": {"name": "Ada", "stage": "lead"},
    "/v1/deals/renewal": {"contact": "ada", "stage": "open"},
    "/v1/profiles/engagement": PROFILE,
    "/v1/automations/hot": AUTOMATION,
    "/v1/recipients/sales": {"channels": ["mailto:sales@example.com"]},
    "/v1/smart-lists/leads": {"filter": {"stage": "lead"}},
}
ADDRESSES = list(DOCUMENTS)


async def stored(kindling: Installation, address: str) -> str:
    """What is at the address, made so that it is valid; its tag."""
    await kindling.client.put("/v1/profiles/engagement", json=PROFILE)
    saved = await kindling.client.put(address, json=DOCUMENTS[address])
    assert saved.status_code in (200, 201), saved.text
    answer = await kindling.client.get(address)
    assert answer.headers["etag"] == saved.headers["etag"]
    return str(answer.headers["etag"])


@pytest.mark.parametrize("address", ADDRESSES)
async def test_of_many_writers_with_one_tag_one_writes(kindling: Installation, address: str) -> None:
    tag = await stored(kindling, address)
    answers = await asyncio.gather(
        *(
            kindling.client.put(
                address, json={**DOCUMENTS[address], "name": f"name {number}"}, headers={"If-Match": tag}
            )
            for number in range(8)
        )
    )
    assert Counter(answer.status_code for answer in answers) == {200: 1, 412: 7}
    winner = next(answer for answer in answers if answer.status_code == 200)
    refused = next(answer for answer in answers if answer.status_code == 412)
    assert (await kindling.get(address))["name"] == winner.json()["name"]
    problem = refused.json()
    assert (problem["title"], problem["etag"]) == ("Precondition Failed", refused.headers["etag"])
    assert "name" in problem["changed"]
    assert "has changed since: " in problem["detail"]
    again = await kindling.client.put(
        address, json=DOCUMENTS[address], headers={"If-Match": refused.headers["etag"]}
    )
    assert again.status_code == 200, again.text


@pytest.mark.parametrize("address", ADDRESSES)
async def test_of_many_who_create_one_thing_one_does(kindling: Installation, address: str) -> None:
    await stored(kindling, "/v1/profiles/engagement")
    other = address.replace("engagement", "other")
    answers = await asyncio.gather(
        *(
            kindling.client.put(
                other, json={**DOCUMENTS[address], "name": f"name {number}"}, headers={"If-None-Match": "*"}
            )
            for number in range(8)
        )
    )
    assert sorted(answer.status_code for answer in answers)[1:] == [412] * 7
    made = next(answer for answer in answers if answer.status_code != 412)
    assert (await kindling.get(other))["name"] == made.json()["name"]
    refused = next(answer for answer in answers if answer.status_code == 412)
    assert "is there already" in refused.json()["detail"]


async def test_a_contact_that_an_event_makes_meanwhile_is_not_created_again(kindling: Installation) -> None:
    for number in range(10):
        key = f"c{number}"
        _, *puts = await asyncio.gather(
            kindling.send({"type": "email.opened", "contact": key}),
            *(
                kindling.client.put(f"/v1/contacts/{key}", json={"name": "x"}, headers={"If-None-Match": "*"})
                for _ in range(2)
            ),
        )
        made = [answer.status_code for answer in puts if answer.status_code == 201]
        events = await kindling.get("/v1/events", contact=key, type="contact.created")
        assert len(events["items"]) == 1
        assert len(made) <= 1
        assert {answer.status_code for answer in puts} <= {201, 412}


@pytest.mark.parametrize("address", [address for address in ADDRESSES if "recipients" not in address])
async def test_what_has_changed_is_not_deleted(kindling: Installation, address: str) -> None:
    tag = await stored(kindling, address)
    await kindling.client.put(address, json={**DOCUMENTS[address], "name": "other"})
    kept = await kindling.client.delete(address, headers={"If-Match": tag})
    assert (kept.status_code, "name" in kept.json()["changed"]) == (412, True)
    gone = await kindling.client.delete(address, headers={"If-Match": kept.headers["etag"]})
    assert gone.status_code == 204
    late = await kindling.client.put(address, json=DOCUMENTS[address], headers={"If-Match": tag})
    assert (late.status_code, late.json()["etag"]) == (412, None)
    assert (await kindling.client.get(address)).status_code == 404


@pytest.mark.parametrize("address", ["/v1/contacts/ada", "/v1/deals/renewal"])
async def test_a_change_of_a_record_names_what_somebody_else_changed(
    kindling: Installation, address: str
) -> None:
    tag = await stored(kindling, address)
    theirs = await kindling.client.patch(
        address, json={"owner": "ben", "fields": {"plan": "pro"}}, headers={"If-Match": tag}
    )
    assert theirs.status_code == 200
    mine = await kindling.client.patch(address, json={"owner": "cleo"}, headers={"If-Match": tag})
    assert mine.json()["changed"] == ["owner", "fields"]
    tried = [f'"other", {theirs.headers["etag"]}', "*"]
    for header in tried:
        answer = await kindling.client.patch(address, json={"owner": "cleo"}, headers={"If-Match": header})
        assert answer.status_code == 200, answer.text


async def test_a_tag_is_only_added_to_the_contact_that_was_read(kindling: Installation) -> None:
    tag = await stored(kindling, "/v1/contacts/ada")
    added = await kindling.client.put("/v1/contacts/ada/tags/hot", headers={"If-Match": tag})
    assert added.status_code == 200
    late = await kindling.client.put("/v1/contacts/ada/tags/cold", headers={"If-Match": tag})
    assert (late.status_code, late.json()["changed"]) == (412, ["tags"])


@pytest.mark.parametrize("address", ["/v1/profiles/engagement", "/v1/automations/hot"])
async def test_only_the_draft_that_was_read_is_published(kindling: Installation, address: str) -> None:
    tag = await stored(kindling, address)
    await kindling.client.put(address, json={**DOCUMENTS[address], "description": "changed by ben"})
    late = await kindling.client.post(f"{address}/publish", headers={"If-Match": tag})
    assert (late.status_code, late.json()["changed"]) == (412, ["description"])
    published = await kindling.client.post(f"{address}/publish", headers={"If-Match": late.headers["etag"]})
    assert published.status_code < 300, published.text
    again = await kindling.client.post(f"{address}/publish", headers={"If-Match": late.headers["etag"]})
    assert again.status_code == 412
    assert {"status", "version"} <= {*again.json()["changed"]}


async def test_how_far_a_publish_has_come_is_no_change_of_the_profile(kindling: Installation) -> None:
    await kindling.send({"type": "email.opened", "contact": "ada"})
    await stored(kindling, "/v1/profiles/engagement")
    await kindling.client.post("/v1/profiles/engagement/publish")
    tag = (await kindling.client.get("/v1/profiles/engagement")).headers["etag"]
    kindling.score()
    after = await kindling.client.get("/v1/profiles/engagement", headers={"If-None-Match": tag})
    assert (after.status_code, after.headers["etag"] != tag) == (200, True)
    saved = await kindling.client.put(
        "/v1/profiles/engagement", json={**PROFILE, "name": "New"}, headers={"If-Match": tag}
    )
    assert saved.status_code == 200, saved.text


@pytest.mark.parametrize("address", ADDRESSES)
async def test_what_the_caller_has_is_not_sent_again(kindling: Installation, address: str) -> None:
    tag = await stored(kindling, address)
    for header in (tag, f"W/{tag}", f'"x", {tag}', "*"):
        answer = await kindling.client.get(address, headers={"If-None-Match": header})
        assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", tag)
    assert (await kindling.client.get(address, headers={"If-None-Match": '"x"'})).status_code == 200


async def test_a_weak_tag_never_matches_a_change(kindling: Installation) -> None:
    tag = await stored(kindling, "/v1/contacts/ada")
    answer = await kindling.client.patch(
        "/v1/contacts/ada", json={"name": "x"}, headers={"If-Match": f"W/{tag}"}
    )
    assert answer.status_code == 412
    assert "weak tag" in answer.json()["detail"]


@pytest.mark.parametrize("header", ["abc", '"abc', "", '"a" "b"', '*, "a"', ",", "w/"])
async def test_what_is_no_tag_is_refused_and_changes_nothing(kindling: Installation, header: str) -> None:
    await stored(kindling, "/v1/contacts/ada")
    for name in ("If-Match", "If-None-Match"):
        answer = await kindling.client.put("/v1/contacts/ada", json={"name": "x"}, headers={name: header})
        assert answer.status_code == 400, answer.text
        assert name in answer.json()["detail"]
    assert (await kindling.get("/v1/contacts/ada"))["name"] == "Ada"


async def test_a_mistake_is_told_before_what_has_changed(kindling: Installation) -> None:
    await stored(kindling, "/v1/contacts/ada")
    answer = await kindling.client.put("/v1/contacts/ada", json={"nme": "x"}, headers={"If-Match": '"x"'})
    assert answer.status_code == 422
    missing = await kindling.client.patch("/v1/contacts/nobody", json={}, headers={"If-Match": '"x"'})
    assert missing.status_code == 404


@pytest.mark.parametrize(
    ("lines", "tags"),
    [
        (None, None),
        (["*"], Tags(any=True)),
        (['"a"', '"b" , W/"c,d"'], Tags(('"a"', '"b"'), ('"c,d"',))),
        ([',, "a",'], Tags(('"a"',))),
        (['""'], Tags(('""',))),
    ],
)
def test_tags_are_read_as_the_standard_has_them(lines: list[str] | None, tags: Tags | None) -> None:
    assert read_tags("If-Match", lines) == tags


@pytest.mark.parametrize(
    ("shown", "document"), [(answers.SmartList, SmartList), (Profile, None), (Automation, None)]
)
def test_every_key_of_an_answer_is_in_its_tag(shown: Any, document: Any) -> None:
    after_a_call = {"warnings", "difference", "enrolled", "follow_ups_paused", "follow_ups_resumed"}
    keys = {*shown.model_fields, *(document.model_fields if document else ())}
    assert keys - after_a_call <= {*shown.STATE, *shown.PASSING}


VALUES = st.fixed_dictionaries(
    {
        "name": st.none() | st.text(max_size=2),
        "stage": st.none() | st.sampled_from(["lead", "1"]),
        "tags": st.lists(st.sampled_from("ab"), max_size=2),
        "fields": st.dictionaries(st.sampled_from("xy"), st.sampled_from([0, 1, 1.0, True, "1"]), max_size=2),
    }
)


@given(VALUES, VALUES)
def test_a_tag_tells_what_differs_and_nothing_else(one: dict[str, Any], other: dict[str, Any]) -> None:
    before, after = (
        Contact(
            id=1, key="a", email=None, phone=None, owner=None, dnd=[], created_at="", updated_at="", **values
        )
        for values in (one, other)
    )
    one, other = before.model_dump(), after.model_dump()
    differing = [name for name in Contact.STATE if differ(one[name], other[name])]
    assert after.changed_since(before.tag()) == differing
    assert after.is_state_of(before.tag()) == (not differing)
    assert (after.tag() == before.tag()) == (not differing)
