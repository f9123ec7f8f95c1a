"""Filters of lists in SQL say what the same conditions say in Python, of every record, on both databases."""

from typing import Any

import pytest

from automations.list_filters import ContactFilter, DealFilter
from conditions.fields import DEAL
from conditions.tree import Lookup, compile_conditions
from conditions.values import Value
from services.records.filter_texts import filter_of
from services.resources import BadParameter
from store.database import Database
from store.records import lists
from store.scoring.facts import DealWithContact, load_contacts, load_deals
from tests.engine.world import World

CONTACTS: dict[str, dict[str, Any]] = {
    "ada": {
        "name": "Ada",
        "stage": "demo",
        "owner": "eve",
        "tags": ["partner", "x"],
        "fields": {"n": 5, "t": "a"},
    },
    "ben": {
        "name": " ",
        "email": "ben@example.com",
        "tags": [],
        "dnd": ["email"],
        "fields": {"n": 5.5, "t": True},
    },
    "cyd": {"phone": "1", "dnd": "all", "fields": {"n": "5", "t": ["a", "b"], "when": "2026-11-20"}},
    "dan": {
        "stage": "Demo",
        "owner": "ÉVE",
        "tags": ["Partner"],
        "fields": {"n": -1, "t": "", "when": "never"},
    },
    "eve": {"stage": "customer", "fields": {"n": 0, "t": False, "größe": 3}},
    "fay": {},
}
DEALS: dict[str, dict[str, Any]] = {
    "d1": {"contact": "ada", "name": "One", "stage": "offer", "value": 100, "owner": "eve"},
    "d2": {"contact": "ada", "value": 99.5, "status": "won", "fields": {"seats": 3}},
    "d3": {"contact": "fay", "stage": "offer", "value": 0, "currency": "EUR"},
    "d4": {"contact": "cyd", "status": "lost"},
}
OF_CONTACTS: list[dict[str, Any]] = [
    {},
    {"contact.stage": {"equal": "demo"}},
    {"contact.stage": {"not_equal": "demo"}},
    {"contact.stage": {"empty": True}},
    {"contact.name": {"not_empty": True}},
    {"contact.owner": {"greater": "eve"}},
    {"contact.email": {"contains": "@example"}},
    {"contact.key": {"starts_with": "d"}},
    {"contact.key": {"one_of": ["ada", "fay", "zed"]}},
    {"contact.tags": {"has": "partner"}},
    {"not": {"contact.tags": {"has": "partner"}}},
    {"contact.tags": {"empty": True}},
    {"contact.dnd": {"has": "email"}},
    {"contact.dnd": {"equal": "all"}},
    {"contact.n": {"greater_or_equal": 5}},
    {"contact.n": {"equal": 5}},
    {"contact.n": {"not_equal": 5}},
    {"contact.n": {"less": 5}},
    {"contact.t": {"equal": True}},
    {"contact.t": {"has": "a"}},
    {"contact.t": {"empty": True}},
    {"contact.größe": {"not_empty": True}},
    {"contact.when": {"older_than": "1d"}},
    {"contact.created_at": {"older_than": "1d"}},
    {"score": {"greater_or_equal": 4}},
    {"score": {"empty": True}},
    {"score": {"not_equal": 4}},
    {"band": {"equal": "warm"}},
    {"band": {"not_equal": "warm"}},
    {"band": {"empty": True}},
    {"scores.p": {"less": 8}},
    {"bands.p": {"one_of": ["hot", "cold"]}},
    {"scores.unknown": {"greater": 1}},
    {"any": [{"contact.stage": {"equal": "customer"}}, {"all": [{"score": {"less": 5}}, {"band": {"equal": "hot"}}]}]},
    {"not": {"any": [{"contact.owner": {"equal": "eve"}}, {"score": {"empty": True}}]}},
]  # fmt: skip
OF_DEALS: list[dict[str, Any]] = [
    {"deal.value": {"greater_or_equal": 100}},
    {"deal.value": {"equal": 99.5}},
    {"deal.value": {"empty": True}},
    {"deal.status": {"equal": "open"}},
    {"deal.seats": {"equal": 3}},
    {"deal.stage": {"not_equal": "offer"}, "deal.currency": {"empty": True}},
    {"contact.stage": {"equal": "demo"}},
    {"contact.tags": {"has": "partner"}},
    {"contact.dnd": {"has": "sms"}},
    {"contact.n": {"less": 6}},
    {"contact.created_at": {"older_than": "1d"}},
    {"score": {"greater": 0}},
    {"scores.p": {"greater_or_equal": 4}},
    {"bands.p": {"empty": True}},
    {"any": [{"deal.owner": {"equal": "eve"}}, {"not": {"contact.name": {"empty": True}}}]},
]


@pytest.fixture
def filled(world: World) -> World:
    world.publish({"on": "e", "points": 4}, bands={"warm": 4, "hot": 8})
    world.publish({"on": "call", "points": 1}, key="q", applies_to="deal")
    for key, values in CONTACTS.items():
        world.send("hello", key)
        world.change(key, **values)
    for key, count in {"ada": 1, "ben": 2, "cyd": 3}.items():
        for _ in range(count):
            world.send("e", key)
    for key, values in DEALS.items():
        world.deal(key, **values)
    world.send("call", "", deal="d1")
    world.score()
    world.later(48)
    world.send("hello", "new")
    world.score()
    return world


@pytest.fixture
def world(database: Database) -> World:
    return World(database)


@pytest.mark.parametrize("kind", ["contact", "deal"])
def test_sql_and_python_agree(filled: World, kind: str) -> None:
    view = _view(filled, "p" if kind == "contact" else "q")
    profiles = {"p": ("contact", _view(filled, "p")), "q": ("deal", _view(filled, "q"))}
    with filled.database.read() as connection:
        contacts = load_contacts(connection, [row[0] for row in filled.query("SELECT id FROM contacts")])
        deals = load_deals(connection, [row[0] for row in filled.query("SELECT id FROM deals")])
        records: dict[int, Any] = dict(contacts)
        if kind == DEAL:
            records = {i: DealWithContact(deal, contacts[deal.contact_id]) for i, deal in deals.items()}
        disagreements = []
        for filters in OF_CONTACTS + (OF_DEALS if kind == DEAL else []):
            test = lists.filter_test(kind, filters, view, profiles, filled.now)
            told = lists.by_age(connection, kind, view, [test], descending=False, after=None, limit=100)
            holds = compile_conditions(filters)
            expected = {
                i for i, facts in records.items() if holds(_lookup(filled, kind, i, facts), filled.now)
            }
            if {row["id"] for row in told} != expected:
                disagreements.append((filters, [row["key"] for row in told], expected))
            assert lists.count(connection, kind, view, [test]) == len(told)
    assert disagreements == []


def _view(world: World, profile: str) -> lists.ScoreView:
    with world.database.read() as connection:
        compiled = world.published.read(connection).by_key[profile]
    return lists.ScoreView(compiled.id, 0, compiled.bands)


def _lookup(world: World, kind: str, record_id: int, facts: Any) -> Lookup:
    """The fields of a record as they are in Python."""
    with world.database.read() as connection:
        by_key = world.published.read(connection).by_key
    own = "p" if kind == "contact" else "q"

    def score_of(profile: str) -> int | None:
        of = record_id
        if kind == "deal" and profile == "p":
            of = facts.deal.contact_id
        if profile not in by_key or (kind == "contact" and profile == "q"):
            return None
        scores = world.query(
            f"SELECT score FROM scores WHERE profile_id = {by_key[profile].id} AND record_id = {of}"
        )
        return scores[0][0] if scores else None

    def lookup(name: str) -> Value:
        owner, _, key = name.partition(".")
        if owner in ("score", "band"):
            key = own
        if owner in ("score", "scores"):
            return score_of(key)
        if owner in ("band", "bands"):
            return by_key[key].band(score_of(key)) if key in by_key else None
        value: Value = facts(name)
        return value

    return lookup


def test_a_filter_is_read_from_texts() -> None:
    texts = {"stage": "demo", "score_gte": "-5", "tag": " vip "}
    assert filter_of("contact", texts) == ContactFilter(stage="demo", score_gte=-5, tag="vip")
    assert filter_of("deal", {"status": "won"}) == DealFilter(status="won")
    for kind, wrong in (("contact", {"score_gte": "5.5"}), ("deal", {"status": "wno"})):
        with pytest.raises(BadParameter) as refused:
            filter_of(kind, wrong)  # type: ignore[arg-type]
        assert refused.value.name in wrong
