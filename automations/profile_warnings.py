"""What is not wrong with a valid profile but hardly meant."""

from collections.abc import Iterator

from automations.known import Known
from automations.unknown import unknown_in_profile
from conditions.problems import Problem
from scoring.profile import ScoreProfile


def profile_warnings(profile: ScoreProfile, known: Known) -> Iterator[Problem]:
    """Each with its place in the document."""
    yield from unknown_in_profile(profile, known)
    yield from _below_the_bands(profile)


def _below_the_bands(profile: ScoreProfile) -> Iterator[Problem]:
    """A lowest band that scores fall out of. One that begins above 0 leaves those below it out on purpose."""
    label, bound = next(iter(profile.bands.items()), ("", None))
    if bound is None or bound > 0 or (profile.min is not None and profile.min >= bound):
        return
    losing = next((rule.key for rule in profile.rules if rule.points < 0), None)
    if losing is not None:
        yield Problem(
            ("bands", label),
            f'the rule "{losing}" takes scores below {bound}, where there is no band; write {label}: null for a band '
            f"without a lower bound, or min: {bound}",
        )
