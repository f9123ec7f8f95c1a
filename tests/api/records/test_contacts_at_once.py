"""Several systems change one contact: what one says nothing about is not undone by it."""

import asyncio
from typing import Any

import pytest

from services.records.contacts import TagChange
from tests.api.installation import Installation


async def put(kindling: Installation, **values: Any) -> dict[str, Any]:
    answer = await kindling.client.put("/v1/contacts/ada", json=values)
    assert answer.status_code in (200, 201), answer.text
    contact: dict[str, Any] = answer.json()
    return contact


async def patch(kindling: Installation, **values: Any) -> dict[str, Any]:
    answer = await kindling.client.patch("/v1/contacts/ada", json=values)
    assert answer.status_code == 200, answer.text
    contact: dict[str, Any] = answer.json()
    return contact


async def test_twenty_clients_that_add_a_tag_each_keep_all(kindling: Installation) -> None:
    await put(kindling, tags=["first"])
    answers = await asyncio.gather(
        *(kindling.client.put(f"/v1/contacts/ada/tags/t{number}") for number in range(10)),
        *(patch(kindling, tags={"add": [f"t{number}"]}) for number in range(10, 20)),
    )
    assert len(answers) == 20
    tags = (await kindling.get("/v1/contacts/ada"))["tags"]
    assert sorted(tags) == sorted(["first", *(f"t{number}" for number in range(20))])


async def test_tags_are_added_and_removed_and_the_others_stay(kindling: Installation) -> None:
    await put(kindling, tags=["hot", "b"])
    assert (await patch(kindling, tags={"add": ["c", "b"], "remove": ["hot", "none"]}))["tags"] == ["b", "c"]
    assert (await patch(kindling, tags=["x"]))["tags"] == ["x"]
    added = await kindling.client.put("/v1/contacts/ada/tags/a%2Fb%20c")
    assert (added.status_code, added.json()["tags"]) == (200, ["x", "a/b c"])
    for _ in range(2):
        removed = await kindling.client.delete("/v1/contacts/ada/tags/x")
        assert (removed.status_code, removed.json()["tags"]) == (200, ["a/b c"])
    events = (await kindling.get("/v1/events", type="tag.removed"))["items"]
    assert [event["properties"]["tag"] for event in events].count("x") == 1


@pytest.mark.parametrize(
    ("tags", "pointer"),
    [({"add": "hot"}, "/tags"), ({"added": ["x"]}, "/tags"), ({"add": [" "]}, "/tags"), ("hot", "/tags")],
)
async def test_mistakes_in_a_change_of_tags_are_told(kindling: Installation, tags: Any, pointer: str) -> None:
    await put(kindling, tags=["hot"])
    answer = await kindling.client.patch("/v1/contacts/ada", json={"tags": tags})
    assert answer.status_code == 422, answer.text
    assert any(error["pointer"].startswith(pointer) for error in answer.json()["errors"])
    assert (await kindling.get("/v1/contacts/ada"))["tags"] == ["hot"]


async def test_an_unknown_contact_is_not_created_by_a_tag(kindling: Installation) -> None:
    assert (await kindling.client.put("/v1/contacts/nobody/tags/hot")).status_code == 404
    assert (await kindling.client.put("/v1/contacts/nobody/tags/%20")).status_code == 422


async def test_blanks_around_a_tag_are_no_part_of_it(kindling: Installation) -> None:
    assert (await put(kindling, tags=[" hot", "hot ", "hot"]))["tags"] == ["hot"]
    assert (await patch(kindling, tags={"remove": ["\thot "]}))["tags"] == []


async def test_a_nightly_put_does_not_opt_anybody_in_again(kindling: Installation) -> None:
    await put(kindling, name="Ada", dnd=["email"])
    assert (await put(kindling, name="Ada L."))["dnd"] == ["email"]
    assert (await put(kindling, name="Ada L.", dnd=[]))["dnd"] == []
    await put(kindling, dnd="all")
    assert (await put(kindling, dnd=None))["dnd"] == []


@pytest.mark.parametrize("empty", [" ", "", None])
async def test_a_survivors_blank_does_not_beat_what_the_other_knows(
    kindling: Installation, empty: Any
) -> None:
    await put(kindling, name=empty, email=empty, fields={"a": empty if empty is not None else [], "b": "own"})
    other = {"name": "Ada", "email": "ada@example.com", "fields": {"a": 7, "b": "other"}}
    await kindling.client.put("/v1/contacts/ada-2", json=other)
    await kindling.client.post("/v1/contacts/ada-2/merge", json={"into": "ada"})
    merged = await kindling.get("/v1/contacts/ada")
    assert (merged["name"], merged["email"]) == ("Ada", "ada@example.com")
    assert merged["fields"] == {"a": 7, "b": "own"}


def test_a_tag_that_was_stored_with_blanks_can_be_removed() -> None:
    assert TagChange(remove=["hot"]).of([" hot", "b"]) == ["b"]
    assert TagChange(add=["hot"]).of([" hot"]) == [" hot"]
