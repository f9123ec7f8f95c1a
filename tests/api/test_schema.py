"""Whatever the OpenAPI description allows, and what it does not: no 5xx, and the API's memory stays bounded.

`KINDLING_SCHEMA_EXAMPLES` says how many calls are made up for each route; a large number makes this a long search.
"""

import os
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import httpx2
import psutil
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis.generation import GenerationMode

from tests.api.processes import api_process

pytestmark = [pytest.mark.stack, pytest.mark.slow]

EXAMPLES = int(os.environ.get("KINDLING_SCHEMA_EXAMPLES", "4"))
MOST_MEMORY = 600 * 1024**2


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """A real API process without Temporal; at its end its memory has stayed within bounds."""
    with api_process(tmp_path_factory.mktemp("schema")) as (base, process):
        yield base, process
        used = psutil.Process(process.pid).memory_info().rss
        assert used < MOST_MEMORY, f"{used // 1024**2} MiB"


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
