"""Principals x routes x methods: 401, 403 that names what is missing, or whatever the call answers."""

import re
from pathlib import Path

import httpx2
import pytest
import typer.main
from fastapi import FastAPI

import cli
from api.permitted import declared_calls, undeclared
from runtime.permissions import ALL, PERMISSIONS, ROLES, needed_by
from store.database import Database
from tests.api.access.principals import INSTALLATION_KEY, Caller, callers, key_of, session_of
from tests.api.installation import Installation


def _calls() -> list[tuple[str, str, str | None]]:
    """Every call of the application, at something that is not there."""
    database = Database("sqlite:////tmp/never-made.db")
    app = Installation(database, "/tmp").app
    database.close()
    return [
        (method, re.sub(r"\{[^}]+\}", "not-there", path), needed)
        for method, path, needed in declared_calls(app)
        if not path.startswith(("/openapi", "/temporal"))
    ]


CALLS = _calls()
#: What the guard and the mounted applications answer.
OTHERS = [
    ("GET", "/openapi.json", "signed in"),
    ("GET", "/v1/nowhere", "signed in"),
    ("GET", "/temporal/", "read"),
    ("HEAD", "/temporal/", "read"),
    ("POST", "/temporal/api/v1/namespaces/default/workflows/w/terminate", "operate"),
    ("DELETE", "/temporal/api/v1/namespaces/default/schedules/s", "operate"),
]


def test_every_route_declares_what_it_needs() -> None:
    assert len(CALLS) > 100
    known = {*PERMISSIONS, "anybody", "signed in"}
    assert [call for call in CALLS if call[2] not in known] == []
    free = {(method, path) for method, path, needed in CALLS if needed == "anybody"}
    assert free == {("GET", "/healthz"), ("GET", "/readyz"), ("POST", "/v1/session")}


def test_a_route_that_declares_nothing_is_told() -> None:
    app, other = FastAPI(), FastAPI()

    @app.get("/forgotten")
    def forgotten() -> None: ...

    app.mount("/mounted", other)
    assert set(undeclared(app)) >= {"GET /forgotten", "* /mounted"}


def test_what_only_reads_needs_no_permission_to_change_and_the_other_way_round() -> None:
    for method, path, needed in CALLS:
        if needed not in ("anybody", "signed in", "admin"):
            assert (method == "GET") == (needed == "read") or "codec" in path, (method, path, needed)


def test_every_command_declares_what_it_needs() -> None:
    waiting = [("kindling", typer.main.get_command(cli.app))]
    seen = 0
    while waiting:
        name, command = waiting.pop()
        inner = getattr(command, "commands", None)
        if inner is not None:
            waiting += [(f"{name} {word}", one) for word, one in inner.items()]
        if inner is None or getattr(command, "invoke_without_command", False):
            assert needed_by(command.callback) in {*PERMISSIONS, "anybody"}, name
            seen += 1
    assert seen > 60


def test_roles_are_named_sets_and_admin_is_all_of_them() -> None:
    assert ROLES["admin"] == ALL == frozenset(PERMISSIONS)
    assert ROLES["viewer"] == {"read"}
    for role, permissions in ROLES.items():
        assert permissions <= ALL
        assert ROLES["viewer"] <= permissions, role
        assert ("admin" in permissions) == (role == "admin")


async def test_every_principal_gets_the_answer_of_the_table_at_every_route(
    sqlite_url: str, tmp_path: Path
) -> None:
    database = Database(sqlite_url, sync="normal")
    kindling = Installation(database, str(tmp_path), KINDLING_API_KEY=INSTALLATION_KEY)
    wrong: list[str] = []
    count = 0
    async with kindling.client as client:
        for caller in callers(kindling):
            # A wrong key waits for its answer; the table is no less true for those that do not.
            kindling.app.middleware_stack = None
            for method, path, needed in [*CALLS, *OTHERS]:
                headers = caller.headers
                if "cookie" in headers and caller.permissions is not None:
                    headers = session_of(kindling, caller.name.rpartition(" ")[2])
                answer = await client.request(method, path, headers=headers)
                count += 1
                wrong += _mistakes(caller, method, path, needed, answer.status_code, answer)
                if caller.permissions is None:
                    kindling.app.middleware_stack = None
    database.close()
    assert wrong == []
    assert count == (len(CALLS) + len(OTHERS)) * 19


def _mistakes(
    caller: Caller, method: str, path: str, needed: str | None, status: int, answer: httpx2.Response
) -> list[str]:
    told = f"{caller.name}: {method} {path} ({needed}) -> {status}"
    if caller.permissions is None and needed != "anybody":
        return [] if status == 401 else [told]
    if needed in ("anybody", "signed in") or (caller.permissions and needed in caller.permissions):
        # /temporal answers 502 here, where no Temporal runs.
        passed = status not in (401, 403) and (status < 500 or path.startswith("/temporal"))
        if (method, path) == ("PUT", "/v1/session/password"):
            passed = status == 415  # nothing was sent; it is looked at
        return [] if passed else [told]
    body = {} if method == "HEAD" else answer.json()
    named = method == "HEAD" or (body["permission"] == needed and f'"{needed}"' in body["detail"])
    return [] if status == 403 and named else [told]


@pytest.mark.parametrize("path", ["/v1/contacts/ada", "/v1/contacts"])
async def test_a_key_that_only_sends_events_reads_nothing(kindling: Installation, path: str) -> None:
    sender = key_of(kindling, "ingest")
    sent = await kindling.client.post(
        "/v1/events", json={"type": "email.opened", "contact": "ada"}, headers=sender
    )
    assert sent.status_code == 202
    refused = await kindling.client.get(path, headers=sender)
    assert refused.status_code == 403
    assert refused.json()["permission"] == "read"
    assert "key ingest" in refused.json()["detail"]
