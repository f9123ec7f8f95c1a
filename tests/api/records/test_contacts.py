from typing import Any

import pytest

from automations.list_filters import ContactFilter
from services import cursors
from tests.api.installation import Installation, opened


async def changes(kindling: Installation, key: str = "ada") -> list[tuple[str, dict[str, Any]]]:
    """The internal events of a contact."""
    items = (await kindling.get("/v1/events", contact=key, limit=100))["items"]
    return sorted(((item["type"], item["properties"]) for item in items), key=str)


async def test_put_creates_and_emits_what_was_given(kindling: Installation) -> None:
    answer = await kindling.client.put(
        "/v1/contacts/ada",
        json={"name": "Ada", "stage": "lead", "tags": ["b", "a", "b"], "fields": {"plan": "pro"}},
    )
    assert answer.status_code == 201
    body = answer.json()
    assert (body["key"], body["name"], body["tags"], body["dnd"], body["fields"]) == (
        "ada",
        "Ada",
        ["b", "a"],
        [],
        {"plan": "pro"},
    )
    assert body == await kindling.get("/v1/contacts/ada")
    assert await changes(kindling) == [
        ("contact.created", {}),
        ("field.changed", {"field": "name", "from": None, "to": "Ada"}),
        ("field.changed", {"field": "plan", "from": None, "to": "pro"}),
        ("stage.changed", {"from": None, "to": "lead"}),
        ("tag.added", {"tag": "a"}),
        ("tag.added", {"tag": "b"}),
    ]
    assert kindling.wakes


async def test_put_replaces_everything_and_patch_merges(kindling: Installation) -> None:
    put = {"name": "Ada", "tags": ["a"], "fields": {"plan": "pro", "seats": 3}, "dnd": ["email"]}
    await kindling.client.put("/v1/contacts/ada", json=put)
    patched = await kindling.client.patch(
        "/v1/contacts/ada", json={"fields": {"plan": None, "seats": 4}, "stage": "demo"}
    )
    assert patched.status_code == 200
    assert (patched.json()["fields"], patched.json()["name"], patched.json()["tags"]) == (
        {"seats": 4},
        "Ada",
        ["a"],
    )
    replaced = await kindling.client.put("/v1/contacts/ada", json={"email": "ada@example.com"})
    assert replaced.status_code == 200
    body = replaced.json()
    assert (body["name"], body["stage"], body["tags"], body["dnd"], body["fields"]) == (
        None,
        None,
        [],
        ["email"],
        {},
    )


async def test_saying_the_same_again_changes_nothing(kindling: Installation) -> None:
    body = {"name": "Ada", "fields": {"vip": True}}
    first = (await kindling.client.put("/v1/contacts/ada", json=body)).json()
    kindling.later()
    assert (await kindling.client.put("/v1/contacts/ada", json=body)).json() == first
    one = await kindling.client.patch("/v1/contacts/ada", json={"fields": {"vip": 1}})
    assert one.json()["fields"] == {"vip": 1}
    assert one.json()["updated_at"] > first["updated_at"]


@pytest.mark.parametrize(
    ("dnd", "shown"),
    [
        ("all", "all"),
        (["chat", "call", "sms", "email"], "all"),
        (["sms", "sms"], ["sms"]),
        ([], []),
        (None, []),
    ],
)
async def test_dnd_is_a_list_of_channels_or_all(kindling: Installation, dnd: Any, shown: Any) -> None:
    answer = await kindling.client.put("/v1/contacts/ada", json={"dnd": dnd})
    assert answer.json()["dnd"] == shown


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ([], {"": 'a contact is an object such as {"name": "Ada", "tags": ["partner"]}'}),
        ({"nam": "Ada"}, {"/nam": 'unknown key "nam"; did you mean "name"?'}),
        (
            {"country": "DE"},
            {
                "/country": 'unknown key "country"; a field of your own stands under "fields": '
                '{"fields": {"country": ...}}'
            },
        ),
        ({"name": "a\0b"}, {"/name": "it cannot hold control characters"}),
        ({"stage": 7}, {"/stage": '"stage" should be a text; put it in quotes: "7"'}),
        ({"tags": "hot"}, {"/tags": '"tags" should be a list'}),
        ({"tags": ["hot", ""]}, {"/tags/1": "a tag has 1 to 200 characters"}),
        ({"dnd": "none"}, {"/dnd": 'write a list such as ["email"], or "all", not "none"'}),
        ({"dnd": ["emial"]}, {"/dnd/0": 'unknown channel; did you mean "email"?'}),
        (
            {"fields": {"email": "x"}},
            {
                "/fields/email": '"email" is a field of every contact; set it beside "fields", or choose another name'
            },
        ),
        ({"fields": {"a.b": 1}}, {"/fields/a.b": "a field's name cannot hold dots, quotes or backslashes"}),
        (
            {"fields": {"a": {"b": 1}}},
            {"/fields/a": "a field holds a text, a number, true, false or a list of these; use more fields"},
        ),
        (
            {"fields": {"a": 2**60}, "name": 1},
            {
                "/name": '"name" should be a text; put it in quotes: "1"',
                "/fields/a": "an integer beyond 2^53 loses digits in JSON; send it as a text",
            },
        ),
    ],
)
async def test_all_mistakes_are_told_and_nothing_is_saved(
    kindling: Installation, body: Any, errors: dict[str, str]
) -> None:
    answer = await kindling.client.put("/v1/contacts/ada", json=body)
    assert answer.status_code == 422
    assert {error["pointer"]: error["message"] for error in answer.json()["errors"]} == errors
    assert (await kindling.client.get("/v1/contacts/ada")).status_code == 404


async def test_an_unknown_contact_is_a_404_that_says_how_to_make_one(kindling: Installation) -> None:
    for answer in (
        await kindling.client.get("/v1/contacts/bob"),
        await kindling.client.patch("/v1/contacts/bob", json={"name": "Bob"}),
        await kindling.client.get("/v1/contacts/bob/scores"),
        await kindling.client.get("/v1/contacts/bob/timeline"),
    ):
        assert answer.status_code == 404
        assert answer.json()["detail"].startswith('there is no contact "bob"; PUT /v1/contacts/{key}')


async def every_page(kindling: Installation, **query: Any) -> list[str]:
    keys: list[str] = []
    cursor = None
    while True:
        page = await kindling.get("/v1/contacts", limit=2, **query, **({"cursor": cursor} if cursor else {}))
        keys += [item["key"] for item in page["items"]]
        cursor = page["next"]
        if cursor is None:
            return keys


@pytest.fixture
async def scored(kindling: Installation) -> Installation:
    """c0 to c6 with that many points; c0 has none at all."""
    await kindling.publish()
    for points in range(7):
        await kindling.client.put(
            f"/v1/contacts/c{points}", json={"tags": ["even"] if points % 2 == 0 else []}
        )
        if points:
            await kindling.send(*opened(f"c{points}", points))
    kindling.score()
    return kindling


@pytest.mark.parametrize(
    ("query", "keys"),
    [
        ({}, ["c0", "c1", "c2", "c3", "c4", "c5", "c6"]),
        ({"sort": "-created_at"}, ["c6", "c5", "c4", "c3", "c2", "c1", "c0"]),
        ({"sort": "-score"}, ["c6", "c5", "c4", "c3", "c2", "c1", "c0"]),
        ({"sort": "score"}, ["c1", "c2", "c3", "c4", "c5", "c6", "c0"]),
        ({"score_gte": "2", "score_lte": "4"}, ["c2", "c3", "c4"]),
        ({"band": "warm", "sort": "-score"}, ["c5", "c4", "c3"]),
        ({"band": "hot"}, ["c6"]),
        ({"band": "cold"}, ["c1", "c2"]),
        ({"tag": "even", "sort": "score"}, ["c2", "c4", "c6", "c0"]),
        ({"q": "C3"}, ["c3"]),
    ],
    ids=str,
)
async def test_contacts_are_listed_by_score_band_tag_and_text(
    scored: Installation, query: dict[str, str], keys: list[str]
) -> None:
    assert await every_page(scored, profile="engagement", **query) == keys


async def test_listed_contacts_show_score_and_band_of_the_profile_asked_for(scored: Installation) -> None:
    items = (await scored.get("/v1/contacts", profile="engagement", sort="-score", limit=1))["items"]
    assert (items[0]["score"], items[0]["band"]) == (6, "hot")
    assert "score" not in (await scored.get("/v1/contacts", limit=1))["items"][0]


async def test_scores_of_an_unpublished_profile_are_empty_in_lists(scored: Installation) -> None:
    await scored.client.post("/v1/profiles/engagement/unpublish")
    items = (await scored.get("/v1/contacts", profile="engagement", sort="-score"))["items"]
    assert {item["score"] for item in items} == {None}
    assert await every_page(scored, profile="engagement", score_gte="0") == []


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("tagg=hot", 'unknown parameter "tagg"; did you mean "tag"?'),
        ("score_gte=5", '"score_gte" needs to know whose scores: add profile=<key>'),
        ("sort=-score", "sorting by score needs to know whose: add profile=<key>"),
        ("sort=scor&profile=engagement", 'cannot sort by "scor"; did you mean "score"?'),
        ("profile=engagment", 'there is no profile "engagment"; did you mean "engagement"?'),
        (
            "profile=engagement&band=lukewarm",
            'profile "engagement" has no band "lukewarm"; did you mean "warm"?',
        ),
        ("limit=501", '"limit": it should be less than or equal to 500'),
        (
            "score_gte=five&profile=engagement",
            '"score_gte": it should be a valid integer, unable to parse string as an integer',
        ),
        ("q=%00", '"q": it cannot hold control characters'),
        ("cursor=nonsense", 'the cursor is not one of this list; send "next" of its last page as it was'),
        (
            "cursor=WyJldmVudHMiLDEsIngiXQ",
            'the cursor is not one of this list; send "next" of its last page as it was',
        ),
    ],
)
async def test_a_wrong_parameter_is_named(scored: Installation, query: str, message: str) -> None:
    answer = await scored.client.get(f"/v1/contacts?{query}")
    assert (answer.status_code, answer.json()["detail"]) == (422, message)


async def test_a_timeline_has_everything_once_the_newest_first(kindling: Installation) -> None:
    await kindling.publish()
    await kindling.automate()
    for n in range(3):
        kindling.later()
        await kindling.send(*opened("ada", 2), {"type": "page.viewed", "contact": "ada"})
        await kindling.client.patch("/v1/contacts/ada", json={"stage": f"s{n}"})
        kindling.score()
    everything = (await kindling.get("/v1/contacts/ada/timeline", limit=500))["items"]
    kinds = [item["kind"] for item in everything]
    assert (kinds.count("change"), kinds.count("enrollment"), kinds.count("event")) == (6, 2, 13)
    assert [item["at"] for item in everything] == sorted((item["at"] for item in everything), reverse=True)
    paged: list[Any] = []
    cursor: dict[str, str] = {}
    while True:
        page = await kindling.get("/v1/contacts/ada/timeline", limit=4, **cursor)
        paged += page["items"]
        if page["next"] is None:
            break
        cursor = {"cursor": page["next"]}
    assert paged == everything


@pytest.mark.parametrize("key", [["9" * 30], ["abc"], [""], ["\u00b2"], ["1"]])
async def test_a_cursor_that_nobody_gave_is_refused(kindling: Installation, key: list[str]) -> None:
    await kindling.client.put("/v1/contacts/ada", json={})
    for rank in (0, 9, -1):
        cursor = cursors.encode("timeline", [1, rank, *key])
        answer = await kindling.client.get("/v1/contacts/ada/timeline", params={"cursor": cursor})
        assert answer.status_code == (200 if (rank, key) == (0, ["1"]) else 422), answer.text


@pytest.mark.parametrize("name", [*ContactFilter.model_fields])
async def test_an_empty_filter_is_no_fault_of_ours(scored: Installation, name: str) -> None:
    answer = await scored.client.get("/v1/contacts", params={name: "", "profile": "engagement"})
    assert answer.status_code in (200, 422), answer.text
