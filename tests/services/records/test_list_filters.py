"""Filters of lists in SQL say what the same conditions say in Python, of every record, on both databases."""

from typing import Any

import pytest
from uuid_utils import uuid7

from automations.list_filters import ContactFilter, DealFilter
from conditions.activity import ACTIVITY_NAMES, activity_of
from conditions.fields import DEAL
from conditions.tree import Lookup, compile_conditions, fields_read
from conditions.values import Value
from engine.admission.activity import Around, with_activity
from services.records.filter_texts import filter_of
from services.records.kinds import Kind
from services.resources import BadParameter
from store.connection import Connection
from store.database import Database
from store.design import definitions
from store.records import contacts, deals, lists
from store.scoring.facts import DealWithContact, load_contacts, load_deals
from store.tables import Enrollment, Task, table
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
ACTIVITY: list[dict[str, Any]] = [
    {"contact.open_tasks": {"equal": 0}},
    {"contact.open_tasks": {"greater_or_equal": 2}},
    {"contact.open_tasks": {"not_equal": 1}},
    {"contact.open_tasks": {"empty": True}},
    {"contact.open_tasks": {"one_of": [1, 3]}},
    {"contact.open_deals": {"greater": 0}},
    {"contact.open_deals": {"less": 2}},
    {"contact.open_follow_ups": {"equal": 2}},
    {"contact.open_follow_ups": {"greater": 0}, "contact.open_tasks": {"greater": 0}},
    {"contact.in.a": {"equal": True}},
    {"contact.in.a": {"equal": False}},
    {"contact.in.b": {"not_equal": True}},
    {"contact.in.b": {"not_empty": True}},
    {"contact.in.gone": {"equal": True}},
    {"contact.last_seen": {"older_than": "1d"}},
    {"contact.last_seen": {"less": "1972-09-28"}},
    {"contact.last_seen": {"empty": True}},
    {"contact.last_seen": {"starts_with": "1972-09-2"}},
    {"contact.last_event.e": {"older_than": "12h"}},
    {"contact.last_event.e": {"empty": True}},
    {"contact.last_event.tag.added": {"not_empty": True}},
    {"contact.last_event.gone.away": {"not_empty": True}},
    {"not": {"contact.last_event.hello": {"older_than": "1d"}}},
    {"contact.last_event.e": {"equal": {"field": "contact.last_seen"}}},
    {"contact.open_tasks": {"less": {"field": "contact.open_deals"}}},
    {"any": [{"contact.in.a": {"equal": True}}, {"contact.last_event.call": {"not_empty": True}}]},
]
DEAL_ACTIVITY: list[dict[str, Any]] = [
    {"deal.open_tasks": {"equal": 1}},
    {"deal.open_tasks": {"equal": 0}},
    {"deal.open_follow_ups": {"greater": 0}},
    {"deal.in.b": {"equal": True}},
    {"deal.in.a": {"equal": True}},
    {"deal.last_seen": {"empty": True}},
    {"deal.last_seen": {"older_than": "1d"}},
    {"deal.last_event.call": {"not_empty": True}},
    {"deal.last_event.deal.won": {"not_empty": True}},
]
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
    world.automate({"event": "unheard.of"}, key="a")
    world.automate({"event": "unheard.of"}, key="b")
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
    _follow_up(world, "a", "ada", "queued")
    _follow_up(world, "a", "ben", "completed")
    _follow_up(world, "b", "ada", "running", "d1")
    _follow_up(world, "b", "cyd", "running")
    for contact, deal, status in [
        ("ada", None, "open"),
        ("ada", "d1", "open"),
        ("ben", None, "open"),
        ("cyd", "d4", "done"),
    ]:
        _task(world, contact, deal, status)
    return world


def _follow_up(world: World, automation: str, contact: str, status: str, deal: str | None = None) -> None:
    """A follow-up of a contact or a deal, as it stands."""

    def work(connection: Connection) -> None:
        row = definitions.find(connection, definitions.AUTOMATIONS, automation)
        person = contacts.contact_by_key(connection, contact)
        assert row is not None
        assert person is not None
        connection.execute(
            table(Enrollment)
            .insert()
            .values(
                id=str(uuid7()),
                automation_id=row["id"],
                version=1,
                contact_id=person["id"],
                deal_id=_deal_id(connection, deal),
                shard=0,
                origin=str(uuid7()),
                cause="manual",
                status=status,
                created_at=world.now,
            )
        )

    world.database.run(work)


def _task(world: World, contact: str, deal: str | None, status: str) -> None:
    def work(connection: Connection) -> None:
        person = contacts.contact_by_key(connection, contact)
        assert person is not None
        connection.execute(
            table(Task)
            .insert()
            .values(
                id=str(uuid7()),
                contact_id=person["id"],
                deal_id=_deal_id(connection, deal),
                title="Call",
                description="",
                status=status,
                created_at=world.now,
                updated_at=world.now,
            )
        )

    world.database.run(work)


def _deal_id(connection: Connection, key: str | None) -> int | None:
    row = deals.deal_by_key(connection, key) if key is not None else None
    return row["id"] if row is not None else None


@pytest.fixture
def world(database: Database) -> World:
    return World(database)


@pytest.mark.parametrize("kind", ["contact", "deal"])
def test_sql_and_python_agree(filled: World, kind: str) -> None:
    view = _view(filled, "p" if kind == "contact" else "q")
    profiles = {"p": ("contact", _view(filled, "p")), "q": ("deal", _view(filled, "q"))}
    with filled.database.read() as connection:
        people = load_contacts(connection, [row[0] for row in filled.query("SELECT id FROM contacts")])
        pursued = load_deals(connection, [row[0] for row in filled.query("SELECT id FROM deals")])
        records: dict[int, Any] = dict(people)
        if kind == DEAL:
            records = {i: DealWithContact(deal, people[deal.contact_id]) for i, deal in pursued.items()}
        disagreements = []
        around = {
            i: Around(facts.contact.id, i) if kind == DEAL else Around(i, None)
            for i, facts in records.items()
        }
        both = OF_CONTACTS + ACTIVITY
        for filters in both + (OF_DEALS + DEAL_ACTIVITY if kind == DEAL else []):
            test = lists.filter_test(kind, filters, view, profiles, filled.now)
            told = lists.by_age(connection, kind, view, [test], descending=False, after=None, limit=100)
            holds = compile_conditions(filters)
            expected = {
                i
                for i, facts in records.items()
                if holds(with_activity(connection, _lookup(filled, kind, i, facts), around[i]), filled.now)
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


def test_the_filters_ask_for_all_that_goes_on_around_records() -> None:
    read = {name for filters in ACTIVITY + DEAL_ACTIVITY for name in fields_read(filters)}
    asked = {(one.kind, one.name) for one in map(activity_of, read) if one is not None}
    assert asked == {(kind, name) for kind, names in ACTIVITY_NAMES.items() for name in names}


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"contact.open_tasks": {"equal": 2}}, ["ada"]),
        ({"contact.open_tasks": {"equal": 1}}, ["ben"]),
        ({"contact.open_deals": {"equal": 1}}, ["ada", "fay"]),
        ({"contact.open_follow_ups": {"equal": 2}}, ["ada"]),
        ({"contact.open_follow_ups": {"equal": 1}}, ["cyd"]),
        ({"contact.in.a": {"equal": True}}, ["ada"]),
        ({"contact.in.b": {"equal": True}}, ["ada", "cyd"]),
        ({"contact.last_seen": {"older_than": "1d"}}, ["ada", "ben", "cyd", "dan", "eve", "fay"]),
        ({"contact.last_event.e": {"not_empty": True}}, ["ada", "ben", "cyd"]),
        ({"contact.last_event.tag.added": {"not_empty": True}}, ["ada", "dan"]),
    ],
)
def test_what_goes_on_around_a_contact(filled: World, filters: dict[str, Any], expected: list[str]) -> None:
    assert _keys(filled, "contact", filters) == expected


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"deal.open_tasks": {"equal": 1}}, ["d1"]),
        ({"deal.open_follow_ups": {"equal": 1}}, ["d1"]),
        ({"deal.in.b": {"equal": True}}, ["d1"]),
        ({"contact.in.b": {"equal": True}}, ["d1", "d2", "d4"]),
        ({"deal.last_event.call": {"not_empty": True}}, ["d1"]),
        ({"deal.last_seen": {"empty": True}}, ["d2", "d3", "d4"]),
        ({"deal.last_event.deal.won": {"not_empty": True}}, ["d2"]),
    ],
)
def test_what_goes_on_around_a_deal(filled: World, filters: dict[str, Any], expected: list[str]) -> None:
    assert _keys(filled, "deal", filters) == expected


def _keys(world: World, kind: str, filters: dict[str, Any]) -> list[str]:
    with world.database.read() as connection:
        test = lists.filter_test(kind, filters, None, {}, world.now)
        told = lists.by_age(connection, kind, None, [test], descending=False, after=None, limit=100)
    return sorted(row["key"] for row in told)


def test_a_filter_is_read_from_texts() -> None:
    texts = {"stage": "demo", "score_gte": "-5", "tag": " vip "}
    assert filter_of("contact", texts) == ContactFilter(stage="demo", score_gte=-5, tag="vip")
    assert filter_of("deal", {"status": "won"}) == DealFilter(status="won")
    mistakes: dict[Kind, dict[str, str]] = {"contact": {"score_gte": "5.5"}, "deal": {"status": "wno"}}
    for kind, wrong in mistakes.items():
        with pytest.raises(BadParameter) as refused:
            filter_of(kind, wrong)
        assert refused.value.name in wrong
