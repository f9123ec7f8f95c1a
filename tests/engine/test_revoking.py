"""Taking events back, on both databases."""

from typing import Any

from sqlalchemy import event

from runtime.statuses import EventStatus
from tests.engine.world import World


def test_a_revoked_event_counts_no_more_and_the_change_says_so(world: World) -> None:
    world.publish({"on": "e", "points": 4})
    first, _ = world.send(), world.send()
    world.score()
    assert world.revoke(first) == 1
    assert world.scores() == {"ada": 8}
    world.score()
    assert world.changes() == [(None, 4, "event"), (4, 8, "event"), (8, 4, "revoke")]
    assert world.event_status(first) is EventStatus.REVOKED


def test_an_event_that_took_anothers_place_in_a_limit_gives_it_back(world: World) -> None:
    world.publish(
        {"on": "e", "points": 4, "limit": {"times": 1, "per": "ever"}, "where": {"n": {"equal": 1}}}
    )
    first = world.send(n=1)
    world.later(1)
    world.send(n=1)
    world.score()
    world.revoke(first)
    world.score()
    assert world.changes() == [(None, 4, "event")]
    assert world.query("SELECT cause_id FROM entries") == [("event-0002",)]


def test_the_id_of_a_revoked_event_stays_a_duplicate(world: World) -> None:
    world.publish({"on": "e", "points": 4})
    event_id = world.send()
    world.score()
    world.revoke(event_id)
    world.score()
    world.send(event_id=event_id)
    world.score()
    assert world.scores() == {"ada": None}


def test_what_is_still_pending_or_set_aside_never_counts_once_revoked(world: World) -> None:
    world.publish({"on": "e", "points": 4})
    event_id = world.send()
    assert world.revoke(event_id) == 1
    assert world.revoke(event_id) == 0
    world.score()
    assert world.changes() == []


def test_a_silence_that_a_revoked_event_broke_goes_on(world: World) -> None:
    world.publish({"after_silence": "2d", "points": -5, "of": ["e"]}, {"on": "x", "points": 1})
    world.send("x")
    world.later(24)
    event_id = world.send("e")
    world.score()
    world.later(36)
    world.score()
    assert world.scores() == {"ada": 1}
    world.revoke(event_id)
    world.score()
    assert world.changes()[-1] == (1, -4, "revoke")


def test_revoking_counts_for_the_deal_as_well_and_fires_triggers_unless_it_is_silent(world: World) -> None:
    world.publish({"on": "e", "points": 4})
    world.publish({"on": "e", "points": 2}, key="q", applies_to="deal")
    world.automate({"profile": "p", "filters": {"score": {"less": 4}, "cause": {"equal": "revoke"}}})
    loud, quiet = (world.send("e", contact, deal=f"deal-{contact}") for contact in ("ada", "bob"))
    world.score()
    world.revoke(loud)
    world.revoke(quiet, silent=True)
    world.score()
    assert world.scores() == {"ada": None, "bob": None}
    assert world.scores("q") == {"deal-ada": None, "deal-bob": None}
    # Empty is less than nothing: a filter on the score is false then.
    assert world.enrollments() == []


def test_a_silent_revocation_enrolls_nobody(world: World) -> None:
    world.publish({"on": "e", "points": 4})
    world.automate({"profile": "p", "filters": {"score": {"equal": 4}, "cause": {"equal": "revoke"}}})
    ids = {contact: [world.send("e", contact) for _ in range(2)] for contact in ("ada", "bob")}
    world.score()
    world.revoke(ids["ada"][0])
    world.revoke(ids["bob"][0], silent=True)
    world.score()
    assert world.scores() == {"ada": 4, "bob": 4}
    assert [row[1] for row in world.enrollments()] == ["ada"]


def test_an_event_of_a_deal_that_has_been_given_away_is_taken_back_from_its_new_contact(world: World) -> None:
    world.publish({"on": "e", "points": 4})
    world.publish({"on": "e", "points": 2}, key="q", applies_to="deal")
    event_id = world.send("e", "ada", deal="d1")
    world.send("hello", "zoe")
    world.score()
    world.move("d1", "zoe")
    world.score()
    world.revoke(event_id)
    world.score()
    assert world.scores() == {"ada": None, "zoe": None}
    assert world.scores("q") == {"d1": None}


def test_many_revocations_at_once_make_the_changes_that_they_would_make_one_by_one(world: World) -> None:
    world.publish({"on": "e", "points": 4, "limit": {"times": 3, "per": "ever"}}, {"on": "e", "points": 1})
    ids = []
    for _ in range(6):
        ids.append(world.send())
        world.later(1)
    world.score()
    world.revoke(*ids[:5])
    world.score()
    assert [row[1] for row in world.changes()[6:]] == [17, 16, 15, 10, 5]
    assert {row[2] for row in world.changes()[6:]} == {"revoke"}


def test_revoking_some_of_many_events_writes_no_more_than_they_are(world: World) -> None:
    """A history is not folded anew, nor written, for each batch that takes a part of it back."""
    world.publish(
        {"on": "e", "points": 1},
        {"on": "e", "points": 2, "limit": {"times": 3, "per": "ever"}, "expires_after": "300d"},
        {"after_silence": "1d", "points": -5, "of": ["e"]},
    )
    ids = []
    for _ in range(120):
        ids.append(world.send())
        world.later(0.1)
    world.score()
    world.revoke(*ids[:20])
    written: list[str] = []

    def note(_: Any, cursor: Any, statement: str, parameters: Any, *more: Any) -> None:
        if " entries " in statement and not statement.startswith("SELECT"):
            written.extend([statement] * (len(parameters) if isinstance(parameters, list) else 1))

    event.listen(world.database.engine, "before_cursor_execute", note)
    outcomes = world.score(limit=5)
    event.remove(world.database.engine, "before_cursor_execute", note)
    assert len(outcomes) == 4
    assert sum(outcome.changes for outcome in outcomes) == 20
    # Twenty of one rule; of the other, three and those that take their place, in each of four batches.
    assert len(written) == 20 + 4 * (3 + 3)
    assert world.scores() == {"ada": 106}
    known = world.history("ada")
    assert known.stored is not None
    assert known.stored.score == world.plain("ada").score()
