"""What a score is made of: lines by rule that add up to it."""

from collections.abc import Iterable

from scoring.ledger import Entry, Ledger, clamp, lives


def breakdown(ledger: Ledger, entries: Iterable[Entry] | None = None) -> list[tuple[str, int, int]]:
    """(rule, points, count) lines that add up to the score.

    `entries` are all of the ledger's; they are not needed where its standing keeps `lines`.
    Lines besides the rules': `adjustments`, `group:<key>` (what a group's bounds took or gave), `clamp`.
    """
    lines = ledger.standing.lines if entries is None else lines_of(ledger, entries)
    found = {rule: (points, count) for rule, (points, count) in (lines or {}).items() if count}
    by_group: dict[str, int] = {}
    for rule, (points, _) in found.items():
        group = ledger.group_of_rule(rule)
        by_group[group] = by_group.get(group, 0) + points
    for held in ledger.held():
        found[held.key] = held.points, 1
        by_group[held.group] = by_group.get(held.group, 0) + held.points
    told = [(rule, points, count) for rule, (points, count) in found.items()]
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


def lines_of(ledger: Ledger, entries: Iterable[Entry]) -> dict[str, list[int]]:
    """What a standing keeps as `lines`, from all entries of its ledger."""
    lines: dict[str, list[int]] = {}
    for entry in entries:
        if lives(entry, ledger.now):
            line = lines.setdefault(entry.rule, [0, 0])
            line[0] += ledger.worth(entry, ledger.now)
            line[1] += 1
    return lines
