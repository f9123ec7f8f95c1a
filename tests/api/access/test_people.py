"""People are added, changed and listed by administrators; no answer tells anything of a password."""

from typing import Any

import pytest

from runtime.principals import LOCAL
from services.access import passwords
from tests.api.access.principals import key_of
from tests.api.installation import Installation

PASSWORD = "tiger-lamp-42-orbit"
ADA = {"key": "ada", "name": "Ada Byron", "role": "designer", "email": "ada@example.com"}


async def test_a_person_is_added_read_listed_and_changed(kindling: Installation) -> None:
    made = await kindling.client.post("/v1/people", json={**ADA, "password": PASSWORD})
    assert made.status_code == 201, made.text
    admin = key_of(kindling, "admin")
    person = made.json()
    assert "kindling people add" in person.pop("announcement")
    assert person["permissions"] == ["read", "edit", "design"]
    assert (person["password"], person["language"], person["disabled"]) == (True, "en", False)
    assert (await kindling.client.get("/v1/people/ada", headers=admin)).json() == person
    assert (await kindling.client.get("/v1/people", headers=admin)).json()["items"] == [person]
    changed = await kindling.client.patch(
        "/v1/people/ada", json={"role": "viewer", "email": None}, headers=admin
    )
    assert (changed.json()["role"], changed.json()["email"], changed.json()["name"]) == (
        "viewer",
        None,
        "Ada Byron",
    )
    assert PASSWORD not in made.text + changed.text
    assert "argon2" not in made.text + changed.text


@pytest.mark.parametrize(
    ("more", "pointer", "message"),
    [
        ({"role": "root"}, "/role", "viewer"),
        ({"key": "a/b"}, "/key", "begins with a letter or digit"),
        ({"email": "nobody"}, "/email", "no e-mail address"),
        ({"language": "English"}, "/language", "should match"),
        ({"password": "short"}, "/password", "at least 12"),
        ({"password": "x" * 257}, "/password", "at most 256"),
        ({"password": "123456789012"}, "/password", "first that are tried"),
        ({"password": "passwordpassword"}, "/password", "first that are tried"),
        ({"password": "kindlingkindling"}, "/password", "first that are tried"),
        ({"password": "adabyron1815"}, "/password", "first that are tried"),
        ({"password": "tiger\x00lamp-42-orbit"}, "", "NUL"),
        ({"autor": 1}, "/autor", "unknown key"),
    ],
)
async def test_a_mistake_is_named_and_nobody_is_added(
    kindling: Installation, more: dict[str, Any], pointer: str, message: str
) -> None:
    answer = await kindling.client.post("/v1/people", json={**ADA, **more})
    assert answer.status_code == 422
    errors = answer.json()["errors"]
    assert any(pointer in error["pointer"] and message in error["message"] for error in errors), errors
    assert (await kindling.client.get("/v1/people")).json()["items"] == []


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"key": "ADA", "email": None},
        {"key": "ben"},
        {"key": "ben", "email": "ADA@example.com"},
        {"key": "ada@example.com"},
    ],
)
async def test_what_somebody_signs_in_with_is_nobody_elses(
    kindling: Installation, more: dict[str, Any]
) -> None:
    kindling.application.access.people.add(ADA, LOCAL)
    answer = await kindling.client.post("/v1/people", json={**ADA, **more}, headers=key_of(kindling, "admin"))
    assert answer.status_code == 409, answer.text


async def test_unknown_people_are_told_so(kindling: Installation) -> None:
    for call in (
        kindling.client.get("/v1/people/ada"),
        kindling.client.patch("/v1/people/ada", json={}),
        kindling.client.delete("/v1/people/ada/sessions"),
    ):
        assert (await call).status_code == 404


@pytest.mark.parametrize(
    "password", [PASSWORD, "correct horse battery staple", "Блюдо-из-тыквы-9", "a b c d e f g h"]
)
def test_passwords_that_nobody_guesses_are_taken(password: str) -> None:
    assert passwords.mistake(password) is None
    stored = passwords.hash_of(password)
    assert stored.startswith("$argon2id$")
    assert passwords.fits(stored, password)
    assert not passwords.fits(stored, password + " ")
    assert not passwords.fits(None, password)
    assert not passwords.fits("no hash", password)
    assert stored != passwords.hash_of(password)
