"""Lists as files, as a person at a shell exports them."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Kindling

Write = Callable[[str, str], Path]
PEOPLE = "key,name,stage,tags,n\nada,=1+1,lead,vip,-5\nben,Ben,demo,,7\n"


@pytest.fixture
def filled(kindling: Kindling, written: Write) -> Kindling:
    kindling("import", "contacts", written("people.csv", PEOPLE))
    return kindling


def test_contacts_go_to_standard_output_and_come_back_without_flags(
    filled: Kindling, written: Write, tmp_path: Path
) -> None:
    exported = filled("export", "contacts")
    rows = exported.stdout.splitlines()
    assert rows[0] == "key,name,email,phone,stage,owner,tags,dnd,fields.n,created_at,updated_at"
    assert rows[1].startswith("ada,'=1+1,,,lead,,vip,,-5,")
    assert "Exported 2 contacts." in exported.stderr
    other = Kindling(tmp_path / "other")
    back = written("back.csv", exported.stdout)
    done = other("import", "contacts", back)
    assert "2 new" in done.stdout
    again = other("export", "contacts").stdout.splitlines()
    assert [row.split(",")[:9] for row in again] == [row.split(",")[:9] for row in rows]


def test_a_file_is_written_whole_or_not_at_all(filled: Kindling, tmp_path: Path) -> None:
    out = tmp_path / "people.ndjson"
    done = filled.json("export", "contacts", "--out", out, "--filter", "stage=lead")
    assert (done["file"], done["rows"]) == (str(out), 1)
    (line,) = out.read_text("utf-8").splitlines()
    assert (json.loads(line)["key"], json.loads(line)["fields"]) == ("ada", {"n": -5})
    kept = out.read_bytes()
    assert (
        'There is no filter "stge"; did you mean "stage"?'
        in filled("export", "contacts", "--out", out, "--filter", "stge=lead", status=1).stderr
    )
    assert (
        'no profile "fit"' in filled("export", "contacts", "--out", out, "--scores", "fit", status=1).stderr
    )
    assert out.read_bytes() == kept
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".people")] == []
    sheet = filled("export", "contacts", "--out", tmp_path / "people.xlsx", status=1)
    assert "written as .csv or .ndjson; name the file so, or say which with --format" in " ".join(
        sheet.stderr.split()
    )
    nowhere = filled("export", "contacts", "--out", tmp_path / "no" / "people.csv", status=1)
    assert "cannot be written: No such file or directory" in nowhere.stderr


def test_every_list_is_exported(filled: Kindling, tmp_path: Path) -> None:
    for what in ("deals", "tasks", "enrollments", "changes"):
        assert len(filled("export", what).stdout.splitlines()) == 1
    assert filled("export", "events").stdout == ""
    types = {
        json.loads(line)["type"] for line in filled("export", "events", "--internal").stdout.splitlines()
    }
    assert types == {"contact.created", "stage.changed", "tag.added", "field.changed"}
    assert "did you mean" in filled("export", "tasks", "--filter", "status=opn", status=1).stderr
    assert "add --out FILE" in filled("export", "deals", "--json", status=1).stderr


def test_tasks_are_exported_by_every_filter_of_their_list(filled: Kindling) -> None:
    filled("tasks", "add", "Late", "--contact", "ada", "--due", "2026-01-02")
    filled("tasks", "add", "Whenever", "--contact", "ada", "--for", "eve")

    def titles(*filters: str) -> list[str]:
        options = [part for text in filters for part in ("--filter", text)]
        lines = filled("export", "tasks", "--format", "ndjson", *options).stdout.splitlines()
        return [json.loads(line)["title"] for line in lines]

    assert titles("overdue=true") == titles("due_before=today") == ["Late"]
    assert titles("overdue=false", "assign_to=eve") == ["Whenever"]
    assert titles("due_after=2026-01-03") == []
    assert "should be true or false" in filled("export", "tasks", "--filter", "overdue=x", status=1).stderr


def test_a_reader_that_has_had_enough_ends_it(filled: Kindling) -> None:
    command = subprocess.list2cmdline(filled.command("export", "contacts"))
    done = subprocess.run(
        f"{command} | head -c 5",
        shell=True,
        env=filled.environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "key,n"
    assert "Traceback" not in done.stderr
