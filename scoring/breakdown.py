"""What a score is made of: lines by rule that add up to it."""

from collections.abc import Iterable

from scoring.entries import Entry, lives
from scoring.ledger import Ledger
from scoring.standing import Standing
from scoring.sums import clamp


def breakdown(ledger: Ledger, entries: Iterable[Entry] | None = None) -> list[tuple[str, int, int]]:
    """(rule, points, count) lines that add up to the score.

    `entries` are all of the ledger's; they are not needed where its standing keeps `living`.
    Lines besides the rules': `adjustments`, `group:<key>` (what a group's bounds took or gave), `clamp`.
    """
    by_rule = kept_lines(ledger.standing) if entries is None else lines_of(ledger, entries)
    by_group: dict[str, int] = {}
    for rule, (points, _) in by_rule.items():
        group = ledger.group_of_rule(rule)
        by_group[group] = by_group.get(group, 0) + points
    for held in ledger.held():
        by_rule[held.key] = held.points, 1
        by_group[held.group] = by_group.get(held.group, 0) + held.points
    told = [(rule, points, count) for rule, (points, count) in by_rule.items()]
    total = by_group.get("", 0)
    for key, (low, high) in ledger.profile.groups.items():
        inner = by_group.get(key, 0)
        bounded = clamp(inner, low, high)
        total += bounded
        if bounded != inner:
            told.append((f"group:{key}", bounded - inner, 1))
    score = ledger.score()
    if score is not None and score != total:
        told.append(("clamp", score - total, 1))
    return told


def kept_lines(standing: Standing) -> dict[str, tuple[int, int]]:
    """What living entries are worth, and how many they are, by rule: as a standing keeps it."""
    return {
        rule: (standing.worths[rule], number) for rule, number in (standing.living or {}).items() if number
    }


def lines_of(ledger: Ledger, entries: Iterable[Entry]) -> dict[str, tuple[int, int]]:
    """The same, from all entries of a ledger."""
    lines: dict[str, tuple[int, int]] = {}
    for entry in entries:
        if lives(entry, ledger.now):
            points, number = lines.get(entry.rule, (0, 0))
            lines[entry.rule] = points + ledger.worth(entry, ledger.now), number + 1
    return lines
