"""A rule kind that is forgotten somewhere is named here."""

from collections.abc import Iterable
from typing import Any

import pytest

from conditions.times import DAY
from runtime.settings import Settings
from scoring.compiled import compile_profile
from scoring.entries import Event, Record
from scoring.fold import fold
from scoring.profile import RULE_KINDS, Rule, RuleKind, ScoreProfile
from services.design.yaml_writing import KEY_ORDER
from services.foresight.points import Points
from services.intake.files.published_reads import published_reads
from services.records.ledgers import no_dates
from services.resources import Resources
from store.database import Database
from tests.engine.world import World
from tests.scoring.rule_samples import SAMPLES

COMMON = {"key", "name", "points", "group"}
KINDS = pytest.mark.parametrize("kind", RULE_KINDS, ids=lambda kind: kind.key)


def test_every_key_of_a_rule_is_common_or_of_one_kind() -> None:
    keys = [field.alias or name for name, field in Rule.model_fields.items()]
    of_kinds = [key for kind in RULE_KINDS for key in (kind.key, *kind.own)]
    assert sorted([*COMMON, *of_kinds]) == sorted(keys)


def _profile_of(kind: RuleKind, **more: Any) -> ScoreProfile:
    rule = {"key": "r", **SAMPLES[kind.key].rule, **more}
    return ScoreProfile.model_validate({"key": "p", "rules": [rule]})


def _somebody(**fields: str) -> Record:
    return Record("contact", DAY, {f"contact.{name}": value for name, value in fields.items()}.get)


@KINDS
def test_a_rule_of_each_kind_is_compiled(kind: RuleKind) -> None:
    """Into something that scores: a kind that nobody compiles would never give points."""
    profile = _profile_of(kind)
    assert profile.rules[0].kind is kind
    compiled = compile_profile(profile, 1, 1)
    assert [(one.key, one.points) for one in compiled.rules] == [("r", 3)]


@KINDS
def test_a_rule_of_each_kind_gives_its_points(kind: RuleKind) -> None:
    """To a contact with one event, long ago."""
    events = [Event("e-1", "e", DAY, {})]
    ledger = fold(compile_profile(_profile_of(kind), 1, 1), _somebody(), events, [], 400 * DAY)
    assert ledger.score() == 3


@KINDS
def test_the_keys_of_each_kind_have_a_place_in_differences(kind: RuleKind) -> None:
    assert {kind.key, *kind.own} <= KEY_ORDER.keys()


@KINDS
def test_what_a_kind_says_about_its_keys_fits_the_rule(kind: RuleKind) -> None:
    assert {*kind.events, *([kind.conditions] if kind.conditions else [])} <= {kind.key, *kind.own}
    assert bool(kind.conditions) == bool(kind.reads)


@KINDS
def test_the_first_event_of_a_record_makes_rules_of_each_kind_look_at_it(
    kind: RuleKind, database: Database
) -> None:
    """Whatever its type: a kind that looks at more than events says so in `CompiledProfile.always`."""
    world = World(database)
    world.publish(SAMPLES[kind.key].rule)
    world.send("of another type")
    world.score()
    world.later(24 * 400)
    world.score()
    known = world.history("ada")
    assert (known.stored.score if known.stored else None) == world.plain("ada").score()


@KINDS
def test_what_rules_of_each_kind_read_is_known_where_events_come_in(
    kind: RuleKind, database: Database
) -> None:
    if kind.conditions is None:
        return
    world = World(database)
    email = "contact.email" if kind.reads_events else "email"
    tests = {email: {"empty": False}, "n": {"greater": 2}}
    world.publish({**SAMPLES[kind.key].rule, kind.conditions: tests})
    with database.read() as connection:
        reads = published_reads(connection)
    assert reads.email
    assert [*reads.properties] == (["n"] if kind.reads_events else [])


@KINDS
def test_an_event_that_a_rule_of_each_kind_names_is_explained(kind: RuleKind, database: Database) -> None:
    """With that rule; one that names none is no rule on any event."""
    world = World(database)
    world.publish(SAMPLES[kind.key].rule)
    event_id = world.send("e")
    world.score()
    resources = Resources(
        settings=Settings(), database=database, clock=lambda: world.now, wakes=_Unheard(), shards=4
    )
    [told] = Points(resources).of_event(event_id).profiles
    assert [rule.rule for rule in told.rules] == (["r0"] if kind.events else [])


class _Unheard:
    def request(self, shards: Iterable[int]) -> None:
        del shards


@KINDS
def test_a_rule_of_each_kind_that_never_holds_is_told(kind: RuleKind) -> None:
    """One that asks how old something is that is no date. What events hold differs from one to the next."""
    if kind.conditions is None or kind.reads_events:
        return
    profile = _profile_of(kind, **{kind.conditions: {"stage": {"older_than": "1d"}}})
    [note] = no_dates(compile_profile(profile, 1, 1), _somebody(stage="lead"))
    assert note.startswith("rule r never holds")
