"""Whatever the OpenAPI description allows, and what it does not: no 5xx, and the API's memory stays bounded.

`KINDLING_SCHEMA_EXAMPLES` says how many calls are made up for each route; a large number makes this a long search.
"""

import os
import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import httpx2
import psutil
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis.checks import not_a_server_error
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance

from runtime.permissions import PERMISSIONS, ROLES
from tests.api.processes import api_process

pytestmark = [pytest.mark.stack, pytest.mark.slow]

EXAMPLES = int(os.environ.get("KINDLING_SCHEMA_EXAMPLES", "4"))
KEY, PASSWORD = "sesame-of-the-schema", "tiger-lamp-42-orbit"
CALLERS = (
    "nobody",
    "a wrong key",
    *(f"a key that may {permission}" for permission in PERMISSIONS),
    *(f"a person of the role {role}" for role in ROLES),
)
#: Calls that take from a principal what it is.
ENDING = {("DELETE", "/v1/session"), ("DELETE", "/v1/keys/{key_id}"), ("PATCH", "/v1/people/{key}")}
UNLIMITED = """
import api.slowing, services.access.sessions as sessions
api.slowing.FREE_TRIES = 10**9
sessions._OF_BOTH = sessions._OF_NAME = sessions._OF_ADDRESS = 10**9
"""
MOST_MEMORY = 600 * 1024**2


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """A real API process without Temporal; at its end its memory has stayed within bounds."""
    with api_process(tmp_path_factory.mktemp("schema")) as (base, process):
        yield base, process
        used = psutil.Process(process.pid).memory_info().rss
        assert used < MOST_MEMORY, f"{used // 1024**2} MiB"


@pytest.fixture(scope="module")
def keyed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, dict[str, dict[str, str]]]]:
    """(address, headers by kind of principal) of an API process that asks everybody who calls."""
    home = tmp_path_factory.mktemp("keyed")
    # Whoever signs in wrongly or sends a wrong key too often has to wait, which is tried elsewhere.
    with api_process(home, before=UNLIMITED, KINDLING_API_KEY=KEY) as (base, _):
        bearer = {"authorization": f"Bearer {KEY}"}
        callers = {"nobody": {}, "a wrong key": {"authorization": "Bearer wrong"}}
        for permission in PERMISSIONS:
            body = {"name": permission, "permissions": [permission]}
            made = httpx2.post(f"{base}/v1/keys", json=body, headers=bearer, timeout=20).json()
            callers[f"a key that may {permission}"] = {"authorization": f"Bearer {made['key']}"}
        for role in ROLES:
            person = {"key": role, "name": role, "role": role, "password": PASSWORD}
            assert httpx2.post(f"{base}/v1/people", json=person, headers=bearer, timeout=20).is_success
            signed_in = httpx2.post(
                f"{base}/v1/session", json={"name": role, "password": PASSWORD}, timeout=20
            )
            callers[f"a person of the role {role}"] = {
                "cookie": signed_in.headers["set-cookie"].partition(";")[0]
            }
        yield base, callers


@pytest.mark.timeout(600)
@pytest.mark.parametrize("caller", CALLERS)
def test_no_principal_meets_an_error_of_ours_or_an_answer_outside_the_schema(
    keyed: tuple[str, dict[str, dict[str, str]]], caller: str
) -> None:
    base, callers = keyed
    schema = schemathesis.openapi.from_url(f"{base}/openapi.json", headers={"authorization": f"Bearer {KEY}"})
    calls, statuses = 0, Counter[int]()

    def check(operation: Any) -> None:
        @settings(
            max_examples=max(1, EXAMPLES // 4),
            deadline=None,
            database=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(generation_mode=GenerationMode.POSITIVE))
        def send(case: schemathesis.Case[Any]) -> None:
            nonlocal calls
            for made_up in ("authorization", "cookie"):
                case.headers.pop(made_up, None)
            case.cookies.clear()
            answer = case.call(timeout=20, headers=callers[caller])
            calls += 1
            statuses[answer.status_code] += 1
            case.validate_response(
                answer, checks=[not_a_server_error, response_schema_conformance, content_type_conformance]
            )

        with suppress(Unsatisfiable):
            send()

    for described in schema.get_all_operations():
        operation: Any = described.ok()  # type: ignore[union-attr]
        if (operation.method.upper(), operation.path) not in ENDING:
            check(operation)
    print(f"{caller}: {calls} calls, {dict(statuses)}")
    assert calls >= 100
    if caller in ("nobody", "a wrong key"):
        assert statuses[401] >= 100
    else:
        assert statuses[403] > 0 or "admin" in caller
        assert statuses[401] <= 2  # changing a password that keys do not have


def test_no_call_is_answered_with_an_error_of_ours(running: tuple[str, subprocess.Popen[str]]) -> None:
    base = running[0]
    schema = schemathesis.openapi.from_url(f"{base}/openapi.json")
    calls = 0

    def check(operation: Any, mode: GenerationMode) -> None:
        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            database=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(generation_mode=mode))
        def send(case: schemathesis.Case[Any]) -> None:
            nonlocal calls
            answer = case.call(timeout=20)
            calls += 1
            assert answer.status_code < 500, (case.as_curl_command(), answer.text)
            if answer.status_code >= 400:
                assert answer.headers["content-type"][0] == "application/problem+json"

        with suppress(Unsatisfiable):  # a route without parameters has nothing that could be wrong
            send()

    for described in schema.get_all_operations():
        operation: Any = described.ok()  # type: ignore[union-attr]  # a mistake in our description fails here
        for mode in GenerationMode:
            check(operation, mode)
    print(f"{calls} calls")
    assert calls > 60 * EXAMPLES


def test_it_still_works_afterwards(running: tuple[str, subprocess.Popen[str]]) -> None:
    assert httpx2.get(f"{running[0]}/readyz", timeout=20).status_code == 200
