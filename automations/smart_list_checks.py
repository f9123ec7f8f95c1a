"""What is wrong with a valid smart list beside everything else that is defined."""

from collections.abc import Iterator

from automations.checks import unknown, unknown_profiles
from automations.known import Known
from automations.list_filters import ContactFilter
from automations.smart_list import SmartList
from automations.warnings import misspelled, score_ranges, tags_asked, unknown_tags
from conditions.contradictions import contradictions
from conditions.problems import Problem, suggestion
from conditions.tree import leaves

_FILTERS = ("filters",)


def check_smart_list(smart_list: SmartList, known: Known) -> tuple[list[Problem], list[Problem]]:
    """Errors, which keep it from being saved, and warnings. Each `loc` is a path in the document."""
    return list(_errors(smart_list, known)), list(_warnings(smart_list, known))


def _errors(smart_list: SmartList, known: Known) -> Iterator[Problem]:
    key = smart_list.profile
    if key is not None:
        yield from unknown("profile", key, known.profiles, ("profile",))
    yield from unknown_profiles(smart_list.filters, _FILTERS, known)
    profile = known.profiles.get(key or "")
    if profile is None:
        return
    if profile.applies_to != smart_list.applies_to:
        yield Problem(
            ("profile",), f'the profile "{key}" scores {profile.applies_to}s, not {smart_list.applies_to}s'
        )
    band, bands = smart_list.filter.band, {*profile.bands, *known.published_bands.get(profile.key, ())}
    if band is not None and band not in bands:
        yield Problem(("filter", "band"), f'profile "{key}" has no band "{band}"{suggestion(band, bands)}')


def _warnings(smart_list: SmartList, known: Known) -> Iterator[Problem]:
    filters, record_filter = smart_list.filters, smart_list.filter
    yield from contradictions(filters, score_ranges(known, smart_list.profile), _FILTERS)
    yield from misspelled((leaf.loc[:-1], name) for leaf in leaves(filters, _FILTERS) for name in leaf.fields)
    asked = tags_asked(filters, _FILTERS)
    if isinstance(record_filter, ContactFilter) and record_filter.tag is not None:
        asked.insert(0, (("filter", "tag"), record_filter.tag))
    yield from unknown_tags(asked, known)
