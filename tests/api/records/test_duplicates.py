"""Contacts that share an e-mail address are pointed out."""

from typing import Any

import pytest

from services.records.duplicates import Duplicates
from tests.api.installation import Installation, opened


async def shared(kindling: Installation, **parameters: Any) -> list[tuple[str, list[str]]]:
    items = (await kindling.get("/v1/duplicates", **parameters))["items"]
    assert all(item["count"] == len(item["contacts"]) for item in items)
    return [(item["address"], [contact["key"] for contact in item["contacts"]]) for item in items]


async def test_keys_that_differ_in_case_or_composition_alone_are_listed(kindling: Installation) -> None:
    for key in (
        "Ada@X.example",
        "\u00e9ric@x.example",
        "ada@x.example",
        "ben@x.example",
        "E\u0301RIC@x.example",
    ):
        await kindling.send(*opened(key))
    assert [keys for _, keys in await shared(kindling)] == [
        ["Ada@X.example", "ada@x.example"],
        ["\u00e9ric@x.example", "E\u0301RIC@x.example"],
    ]
    assert (await kindling.get("/v1/status"))["shared_addresses"] == 2


async def test_an_address_and_a_key_are_one(kindling: Installation) -> None:
    await kindling.client.put("/v1/contacts/crm-1", json={"email": "Ada@x.example"})
    await kindling.client.put("/v1/contacts/crm-2", json={"email": " ada@X.example"})
    await kindling.send(*opened("ADA@x.example"))
    assert await shared(kindling) == [("ada@x.example", ["crm-1", "crm-2", "ADA@x.example"])]
    assert (await kindling.get("/v1/status"))["shared_addresses"] == 1


async def test_nobody_shares_an_address_with_oneself(kindling: Installation) -> None:
    await kindling.client.put("/v1/contacts/Ada@x.example", json={"email": "ada@X.example"})
    await kindling.client.put("/v1/contacts/ben", json={"email": " "})
    await kindling.client.put("/v1/contacts/cyd", json={"email": " "})
    await kindling.send(*opened("Id-7"), *opened("id-7"))
    assert await shared(kindling) == []
    assert (await kindling.get("/v1/status"))["shared_addresses"] == 0


async def test_merging_and_erasing_settle_it(kindling: Installation) -> None:
    await kindling.send(*opened("Ada@x.example"), *opened("ada@x.example"))
    await kindling.send(*opened("Ben@x.example"), *opened("ben@x.example"))
    assert len(await shared(kindling)) == 2
    await kindling.client.post("/v1/contacts/Ada@x.example/merge", json={"into": "ada@x.example"})
    assert [address for address, _ in await shared(kindling)] == ["ben@x.example"]
    await kindling.client.delete("/v1/contacts/Ben@x.example")
    assert await shared(kindling) == []


async def test_many_are_listed_in_pages(kindling: Installation) -> None:
    for number in range(5):
        await kindling.send(*opened(f"A{number}@x.example"), *opened(f"a{number}@x.example"))
    for number in range(25):
        await kindling.client.put(f"/v1/contacts/c{number}", json={"email": "info@x.example"})
    seen: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = await kindling.get("/v1/duplicates", limit=2, **cursor)
        seen += [item["address"] for item in page["items"]]
        last = page["items"][-1]
        if page["next"] is None:
            break
        cursor = {"cursor": page["next"]}
    assert seen == [*(f"a{number}@x.example" for number in range(5)), "info@x.example"]
    assert (last["count"], len(last["contacts"])) == (25, 20)
    wrong = await kindling.client.get("/v1/duplicates", params={"cursor": "x"})
    assert wrong.status_code == 422


async def test_a_count_that_takes_long_is_kept_for_a_while(
    kindling: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    duplicates = kindling.application.duplicates
    monkeypatch.setattr("services.records.duplicates._BRIEF", 60)
    assert duplicates.count() == 0
    await kindling.send(*opened("Ada@x.example"), *opened("ada@x.example"))
    monkeypatch.setattr("services.records.duplicates._BRIEF", -60)
    assert duplicates.count() == 1
    await kindling.client.delete("/v1/contacts/Ada@x.example")
    assert duplicates.count() == 1
    assert Duplicates(kindling.application.resources).count() == 0
