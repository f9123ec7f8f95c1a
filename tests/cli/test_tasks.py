"""Tasks on the command line."""

import pytest

from tests.cli.conftest import Kindling


@pytest.fixture
def people(kindling: Kindling, tmp_path_factory: pytest.TempPathFactory) -> Kindling:
    """Two contacts."""
    file = tmp_path_factory.mktemp("people") / "people.csv"
    file.write_text("contact\nada\nben\n")
    kindling("import", file, "--type", "hello")
    return kindling


def test_tasks_are_added_listed_and_changed(people: Kindling) -> None:
    assert people("tasks").stdout == "No tasks.\n"
    said = people("tasks", "add", "Call Ada", "--contact", "ada", "--for", "eve", "--due-in", "2d").stdout
    assert "  Call Ada  ada, for eve: open\n" in said
    write = people.json("tasks", "add", "Write", "--contact", "ben")
    [call] = people.json("tasks", "--for", "eve")
    assert (call["title"], call["contact"], call["status"]) == ("Call Ada", "ada", "open")
    assert [task["title"] for task in people.json("tasks")] == ["Call Ada", "Write"]
    assert [task["title"] for task in people.json("tasks", "--for", "none")] == ["Write"]
    assert call["id"] in people("tasks").stdout
    assert (
        people("tasks", "assign", call["id"], write["id"], "--to", "kim").stdout.splitlines()[-1]
        == "2 tasks."
    )
    assert (
        "no date              Write  ben, for nobody: open"
        in people("tasks", "assign", write["id"], "--to", "none").stdout
    )
    assert "Write  ben, for nobody: open" in people("tasks", "snooze", write["id"], "--by", "4h").stdout
    assert "Call Ada  ada, for kim: done" in people("tasks", "done", call["id"]).stdout
    assert [task["title"] for task in people.json("tasks", "--done")] == ["Call Ada"]
    assert "put" not in people("tasks", "--overdue").stdout
    assert "open it again" in people("tasks", "snooze", call["id"], status=1).stderr
    assert "Call Ada  ada, for kim: open" in people("tasks", "reopen", call["id"]).stdout
    assert people.json("tasks", "--all", "--sort", "-due_at", "--limit", "1")[0]["title"] == "Call Ada"


def test_moments_are_named_as_people_name_them_and_read_in_their_zone(people: Kindling) -> None:
    people.environment["KINDLING_TIMEZONE"] = "Europe/Berlin"
    said = people("tasks", "add", "Call", "--contact", "ada", "--due", "2099-06-01T09:00").stdout
    assert said.startswith("2099-06-01 09:00:00 CEST  Call")
    people("tasks", "add", "Soon", "--contact", "ada", "--due", "tomorrow")
    assert [one["title"] for one in people.json("tasks", "--due-before", "2099-01-01")] == ["Soon"]
    wrong = people("tasks", "add", "x", "--contact", "ada", "--due", "someday", status=1).stderr
    assert '--due: "someday" is no time; write' in wrong


def test_what_is_wrong_is_told_and_changes_nothing(people: Kindling) -> None:
    task = people.json("tasks", "add", "Write", "--contact", "ben")
    assert 'there is no contact "eve"' in people("tasks", "add", "x", "--contact", "eve", status=1).stderr
    assert "of a contact or of a deal" in people("tasks", "add", "x", status=1).stderr
    assert 'no task "t9"' in people("tasks", "done", task["id"], "t9", status=1).stderr
    assert [one["status"] for one in people.json("tasks")] == ["open"]
    assert "cannot sort" in people("tasks", "--sort", "title", status=1).stderr
