from pathlib import Path
from typing import Any

import pytest

from automations.documents import Documents, load_documents
from commands.design.impacts import impact_lines
from engine.batch import score_batch
from engine.published import PublishedCache
from runtime.messages import PublishInput
from runtime.settings import load_settings
from services.application import Application
from services.design.document_kinds import MODELS
from services.design.plan import Plans, check_documents
from services.foresight.answers import AutomationImpact
from services.resources import Conflict, Resources
from store.database import Database

PROFILE = """
kind: score_profile
key: engagement
name: Engagement
bands: {warm: 3, cold: null}
rules:
  - {key: opened, on: email.opened, points: 1}
"""
AUTOMATION = """
kind: automation
key: hot
trigger: {profile: engagement, filters: {score: {greater_or_equal: 5}}}
steps:
  - notify: {to: sales, message: hot}
"""
RECIPIENT = """
kind: recipient
key: sales
channels: ["mailto:sales@example.com"]
"""
SMART_LIST = """
kind: smart_list
key: partners
filter: {tag: partner}
"""


class Signals:
    def request(self, shards: object) -> None:
        pass


class World:
    def __init__(self, database: Database, home: Path) -> None:
        settings = load_settings({"KINDLING_HOME": str(home)}, environ={})
        resources = Resources(settings, database, lambda: 1_790_000_000_000_000, Signals(), 4)
        self.started: list[PublishInput] = []
        self.application = Application(resources, self.started.append)
        self.plans = Plans(resources, self.started.append)

    def actions(self, *texts: str) -> list[tuple[str, str, bool]]:
        return [(item.key, item.action, item.publishes) for item in self.plans.plan(documents(*texts))]


def documents(*texts: str) -> Documents:
    loaded = load_documents([(f"{n}.yaml", text) for n, text in enumerate(texts)], MODELS)
    assert not loaded.mistakes
    return loaded


@pytest.fixture
def world(database: Database, tmp_path: Path) -> World:
    return World(database, tmp_path)


def test_what_is_new_is_created_and_published_once(world: World) -> None:
    everything = (AUTOMATION, RECIPIENT, PROFILE)
    assert world.actions(*everything) == [
        ("engagement", "create", True),
        ("hot", "create", True),
        ("sales", "create", False),
    ]
    applied = world.plans.apply(documents(*everything))
    assert applied.versions == {("score_profile", "engagement"): 1, ("automation", "hot"): 1}
    assert [publish.profile for publish in world.started] == ["engagement"]
    assert applied.workflow_ids == (f"publish-{world.started[0].publication_id}",)

    assert {action for _, action, _ in world.actions(*everything)} == {"unchanged"}
    assert world.plans.apply(documents(*everything)).versions == {}
    assert len(world.started) == 1


def test_smart_lists_are_saved_as_they_are_written(world: World) -> None:
    assert world.actions(SMART_LIST) == [("partners", "create", False)]
    world.plans.apply(documents(SMART_LIST))
    assert world.actions(SMART_LIST) == [("partners", "unchanged", False)]
    assert world.application.smart_lists.get("partners").count == 0
    changed = SMART_LIST.replace("tag: partner", "tag: vip")
    (planned,) = world.plans.plan(documents(changed))
    assert (planned.action, planned.diff.splitlines()[-2:]) == ("change", ["-  tag: partner", "+  tag: vip"])
    world.application.smart_lists.save("partners", {"filter": {"stage": "x"}})
    assert world.actions(SMART_LIST) == [("partners", "conflict", False)]
    world.plans.apply(documents(SMART_LIST), force=True)
    assert world.actions(SMART_LIST) == [("partners", "unchanged", False)]


def test_a_change_is_shown_as_a_diff_and_published(world: World) -> None:
    world.plans.apply(documents(PROFILE, AUTOMATION))
    changed = PROFILE.replace("points: 1", "points: 2")
    (profile, _) = world.plans.plan(documents(changed, AUTOMATION))
    assert (profile.action, profile.publishes) == ("change", True)
    lines = profile.diff.splitlines()
    assert [line for line in lines if line[0] in "+-"][2:] == ["-    points: 1", "+    points: 2"]
    assert world.plans.apply(documents(changed, AUTOMATION)).versions == {("score_profile", "engagement"): 2}


def test_a_new_name_is_saved_without_a_publish(world: World) -> None:
    world.plans.apply(documents(PROFILE))
    renamed = PROFILE.replace("name: Engagement", "name: Heat")
    assert world.actions(renamed) == [("engagement", "change", False)]
    assert world.plans.apply(documents(renamed)).versions == {}
    assert world.application.profiles.get("engagement").model_dump()["name"] == "Heat"


def test_an_edit_made_elsewhere_is_not_overwritten_without_force(world: World) -> None:
    world.plans.apply(documents(PROFILE, RECIPIENT))
    world.application.profiles.save("engagement", {"rules": [{"key": "x", "on": "x", "points": 9}]})
    world.application.automations.save_recipient("sales", {"channels": ["mailto:other@example.com"]})
    assert world.actions(PROFILE, RECIPIENT) == [
        ("engagement", "conflict", False),
        ("sales", "conflict", False),
    ]
    with pytest.raises(Conflict, match='score_profile "engagement", recipient "sales"'):
        world.plans.apply(documents(PROFILE, RECIPIENT))
    assert world.application.profiles.get("engagement").model_dump()["rules"][0]["points"] == 9

    world.plans.apply(documents(PROFILE, RECIPIENT), force=True)
    assert world.application.profiles.get("engagement").model_dump()["rules"][0]["key"] == "opened"
    assert {action for _, action, _ in world.actions(PROFILE, RECIPIENT)} == {"unchanged"}


def test_a_draft_made_elsewhere_with_the_same_content_is_only_published(world: World) -> None:
    body = {
        "name": "Engagement",
        "bands": {"warm": 3, "cold": None},
        "rules": [{"key": "opened", "on": "email.opened", "points": 1}],
    }
    world.application.profiles.save("engagement", body)
    assert world.actions(PROFILE) == [("engagement", "publish", True)]


def test_a_paused_automation_stays_paused(world: World) -> None:
    world.plans.apply(documents(PROFILE, AUTOMATION))
    world.application.automations.pause("hot", paused=True)
    world.plans.apply(documents(PROFILE, AUTOMATION.replace("message: hot", "message: very hot")))
    shown = world.application.automations.get("hot")
    assert (shown.status, shown.version) == ("paused", 2)


def test_documents_are_checked_beside_each_other_and_the_store(world: World) -> None:
    mistakes, warnings = check_documents(documents(AUTOMATION))
    assert [str(mistake) for mistake in mistakes] == [
        '0.yaml:4:11: there is no profile "engagement" in these files'
    ]
    assert [str(warning) for warning in warnings] == [
        '0.yaml:6:14: there is no recipient "sales" in these files'
    ]
    world.plans.apply(documents(PROFILE, RECIPIENT))
    assert world.plans.check(documents(AUTOMATION)) == ([], [])
    empty, _ = check_documents(documents("kind: score_profile\nkey: empty\n"))
    assert [mistake.message for mistake in empty] == [
        "the profile has no rules, so every score would be empty; add at least one rule"
    ]


def sent(world: World, *contacts: str, count: int = 5) -> None:
    """Events worth a point each, scored at once by a shard's batch."""
    world.application.events.take(
        [{"type": "email.opened", "contact": contact} for contact in contacts for _ in range(count)]
    )
    resources = world.application.resources
    for shard in range(4):
        with resources.database.write([shard]) as connection:
            score_batch(connection, shard, PublishedCache().read(connection), resources.clock, 1_000)


def impacts(world: World, *texts: str) -> dict[str, dict[str, Any] | None]:
    looked_at = {item.key: world.application.impact.of(item) for item in world.plans.plan(documents(*texts))}
    return {
        key: impact.model_dump(by_alias=True, exclude_unset=True) if impact is not None else None
        for key, impact in looked_at.items()
    }


def test_it_is_told_for_how_many_the_date_is_over_that_is_waited_for(world: World) -> None:
    world.plans.apply(documents(PROFILE, RECIPIENT))
    sent(world, "ada", "ben", "cleo", count=6)
    for key, date in {"ada": "2020-05-15", "ben": "2021-05-15", "cleo": "2099-05-15"}.items():
        world.application.contacts.patch(key, {"fields": {"renewal": date}})
    dated = AUTOMATION.replace("steps:", "steps:\n  - {wait: {until: contact.renewal, if_past: now}}")
    impact = world.application.impact.of(world.plans.plan(documents(dated))[0])
    assert isinstance(impact, AutomationImpact)
    assert (impact.matching_now, impact.past) == (3, 2)
    assert "3 records match now, ada, ben, cleo (the date that is waited for is over for 2);" in str(
        impact_lines(impact)
    )


def test_the_blast_radius_of_an_automation(world: World) -> None:
    before = impacts(world, PROFILE, AUTOMATION, RECIPIENT)
    unknown = 'the profile "engagement" is not published, so that it has no changes to look at'
    assert before == {
        "engagement": {
            "records": 0,
            "new": True,
            "changed": 0,
            "first": [],
            "band_moves": [],
            "fire": [],
        },
        "hot": {"running": 0, "unknown": unknown},
        "sales": None,
    }
    world.plans.apply(documents(PROFILE, AUTOMATION))
    sent(world, "ada", "ben", count=6)
    changed = AUTOMATION.replace("greater_or_equal: 5", "greater_or_equal: 4")
    after = impacts(world, PROFILE, changed)
    assert after["engagement"] is None
    assert after["hot"] == {
        "running": 4,
        "matching_now": 2,
        "past": 0,
        "first": [
            {
                "kind": "automation",
                "definition": "hot",
                "contact": key,
                "deal": None,
                "name": None,
                "before": 6,
                "after": 6,
                "starts": ["hot"],
            }
            for key in ("ada", "ben")
        ],
        "days": 30,
        "enrollments": 6,
        "records": 2,
        "published": {"enrollments": 4, "records": 2, "skipped": {}},
        "only_here": 0,
        "only_published": 0,
        "warnings": [
            "fires on every change: 6 enrollments of 2 contacts, did you mean on_entry? That makes 2 enrollments"
        ],
    }
    assert impacts(world, PROFILE, AUTOMATION)["hot"] is None


def test_the_blast_radius_of_a_profile(world: World) -> None:
    world.plans.apply(documents(PROFILE, AUTOMATION))
    sent(world, "ada", "ben", count=2)
    impact = impacts(world, PROFILE.replace("points: 1", "points: 3"), AUTOMATION)["engagement"]
    assert impact == {
        "records": 2,
        "new": False,
        "changed": 2,
        "first": [
            {
                "kind": "score_profile",
                "definition": "engagement",
                "contact": key,
                "name": None,
                "before": 2,
                "after": 6,
                "band_before": "cold",
                "band_after": "warm",
                "starts": ["hot"],
            }
            for key in ("ada", "ben")
        ],
        "band_moves": [{"from": "cold", "to": "warm", "count": 2}],
        "fire": [{"automation": "hot", "enrolled": 2, "past": 0}],
    }
    assert world.application.scores.one("contact", "ada", "engagement", at=None, limit=1).score == 2


def test_automations_that_start_each_other_are_applied_together(world: World) -> None:
    first = "kind: automation\nkey: a\ntrigger: {event: go}\nsteps: [{start: b}]\n"
    second = "kind: automation\nkey: b\ntrigger: {event: go}\nsteps: [{start: a}]\n"
    applied = world.plans.apply(documents(first, second))
    assert applied.versions == {("automation", "a"): 1, ("automation", "b"): 1}
