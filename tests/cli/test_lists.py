"""`kindling lists`: smart lists that are applied from files, with how many they have and who is on them."""

from tests.cli.conftest import Kindling
from tests.cli.test_definitions import Write

LISTS = """\
kind: smart_list
key: everybody
name: All of them
---
kind: smart_list
key: partners
filter: {tag: partner}
"""


def test_lists_are_applied_counted_and_shown(kindling: Kindling, written: Write) -> None:
    assert "There are no smart lists." in kindling("lists").stdout
    folder = written("defs/lists.yaml", LISTS).parent
    assert "+ smart_list partners: create" in kindling("plan", folder).stdout
    kindling("apply", folder)
    kindling("import", written("people.csv", "contact\nada\nben\n"), "--type", "hello")
    shown = kindling("lists").stdout.splitlines()
    assert [line.split() for line in shown[2:]] == [
        ["everybody", "2", "contacts", "All", "of", "them"],
        ["partners", "0", "contacts"],
    ]
    assert [(one["key"], one["count"]) for one in kindling.json("lists")] == [
        ("everybody", 2),
        ("partners", 0),
    ]
    assert kindling("lists", "everybody").stdout.splitlines() == ["All of them: 2 contacts", "  ada", "  ben"]
    assert [one["key"] for one in kindling.json("lists", "everybody")["items"]] == ["ada", "ben"]
    assert 'did you mean "partners"?' in kindling("lists", "partner", status=1).stderr
