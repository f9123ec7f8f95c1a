"""What is wrong with a valid smart list beside everything else that is defined."""

from collections.abc import Iterator

from automations.checks import unknown, unknown_profiles
from automations.known import Known
from automations.smart_list import SmartList
from automations.unknown import unknown_in_smart_list
from automations.warnings import score_ranges
from conditions.contradictions import contradictions
from conditions.problems import Problem, suggestion
from scoring.profile import bands_in_order

_FILTERS = ("filters",)


def check_smart_list(smart_list: SmartList, known: Known) -> tuple[list[Problem], list[Problem]]:
    """Errors, which keep it from being saved, and warnings. Each `loc` is a path in the document."""
    return list(_errors(smart_list, known)), list(_warnings(smart_list, known))


def _errors(smart_list: SmartList, known: Known) -> Iterator[Problem]:
    key = smart_list.profile
    if key is not None:
        yield from unknown("profile", key, known, ("profile",))
    yield from unknown_profiles(smart_list.filters, _FILTERS, known)
    profile = known.profiles.get(key or "")
    if profile is None:
        return
    if profile.applies_to != smart_list.applies_to:
        yield Problem(
            ("profile",), f'the profile "{key}" scores {profile.applies_to}s, not {smart_list.applies_to}s'
        )
    band = smart_list.filter.band
    bands = [*bands_in_order(profile.bands), *known.published_bands.get(profile.key, ())]
    if band is not None and band not in bands:
        yield Problem(("filter", "band"), f'profile "{key}" has no band "{band}"{suggestion(band, bands)}')


def _warnings(smart_list: SmartList, known: Known) -> Iterator[Problem]:
    yield from contradictions(smart_list.filters, score_ranges(known, smart_list.profile), _FILTERS)
    yield from unknown_in_smart_list(smart_list, known)
