"""Many at once on the command line; no worker runs here, so that jobs wait."""

import pytest

from tests.cli.conftest import Kindling
from tests.cli.test_definitions import AUTOMATION, PROFILE, Write


@pytest.fixture
def people(kindling: Kindling, written: Write) -> Kindling:
    """An automation is published, and there are three contacts."""
    kindling("apply", written("defs/mini.yaml", PROFILE + "---\n" + AUTOMATION).parent)
    kindling("import", written("people.csv", "contact\nada\nben\neve\n"), "--type", "hello")
    return kindling


def test_it_counts_asks_begins_and_is_listed_and_stopped(people: Kindling) -> None:
    assert people("bulk").stdout == "No bulk jobs.\n"
    counted = people("bulk", "tag", "hot", "--all", "--dry-run").stdout
    assert counted == "Tag with hot: 3 contacts. Nothing was done.\n"
    refused = people("bulk", "tag", "hot", "--all", status=1).stderr
    assert "Tag with hot: 3 contacts?" in refused
    assert people.json("bulk") == []
    begun = people("bulk", "tag", "hot", "--all", "--yes")
    assert "No worker is running" in begun.stderr
    assert begun.stdout.startswith("tag hot, 3 contacts: running, 0 done\n")
    [job] = people.json("bulk")
    assert job["id"] in people("bulk").stdout
    assert people.json("bulk", "show", job["id"]) == job
    assert "tag hot, 3 contacts: stopped, 0 done" in people("bulk", "stop", job["id"]).stdout
    assert "is over already: stopped" in people("bulk", "stop", job["id"], status=1).stderr


def test_what_can_be_done_to_many(people: Kindling) -> None:
    people("tasks", "add", "Call", "--contact", "eve", "--for", "ada")
    for arguments, counted in (
        (("stage", "none", "--all"), "Move to the stage none: 3 contacts"),
        (("adjust", "mini", "--points", "5", "--reason", "fair", "--all", "--deals"), ""),
        (("owner", "ben", "--filter", "score_gte=0", "--of-profile", "mini"), "Give to ben: 0 contacts"),
        (("enroll", "tell", "--again", "--all"), "Enroll in tell: 3 contacts"),
        (("reassign", "--to", "kim", "--filter", "assign_to=ada"), "Give to kim: 1 task"),
        (("close", "--filter", "overdue=true"), "Note as done: 0 tasks"),
    ):
        done = people("bulk", *arguments, "--dry-run", status=0 if counted else 1)
        assert done.stdout.startswith(counted)


def test_what_is_wrong_is_told_and_nothing_begins(people: Kindling) -> None:
    for arguments, said in (
        (("tag", "hot"), "Say which contacts with one of --list KEY, --filter NAME=VALUE and --all"),
        (("close",), "Say which tasks with one of"),
        (("tag", "hot", "--all", "--list", "x"), "--list says who"),
        (("tag", "hot", "--filter", "stage"), '"stage" is no filter; write it as stage=lead'),
        (("tag", "hot", "--filter", "stag=x"), 'unknown key "stag"; did you mean "stage"?'),
        (("tag", "hot", "--list", "x"), 'there is no smart list "x"'),
    ):
        assert said in people("bulk", *arguments, status=1).stderr
    assert people.json("bulk") == []
