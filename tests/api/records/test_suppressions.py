"""Who was erased for good stays away, whatever senders send again."""

import asyncio
from typing import Any

import pytest
import sqlalchemy as sa

from services.intake.files.imports import import_file
from store.intake import suppressed
from tests.api.installation import Installation, opened


async def erase(kindling: Installation, key: str, **parameters: Any) -> None:
    answer = await kindling.client.delete(f"/v1/contacts/{key}", params={"suppress": "true", **parameters})
    assert answer.status_code == 204, answer.text


async def listed(kindling: Installation) -> list[dict[str, Any]]:
    suppressions: list[dict[str, Any]] = (await kindling.get("/v1/suppressions"))["items"]
    return suppressions


async def everybody(kindling: Installation) -> list[str]:
    return [contact["key"] for contact in (await kindling.get("/v1/contacts"))["items"]]


async def test_an_erased_person_does_not_come_back_with_a_retry(kindling: Installation) -> None:
    await kindling.publish()
    await kindling.automate()
    await kindling.send(*opened("ada", 6), *opened("ben"))
    kindling.score()
    await erase(kindling, "ada")
    answer = await kindling.send(*opened("ada", id="e-1"), *opened("ben", id="e-2"), *opened("ada"))
    assert (answer["accepted"], answer["duplicates"], answer["suppressed"]) == (1, 0, 2)
    assert answer["ids"] == [None, "e-2", None]
    kindling.score()
    assert await everybody(kindling) == ["ben"]
    assert (await kindling.client.get("/v1/contacts/ada")).status_code == 404
    assert (await kindling.get("/v1/enrollments"))["items"] == []
    [one] = await listed(kindling)
    assert (one["reason"], one["met"], one["last_met_at"]) == ("erased", 2, "2026-11-22T12:00:00.000000Z")
    assert (await kindling.get("/v1/status"))["suppressions"] == 1
    assert 'kindling_events_total{result="suppressed"} 2.0' in (await kindling.client.get("/metrics")).text


async def test_without_it_nothing_is_suppressed_and_nothing_is_said(kindling: Installation) -> None:
    await kindling.send(*opened("ada"))
    assert (await kindling.client.delete("/v1/contacts/ada")).status_code == 204
    assert "suppressed" not in await kindling.send(*opened("ada"))
    assert await everybody(kindling) == ["ada"]
    assert await listed(kindling) == []


async def test_streams_and_files_leave_them_out_too(kindling: Installation, tmp_path: Any) -> None:
    await kindling.send(*opened("ada"))
    await erase(kindling, "ada")
    lines = "\n".join(f'{{"type": "email.opened", "contact": "{key}"}}' for key in ("ada", "ben", "ada"))
    answer = await kindling.client.post(
        "/v1/events", content=lines, headers={"content-type": "application/x-ndjson"}
    )
    assert (answer.json()["accepted"], answer.json()["suppressed"]) == (1, 2)
    file = tmp_path / "events.csv"
    file.write_text("contact,type\nada,purchase\ncleo,purchase\n")
    done = import_file(kindling.application.events, file)
    assert (done.accepted, done.suppressed, done.bad, done.rows) == (1, 1, 0, 2)
    assert sorted(await everybody(kindling)) == ["ben", "cleo"]


@pytest.mark.parametrize(
    ("method", "address", "body"),
    [
        ("PUT", "/v1/contacts/ada", {"name": "Ada"}),
        ("PATCH", "/v1/contacts/ada", {"name": "Ada"}),
        ("PUT", "/v1/contacts/ada/tags/hot", None),
        ("PUT", "/v1/contacts/new", {"email": " ADA@Example.com "}),
        ("PATCH", "/v1/contacts/ben", {"email": "ada@EXAMPLE.com"}),
        ("PUT", "/v1/contacts/Ada@example.com", {"name": "by address"}),
        ("PUT", "/v1/deals/renewal", {"contact": "ada"}),
        ("PUT", "/v1/deals/bens", {"contact": "ada"}),
        ("PATCH", "/v1/deals/bens", {"contact": "ada"}),
        ("POST", "/v1/contacts/ben/merge", {"into": "ada"}),
        ("POST", "/v1/contacts/ada/merge", {"into": "ben"}),
    ],
)
async def test_whatever_is_about_them_is_not_stored(
    kindling: Installation, method: str, address: str, body: Any
) -> None:
    await kindling.client.put("/v1/contacts/ada", json={"email": "Ada@example.com"})
    await kindling.client.put("/v1/contacts/ben", json={"name": "Ben"})
    await kindling.client.put("/v1/deals/bens", json={"contact": "ben"})
    await kindling.client.put("/v1/deals/adas", json={"contact": "ada"})
    await erase(kindling, "ada")
    answer = await kindling.client.request(method, address, json=body)
    assert (answer.status_code, answer.json()["suppressed"]) == (202, 1), answer.text
    assert "erased for good" in answer.json()["detail"]
    assert await everybody(kindling) == ["ben"]
    assert (await kindling.get("/v1/contacts/ben"))["email"] is None
    deals = (await kindling.get("/v1/deals"))["items"]
    assert [(deal["key"], deal["contact"]) for deal in deals] == [("bens", "ben")]
    assert [one["met"] for one in await listed(kindling)] == [1]


async def test_events_that_name_their_deals_and_their_former_keys_are_not_stored(
    kindling: Installation,
) -> None:
    await kindling.send(*opened("ada"), *opened("old"))
    await kindling.client.post("/v1/contacts/old/merge", json={"into": "ada"})
    await erase(kindling, "old")
    answer = await kindling.send(*opened("old"), *opened("ada", deal="renewal"))
    assert (answer["accepted"], answer["suppressed"]) == (0, 2)
    assert await everybody(kindling) == []
    assert (await kindling.get("/v1/deals"))["items"] == []


async def test_another_persons_key_in_other_letters_is_stored(kindling: Installation) -> None:
    await kindling.send(*opened("aB3"), *opened("ada@example.com"))
    await erase(kindling, "aB3")
    await erase(kindling, "ada@example.com")
    answer = await kindling.send(*opened("ab3"), *opened("ADA@example.com"))
    assert (answer["accepted"], answer["suppressed"]) == (1, 1)


async def test_a_suppression_is_lifted(kindling: Installation) -> None:
    await kindling.client.put("/v1/contacts/ada", json={"email": "ada@example.com"})
    await kindling.client.put("/v1/contacts/ben", json={"email": "ada@example.com"})
    await erase(kindling, "ada", reason="asked by letter")
    await erase(kindling, "ben")
    newest, first = await listed(kindling)
    assert (newest["reason"], first["reason"]) == ("erased", "asked by letter")
    lifted = await kindling.client.delete(f"/v1/suppressions/{first['id']}")
    assert lifted.status_code == 204
    assert (await kindling.client.delete(f"/v1/suppressions/{first['id']}")).status_code == 404
    assert (await kindling.send(*opened("ada")))["accepted"] == 1
    # The address is still that of the other.
    kept = await kindling.client.patch("/v1/contacts/ada", json={"email": "ada@example.com"})
    assert kept.status_code == 202
    page = await kindling.get("/v1/suppressions", limit=1)
    assert (len(page["items"]), page["next"]) == (1, None)


async def test_somebody_who_is_not_here_is_suppressed_too(kindling: Installation) -> None:
    for body in ({"contact": "ada"}, {"email": "Ada@example.com", "reason": "asked"}):
        answer = await kindling.client.post("/v1/suppressions", json=body)
        assert answer.status_code == 201, answer.text
    assert (await kindling.send(*opened("ada"), *opened("ada@example.com")))["suppressed"] == 2
    await kindling.send(*opened("ben"))
    here = await kindling.client.post("/v1/suppressions", json={"contact": "ben"})
    assert (here.status_code, "suppress=true" in here.json()["detail"]) == (409, True)
    wrongs: list[Any] = [{}, {"email": " "}, {"key": "x"}, []]
    for wrong in wrongs:
        assert (await kindling.client.post("/v1/suppressions", json=wrong)).status_code == 422
    page = await kindling.get("/v1/suppressions", limit=1)
    rest = await kindling.get("/v1/suppressions", limit=1, cursor=page["next"])
    assert (page["items"] + rest["items"], rest["next"]) == (await listed(kindling), None)


async def test_a_reason_belongs_to_a_suppression(kindling: Installation) -> None:
    await kindling.send(*opened("ada"))
    answer = await kindling.client.delete("/v1/contacts/ada", params={"reason": "asked"})
    assert answer.status_code == 422
    assert await everybody(kindling) == ["ada"]


async def test_nothing_that_is_kept_says_who_it_was(kindling: Installation) -> None:
    await kindling.client.put("/v1/contacts/ada", json={"name": "Lovelace", "email": "ada@example.com"})
    await erase(kindling, "ada")
    await kindling.send(*opened("ada"))
    await kindling.client.put("/v1/contacts/x", json={"email": "ada@example.com"})
    tables = sa.MetaData()
    tables.reflect(kindling.database.engine)
    with kindling.database.read() as connection:
        kept = {
            name: str(connection.execute(sa.select(table)).all()).casefold()
            for name, table in tables.tables.items()
        }
    telling = [name for name, text in kept.items() if "'ada" in text or "ada@" in text or "lovelace" in text]
    assert telling == []


async def test_what_comes_while_somebody_is_erased_does_not_bring_them_back(kindling: Installation) -> None:
    for number in range(8):
        key = f"c{number}"
        await kindling.send(*opened(key))
        sent = [kindling.send(*opened(key)) for _ in range(4)]
        puts = [kindling.client.put(f"/v1/contacts/{key}", json={"name": "x"}) for _ in range(2)]
        await asyncio.gather(*sent, erase(kindling, key), *puts)
        assert (await kindling.client.get(f"/v1/contacts/{key}")).status_code == 404
    with kindling.database.read() as connection:
        assert connection.execute(sa.text("SELECT count(*) FROM events")).scalar_one() == 0


def test_addresses_are_the_same_in_other_letters_and_composed_otherwise() -> None:
    one = suppressed.names_of_address("J\u00f6rg@Stra\u00dfe.example")
    assert one == suppressed.names_of_address(" jo\u0308rg@STRASSE.example ")
    assert suppressed.names_of_address(None) == suppressed.names_of_address("  ") == frozenset()
    assert suppressed.names_of_key("aB3") != suppressed.names_of_key("ab3")
    assert suppressed.names_of_key("Ada@example.com") & suppressed.names_of_address("ada@Example.com")


def test_hashes_of_two_installations_differ() -> None:
    names = suppressed.names_of_key("ada")
    hashes = [suppressed.hashed(names, secret * 32) for secret in ("aa", "bb")]
    assert hashes[0] != hashes[1]
    assert "ada" not in str(hashes[0].values())


async def test_what_is_no_address_suppresses_nobody(kindling: Installation) -> None:
    refused = await kindling.client.post("/v1/suppressions", json={"email": "not an address"})
    assert refused.status_code == 422
    assert "is no e-mail address" in refused.json()["errors"][0]["message"]
    assert (await kindling.get("/v1/suppressions"))["items"] == []
