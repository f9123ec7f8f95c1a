"""Whom a change would touch, by name and as a file, and asking before a publish starts follow-ups."""

import csv

from commands.session import session
from engine.batch import score_batch
from engine.published import PublishedCache
from runtime.settings import load_settings
from tests.cli.conftest import Kindling
from tests.cli.test_definitions import AUTOMATION, PROFILE, Write


def score(kindling: Kindling) -> None:
    """Work off what is pending, as workers do."""
    with session(load_settings(environ=kindling.environment)) as opened:
        resources = opened.application.resources
        for shard in range(resources.shards):
            with resources.database.write([shard]) as connection:
                score_batch(connection, shard, PublishedCache().read(connection), resources.clock, 1_000)


def test_who_would_be_touched_is_named_and_a_publish_that_fires_asks(
    kindling: Kindling, written: Write
) -> None:
    path = written("defs/mini.yaml", f"{PROFILE}---\n{AUTOMATION}")
    kindling("apply", path.parent)
    kindling("import", "contacts", written("people.csv", "key,name\nada,Ada\nben,=1+1\n-cyd,\n"))
    opened = "".join(f"{key}\n" * 3 for key in ("ada", "ben", "-cyd"))
    kindling("import", written("opened.csv", f"contact\n{opened}"), "--type", "email.opened", "--name", "a")
    score(kindling)
    path.write_text(f"{PROFILE.replace('points: 1', 'points: 2')}---\n{AUTOMATION}")
    everybody = path.parent.parent / "touched.csv"
    planned = kindling("plan", path.parent, "--all", everybody).stdout
    assert "3 of 3 scores change" in planned
    assert "ada 3 → 6" in planned
    assert "with --triggers fire it would enroll 3 in tell" in planned
    with everybody.open(newline="") as file:
        rows = {row["contact"]: row for row in csv.DictReader(file)}
    assert rows.keys() == {"ada", "ben", "'-cyd"}
    assert rows["ben"]["name"] == "'=1+1"
    shown = {name: rows["ada"][name] for name in ("definition", "name", "before", "after", "starts")}
    assert shown == {"definition": "mini", "name": "Ada", "before": "3", "after": "6", "starts": "tell"}

    refused = kindling("apply", path.parent, "--triggers", "fire", status=1).stderr
    assert "tell: 3 follow-ups" in refused
    assert "Start 3 follow-ups?" in refused
    assert "change" in kindling("plan", path.parent, "--brief").stdout
    assert "add --yes" in kindling.json("apply", path.parent, "--triggers", "fire", status=1)["error"]
    done = kindling.json("apply", path.parent, "--triggers", "fire", "--yes")
    assert [item["version"] for item in done["items"]] == [2, None]
    assert [one["automation"] for one in done["promised"]] == ["tell"]


def test_looking_at_everybody_and_at_nobody_does_not_go_together(kindling: Kindling, written: Write) -> None:
    path = written("defs/mini.yaml", PROFILE)
    said = kindling("plan", path.parent, "--brief", "--all", path.parent / "a.csv", status=1).stderr
    assert "leave one out" in said
