"""Who calls too often: keys have a rate where the setting says so, and wrong keys are slowed down by address."""

import asyncio
from pathlib import Path

import httpx2
import pytest
import structlog
from structlog.testing import capture_logs

from api import slowing
from api.slowing import Rates, WrongKeys
from services.access.attempts import Attempts
from store.database import Database
from tests.api.access.principals import INSTALLATION_KEY, key_of
from tests.api.installation import Installation

WRONG = {"authorization": "Bearer wrong"}


def test_a_rate_lets_so_many_through_a_minute_and_says_when_the_next_may_come() -> None:
    rates = Rates(3)
    assert [rates.wait("a", 100.0) for _ in range(4)] == [0, 0, 0, 20]
    assert rates.wait("b", 100.0) == 0
    assert rates.wait("a", 119.0) == 1
    assert rates.wait("a", 120.0) == 0
    assert rates.wait("a", 120.0) == 20
    assert [rates.wait("a", 1_000.0) for _ in range(4)] == [0, 0, 0, 20]
    assert [Rates(None).wait("a", 0.0) for _ in range(1_000)] == [0] * 1_000


async def test_a_key_beyond_its_rate_gets_429_and_others_do_not(database: Database, tmp_path: Path) -> None:
    kindling = Installation(database, str(tmp_path), KINDLING_RATE_PER_KEY="5")
    one, other = key_of(kindling, "read"), key_of(kindling, "read")
    answers = [await kindling.client.get("/v1/contacts", headers=one) for _ in range(7)]
    assert [answer.status_code for answer in answers] == [200] * 5 + [429] * 2
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 60
    assert "5 calls a minute" in answers[-1].json()["detail"]
    assert (await kindling.client.get("/v1/contacts", headers=other)).status_code == 200


async def test_by_default_there_is_no_rate(kindling: Installation) -> None:
    one = key_of(kindling, "read")
    answers = [await kindling.client.get("/v1/session", headers=one) for _ in range(50)]
    assert {answer.status_code for answer in answers} == {200}


async def test_wrong_keys_are_answered_late_after_the_first_and_right_ones_are_not(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float] = []
    sleep = asyncio.sleep

    async def noted(seconds: float) -> None:
        waited.append(seconds)
        await sleep(0)

    monkeypatch.setattr("api.slowing.asyncio.sleep", noted)
    kindling = Installation(database, str(tmp_path), KINDLING_API_KEY=INSTALLATION_KEY)
    right = {"authorization": f"Bearer {INSTALLATION_KEY}"}
    for _ in range(slowing.FREE_TRIES + 3):
        assert (await kindling.client.get("/v1/contacts", headers=WRONG)).status_code == 401
        assert (await kindling.client.get("/v1/contacts", headers=right)).status_code == 200
    assert waited == [slowing.LATE] * 3


async def test_what_floods_is_refused_unseen_but_keys_of_ours_are_looked_at(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slowing, "LATE", 30.0)
    kindling = Installation(database, str(tmp_path), KINDLING_API_KEY=INSTALLATION_KEY)
    made = key_of(kindling, "read")
    for _ in range(slowing.FREE_TRIES):
        await kindling.client.get("/v1/contacts", headers=WRONG)
    flood: list[asyncio.Task[httpx2.Response]] = []
    answered: set[asyncio.Task[httpx2.Response]] = set()
    async with asyncio.timeout(20):
        while not answered:  # the others wait for their answer
            flood.append(asyncio.create_task(kindling.client.get("/v1/contacts", headers=WRONG)))
            answered, _ = await asyncio.wait(flood, timeout=0.1)
    [answer] = [task.result() for task in answered]
    assert answer.status_code == 429
    assert len(flood) > slowing.WAITING
    assert answer.headers["retry-after"] == "1"
    assert (await kindling.client.get("/v1/contacts", headers=made)).status_code == 200
    right = {"authorization": f"Bearer {INSTALLATION_KEY}"}
    assert (await kindling.client.get("/v1/contacts", headers=right)).status_code == 200
    for task in flood:
        task.cancel()
    await asyncio.gather(*flood, return_exceptions=True)
    assert (await kindling.client.get("/v1/session", headers=made)).status_code == 200


async def test_wrong_keys_are_logged_with_their_address_and_nothing_of_the_key(
    database: Database, tmp_path: Path
) -> None:
    kindling = Installation(database, str(tmp_path), KINDLING_API_KEY=INSTALLATION_KEY)
    structlog.reset_defaults()
    with capture_logs() as lines:
        await kindling.client.get(
            "/v1/contacts/ada@example.com", headers={"authorization": "Bearer guessed-it"}
        )
    [line] = [line for line in lines if line["event"] == "call refused"]
    assert (line["address"], line["status"], line["route"]) == ("127.0.0.1", 401, "/v1/contacts")
    assert "guessed" not in str(line)
    assert "ada" not in str(line)


def test_attempts_are_forgotten_after_their_span_and_at_most_so_many_are_kept() -> None:
    attempts = Attempts(2, 100)
    assert [attempts.take("a", 10), attempts.take("a", 20)] == [0, 0]
    assert attempts.take("a", 30) > 0
    attempts.give_back("a")
    assert attempts.take("a", 30) == 0
    assert attempts.take("a", 110) == 0
    assert attempts.count("a", 110) == 2
    attempts.count("b", 110)
    attempts.forget("b")
    assert attempts.count("b", 111) == 1
    for number in range(30_000):
        attempts.count(f"other {number}", 112)
    assert len(attempts._failures) == 20_000


async def test_waiting_ones_are_let_go_when_the_client_leaves() -> None:
    wrong = WrongKeys()
    for _ in range(slowing.FREE_TRIES):
        await wrong.wait("a")
    tasks = [asyncio.create_task(wrong.wait("a")) for _ in range(slowing.WAITING)]
    await asyncio.sleep(0)
    assert wrong.is_full("a")
    assert not wrong.is_full("b")
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert not wrong.is_full("a")
