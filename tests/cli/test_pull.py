"""Files and the installation, both ways: pull, what is only there, prune, drafts, versions and rollback."""

from getpass import getuser
from pathlib import Path

import pytest

from commands.session import session
from runtime.settings import load_settings
from tests.cli.conftest import Kindling
from tests.cli.test_definitions import Write

PROFILE = """\
# What warms a contact up
kind: score_profile
key: mini
rules:
  # mail
  - {key: opened, on: email.opened, points: 1}  # a little
"""
AUTOMATION = """\
# Sales wants to know
kind: automation
key: tell
trigger: {profile: mini, filters: {score: {greater_or_equal: 5}}}
steps:
  - add_tag: hot   # for the list
"""
BOTH = f"{PROFILE}---\n{AUTOMATION}"
OTHERS = """\
kind: recipient
key: sales
channels: ["mailto:sales@example.com"]
---
kind: smart_list
key: hot
filter: {tag: hot}   # who is hot
"""


def edited(kindling: Kindling, points: int) -> None:
    """The profile, edited elsewhere."""
    with session(load_settings(environ=kindling.environment)) as opened:
        rules = [{"key": "opened", "on": "email.opened", "points": points}]
        opened.application.profiles.save("mini", {"rules": rules})


def files_in(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


def test_what_was_applied_comes_back_as_its_author_wrote_it(
    kindling: Kindling, written: Write, tmp_path: Path
) -> None:
    folder = written("defs/mini.yaml", BOTH).parent
    written("defs/others.yaml", OTHERS)
    kindling("apply", folder)
    pulled = kindling("pull", tmp_path / "pulled").stdout
    assert "+ automation tell: " in pulled
    assert "4 written, 0 as they are in the files." in pulled
    assert files_in(tmp_path / "pulled") == {
        "profiles/mini.yaml": PROFILE,
        "automations/tell.yaml": AUTOMATION,
        "recipients/sales.yaml": OTHERS.split("---\n", maxsplit=1)[0],
        "lists/hot.yaml": OTHERS.split("---\n")[1],
    }
    assert "Nothing to change." in kindling("plan", tmp_path / "pulled").stdout
    assert "0 written, 4 as they are" in kindling("pull", tmp_path / "pulled").stdout


def test_what_was_edited_elsewhere_comes_into_the_file_and_comments_stay(
    kindling: Kindling, written: Write
) -> None:
    path = written("defs/mini.yaml", BOTH)
    kindling("apply", path.parent)
    edited(kindling, points=7)
    assert "would be written" in kindling("pull", path.parent, "--dry-run").stdout
    assert path.read_text() == BOTH
    assert f"~ score_profile mini: {path}" in kindling("pull", path.parent).stdout
    assert path.read_text() == BOTH.replace("points: 1", "points: 7")
    again = kindling.json("plan", path.parent, "--brief")["items"]
    assert [item["action"] for item in again] == ["publish", "unchanged"]
    path.write_text(BOTH.replace("points: 1", "points: 8"))
    planned = kindling.json("plan", path.parent, "--brief")["items"]
    assert [item["action"] for item in planned] == ["change", "unchanged"]


def test_a_second_folder_does_not_take_edits_over_for_the_first(
    kindling: Kindling, written: Write, tmp_path: Path
) -> None:
    path = written("defs/mini.yaml", BOTH)
    kindling("apply", path.parent)
    edited(kindling, points=7)
    assert "applied from another file" in kindling("pull", tmp_path / "copy").stderr
    copy = tmp_path / "copy" / "profiles" / "mini.yaml"
    assert copy.read_text() == PROFILE.replace("points: 1", "points: 7")
    assert "edited elsewhere" in kindling("apply", path.parent, status=1).stderr
    copy.write_text(copy.read_text().replace("points: 7", "points: 8"))
    assert "edited elsewhere" in kindling("apply", copy, status=1).stderr
    kindling("pull", path.parent)
    assert path.read_text() == BOTH.replace("points: 1", "points: 7")


def test_what_was_never_in_a_file_is_changed_in_the_file_that_it_gets(
    kindling: Kindling, tmp_path: Path
) -> None:
    edited(kindling, points=7)
    kindling("pull", tmp_path / "copy")
    copy = tmp_path / "copy" / "profiles" / "mini.yaml"
    copy.write_text(copy.read_text().replace("points: 7", "points: 8"))
    assert "~ score_profile mini: published as version 1" in kindling("apply", copy.parent).stdout


def test_edits_of_a_file_are_overwritten_only_by_force(kindling: Kindling, written: Write) -> None:
    path = written("defs/mini.yaml", BOTH)
    kindling("apply", path.parent)
    path.write_text(BOTH.replace("points: 1", "points: 3"))
    refused = kindling("pull", path.parent, status=1).stderr
    assert f'edited here since the last apply: score_profile "mini" ({path})' in refused
    assert "points: 3" in path.read_text()
    kindling("pull", path.parent, "--force")
    assert path.read_text() == BOTH


def test_files_with_mistakes_are_left_alone(kindling: Kindling, written: Write) -> None:
    path = written("defs/mini.yaml", "kind: score_profil\n")
    assert "did you mean" in kindling("pull", path.parent, status=1).stderr
    assert kindling.json("pull", path.parent, status=1)["mistakes"]


def test_what_is_in_no_file_is_shown_and_archived_when_that_is_wanted(
    kindling: Kindling, written: Write
) -> None:
    path = written("defs/mini.yaml", BOTH)
    written("defs/others.yaml", OTHERS)
    kindling("apply", path.parent)
    written("defs/others.yaml", OTHERS.split("---\n", maxsplit=1)[0])
    path.write_text(PROFILE)
    planned = kindling("plan", path.parent).stdout
    assert "In no file here: automation tell and smart_list hot." in planned
    assert kindling.json("plan", path.parent)["only_there"] == [
        {"kind": "automation", "key": "tell"},
        {"kind": "smart_list", "key": "hot"},
    ]
    refused = kindling("apply", path.parent, "--prune", status=1).stderr
    assert "Archive automation tell and delete smart_list hot?" in refused
    assert len(kindling.json("plan", path.parent)["only_there"]) == 2
    assert "- automation tell: archived" in kindling("apply", path.parent, "--prune", "--yes").stdout
    assert kindling.json("plan", path.parent)["only_there"] == []


def test_what_the_files_need_is_not_archived(kindling: Kindling, written: Write) -> None:
    path = written("defs/mini.yaml", BOTH)
    kindling("apply", path.parent)
    path.write_text(AUTOMATION)
    refused = kindling("apply", path.parent, "--prune", "--yes", status=1).stderr
    assert 'there is no profile "mini"' in refused
    assert kindling.json("plan", path.parent)["only_there"] == [{"kind": "score_profile", "key": "mini"}]


def test_a_draft_is_looked_at_before_it_is_published(kindling: Kindling, written: Write) -> None:
    path = written("defs/mini.yaml", BOTH)
    kindling("apply", path.parent)
    kindling("import", written("a.csv", "contact\nada\n"), "--type", "email.opened")
    path.write_text(BOTH.replace("points: 1", "points: 5"))
    assert "~ score_profile mini: draft saved" in kindling("apply", path.parent, "--draft").stdout
    assert "Publishing mini as version 2" in kindling("preview", "mini").stdout
    assert [one["version"] for one in kindling.json("versions", "mini")] == [1]
    assert "^ score_profile mini: to be published" in kindling("plan", path.parent, "--brief").stdout
    fire = kindling("apply", path.parent, "--draft", "--triggers", "fire", status=1).stderr
    assert "A draft fires nothing" in fire


def test_versions_have_an_author_and_a_comment_and_are_gone_back_to(
    kindling: Kindling, written: Write
) -> None:
    path = written("defs/mini.yaml", BOTH)
    kindling("apply", path.parent, "--comment", "The first")
    path.write_text(BOTH.replace("points: 1", "points: 2"))
    kindling("apply", path.parent)
    assert [(one["author"], one["comment"]) for one in kindling.json("versions", "mini")] == [
        (getuser(), None),
        (getuser(), "The first"),
    ]
    back = kindling("rollback", "mini", "--comment", "Too warm").stdout
    assert "mini: version 1 is published again, as version 3." in back
    assert "-    points: 2" in back
    assert [one["version"] for one in kindling.json("versions", "mini") if one["current"]] == [3]
    assert "Too warm" in kindling("versions", "mini").stdout
    assert "tell has no version before that in force" in kindling("rollback", "tell", status=1).stderr
    assert 'did you mean "tell"?' in kindling("rollback", "tel", status=1).stderr
    assert "has no version 9" in kindling("rollback", "mini", "9", status=1).stderr


def test_a_key_that_two_kinds_have_needs_the_kind(kindling: Kindling, written: Write) -> None:
    path = written("defs/mini.yaml", BOTH.replace("key: tell", "key: mini"))
    kindling("apply", path.parent)
    assert "say which with --kind" in kindling("versions", "mini", status=1).stderr
    assert len(kindling.json("versions", "mini", "--kind", "automation")) == 1


@pytest.mark.parametrize("name", ["tell", "tell-2"])
def test_no_other_file_is_overwritten(kindling: Kindling, written: Write, name: str) -> None:
    folder = written("defs/mini.yaml", BOTH).parent
    kindling("apply", folder)
    other = written(f"pulled/automations/{name}.yaml", AUTOMATION.replace("key: tell", "key: other"))
    kindling("pull", other.parent.parent)
    assert "key: other" in other.read_text()
