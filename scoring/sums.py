"""Points by group, added up within their bounds."""

from collections.abc import Iterable, Mapping

from scoring.compiled import AttributeRule, CompiledProfile, InactivityRule


def with_points(sums: Mapping[str, int], rules: Iterable[AttributeRule | InactivityRule]) -> dict[str, int]:
    """The points by group with those of rules that hold."""
    sums = dict(sums)
    for rule in rules:
        sums[rule.group] = sums.get(rule.group, 0) + rule.points
    return sums


def bounded_sum(profile: CompiledProfile, sums: Mapping[str, int]) -> int:
    """The sum over groups, each within its own bounds; "" is that of the rules without a group."""
    total = sums.get("", 0)
    for key, (low, high) in profile.groups.items():
        total += clamp(sums.get(key, 0), low, high)
    return total


def clamp(value: int, low: int | None, high: int | None) -> int:
    """The value within its bounds; None: no bound."""
    if low is not None and value < low:
        return low
    if high is not None and value > high:
        return high
    return value
