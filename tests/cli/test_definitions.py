from collections.abc import Callable
from pathlib import Path

from commands.session import session
from runtime.settings import load_settings
from tests.cli.conftest import ROOT, Kindling

Write = Callable[[str, str], Path]

PROFILE = """\
kind: score_profile
key: mini
rules:
  - {key: opened, on: email.opened, points: 1}
"""
AUTOMATION = """\
kind: automation
key: tell
trigger: {profile: mini, filters: {score: {greater_or_equal: 5}}}
steps:
  - add_tag: hot
"""


def test_the_examples_have_no_mistakes(kindling: Kindling) -> None:
    assert "5 definitions checked, no mistakes." in kindling("check", ROOT / "examples" / "shop").stdout
    assert not kindling.home.exists()


def test_all_mistakes_are_listed_with_file_and_line(kindling: Kindling, written: Write) -> None:
    path = written("defs/a.yaml", PROFILE.replace("points: 1", "points: lots"))
    written("defs/sub/b.yml", AUTOMATION.replace("greater_or_equal", "greater_or_eqal"))
    shown = kindling("check", path.parent, status=1)
    assert f"{path}:4:" in shown.stdout
    assert "b.yml:3:" in shown.stdout
    assert "greater_or_equal" in shown.stdout
    assert "2 mistakes" in shown.stderr
    mistakes = kindling.json("check", path.parent, status=1)["mistakes"]
    assert [(Path(mistake["file"]).name, mistake["line"]) for mistake in mistakes] == [
        ("a.yaml", 4),
        ("b.yml", 3),
    ]


def test_a_missing_or_empty_folder_is_told(kindling: Kindling, tmp_path: Path) -> None:
    assert "There is no folder" in kindling("check", tmp_path / "none", status=1).stderr
    assert "There are no .yaml files" in kindling("check", tmp_path, status=1).stderr


def test_plan_shows_what_apply_then_does_and_a_second_apply_publishes_nothing(
    kindling: Kindling, written: Write
) -> None:
    folder = written("defs/mini.yaml", PROFILE + "---\n" + AUTOMATION).parent
    assert "+ score_profile mini: create" in kindling("plan", folder).stdout
    applied = kindling("apply", folder)
    assert "score_profile mini: published as version 1" in applied.stdout
    assert "automation tell: published as version 1" in applied.stdout
    assert "No worker is running" in applied.stderr
    again = kindling.json("apply", folder)
    assert [(item["action"], item["version"]) for item in again["items"]] == [("unchanged", None)] * 2
    written("defs/mini.yaml", PROFILE.replace("points: 1", "points: 2") + "---\n" + AUTOMATION)
    planned = kindling("plan", folder).stdout
    assert "~ score_profile mini: change" in planned
    assert "1 change, 1 unchanged." in planned


def test_apply_with_a_mistake_changes_nothing(kindling: Kindling, written: Write) -> None:
    folder = written("defs/mini.yaml", PROFILE + "---\n" + AUTOMATION.replace("mini", "mimi")).parent
    said = kindling("apply", folder, status=1).stderr
    assert 'there is no profile "mimi"; did you mean "mini"?' in said
    assert "nothing was changed" in said
    written("defs/mini.yaml", PROFILE)
    assert "create" in kindling("plan", folder).stdout


def test_what_was_edited_elsewhere_is_overwritten_only_by_force(kindling: Kindling, written: Write) -> None:
    folder = written("defs/mini.yaml", PROFILE).parent
    kindling("apply", folder)
    with session(load_settings(environ=kindling.environment)) as opened:
        rules = [{"key": "opened", "on": "email.opened", "points": 7}]
        opened.application.profiles.save("mini", {"rules": rules})
    planned = kindling("plan", folder).stdout
    assert "! score_profile mini: edited elsewhere since the last apply" in planned
    assert "-    points: 7" in planned
    assert "--force" in kindling("apply", folder, status=1).stderr
    assert kindling.json("apply", folder, "--force")["items"][0]["version"] is None  # as published already
