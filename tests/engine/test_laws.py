"""The one law through the real store, on both databases: nothing but the history, the fields and the time matters.

Each case is a script of ten to twenty-two actions on two contacts and two deals under a profile of contacts and one of
deals, with all kinds of rules at once. At its end all scores are held against the plain fold, and against an oracle
that shares no code with the product.
"""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scoring.breakdown import breakdown
from store.database import Database
from store.records import score_reads
from tests.engine.conftest import SOON_LONG, Fresh
from tests.engine.world import HOUR, World
from tests.scoring.oracle import expected
from tests.scoring.rule_samples import Drawing, drawn

#: So many scripts are run on each database: 3,000 in all, with three or four scores each.
CASES = {"sqlite": 2_200, "postgresql": 800}
CASES_OF_LONG = {"sqlite": 700, "postgresql": 250}

TYPES = ("a", "b", "deal.stage_changed", "stage.changed")
WHERES: dict[str, Any] = {
    "contact": {"contact.owner": {"equal": "ben"}},
    "deal": {"deal.owner": {"equal": "ben"}},
    "property": {"n": {"greater": 2}},
    "not": {"deal.stage": {"not_equal": "demo"}},
}
points = st.sampled_from([-9, -4, 2, 3, 5, 8])
RULES = drawn(
    Drawing(
        types=["a", "a", "b", *TYPES],
        points=points,
        durations=["2h", "5h", "1d"],
        wheres=[*WHERES.values()],
        whiles=[
            {"stage": {"equal": "demo"}},
            {"owner": {"empty": True}},
            {"created_at": {"older_than": "5h"}},
        ],
        silences=[["a"], ["a", "b"]],
        times=2,
        percents=[30, 50],
        steps=["3h"],
    )
)
rules = st.lists(st.one_of(*RULES.values()), max_size=5)
profiles = st.fixed_dictionaries(
    {
        "rules": rules.map(lambda more: [{"on": "a", "points": 1}, *more]),
        "groups": st.sampled_from([{"g": {"max": 8}}, {"g": {"min": -4, "max": 6}}]),
        "timezone": st.sampled_from(["UTC", "Europe/Berlin", "Asia/Kathmandu"]),
    },
    optional={"min": st.sampled_from([-20, 0]), "max": st.just(20)},
)
send = st.tuples(
    st.just("send"),
    st.sampled_from([("ada", None), ("ben", None), (None, "d1"), (None, "d2")]),
    st.sampled_from(["a", "a", "a", "b", "deal.stage_changed"]),
    st.sampled_from([0, 0, 1, 3, 4, 24, 60]),
    st.integers(0, 5),
)
fields = st.sampled_from(
    [("owner", "ben"), ("owner", "ben"), ("owner", None), ("stage", "demo"), ("stage", None)]
)
OTHERS: dict[str, Any] = {
    "again": st.tuples(st.just("again"), st.integers(0, 9)),
    "revoke": st.tuples(st.just("revoke"), st.integers(0, 9)),
    "adjust": st.tuples(
        st.just("adjust"),
        st.sampled_from([("p", "ada"), ("p", "ben"), ("q", "d1")]),
        st.sampled_from(["points", "set_to"]),
        points,
        st.sampled_from([None, 4]),
    ),
    "contact": st.tuples(st.just("contact"), st.sampled_from(["ada", "ben"]), fields),
    "deal": st.tuples(st.just("deal"), st.sampled_from(["d1", "d2"]), fields),
    "later": st.tuples(st.just("later"), st.sampled_from([1, 2, 3, 5, 24, 30])),
    "publish": st.tuples(st.just("publish"), st.sampled_from(["p", "q"]), profiles),
    "sweep": st.tuples(st.just("sweep")),
    "merge": st.tuples(st.just("merge")),
    "move": st.tuples(st.just("move"), st.sampled_from(["d1", "d2"]), st.sampled_from(["ada", "ben"])),
    "restart": st.tuples(st.just("restart")),
}
score = st.tuples(st.just("score"), st.sampled_from([1, 2, 500]))
# A few kinds of action at a time meet each other more often than all of them do.
actions = st.lists(st.sampled_from(list(OTHERS)), min_size=1, max_size=5, unique=True).flatmap(
    lambda kinds: st.lists(
        st.one_of(send, score, send, *(OTHERS[kind] for kind in kinds)), min_size=10, max_size=22
    )
)

OWNERS = {"d1": "ada", "d2": "ben"}


class Script:
    """Carries out a script, and remembers what was published."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.documents: dict[str, dict[str, Any]] = {}
        self.publications: dict[str, str] = {}
        self.sent: list[str] = []

    def publish(self, key: str, document: dict[str, Any]) -> None:
        kind = {"p": "contact", "q": "deal"}[key]
        self.documents[key] = {**document, "applies_to": kind}
        more = {name: value for name, value in self.documents[key].items() if name != "rules"}
        self.publications[key] = self.world.publish(*document["rules"], key=key, **more)

    def run(self, step: tuple[Any, ...]) -> None:
        kind, *what = step
        getattr(self, f"do_{kind}")(*what)

    def do_send(self, whose: tuple[str | None, str | None], kind: str, hours: int, n: int) -> None:
        contact, deal = whose
        at = self.world.now - hours * HOUR
        self.sent.append(self.world.send(kind, contact or "", deal=deal, at=at, n=n))

    def do_again(self, place: int) -> None:
        if self.sent:
            self.world.send(event_id=self.sent[place % len(self.sent)])

    def do_revoke(self, place: int) -> None:
        if self.sent:
            self.world.revoke(self.sent[place % len(self.sent)])

    def do_adjust(self, score: tuple[str, str], what: str, value: int, hours: int | None) -> None:
        profile, key = score
        self.world.adjust(key, profile=profile, hours=hours, **{what: value})

    def do_contact(self, contact: str, change: tuple[str, str | None]) -> None:
        name, value = change
        values: dict[str, Any] = {name: value}
        self.world.change(contact, **values)

    def do_deal(self, deal: str, change: tuple[str, str | None]) -> None:
        name, value = change
        values: dict[str, Any] = {name: value}
        self.world.deal(deal, OWNERS[deal], **values)

    def do_later(self, hours: int) -> None:
        self.world.later(hours)

    def do_score(self, limit: int) -> None:
        self.world.score(limit)

    def do_publish(self, key: str, document: dict[str, Any]) -> None:
        self.publish(key, document)

    def do_sweep(self) -> None:
        for key, publication in self.publications.items():
            self.world.sweep(publication, key)

    def do_merge(self) -> None:
        self.world.merge("ben", "ada")

    def do_move(self, deal: str, contact: str) -> None:
        self.world.move(deal, contact)

    def do_restart(self) -> None:
        restarted = World(self.world.database, shards=2)
        restarted.now, restarted.numbers = self.world.now, self.world.numbers
        self.world = restarted

    def settle(self) -> None:
        self.world.score()
        self.do_sweep()
        self.world.score()

    def check(self, profile: str, key: str) -> None:
        """The stored score is what the history, the fields and the time say, and everything told of it fits."""
        known = self.world.history(key, profile)
        ledger = self.world.plain(key, profile)
        stored = known.stored.score if known.stored else None
        assert stored == ledger.score()
        record = known.record

        def oracle(at: int) -> int | None:
            return expected(
                self.documents[profile],
                record.created_at,
                lambda name, deal: (
                    record.deal_fields(deal, name)
                    if name.startswith("deal.") and record.kind == "contact"
                    else record.fields(name)
                ),
                [(event.id, event.type, event.at, event.properties, event.deal) for event in known.events],
                known.adjustments,
                at,
            )

        assert stored == oracle(known.at)
        chain = self.world.changes(key, profile)
        assert [row[0] for row in chain] == [None, *(row[1] for row in chain)][: len(chain)]
        assert (chain[-1][1] if chain else None) == stored
        due = ledger.next_change()
        last = due - 1 if due is not None else known.at + 400 * 24 * HOUR
        assert [oracle(at) for at in ((known.at + last) // 2, last)] == [stored, stored]
        if known.stored is not None and due is not None:
            assert known.stored.due_at is not None
            assert known.stored.due_at <= due
        with self.world.database.read() as connection:
            row = self.world.query(f"SELECT id FROM {known.profile.applies_to}s WHERE key = '{key}'")
            entries = score_reads.entries_of(connection, known.profile.id, row[0][0])
        assert set(entries) == set(ledger.added.values())
        assert sum(points for _, points, _ in breakdown(ledger, entries)) == (stored or 0)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_stored_scores_are_the_plain_fold_whatever_happened_in_between(
    fresh: Fresh, database: Database
) -> None:
    hold_to_the_law(fresh, CASES["sqlite" if database.is_sqlite else "postgresql"])


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_so_they_are_where_every_history_is_too_long_to_be_read_at_once(
    fresh: Fresh, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module, name, value in SOON_LONG:
        monkeypatch.setattr(module, name, value)
    hold_to_the_law(fresh, CASES_OF_LONG["sqlite" if database.is_sqlite else "postgresql"])


def hold_to_the_law(fresh: Fresh, cases: int) -> None:
    @settings(
        max_examples=cases,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(of_contacts=profiles, of_deals=profiles, steps=actions)
    def law(of_contacts: dict[str, Any], of_deals: dict[str, Any], steps: list[tuple[Any, ...]]) -> None:
        with fresh() as world:
            script = Script(world)
            script.publish("p", of_contacts)
            script.publish("q", of_deals)
            for deal, owner in OWNERS.items():
                world.deal(deal, owner)
            for step in steps:
                script.run(step)
            script.settle()
            merged = ("merge",) in steps
            for profile, keys in (("p", ["ada"] if merged else ["ada", "ben"]), ("q", ["d1", "d2"])):
                for key in keys:
                    script.check(profile, key)

    law()
