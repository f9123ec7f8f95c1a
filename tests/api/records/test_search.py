# ruff: noqa: RUF001 - letters that look like others are what this is about
"""Contacts and deals are found whatever case and composition they and the question are written in."""

from random import Random
from unicodedata import normalize

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event

from conditions.search import folded
from store.connection import Connection
from store.database import Database
from store.intake import places
from store.records import contacts, deals, lists
from store.search import NEVER_FOUND, contact_search, deal_search
from tests.api.installation import NOW, SHARDS, Installation, opened

NAMES = ["Özgür Yılmaz", "ÉRIC", "Иван Петров", "Straße", "İrem", "O\u0308zlem", "Zoë 100%_\\", "박지성"]


async def keys_matching(kindling: Installation, kind: str = "contacts", **filters: str) -> list[str]:
    return sorted(item["key"] for item in (await kindling.get(f"/v1/{kind}", **filters))["items"])


@pytest.fixture
async def named(kindling: Installation) -> Installation:
    for number, name in enumerate(NAMES):
        await kindling.client.put(f"/v1/contacts/c{number}", json={"name": name})
        await kindling.client.put(f"/v1/deals/d{number}", json={"contact": f"c{number}", "name": name})
    return kindling


@pytest.mark.parametrize("number", range(len(NAMES)))
async def test_a_name_is_found_as_it_was_typed_and_otherwise(named: Installation, number: int) -> None:
    name = NAMES[number]
    for text in (name, name.upper(), name.lower(), normalize("NFC", name), normalize("NFD", name), name[:3]):
        assert f"c{number}" in await keys_matching(named, q=text), text
        assert await keys_matching(named, "deals", q=text) == [
            f"d{key[1:]}" for key in await keys_matching(named, q=text)
        ]
        saved = await named.client.put("/v1/smart-lists/mine", json={"filter": {"q": text}})
        assert saved.json()["count"] == len(await keys_matching(named, q=text))


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("strasse", ["c3"]),
        ("irem", ["c4"]),
        ("yilmaz", ["c0"]),
        ("ö", ["c0", "c5"]),
        ("100%_\\", ["c6"]),
        ("%", ["c6"]),
        ("_", ["c6"]),
        ("C1", ["c1"]),
        ("éric\nИ", []),
        ("c1\néric", []),
        ("ﷺ" * 999, []),
    ],
)
async def test_what_is_searched_for_stands_for_itself(
    named: Installation, text: str, keys: list[str]
) -> None:
    if "\n" in text:  # refused by the API
        with named.database.read() as connection:
            test = lists.column_tests("contact", q=text)
            assert lists.count(connection, "contact", None, test) == len(keys)
    else:
        assert await keys_matching(named, q=text) == keys


async def test_key_and_address_are_searched_too(kindling: Installation) -> None:
    await kindling.send(*opened("Jürgen@Example.com"))
    await kindling.client.put("/v1/contacts/ben", json={"email": "Ünal@Example.com"})
    assert await keys_matching(kindling, q="JÜRGEN@") == ["Jürgen@Example.com"]
    assert await keys_matching(kindling, q="ÜNAL@example") == ["ben"]
    assert await keys_matching(kindling, q="example.COM") == ["Jürgen@Example.com", "ben"]


@pytest.mark.parametrize(
    "text", ["Ünal@Example.com", "ünal@example.com", "U\u0308NAL@EXAMPLE.COM", " ünal@example.com "]
)
async def test_an_address_is_found_in_whatever_case(kindling: Installation, text: str) -> None:
    await kindling.client.put("/v1/contacts/ada", json={"email": "u\u0308nal@Example.COM"})
    await kindling.client.put("/v1/contacts/ben", json={"email": "unal@example.com"})
    await kindling.client.put("/v1/contacts/cyd", json={"email": " "})
    await kindling.client.put("/v1/contacts/" + text.strip(), json={})
    assert await keys_matching(kindling, email=text) == ["ada"]
    saved = await kindling.client.put("/v1/smart-lists/mine", json={"filter": {"email": text}})
    assert saved.json()["count"] == 1
    assert await keys_matching(kindling, email=" ") == []


async def test_an_address_of_any_length_is_kept_and_found(kindling: Installation) -> None:
    """Longer ones than an index takes, that nothing compresses."""
    chance = Random(1)
    long = "".join(chr(chance.randrange(0xAC00, 0xD7A3)) for _ in range(700))
    key = f"{long[:170]}@example"
    for name, address in {"ada": f"{long}a", "ben": f"{long}b"}.items():
        saved = await kindling.client.put(f"/v1/contacts/{name}", json={"email": address})
        assert saved.status_code == 201, saved.text
    for written in (key, normalize("NFD", key[:10]) + key[10:].upper()):
        assert (await kindling.client.put(f"/v1/contacts/{written}", json={})).status_code == 201
    assert await keys_matching(kindling, email=f"{normalize('NFD', long[:100])}{long[100:]}A") == ["ada"]
    assert await keys_matching(kindling, q=f"{long}B") == ["ben"]
    assert (await kindling.get("/v1/status"))["shared_addresses"] == 1


async def test_conditions_still_compare_letter_by_letter(kindling: Installation) -> None:
    await kindling.client.put("/v1/contacts/ada", json={"email": "Ada@example.com"})
    for address, count in {"Ada@example.com": 1, "ada@example.com": 0}.items():
        asked = {"filters": {"contact.email": {"equal": address}}}
        assert (await kindling.client.put("/v1/smart-lists/mine", json=asked)).json()["count"] == count


def test_an_address_is_looked_up_in_an_index(sqlite_url: str) -> None:
    """On SQLite, whose plans do not depend on how many rows there are."""
    asked = []
    database = Database(sqlite_url)
    event.listen(database.engine, "before_cursor_execute", lambda *given: asked.append(given[2:4]))
    with database.read() as connection:
        tests = lists.column_tests("contact", email="Ada@x.example")
        lists.by_age(connection, "contact", None, tests, descending=False, after=None, limit=50)
        statement, parameters = asked[-1]
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
    database.close()
    assert "ix_contacts_email_folded" in str(plan)


async def test_a_field_of_ones_own_may_be_called_like_a_column(kindling: Installation) -> None:
    names = ("search", "email_folded", "key_folded", "updated_at", "touched")
    await kindling.client.put("/v1/contacts/ada", json={"fields": dict.fromkeys(names, "mine")})
    await kindling.client.put("/v1/contacts/ben", json={})
    for name in names:
        asked = {"filters": {f"contact.{name}": {"equal": "mine"}}}
        assert (await kindling.client.put("/v1/smart-lists/mine", json=asked)).json()["count"] == 1, name


async def test_every_way_to_change_a_record_changes_what_it_is_found_by(kindling: Installation) -> None:
    client = kindling.client
    await kindling.send({"type": "x", "contact": "Ada@X.example", "deal": "DÉAL"})
    await client.put("/v1/contacts/ben", json={"name": "Ben", "email": "BEN@x.example"})
    await client.patch("/v1/contacts/ben", json={"name": "Bén"})
    await client.put("/v1/contacts/cyd", json={"name": "Cyd", "email": "cyd@x.example"})
    await client.put("/v1/contacts/cyd", json={"name": "Çyd"})
    await client.patch("/v1/contacts/cyd", json={"stage": "demo"})
    await client.put("/v1/deals/two", json={"contact": "dan", "name": "Zwei"})
    await client.patch("/v1/deals/two", json={"name": "ZWÖI", "value": 5})
    await client.put("/v1/contacts/eve", json={"email": "EVE@x.example", "name": "Ève"})
    merged = await client.post("/v1/contacts/eve/merge", json={"into": "cyd"})
    assert merged.json()["email"] == "EVE@x.example"
    with kindling.database.read() as connection:
        _check_columns(connection)
    assert await keys_matching(kindling, q="bén") == ["ben"]
    assert await keys_matching(kindling, email="eve@X.example") == ["cyd"]
    assert await keys_matching(kindling, q="eve@") == ["cyd"]
    assert await keys_matching(kindling, q="ève") == []
    assert await keys_matching(kindling, "deals", q="zwöi") == ["two"]
    assert await keys_matching(kindling, "deals", q="déal") == ["DÉAL"]


def _check_columns(connection: Connection) -> None:
    """Every row's columns are what its texts make."""
    of_contacts = connection.execute(contacts.CONTACTS.select()).mappings().all()
    assert len(of_contacts) == 5
    for row in of_contacts:
        expected = contact_search(row["key"], row["name"], row["email"])
        if row["merged_into"] is not None:
            expected = NEVER_FOUND
        assert {name: row[name] for name in expected._fields} == expected._asdict()
    for row in connection.execute(deals.DEALS.select()).mappings():
        assert row["search"] == deal_search(row["key"], row["name"]).search


texts = st.text(
    st.sampled_from("aiIßéÉıİΣσΐﬁ각\u0301\u0307%_\\ ")
    | st.characters(codec="utf-8", exclude_categories=["Cc"])
)


async def test_databases_find_what_python_finds(kindling: Installation) -> None:
    """Any text in any name, key or address; also what is nowhere."""

    @settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(st.lists(st.tuples(texts, texts), min_size=1, max_size=4), texts)
    def law(people: list[tuple[str, str]], question: str) -> None:
        questions = [question, *(name[:3].upper() for name, _ in people), *(text[1:] for _, text in people)]
        with kindling.database.engine.connect() as connection:
            for number, (name, email) in enumerate(people):
                places.ensure_contacts(connection, [f"Kéy{number}"], SHARDS, NOW)
                row = contacts.contact_by_key(connection, f"Kéy{number}")
                assert row is not None
                contacts.change_contact(connection, row, {"name": name, "email": email}, NOW)
            for wanted in filter(None, questions):
                told = lists.by_age(
                    connection,
                    "contact",
                    None,
                    lists.column_tests("contact", q=wanted),
                    descending=False,
                    after=None,
                    limit=10,
                )
                assert [row["key"] for row in told] == [
                    f"Kéy{number}"
                    for number, parts in enumerate(people)
                    if any(folded(wanted) in folded(part) for part in (f"Kéy{number}", *parts))
                ]
            connection.rollback()

    law()


async def test_a_plus_that_was_read_as_a_blank_is_told(kindling: Installation) -> None:
    await kindling.client.put("/v1/contacts/ada", json={"email": "ada+news@example.com"})
    for path in (
        "/v1/contacts?email=ada+news@example.com",
        "/v1/deals?contact=ada+news@example.com",
        "/v1/contacts/ada%20news@example.com",
    ):
        refused = await kindling.client.get(path)
        assert refused.status_code in (404, 422)
        assert "write %2B" in refused.json()["detail"]
    assert len((await kindling.get("/v1/contacts", email="ada+news@example.com"))["items"]) == 1


async def test_blanks_around_a_tag_are_no_part_of_it_in_lists(kindling: Installation) -> None:
    await kindling.client.put("/v1/contacts/ada", json={"tags": ["hot"]})
    assert len((await kindling.get("/v1/contacts", tag=" hot "))["items"]) == 1
    for number, asked in enumerate(
        ({"filter": {"tag": " hot "}}, {"filters": {"contact.tags": {"has": " hot "}}})
    ):
        saved = await kindling.client.put(f"/v1/smart-lists/hot-{number}", json=asked)
        assert saved.status_code == 201, saved.text
        assert len((await kindling.get(f"/v1/smart-lists/hot-{number}/contacts"))["items"]) == 1
