"""`kindling undo`: shown first, asked, done; killed in the middle, and done again."""

import sqlite3
import time
from contextlib import closing

import pytest

from tests.cli.conftest import Kindling
from tests.cli.test_definitions import Write

DEFINITIONS = """\
kind: automation
key: tell
trigger: {event: met}
steps:
  - add_tag: hot
  - wait: 3d
---
kind: smart_list
key: everybody
"""


def enrolled(kindling: Kindling, written: Write, count: int) -> Kindling:
    kindling("apply", written("defs/tell.yaml", DEFINITIONS).parent)
    people = written("people.csv", "contact\n" + "".join(f"c{number}\n" for number in range(count)))
    kindling("import", people, "--type", "hello")
    kindling("enroll", "tell", "--smart-list", "everybody", "--yes")
    return kindling


def cancelled(kindling: Kindling) -> int:
    with closing(sqlite3.connect(kindling.home / "kindling.db")) as database:
        count: int = database.execute(
            "SELECT count(*) FROM enrollments WHERE status = 'cancelled'"
        ).fetchone()[0]
        return count


def test_it_is_shown_first_and_asked(kindling: Kindling, written: Write) -> None:
    assert "No publish, import or list has started follow-ups" in kindling("undo").stdout
    enrolled(kindling, written, 3)
    listed = kindling("undo").stdout
    assert "list everybody --request" in listed
    [started] = kindling.json("undo")
    assert (started["name"], started["follow_ups"]) == ("everybody", 3)
    shown = kindling("undo", "list", "everybody", "--dry-run").stdout
    assert "Enrolling the list everybody started 3 follow-ups" in shown
    assert "to undo: 3 follow-ups to end, 0 open tasks to close, 0 tags to remove" in shown
    refused = kindling("undo", "list", "everybody", status=1)
    assert "Undo this?" in refused.stderr
    assert "add --yes" in kindling.json("undo", "list", "everybody", status=1)["error"]
    assert cancelled(kindling) == 0
    done = kindling("undo", "request", started["request"], "--yes").stdout
    assert "Undone: 3 follow-ups ended, 0 tasks closed, 0 tags removed." in done
    again = kindling("undo", "list", "everybody").stdout
    assert "3 cancelled" in again
    assert 'there is no profile "x"' in kindling("undo", "publish", "x", status=1).stderr
    assert "no follow-ups are noted as started by" in kindling("undo", "import", "x", status=1).stderr


@pytest.mark.slow
def test_killed_in_the_middle_it_is_done_by_calling_again(kindling: Kindling, written: Write) -> None:
    enrolled(kindling, written, 4_000)
    process = kindling.start("undo", "list", "everybody", "--yes")
    while not cancelled(kindling):
        assert process.poll() is None
        time.sleep(0.001)
    process.kill()
    process.communicate()
    before = cancelled(kindling)
    assert 0 < before < 4_000
    done = kindling.json("undo", "list", "everybody", "--yes")
    assert done["cancelled"] == 4_000 - before
    assert done["over"] == {"cancelled": before}
    assert cancelled(kindling) == 4_000
