"""What can be known to be wrong with a valid profile before it is published."""

from collections.abc import Iterator

from conditions.fields import RULE_WHERE, RULE_WHILE, check_conditions
from conditions.problems import Problem
from scoring.profile import ScoreProfile


def check_profile(profile: ScoreProfile) -> list[Problem]:
    """Conditions on unknown fields or of types that never compare; locations are those of the document."""
    return list(_problems(profile))


def publish_problems(profile: ScoreProfile) -> list[Problem]:
    """What a draft may lack and a published profile may not."""
    if not profile.rules:
        return [
            Problem(
                ("rules",), "the profile has no rules, so every score would be empty; add at least one rule"
            )
        ]
    return []


def _problems(profile: ScoreProfile) -> Iterator[Problem]:
    for index, rule in enumerate(profile.rules):
        if rule.on is not None:
            yield from check_conditions(rule.where, RULE_WHERE, ("rules", index, "where"))
        elif rule.while_ is not None:
            yield from check_conditions(
                rule.while_, RULE_WHILE[profile.applies_to], ("rules", index, "while")
            )
