"""What can be known to be wrong with a valid profile before it is published."""

from collections.abc import Iterator

from conditions.fields import check_conditions
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
        kind = rule.kind
        if kind.conditions is not None:
            raw, fields = rule.given(kind.conditions), kind.reads[profile.applies_to]
            yield from check_conditions(raw, fields, ("rules", index, kind.conditions))
