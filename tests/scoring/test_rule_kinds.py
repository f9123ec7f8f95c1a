"""A rule kind that is forgotten somewhere is named here."""

from typing import Any

import pytest

from conditions.times import DAY
from scoring.compiled import compile_profile
from scoring.entries import Event, Record
from scoring.fold import fold
from scoring.profile import RULE_KINDS, Rule, RuleKind, ScoreProfile
from services.design.yaml_writing import KEY_ORDER

COMMON = {"key", "name", "points", "group"}
SAMPLES: dict[str, Any] = {"on": "e", "while": {"stage": {"equal": "lead"}}, "after_silence": "30d"}
KINDS = pytest.mark.parametrize("kind", RULE_KINDS, ids=lambda kind: kind.key)


def test_every_key_of_a_rule_is_common_or_of_one_kind() -> None:
    keys = [field.alias or name for name, field in Rule.model_fields.items()]
    of_kinds = [key for kind in RULE_KINDS for key in (kind.key, *kind.own)]
    assert sorted([*COMMON, *of_kinds]) == sorted(keys)


def _profile_of(kind: RuleKind) -> ScoreProfile:
    assert kind.key in SAMPLES, f"give a sample of {kind.key} here"
    rule = {
        "key": "r",
        "points": 3,
        kind.key: SAMPLES[kind.key],
        **({"of": ["e"]} if "of" in kind.own else {}),
    }
    return ScoreProfile.model_validate({"key": "p", "rules": [rule]})


@KINDS
def test_a_rule_of_each_kind_is_compiled(kind: RuleKind) -> None:
    """Into something that scores: a kind that nobody compiles would never give points."""
    profile = _profile_of(kind)
    assert profile.rules[0].kind is kind
    compiled = compile_profile(profile, 1, 1)
    rules: list[Any] = [*compiled.rules_by_key.values(), *compiled.attribute_rules]
    rules += compiled.inactivity_rules
    assert [(one.key, one.points) for one in rules] == [("r", 3)]


@KINDS
def test_a_rule_of_each_kind_gives_its_points(kind: RuleKind) -> None:
    """To a lead with one event, long ago."""
    events = [Event("e-1", "e", DAY, {})]
    record = Record("contact", DAY, {"contact.stage": "lead"}.get)
    ledger = fold(compile_profile(_profile_of(kind), 1, 1), record, events, [], 400 * DAY)
    assert ledger.score() == 3


@KINDS
def test_the_keys_of_each_kind_have_a_place_in_differences(kind: RuleKind) -> None:
    assert {kind.key, *kind.own} <= KEY_ORDER.keys()


@KINDS
def test_what_a_kind_says_about_its_keys_fits_the_rule(kind: RuleKind) -> None:
    assert {*kind.events, *([kind.conditions] if kind.conditions else [])} <= {kind.key, *kind.own}
    assert bool(kind.conditions) == bool(kind.reads)
