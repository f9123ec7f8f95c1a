"""What processes log tells no secrets and nothing of anybody, also where calls are refused or fail."""

from pathlib import Path

import httpx2

from tests.api.processes import api_process
from tests.conftest import UNTOLD

KEY, PASSWORD = "the-key-of-this-installation", "tiger-lamp-42-orbit"


def test_calls_that_are_refused_or_fail_leave_no_secret_and_no_address_in_the_log(tmp_path: Path) -> None:
    with api_process(tmp_path / "home", KINDLING_API_KEY=KEY, KINDLING_LOG_LEVEL="debug") as (base, _):
        right = {"authorization": f"Bearer {KEY}"}
        with httpx2.Client(base_url=base, headers=right, timeout=20) as client:
            made = client.post("/v1/keys", json={"name": "crm", "permissions": ["ingest"]}).json()["key"]
            person = {"key": "ada", "name": "Ada", "role": "sales", "email": "ada@secret.example"}
            assert client.post("/v1/people", json={**person, "password": PASSWORD}).is_success
            client.put("/v1/contacts/eve@secret.example", json={"name": "Eve", "email": "eve@secret.example"})
            for headers in (
                right,
                {"authorization": f"Bearer {made}"},
                {"authorization": f"Bearer {made[:-1]}0"},
                {},
            ):
                for path in ("/v1/contacts/eve@secret.example", "/v1/nothing/eve@secret.example", "/v1/find"):
                    client.get(path, params={"q": "eve@secret.example"}, headers=headers)
                client.post("/v1/events", content=b'{"contact": "eve@secret.example"', headers=headers)
            client.post("/v1/session", json={"name": "ada@secret.example", "password": f"{PASSWORD}!"})
            client.post("/v1/session", json={"name": "ada@secret.example", "password": PASSWORD})
    log = (tmp_path / "home" / "logs" / "api.log").read_text()
    assert "call refused" in log
    assert "sign-in refused" in log
    assert [
        line for line in log.splitlines() if UNTOLD.search(line) or KEY in line or made[:12] in line
    ] == []


def test_what_must_not_be_there_is_recognised() -> None:
    for told in (
        f"a key kindling_{'0a' * 5}_{'1b' * 32} was",
        "$argon2id$v=19$m=65536",
        "whsec_2yQvYxQ0m1J8",
        "Authorization: Bearer abcdefgh",
        "to ada@x.example",
    ):
        assert UNTOLD.search(told), told
    assert not UNTOLD.search("send the header Authorization: Bearer <key>; Bearer ***")
