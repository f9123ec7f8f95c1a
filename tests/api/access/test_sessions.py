"""People sign in, are who they are until the session ends, and sign out."""

import asyncio
from collections import Counter
from typing import Any

import httpx2
import pytest

from conditions.times import DAY, HOUR, SECOND
from runtime.principals import LOCAL
from services.access import passwords
from services.resources import Busy, NotSignedIn
from store.access import sessions as stored
from store.database import Database
from tests.api.access.principals import key_of, session_of
from tests.api.installation import BASE, Installation

PASSWORD = "tiger-lamp-42-orbit"
OTHER = "window-93-cedar-moss"


@pytest.fixture
def ada(kindling: Installation) -> Installation:
    """An installation with one person in it."""
    body = {"key": "ada", "name": "Ada Byron", "role": "sales", "email": "Ada@Example.com", "language": "de"}
    kindling.application.access.people.add({**body, "password": PASSWORD}, LOCAL)
    return kindling


async def sign_in(client: httpx2.AsyncClient, name: str = "ada", password: str = PASSWORD) -> httpx2.Response:
    return await client.post("/v1/session", json={"name": name, "password": password})


@pytest.mark.parametrize("name", ["ada", "ADA", "ada@example.com", " Ada@EXAMPLE.com "])
async def test_signing_in_by_key_or_address(ada: Installation, name: str) -> None:
    answer = await sign_in(ada.client, name)
    assert answer.status_code == 200, answer.text
    who = answer.json()
    assert (who["kind"], who["name"], who["permissions"], who["language"]) == (
        "person",
        "ada",
        ["read", "edit"],
        "de",
    )
    assert (await ada.client.get("/v1/session")).json()["name"] == "ada"
    assert (await ada.client.get("/v1/contacts")).status_code == 200
    assert (await ada.client.put("/v1/profiles/p", json={})).status_code == 403


async def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(ada: Installation) -> None:
    cookie = (await sign_in(ada.client)).headers["set-cookie"]
    name = f"kindling-{ada.application.access.installation}"
    assert cookie.startswith(f"{name}=")
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Path=/" in cookie
    assert "Secure" not in cookie
    assert "Domain" not in cookie
    async with ada.client_for("https://127.0.0.1:8000") as client:
        secure = (await sign_in(client)).headers["set-cookie"]
        assert secure.startswith(f"__Host-{name}=")
        assert "Secure" in secure
        assert (await client.get("/v1/session")).json()["name"] == "ada"


async def test_behind_a_proxy_the_public_address_says_that_it_is_https(
    database: Database, tmp_path: Any
) -> None:
    public = Installation(database, str(tmp_path), KINDLING_PUBLIC_URL="https://kindling.example")
    public.application.access.people.add(
        {"key": "ada", "name": "Ada", "role": "sales", "password": PASSWORD}, LOCAL
    )
    async with public.client_for("http://kindling.example") as client:
        assert (await sign_in(client)).headers["set-cookie"].startswith("__Host-")


async def test_of_a_token_only_a_hash_is_stored(ada: Installation) -> None:
    await sign_in(ada.client)
    [token] = ada.client.cookies.values()
    assert len(token) >= 43
    with ada.database.read() as connection:
        [row] = stored.of_person(connection, "ada")
    assert token not in repr(dict(row))


async def test_unknown_names_wrong_passwords_and_disabled_people_are_answered_alike(
    ada: Installation,
) -> None:
    people = ada.application.access.people
    people.add({"key": "ben", "name": "Ben", "role": "sales", "password": PASSWORD, "disabled": True}, LOCAL)
    people.add({"key": "eve", "name": "Eve", "role": "sales"}, LOCAL)
    tried = [("nobody", PASSWORD), ("ada", OTHER), ("ben", PASSWORD), ("eve", PASSWORD), ("a\x00\ud800", "x")]
    answers = [await sign_in(ada.client, *one) for one in tried[:4]]
    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.text for answer in answers}) == 1
    with pytest.raises(NotSignedIn):
        ada.application.access.sessions.sign_in(*tried[4], "127.0.0.1")


async def test_an_unknown_name_takes_a_hash_as_a_known_one_does(
    ada: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashed: list[str] = []
    verify = passwords._HASHER.verify

    def noted(_: object, hash_: str, given: str) -> bool:
        hashed.append(hash_)
        return verify(hash_, given)

    monkeypatch.setattr(type(passwords._HASHER), "verify", noted)
    for name in ("ada", "nobody", "a\x00"):
        with pytest.raises(NotSignedIn):
            ada.application.access.sessions.sign_in(name, OTHER, "127.0.0.1")
    assert len(hashed) == 3
    assert len({hash_.split("$")[3] for hash_ in hashed}) == 1  # as hard, too


async def test_a_session_ends_when_it_is_idle_and_whatever_happens_after_two_weeks(ada: Installation) -> None:
    await sign_in(ada.client)
    ada.now += 11 * HOUR
    assert (await ada.client.get("/v1/session")).status_code == 200
    ada.now += 11 * HOUR  # it was used in between
    assert (await ada.client.get("/v1/session")).status_code == 200
    ada.now += 12 * HOUR
    assert (await ada.client.get("/v1/session")).status_code == 401
    await sign_in(ada.client)
    for _ in range(14 * 3 - 1):
        ada.now += DAY // 3
        assert (await ada.client.get("/v1/session")).status_code == 200
    ada.now += DAY // 3
    assert (await ada.client.get("/v1/session")).status_code == 401


async def test_signing_out_ends_the_session_itself(ada: Installation) -> None:
    await sign_in(ada.client)
    kept = dict(ada.client.cookies)
    answer = await ada.client.delete("/v1/session")
    assert answer.json() == {"ended": 1}
    assert not ada.client.cookies
    async with ada.client_for(BASE) as client:
        client.cookies.update(kept)
        assert (await client.get("/v1/session")).status_code == 401


async def test_signing_out_everywhere(ada: Installation) -> None:
    others = [session_of(ada, "ada") for _ in range(2)]
    await sign_in(ada.client)
    answer = await ada.client.delete("/v1/session", params={"everywhere": True})
    assert answer.json() == {"ended": 3}
    for headers in others:
        assert (await ada.client.get("/v1/session", headers=headers)).status_code == 401


async def test_an_administrator_signs_people_out(ada: Installation) -> None:
    admin = key_of(ada, "admin")
    theirs = session_of(ada, "ada")
    answer = await ada.client.delete("/v1/people/ada/sessions", headers=admin)
    assert answer.json() == {"ended": 1}
    assert (await ada.client.get("/v1/session", headers=theirs)).status_code == 401


@pytest.mark.parametrize("change", [{"disabled": True}, {"password": OTHER}])
async def test_who_is_disabled_or_gets_another_password_is_signed_out(
    ada: Installation, change: dict[str, Any]
) -> None:
    admin, theirs = key_of(ada, "admin"), session_of(ada, "ada")
    answer = await ada.client.patch("/v1/people/ada", json=change, headers=admin)
    assert answer.status_code == 200, answer.text
    assert (await ada.client.get("/v1/session", headers=theirs)).status_code == 401


async def test_another_role_counts_from_the_next_call_on(ada: Installation) -> None:
    admin, theirs = key_of(ada, "admin"), session_of(ada, "ada")
    assert (await ada.client.get("/v1/people", headers=theirs)).status_code == 403
    await ada.client.patch("/v1/people/ada", json={"role": "admin"}, headers=admin)
    assert (await ada.client.get("/v1/people", headers=theirs)).status_code == 200


async def test_changing_ones_own_password_ends_the_other_sessions(ada: Installation) -> None:
    await sign_in(ada.client)
    other = session_of(ada, "ada")
    wrong = await ada.client.put("/v1/session/password", json={"present": OTHER, "password": OTHER})
    assert wrong.status_code == 422
    easy = await ada.client.put(
        "/v1/session/password", json={"present": PASSWORD, "password": "adabyronadabyron"}
    )
    assert easy.status_code == 422
    done = await ada.client.put("/v1/session/password", json={"present": PASSWORD, "password": OTHER})
    assert done.status_code == 204, done.text
    assert (await ada.client.get("/v1/session")).status_code == 200
    assert (await ada.client.get("/v1/session", headers=other)).status_code == 401
    assert (await sign_in(ada.client, password=PASSWORD)).status_code == 401
    assert (await sign_in(ada.client, password=OTHER)).status_code == 200


async def test_keys_have_no_passwords_and_no_sessions(ada: Installation) -> None:
    key = key_of(ada, "read")
    body = {"present": PASSWORD, "password": OTHER}
    assert (await ada.client.put("/v1/session/password", json=body, headers=key)).status_code == 401
    assert (
        await ada.client.delete("/v1/session", params={"everywhere": True}, headers=key)
    ).status_code == 401
    assert (await ada.client.get("/v1/session", headers=key)).json()["kind"] == "key"


@pytest.mark.parametrize(
    ("told", "status"),
    [
        ({"origin": "https://evil.example"}, 403),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"origin": BASE, "sec-fetch-site": "same-origin"}, 200),
        ({}, 200),
    ],
)
async def test_no_other_site_lends_itself_the_session_or_signs_somebody_in(
    ada: Installation, told: dict[str, str], status: int
) -> None:
    theirs = session_of(ada, "ada")
    assert (await ada.client.get("/v1/session", headers={**theirs, **told})).status_code == status
    body = {"name": "ada", "password": PASSWORD}
    assert (await ada.client.post("/v1/session", json=body, headers=told)).status_code == status


async def test_with_a_key_of_the_installation_the_session_is_as_safe(
    database: Database, tmp_path: Any
) -> None:
    keyed = Installation(database, str(tmp_path), KINDLING_API_KEY="sesame")
    keyed.application.access.people.add({"key": "ada", "name": "Ada", "role": "sales"}, LOCAL)
    theirs = session_of(keyed, "ada")
    foreign = {"origin": "https://evil.example"}
    async with keyed.client_for("https://kindling.example") as client:
        assert (await client.get("/v1/session", headers=theirs)).status_code == 200
        assert (await client.get("/v1/session", headers={**theirs, **foreign})).status_code == 403


async def test_too_many_wrong_passwords_have_to_wait_and_a_stranger_locks_nobody_out(
    ada: Installation,
) -> None:
    sessions = ada.application.access.sessions
    sessions.sign_in("ada", PASSWORD, "10.0.0.1")  # where she works
    for _ in range(10):
        with pytest.raises(NotSignedIn):
            sessions.sign_in("ada", "wrong wrong wrong", "192.0.2.1")
    with pytest.raises(Busy) as busy:
        sessions.sign_in("ada", PASSWORD, "192.0.2.1")
    assert 0 < busy.value.seconds <= 15 * 60
    for number in range(20):  # many strangers together
        with pytest.raises(NotSignedIn):
            sessions.sign_in("ADA", "wrong wrong wrong", f"192.0.2.{number + 2}")
    with pytest.raises(Busy):
        sessions.sign_in("ada", PASSWORD, "198.51.100.1")
    assert sessions.sign_in("ada", PASSWORD, "10.0.0.1").who.name == "ada"
    ada.now += 15 * 60 * SECOND
    assert sessions.sign_in("ada", PASSWORD, "198.51.100.1").who.name == "ada"


async def test_one_address_cannot_try_many_names(ada: Installation) -> None:
    answers = [(await sign_in(ada.client, f"nobody-{number}", "x")).status_code for number in range(61)]
    assert answers == [401] * 60 + [429]
    late = await sign_in(ada.client)
    assert late.status_code == 429
    assert 0 < int(late.headers["retry-after"]) <= 15 * 60


async def test_tries_of_unknown_names_are_limited_as_those_of_known_ones(ada: Installation) -> None:
    def tries(name: str, address: str) -> int:
        for number in range(20):
            try:
                ada.application.access.sessions.sign_in(name, "wrong wrong wrong", address)
            except NotSignedIn:
                continue
            except Busy:
                return number
        return 20

    assert tries("ada", "192.0.2.1") == tries("nobody", "192.0.2.2") == 10


def test_few_hashes_are_made_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "PATIENCE", 0.01)
    turns = [passwords._Turn() for _ in range(passwords.AT_ONCE)]
    for turn in turns:
        turn.__enter__()
    with pytest.raises(Busy):
        passwords.hash_of(PASSWORD)
    for turn in turns:
        turn.__exit__()
    assert passwords.hash_of(PASSWORD).startswith("$argon2id$")


async def test_many_guesses_at_once_are_as_many_as_one_after_another(ada: Installation) -> None:
    answers = await asyncio.gather(*(sign_in(ada.client, password="wrong") for _ in range(40)))
    statuses = Counter(answer.status_code for answer in answers)
    assert statuses[401] <= 10
    assert set(statuses) <= {401, 429}


@pytest.mark.parametrize("change", [{"password": OTHER}, {"disabled": True}])
async def test_a_sign_in_that_is_under_way_does_not_outlive_the_password(
    ada: Installation, change: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The person is changed between the look at the password and the session."""
    fits = passwords.fits

    def changed_meanwhile(stored: str | None, password: str) -> bool:
        right = fits(stored, password)
        ada.application.access.people.change("ada", change, LOCAL)
        return right

    monkeypatch.setattr(passwords, "fits", changed_meanwhile)
    assert (await sign_in(ada.client)).status_code == 401
    with ada.database.read() as connection:
        assert stored.with_person(connection, "") is None
        assert connection.exec_driver_sql("SELECT count(*) FROM sessions").scalar_one() == 0


@pytest.mark.parametrize("name", ["ada@example.com", "nobody@example.com"])
async def test_spellings_of_a_name_are_one_whether_somebody_has_it_or_nobody(
    ada: Installation, name: str
) -> None:
    for _ in range(10):
        assert (await sign_in(ada.client, name, "wrong")).status_code == 401
    assert (await sign_in(ada.client, f"{name} ", "wrong")).status_code == 429


@pytest.mark.parametrize(
    "key", ["local", "Kindling", "key crm", "automation hot", "a#x", "%61da", "..", "\u0430da", "ada "]
)
async def test_keys_of_people_can_be_told_from_all_others(ada: Installation, key: str) -> None:
    body = {"key": key, "name": "Ada", "role": "admin"}
    answer = await ada.client.post("/v1/people", json=body, headers=key_of(ada, "admin"))
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/key")
