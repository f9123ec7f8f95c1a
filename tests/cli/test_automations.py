"""Automations on the command line: enroll, look back, count, pause and resume; the schema and the signing secret."""

import json

import pytest

from tests.cli.conftest import Kindling
from tests.cli.test_definitions import AUTOMATION, PROFILE, Write


@pytest.fixture
def defined(kindling: Kindling, written: Write) -> Kindling:
    """An automation is published, and two contacts exist; nothing has been scored."""
    kindling("apply", written("defs/mini.yaml", PROFILE + "---\n" + AUTOMATION).parent)
    kindling("import", written("people.csv", "contact\nada\nben\n"), "--type", "hello")
    return kindling


def test_enrolling_counts_first_and_asks(defined: Kindling) -> None:
    counted = defined("enroll", "tell", "--contact", "ada", "--contact", "ben", "--dry-run").stdout
    assert "2 records of 2 would enroll in tell." in counted
    refused = defined("enroll", "tell", "--contact", "ada", status=1)
    assert "Enroll 1 record in tell?" in refused.stderr
    assert defined.json("enrollments") == []
    done = defined.json("enroll", "tell", "--contact", "ada", "--yes")
    assert (done["enrolled"], done["dry_run"]) == (1, False)
    [enrollment] = defined.json("enrollments")
    assert (enrollment["contact"], enrollment["cause"], enrollment["status"]) == ("ada", "manual", "queued")
    assert "0 records of 2 would enroll" in defined("enroll", "tell", "--matching", "--dry-run").stdout


def test_enrolling_says_what_is_wrong(defined: Kindling) -> None:
    said = defined("enroll", "tell", "--contact", "nobody", "--yes", status=1).stderr
    assert 'there is no contact "nobody"' in said
    assert (
        "say who with one of contacts, deals, smart_list, matching"
        in defined("enroll", "tell", status=1).stderr
    )
    assert 'no automation "tel"' in defined("enroll", "tel", "--matching", status=1).stderr


def test_looking_back_and_counting(defined: Kindling) -> None:
    shown = defined("backtest", "tell", "--days", "7").stdout
    assert "tell, the draft, over the last 7 days (0 changes looked at):" in shown
    assert defined.json("backtest", "tell")["enrollments"] == 0
    assert (
        "has no version 9; its versions are 1 to 1"
        in defined("backtest", "tell", "--version", "9", status=1).stderr
    )
    defined("enroll", "tell", "--contact", "ada", "--yes")
    assert "tell: 1 entered" in defined("stats", "tell").stdout
    assert defined.json("stats", "tell")["queued"] == 1


def test_pausing_an_automation_and_one_follow_up(defined: Kindling) -> None:
    defined("enroll", "tell", "--contact", "ada", "--yes")
    assert "tell paused.\n  1 follow-up paused" in defined("pause", "tell", "--running").stdout
    assert "skipped: paused" in defined("enroll", "tell", "--contact", "ben", "--dry-run").stdout
    assert "1 follow-up resumed" in defined("resume", "tell", "--running", "--matching").stdout
    [enrollment] = defined.json("enrollments")
    assert defined.json("pause", enrollment["id"])["paused"] is True
    assert f"{enrollment['id']} goes on." in defined("resume", enrollment["id"]).stdout
    assert "is not paused" in defined("resume", enrollment["id"], status=1).stderr
    assert "--running" in defined("pause", enrollment["id"], "--running", status=1).stderr
    assert "skip needs one that runs or failed" in defined("skip", enrollment["id"], status=1).stderr


def test_plan_tells_whom_a_change_would_touch(defined: Kindling, written: Write) -> None:
    defined("enroll", "tell", "--contact", "ada", "--yes")
    changed = AUTOMATION.replace("greater_or_equal: 5", "greater_or_equal: 1")
    folder = written("defs/mini.yaml", PROFILE.replace("points: 1", "points: 2") + "---\n" + changed).parent
    planned = defined("plan", folder).stdout
    assert "0 of 2 scores change" in planned
    assert "1 follow-up run on with the version they began with" in planned
    assert "over the last 30 days it would have enrolled 0 records" in planned
    assert "scores change" not in defined("plan", folder, "--brief").stdout
    impact = {item["key"]: item["impact"] for item in defined.json("plan", folder)["items"]}
    assert impact["tell"]["running"] == 1


def test_the_schema_and_the_secret_are_printed(kindling: Kindling) -> None:
    assert json.loads(kindling("schema").stdout)["title"] == "Kindling definitions"
    secret = kindling("webhook-secret").stdout.strip()
    assert secret.startswith("whsec_")
    assert kindling("webhook-secret").stdout.strip() == secret
    kindling.environment["KINDLING_WEBHOOK_SECRET"] = f"whsec_{'A' * 32} {secret}"
    assert kindling("webhook-secret").stdout.split() == [f"whsec_{'A' * 32}", secret]
