"""Scores on the command line: at other times, of many records, in the time zone of people."""

from collections.abc import AsyncIterator

import pytest

from conditions.times import DAY, HOUR, Micros, to_iso
from runtime.clock import now_micros
from store.database import Database
from tests.api.installation import Installation, opened
from tests.cli.conftest import Kindling

RULES = [{"key": "opened", "on": "email.opened", "points": 5, "expires_after": "3d"}]


@pytest.fixture
async def scored(kindling: Kindling) -> AsyncIterator[Micros]:
    """Two contacts of the command's installation, scored now; that moment."""
    kindling("status")
    database = Database(f"sqlite:///{kindling.home / 'kindling.db'}", sync="normal")
    installation = Installation(database, str(kindling.home))
    now = installation.now = now_micros() // HOUR * HOUR
    await installation.publish(rules=RULES, bands={"cold": None, "hot": 5})
    await installation.send(*opened("ada"), {"type": "hello", "contact": "ben"})
    await installation.client.put("/v1/smart-lists/bens", json={"q": "ben"})
    installation.score()
    yield now
    database.close()


def _shown(moment: Micros) -> str:
    return to_iso(moment)[:19].replace("T", " ")


def test_who_cools(kindling: Kindling, scored: Micros) -> None:
    shown = kindling("forecast", "--direction", "down").stdout
    assert "engagement: whose score falls within 7 days, if nothing happens" in shown
    assert "5, hot" in shown
    assert "0, cold" in shown
    [of_profile] = kindling.json("forecast", "engagement", "--within", "4d", "--bands")
    [item] = of_profile["items"]
    assert (item["contact"], item["band"], item["band_then"]) == ("ada", "hot", "cold")
    assert item["at"] == to_iso(scored + 3 * DAY)
    assert (
        "no score rises within 2 days" in kindling("forecast", "--within", "2d", "--direction", "up").stdout
    )
    assert "no score moves" in kindling("forecast", "--smart-list", "bens").stdout
    wrong = kindling("forecast", "--within", "soon", status=1).stderr
    assert wrong.startswith("kindling: --within: ")
    assert 'did you mean "engagement"?' in kindling("forecast", "engagment", status=1).stderr


def test_scores_of_a_list_at_a_time(kindling: Kindling, scored: Micros) -> None:
    shown = kindling("scores", "engagement", "--at", "+4d").stdout
    assert "by the rules and fields of today" in shown
    items = kindling.json("scores", "engagement", "--at", "+4d")["items"]
    assert [(item["contact"], item["score"]) for item in items] == [("ada", 0), ("ben", None)]
    items = kindling.json("scores", "engagement")["items"]
    assert [item["score"] for item in items] == [5, None]
    items = kindling.json("scores", "engagement", "--smart-list", "bens")["items"]
    assert [item["contact"] for item in items] == ["ben"]
    assert "--at: " in kindling("scores", "engagement", "--at", "someday", status=1).stderr
    assert 'no smart list "mine"' in kindling("scores", "engagement", "--smart-list", "mine", status=1).stderr


def test_times_are_those_of_the_time_zone(kindling: Kindling, scored: Micros) -> None:
    assert f"as of {_shown(scored)} UTC" in kindling("score", "ada", "engagement").stdout
    kindling.environment["KINDLING_TIMEZONE"] = "Asia/Kolkata"
    local = scored + 5 * HOUR + HOUR // 2
    shown = kindling("score", "ada", "engagement").stdout
    assert f"as of {_shown(local)} IST" in shown
    assert f"hot until {_shown(local + 3 * DAY)} IST" in shown
    assert kindling.json("score", "ada", "engagement")["at"] == to_iso(scored)
    day = to_iso(local + 2 * DAY)[:10]
    shown = kindling("score", "ada", "engagement", "--at", day).stdout
    assert f"as of {day} 00:00:00 IST, version 1, by the rules and fields of today" in shown
    kindling.environment["KINDLING_TIMEZONE"] = "Berlin"
    assert "KINDLING_TIMEZONE" in kindling("score", "ada", status=1).stderr


def test_as_published_says_what_was_shown_then(kindling: Kindling, scored: Micros) -> None:
    shown = kindling("score", "ada", "engagement", "--at", "now", "--as-published").stdout
    assert "version 1, by the rules and fields of then" in shown
    assert "Shown then: 5, hot (version 1)" in shown
    shown = kindling("score", "ada", "engagement", "--at", "-5d", "--as-published").stdout
    assert "Note: no version of the profile was published then." in shown
    assert "--as-published: say of which time" in kindling("score", "ada", "--as-published", status=1).stderr
