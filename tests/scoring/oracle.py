"""What a score should be, worked out naively from the rules as they are written: another way to the same answer.

Nothing of the product's scoring is used. Conditions of a few shapes only.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}

#: (id, type, microseconds, properties, deal) and (id, points, from, until).
Happened = Sequence[tuple[str, str, int, Mapping[str, Any], int | None]]
Given = Sequence[tuple[str, int, int, int | None]]
#: A field by name, for the deal that an event names.
Fields = Callable[[str, int | None], Any]


def expected(
    document: Mapping[str, Any],
    created_at: int,
    fields: Fields,
    happened: Happened,
    given: Given,
    now: int,
) -> int | None:
    """The score at `now`; None when empty."""
    events = [event for event in happened if event[2] <= now]
    groups: dict[str, int] = {"": 0}
    anything = False
    for rule in document["rules"]:
        group = rule.get("group", "")
        points = 0
        if "on" in rule:
            for event in counting(rule, events, fields, document.get("timezone", "UTC")):
                anything = True
                points += worth(rule, event[2], now)
        elif "while" in rule:
            if holds(
                rule["while"],
                lambda name: fields(f"{document.get('applies_to', 'contact')}.{name}", None),
                now,
            ):
                anything, points = True, rule["points"]
        else:
            types = rule.get("of") or [
                other["on"] for other in document["rules"] if "on" in other and other["points"] > 0
            ]
            last = max((event[2] for event in events if event[1] in types), default=created_at)
            if now >= last + length(rule["after_silence"]):
                anything, points = True, rule["points"]
        groups[group] = groups.get(group, 0) + points
    for _, points, start, end in given:
        if start <= now:
            anything = True
            groups[""] += points if end is None or now < end else 0
    if not anything:
        return None
    total = groups[""]
    for key, bounds in document.get("groups", {}).items():
        total += bounded(groups.get(key, 0), bounds)
    return bounded(total, document)


def counting(rule: Mapping[str, Any], events: Happened, fields: Fields, zone: str) -> Happened:
    """The events that count for an event rule: of each window the earliest."""
    matching = [
        event
        for event in sorted(events, key=lambda event: (event[2], event[0]))
        if event[1] == rule["on"]
        and holds(
            rule.get("where", {}),
            lambda name, event=event: fields(name, event[4]) if "." in name else event[3].get(name),  # type: ignore[misc]
        )
    ]
    if "limit" not in rule:
        return matching
    kept: list[Any] = []
    used: dict[Any, int] = {}
    for event in matching:
        window = window_of(rule["limit"]["per"], zone, event[2])
        used[window] = used.get(window, 0) + 1
        if used[window] <= rule["limit"]["times"]:
            kept.append(event)
    return kept


def window_of(per: str, zone: str, at: int) -> Any:
    local = (EPOCH + timedelta(microseconds=at)).astimezone(ZoneInfo(zone))
    return {
        "day": local.date(),
        "week": local.isocalendar()[:2],
        "month": (local.year, local.month),
        "ever": None,
    }[per]


def worth(rule: Mapping[str, Any], at: int, now: int) -> int:
    """What an event's points are worth: decayed in exact fractions, rounded half away from zero, until they expire."""
    if "expires_after" in rule and now >= at + length(rule["expires_after"]):
        return 0
    points = Fraction(rule["points"])
    if "decay" in rule:
        steps = (now - at) // length(rule["decay"]["every"])
        points *= Fraction(100 - rule["decay"]["percent"], 100) ** steps
    size = int(abs(points) + Fraction(1, 2))
    return size if points > 0 else -size


def holds(conditions: Mapping[str, Any], field: Callable[[str], Any], now: int = 0) -> bool:
    tests: dict[str, Callable[[Any, Any], bool]] = {
        "equal": lambda value, operand: value == operand,
        "not_equal": lambda value, operand: value != operand,
        "greater": lambda value, operand: isinstance(value, int | float) and value > operand,
        "empty": lambda value, operand: (value in (None, "", [])) is operand,
        "older_than": lambda value, operand: value is not None and now - micros(value) > length(operand),
    }
    return all(
        tests[name](field(of), operand) for of, test in conditions.items() for name, operand in test.items()
    )


def bounded(value: int, bounds: Mapping[str, Any]) -> int:
    low, high = bounds.get("min"), bounds.get("max")
    value = value if low is None else max(value, low)
    return value if high is None else min(value, high)


def micros(moment: str) -> int:
    return (datetime.fromisoformat(moment) - EPOCH) // timedelta(microseconds=1)


def length(duration: str) -> int:
    return int(duration[:-1]) * UNITS[duration[-1]] * 1_000_000
