import json
import re
import sys

import pytest

from tests.cli.conftest import Kindling


def test_help_names_every_command_and_imports_nothing_heavy(kindling: Kindling) -> None:
    shown = kindling("--help").stdout
    commands = ("up", "worker", "api", "check", "plan", "apply", "import", "enrollments", "hold", "release")
    for command in (*commands, "status", "demo", "bench"):
        assert re.search(rf"│ {command} ", shown), command


def test_help_is_quick_because_heavy_packages_wait(kindling: Kindling) -> None:
    look = "import sys, cli; print([m for m in ('temporalio', 'sqlalchemy', 'fastapi') if m in sys.modules])"
    kindling.command = lambda *_: [sys.executable, "-c", look]  # type: ignore[method-assign]
    assert kindling().stdout == "[]\n"


def test_wrong_usage_is_status_2(kindling: Kindling) -> None:
    assert "No such command" in kindling("enrolments", status=2).stderr
    assert "No such option" in kindling("status", "--jsn", status=2).stderr
    said = kindling("import", "events.csv", "--type", "a", "--type-column", "b", status=2).stderr
    assert "--type and --type-column" in said
    assert "is not a property" in kindling("import", "events.csv", "--property", "=x", status=2).stderr


@pytest.mark.parametrize(
    ("command", "status", "message"),
    [
        (["import", "none.csv"], 1, "There is no file none.csv"),
        (["import", "none.csv", "--property", "=x"], 2, "is not a property"),
        (["check", "nowhere"], 1, "There is no folder nowhere"),
        (["score", "nobody"], 1, "there is no contact"),
        (["why", "nothing", "nobody"], 1, "there is no automation"),
        (["revoke"], 1, "Name the ids of events"),
        (["stats"], 2, "Missing argument"),
        (["status", "--jsn"], 2, "No such option"),
        (["enrolments"], 2, "No such command"),
        (["enrollments", "--limit", "0"], 2, "should be greater than or equal to 1"),
        (["bench", "latencies"], 2, "there is no measurement"),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else None,
)
def test_who_asks_for_json_gets_json_when_it_fails(
    kindling: Kindling, command: list[str], status: int, message: str
) -> None:
    done = kindling(*command, "--json", status=status)
    assert message in json.loads(done.stdout)["error"]
    assert message in done.stderr


def test_a_setting_that_cannot_be_used_is_told_in_words(kindling: Kindling) -> None:
    kindling.environment["KINDLING_PORT"] = "eight thousand"
    assert "KINDLING_PORT" in kindling("status", status=1).stderr


def test_a_database_that_is_not_there_is_told_without_its_password(kindling: Kindling) -> None:
    kindling.environment["DATABASE_URL"] = "postgresql://kindling:secret@127.0.0.1:1/kindling"
    said = kindling("status", status=1).stderr
    assert said.startswith("kindling: ")
    assert "127.0.0.1:1" in said
    assert "DATABASE_URL" in said
    assert "secret" not in said


def test_an_unknown_setting_of_ours_is_pointed_at(kindling: Kindling) -> None:
    kindling.environment |= {"KINDLING_HOMES": "/nowhere", "TEMPORAL_ADDRESS": "127.0.0.1:1"}
    said = kindling("up", status=1).stderr
    assert "KINDLING_HOMES is not a setting. Did you mean KINDLING_HOME?" in said
    assert "127.0.0.1:1 cannot be reached" in said


def test_a_setting_that_is_wrong_is_json_too(kindling: Kindling) -> None:
    kindling.environment |= {"KINDLING_LOOP_LIMIT": "x", "KINDLING_PORT": "abc"}
    told = json.loads(kindling("status", "--json", status=1).stdout)
    assert {error["variable"] for error in told["errors"]} == {"KINDLING_LOOP_LIMIT", "KINDLING_PORT"}
