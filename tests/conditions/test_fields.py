"""Fields that are not there, and tests that could never hold."""

from typing import Any

import pytest

from conditions.fields import RULE_WHERE, RULE_WHILE, TRIGGER, Catalogue, check_conditions


@pytest.mark.parametrize(
    ("catalogue", "raw"),
    [
        (TRIGGER, {"score": {"greater": 5}, "scores.fit": {"less": 3}, "bands.fit": {"equal": "hot"}}),
        (
            TRIGGER,
            {"contact.tags": {"has": "hot"}, "contact.dnd": {"equal": "all"}, "deal.value": {"greater": 10}},
        ),
        (TRIGGER, {"contact.renewal_date": {"older_than": "3d"}, "event.amount": {"greater": 5}}),
        (TRIGGER, {"cause": {"one_of": ["expiry", "decay"]}, "contact.created_at": {"older_than": "3d"}}),
        (TRIGGER, {"contact.tags": {"empty": True}, "score": {"not_empty": True}}),
        (RULE_WHERE, {"amount": {"greater": 5}, "to": {"equal": "demo"}, "contact.stage": {"equal": "x"}}),
        (RULE_WHILE["contact"], {"dnd": {"has": "email"}, "industry": {"one_of": ["a", 1]}}),
        (RULE_WHILE["deal"], {"status": {"equal": "won"}, "value": {"less": 5.5}}),
    ],
)
def test_conditions_that_can_hold_pass(catalogue: Catalogue, raw: dict[str, Any]) -> None:
    assert check_conditions(raw, catalogue) == []


@pytest.mark.parametrize(
    ("raw", "pointer", "words"),
    [
        ({"scroe": {"equal": 5}}, "/scroe", 'unknown field "scroe"; did you mean "score"?'),
        ({"stage": {"equal": "x"}}, "/stage", 'unknown field "stage"; did you mean "contact.stage"?'),
        ({"contact.": {"equal": "x"}}, "/contact.", "unknown field"),
        ({"score": {"equal": "five"}}, "/score/equal", 'score is a number and never compares with "five"'),
        ({"score": {"contains": "5"}}, "/score/contains", "score is a number, which contains does not fit"),
        ({"contact.tags": {"equal": "hot"}}, "/contact.tags/equal", "use `has: hot`"),
        (
            {"contact.tags": {"not_equal": "hot"}},
            "/contact.tags/not_equal",
            "use `not: {contact.tags: {has: hot}}`",
        ),
        ({"contact.stage": {"has": "x"}}, "/contact.stage/has", "use `equal: x`"),
        ({"contact.stage": {"equal": 5}}, "/contact.stage/equal", 'in quotes: "5"'),
        ({"contact.dnd": {"has": "all"}}, "/contact.dnd/has", '{"contact.dnd": {"equal": "all"}}'),
        ({"contact.dnd": {"has": "mail"}}, "/contact.dnd/has", 'did you mean "email"?'),
        ({"contact.dnd": {"equal": "sms"}}, "/contact.dnd/equal", "use `has: sms`"),
        ({"cause": {"equal": "expired"}}, "/cause/equal", 'did you mean "expiry"?'),
        ({"deal.status": {"one_of": ["won", "loost"]}}, "/deal.status/one_of", 'did you mean "lost"?'),
        ({"contact.created_at": {"greater": "soon"}}, "/contact.created_at/greater", "2026-11-22 (UTC)"),
        ({"any": [{"not": {"score": {"less": "x"}}}]}, "/any/0/not/score/less", "score is a number"),
        ({'contact.a"b': {"equal": 1}}, '/contact.a"b', "cannot hold quotes"),
    ],
)
def test_a_test_that_can_never_hold_is_named(raw: dict[str, Any], pointer: str, words: str) -> None:
    [problem] = check_conditions(raw, TRIGGER)
    assert problem.pointer == pointer
    assert words in problem.message


def test_fields_of_the_record_that_is_scored_stand_alone_in_a_rule() -> None:
    [problem] = check_conditions({"contact.dnd": {"equal": "all"}}, RULE_WHILE["contact"])
    assert problem.message.startswith('unknown field "contact.dnd"; did you mean "dnd"?')
    [of_contact] = check_conditions({"contact.stage": {"equal": "x"}}, RULE_WHILE["deal"])
    assert "stand alone" not in of_contact.message
