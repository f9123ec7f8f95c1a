"""`kindling show` on whatever somebody has at hand."""

import re

import pytest

from tests.cli.conftest import Kindling
from tests.cli.test_definitions import AUTOMATION, PROFILE, Write


@pytest.fixture
def enrolled(kindling: Kindling, written: Write) -> Kindling:
    """Ada is enrolled by hand; nothing runs."""
    kindling("apply", written("defs/mini.yaml", PROFILE + "---\n" + AUTOMATION).parent)
    kindling("import", written("people.csv", "contact\nada@example.com\n"), "--type", "hello")
    kindling("enroll", "tell", "--contact", "ada@example.com", "--yes")
    return kindling


def test_a_contact_is_shown_with_its_scores_and_follow_ups(enrolled: Kindling) -> None:
    [enrollment] = enrolled.json("enrollments")
    shown = enrolled("show", "1").stdout
    assert shown.startswith("contact ada@example.com (id 1)\n")
    assert "score mini: empty" in shown
    assert f"follow-up: tell v1, queued  {enrollment['id']}" in shown
    [found] = enrolled.json("show", "ada@example.com")["items"]
    assert (found["kind"], found["by"], found["contact"]["id"]) == ("contact", "key", 1)


def test_a_follow_up_is_shown_by_the_name_that_temporal_has_for_it(enrolled: Kindling) -> None:
    [enrollment] = enrolled.json("enrollments")
    shown = enrolled("show", f"{enrollment['automation']}.{enrollment['id']}").stdout
    assert shown.startswith(f"enrollment {enrollment['id']}\n  contact: ada@example.com\n")
    assert re.search(r"why: by hand by \S+, named by key", shown)
    assert "status: queued" in shown


def test_events_and_definitions_are_shown_and_what_is_not_there_is_said(enrolled: Kindling) -> None:
    for what in ("tell", "mini", "kindling-shard-0"):
        assert what.removeprefix("kindling-shard-") in enrolled("show", what).stdout
    said = enrolled("show", "nobody", status=1).stderr
    assert 'Nothing has the key or id "nobody"' in said
