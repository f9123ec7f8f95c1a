"""The one law through the real store, on both databases: nothing but the history, the fields and the time matters."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from store.database import Database
from tests.activities.world import HOUR, World

TYPES = ("a", "b", "stage.changed")

profiles = st.lists(
    st.fixed_dictionaries(
        {"on": st.sampled_from(TYPES), "points": st.integers(-9, 9)},
        optional={
            "where": st.sampled_from([{"n": {"greater": 2}}, {"contact.owner": {"equal": "ben"}}]),
            "limit": st.fixed_dictionaries(
                {"times": st.integers(1, 2), "per": st.sampled_from(["day", "month", "ever"])}
            ),
            "expires_after": st.sampled_from(["2h", "1d"]),
            "decay": st.fixed_dictionaries({"percent": st.just(50), "every": st.just("3h")}),
        },
    )
    | st.fixed_dictionaries({"while": st.just({"stage": {"equal": "demo"}}), "points": st.integers(-9, 9)})
    | st.fixed_dictionaries({"after_silence": st.just("4h"), "points": st.just(-3), "of": st.just(["a"])}),
    min_size=1,
    max_size=5,
)
actions = st.lists(
    st.one_of(
        st.tuples(
            st.just("send"),
            st.sampled_from(["ada", "ben"]),
            st.sampled_from(TYPES[:2]),
            st.integers(0, 60),
            st.integers(0, 5),
        ),
        st.tuples(st.just("again"), st.integers(0, 20)),
        st.tuples(
            st.just("field"), st.sampled_from(["owner", "stage"]), st.sampled_from(["ben", "demo", None])
        ),
        st.tuples(st.just("later"), st.integers(1, 30)),
        st.tuples(st.just("score"), st.sampled_from([1, 2, 500])),
        st.tuples(st.just("publish"), profiles),
        st.tuples(st.just("sweep")),
        st.tuples(st.just("restart")),
    ),
    max_size=16,
)

Fresh = Callable[[], Any]


@pytest.fixture
def fresh(database: Database) -> Fresh:
    """Worlds on one database, emptied for each example."""

    @contextmanager
    def make() -> Iterator[World]:
        with database.write() as connection:
            for name in (
                *("events", "contacts", "profiles", "profile_versions", "publications", "sweeps", "entries"),
                *("scores", "changes", "enrollments", "skips", "automations", "automation_versions", "meta"),
            ):
                where = " WHERE key = 'definitions'" if name == "meta" else ""
                connection.exec_driver_sql(f"DELETE FROM {name}{where}")
        yield World(database)

    return make


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(first=profiles, script=actions)
def test_stored_scores_are_the_plain_fold_whatever_happened_in_between(
    fresh: Fresh, first: list[dict[str, Any]], script: list[tuple[Any, ...]]
) -> None:
    with fresh() as world:
        publication = world.publish(*first, min=-20, max=20)
        world.send("hello", "ada")
        world.send("hello", "ben")
        for step in script:
            match step:
                case ("send", contact, kind, hours, n):
                    world.send(kind, contact, at=world.now - hours * HOUR, n=n)
                case ("again", number):
                    world.send(event_id=f"event-{number:04}")
                case ("field", name, value):
                    world.change("ada", **{name: value})
                case ("later", hours):
                    world.later(hours)
                case ("score", limit):
                    world.score(limit)
                case ("publish", rules):
                    publication = world.publish(*rules, min=-20, max=20)
                case ("sweep",):
                    world.sweep(publication)
                case ("restart",):
                    restarted = World(world.database)
                    restarted.now, restarted.numbers = world.now, world.numbers
                    world = restarted  # noqa: PLW2901
        world.score()
        world.sweep(publication)
        world.score()
        stored = world.scores()
        for contact in ("ada", "ben"):
            ledger = world.plain(contact)
            assert stored.get(contact) == ledger.score()
            chain = world.changes(contact)
            assert [row[0] for row in chain] == [None, *(row[1] for row in chain)][: len(chain)]
            assert not chain or chain[-1][1] == stored[contact]
