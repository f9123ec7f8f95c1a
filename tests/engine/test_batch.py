"""The batch path on both databases: changes, causes, triggers, quarantine, publishing."""

import pytest

from runtime.statuses import EventStatus
from tests.engine.world import World

FIRST_POINTS = {"on": "e", "points": 4}
DEMO = {"on": "stage.changed", "where": {"to": {"equal": "demo"}}, "points": 3}
HOT = {"profile": "p", "filters": {"score": {"greater_or_equal": 5}}}


def test_the_seed_example_four_to_seven_enrolls(world: World) -> None:
    world.publish(FIRST_POINTS, DEMO)
    world.automate(HOT)
    world.send(contact="jhon")
    world.score()
    assert world.enrollments() == []
    world.change("jhon", stage="demo")
    world.score()
    assert world.changes("jhon") == [(None, 4, "event"), (4, 7, "event")]
    assert world.enrollments() == [("a", "jhon", 4, 7, "queued")]


def test_each_event_of_a_batch_is_its_own_change_with_the_value_before_and_after(world: World) -> None:
    world.publish(FIRST_POINTS)
    for _ in range(3):
        world.send()
    world.score()
    assert world.changes() == [(None, 4, "event"), (4, 8, "event"), (8, 12, "event")]


def test_a_change_that_leaves_the_value_is_not_recorded(world: World) -> None:
    world.publish({"on": "e", "points": 150}, {"on": "f", "points": -10}, max=200)
    world.send()
    world.send()
    world.send("f", event_id="zz")
    world.score()
    assert world.changes() == [(None, 150, "event"), (150, 200, "event")]
    assert world.scores() == {"ada": 200}


def test_the_same_event_twice_counts_once(world: World) -> None:
    world.publish(FIRST_POINTS)
    world.send(event_id="same")
    world.send(event_id="same")
    world.score()
    world.send(event_id="same")
    world.score()
    assert world.scores() == {"ada": 4}


def test_points_expire_and_the_change_says_so(world: World) -> None:
    world.publish({"on": "e", "points": 4, "expires_after": "1d"})
    world.send()
    world.score()
    world.later(24)
    world.score()
    assert world.changes() == [(None, 4, "event"), (4, 0, "expiry")]


def test_several_things_overdue_are_one_change(world: World) -> None:
    world.publish(
        {"on": "e", "points": 100, "decay": {"percent": 10, "every": "1d"}},
        {"after_silence": "2d", "points": -5, "of": ["e"]},
    )
    world.send()
    world.score()
    world.later(50)
    world.score()
    assert world.changes() == [(None, 100, "event"), (100, 76, "decay")]


def test_a_field_that_a_rule_reads_rescores_with_the_cause_attribute(world: World) -> None:
    world.publish(
        {"on": "e", "points": 4, "where": {"contact.owner": {"equal": "ben"}}},
        {"while": {"dnd": {"equal": "all"}}, "points": -30},
    )
    world.send()
    world.score()
    world.change(owner="ben")
    world.score()
    world.change(dnd="all")
    world.score()
    world.change(dnd=[], owner=None)
    world.score()
    assert world.changes() == [(None, 4, "attribute"), (4, -26, "attribute"), (-26, None, "attribute")]


def test_publishing_rescores_the_full_history_once_per_contact_silently(world: World) -> None:
    world.publish(FIRST_POINTS)
    for contact in ("ada", "ben", "cyd"):
        world.send(contact=contact)
        world.send("f", contact)
    world.score()
    world.automate(HOT)
    publication = world.publish(FIRST_POINTS, {"on": "f", "points": 10})
    assert world.sweep(publication) == 3
    assert world.scores() == {"ada": 14, "ben": 14, "cyd": 14}
    assert world.changes("ben") == [(None, 4, "event"), (4, 14, "publish")]
    assert world.enrollments() == []


def test_publishing_that_fires_enrolls(world: World) -> None:
    world.send()
    world.automate(HOT)
    publication = world.publish({"on": "e", "points": 9}, silent=False)
    world.score()
    world.sweep(publication)
    assert world.enrollments() == [("a", "ada", None, 9, "queued")]


def test_a_batch_that_comes_before_the_sweep_refolds_first(world: World) -> None:
    world.publish(FIRST_POINTS)
    world.send()
    world.score()
    publication = world.publish({"on": "e", "points": 10})
    world.send()
    world.score()
    assert world.changes() == [(None, 4, "event"), (4, 10, "publish"), (10, 20, "event")]
    world.sweep(publication)
    assert world.scores() == {"ada": 20}


def test_a_silent_event_scores_and_enrolls_nobody(world: World) -> None:
    world.publish({"on": "e", "points": 9})
    world.automate(HOT)
    world.send(silent=True)
    world.score()
    assert world.scores() == {"ada": 9}
    assert world.enrollments() == []


@pytest.mark.parametrize("spoilt", ["not json", '"text"', "[1]"])
def test_an_event_that_cannot_be_scored_is_set_aside_and_the_rest_counts(world: World, spoilt: str) -> None:
    world.publish({"on": "e", "points": 4, "where": {"n": {"not_empty": True}}})
    world.send(n=1)
    bad = world.send(n=1)
    world.send(n=1)
    world.send(contact="ben", n=1)
    world.corrupt(bad, spoilt)
    world.score()
    assert world.scores() == {"ada": 8, "ben": 4}
    assert world.event_status(bad) is EventStatus.QUARANTINED
    error = world.query(f"SELECT error FROM events WHERE id = '{bad}'")[0][0]
    assert error.startswith("profile p: ")


def test_an_event_spoilt_after_it_was_applied_is_set_aside_by_the_next_publish(world: World) -> None:
    world.publish(FIRST_POINTS)
    bad = world.send(n=1)
    world.send(n=1)
    world.score()
    world.corrupt(bad, "not json")
    publication = world.publish({"on": "e", "points": 5, "where": {"n": {"equal": 1}}})
    world.sweep(publication)
    assert world.scores() == {"ada": 5}
    assert world.event_status(bad) is EventStatus.QUARANTINED


@pytest.mark.parametrize(
    ("trigger", "enrolled"),
    [
        ({}, [(4, 8), (8, 12)]),
        ({"fires": "on_entry"}, [(4, 8)]),
        ({"reentry": "once"}, [(4, 8)]),
        ({"reentry": {"after": "1h"}}, [(4, 8)]),
        ({"while_running": "skip"}, [(4, 8)]),
    ],
)
def test_how_often_a_trigger_fires_within_one_batch(
    world: World, trigger: dict[str, object], enrolled: list[tuple[int, int]]
) -> None:
    world.publish(FIRST_POINTS)
    world.automate({**HOT, **trigger})
    for _ in range(3):
        world.send()
    world.score()
    assert [(row[2], row[3]) for row in world.enrollments()] == enrolled


def test_skips_name_the_reason(world: World) -> None:
    world.publish(FIRST_POINTS)
    world.automate({**HOT, "reentry": "once"}, "once")
    world.automate({**HOT, "while_running": "skip"}, "calm")
    world.automate(HOT, "gone", exit_when={"contact.stage": {"empty": True}})
    for _ in range(3):
        world.send()
    world.score()
    assert sorted(world.skips()) == [
        ("calm", "ada", "running"),
        ("gone", "ada", "exit"),
        ("gone", "ada", "exit"),
        ("once", "ada", "reentry"),
    ]


def test_replace_ends_the_one_that_runs(world: World) -> None:
    world.publish(FIRST_POINTS)
    world.automate({**HOT, "while_running": "replace"})
    for _ in range(3):
        world.send()
    world.score()
    assert [row[4] for row in world.enrollments()] == ["replaced", "queued"]


def test_reentry_after_a_while_counts_from_the_last_start(world: World) -> None:
    world.publish(FIRST_POINTS)
    world.automate({**HOT, "reentry": {"after": "7d"}})
    for hours in (0, 1, 24 * 7, 1):
        world.later(hours)
        world.send()
        world.score()
    world.later(24 * 7)
    world.send()
    world.score()
    assert [(row[2], row[3]) for row in world.enrollments()] == [(4, 8), (8, 12), (16, 20)]


def test_changes_that_steps_cause_end_at_depth_five(world: World) -> None:
    world.publish({"on": "tag.added", "points": 5})
    world.automate(HOT)
    world.send()
    world.score()
    for depth in range(1, 8):
        world.change(tags=[f"t{depth}"], depth=depth)
        world.score()
    assert len(world.enrollments()) == 5
    assert [row[2] for row in world.skips()] == ["depth", "depth"]


def test_filters_read_the_contact_the_event_and_other_profiles(world: World) -> None:
    world.publish(FIRST_POINTS, key="p", bands={"cold": None, "hot": 4})
    world.publish({"on": "e", "points": 7}, key="other")
    world.automate(
        {
            "profile": "p",
            "filters": {
                "band": {"equal": "hot"},
                "previous_band": {"empty": True},
                "change": {"equal": 4},
                "cause": {"equal": "event"},
                "event.type": {"equal": "e"},
                "event.amount": {"greater": 10},
                "contact.key": {"equal": "ada"},
                "scores.other": {"equal": 7},
                "any": [{"contact.stage": {"equal": "x"}}, {"contact.tags": {"empty": True}}],
            },
        }
    )
    world.send(amount=11)
    world.send(contact="ben", amount=11)
    world.score()
    assert world.enrollments() == [("a", "ada", None, 4, "queued")]


def test_an_automation_may_look_at_events_whether_a_score_moves_or_not(world: World) -> None:
    world.automate({"event": "payment.failed", "where": {"amount": {"greater": 5}}})
    world.send("payment.failed", amount=10)
    world.send("payment.failed", amount=1)
    world.score()
    assert world.enrollments() == [("a", "ada", None, None, "queued")]


def test_properties_that_only_a_filter_reads_and_cannot_be_read_stop_nobody(world: World) -> None:
    world.publish({"on": "e", "points": 9})
    world.automate({"profile": "p", "filters": {"event.amount": {"empty": True}}})
    bad = world.send()
    world.send(contact="ben")
    world.corrupt(bad, "not json")
    world.score()
    assert world.scores() == {"ada": 9, "ben": 9}
    assert sorted(row[1] for row in world.enrollments()) == ["ada", "ben"]


def test_rearm_waits_until_the_score_has_been_low_enough(world: World) -> None:
    world.publish({"on": "up", "points": 10}, {"on": "down", "points": -10})
    world.automate(
        {
            "profile": "p",
            "filters": {"score": {"greater_or_equal": 50}},
            "fires": "on_entry",
            "rearm": {"less": 30},
        }
    )

    def move(kind: str, times: int) -> None:
        for _ in range(times):
            world.send(kind)
        world.score()

    move("up", 5)
    assert len(world.enrollments()) == 1
    move("down", 1)
    move("up", 1)
    assert len(world.enrollments()) == 1, "40 is not below 30"
    for kind in ("down", "down", "down", "up", "up", "up"):  # 20 and 50 in one batch
        world.send(kind)
    world.score()
    assert len(world.enrollments()) == 2
    assert world.skips() == []
    for kind in ("down", "up", "down", "down", "down", "up", "up", "up"):
        world.send(kind)
    world.score()
    assert len(world.enrollments()) == 3


def test_scores_of_other_profiles_are_those_of_the_moment_in_one_batch_as_in_two(world: World) -> None:
    """The other profile reaches 50 a second after, or before, the change that is looked at."""
    for key, event in (("main", "m"), ("other", "o")):
        world.publish({"on": event, "points": 50}, key=key)
    filters = {"scores.other": {"greater_or_equal": 50}, "bands.other": {"empty": True}}
    world.automate({"profile": "main", "filters": filters}, "both")
    second = 1_000_000
    for contact, first, then in (("late", "m", "o"), ("early", "o", "m")):
        world.send(first, contact, at=world.now - 2 * second)
        world.send(then, contact, at=world.now - second)
    world.score()
    [(enrolled,)] = world.query("SELECT c.key FROM enrollments e JOIN contacts c ON c.id = e.contact_id")
    assert enrolled == "early"
