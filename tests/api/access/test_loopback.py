"""Who is at this machine: let in until there is a key or a person, and after that where the setting says so."""

from pathlib import Path

import httpx2
import pytest

from runtime.principals import LOCAL
from store.database import Database
from tests.api.access.principals import key_of
from tests.api.installation import BASE, Installation

ADA = {"key": "ada", "name": "Ada", "role": "admin"}


def opened(database: Database, folder: Path, **variables: str) -> Installation:
    """An installation with a person in it that lets this machine in all the same."""
    kindling = Installation(database, str(folder), KINDLING_LOOPBACK="open", **variables)
    assert kindling.application.access.people.add(ADA, LOCAL).announcement is None
    return kindling


async def asked(kindling: Installation, base: str = BASE, client: str = "127.0.0.1", **headers: str) -> int:
    transport = httpx2.ASGITransport(app=kindling.app, client=(client, 4711))
    async with httpx2.AsyncClient(transport=transport, base_url=base) as http:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return (await http.get("/v1/session", headers=named)).status_code


async def test_a_person_closes_the_door_on_this_machine(kindling: Installation) -> None:
    assert await asked(kindling) == 200
    assert kindling.application.access.people.add(ADA, LOCAL).announcement is not None
    assert await asked(kindling) == 401


@pytest.mark.parametrize("variables", [{}, {"KINDLING_API_KEY": "sesame"}])
async def test_the_setting_keeps_it_open_for_programs_of_this_machine_alone(
    database: Database, tmp_path: Path, variables: dict[str, str]
) -> None:
    kindling = opened(database, tmp_path, **variables)
    keyed = bool(variables)
    assert await asked(kindling) == 200
    assert await asked(kindling, "http://[::1]:8000", "::1") == 200
    assert await asked(kindling, client="192.0.2.7") == 401
    assert await asked(kindling, x_forwarded_for="192.0.2.7") == 401
    assert await asked(kindling, forwarded="for=192.0.2.7") == 401
    assert await asked(kindling, "http://kindling.example") == (401 if keyed else 403)
    assert await asked(kindling, origin="https://evil.example") == 403
    assert await asked(kindling, sec_fetch_site="cross-site") == 403
    assert await asked(kindling, authorization="Bearer wrong") == 401


async def test_a_key_says_more_than_the_machine(database: Database, tmp_path: Path) -> None:
    kindling = opened(database, tmp_path)
    sender = key_of(kindling, "ingest")
    assert (await kindling.client.get("/v1/contacts", headers=sender)).status_code == 403
    assert (await kindling.client.get("/v1/contacts")).status_code == 200


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example"])
async def test_foreign_hosts_stay_refused_also_with_a_session_or_a_key(
    kindling: Installation, host: str
) -> None:
    reads = key_of(kindling, "read")
    answer = await kindling.client.get("/v1/contacts", headers={**reads, "host": host})
    assert answer.status_code == 403
