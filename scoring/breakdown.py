"""What a score is made of: lines by rule that add up to it."""

from collections.abc import Iterable

from scoring.ledger import Entry, Ledger, clamp


def breakdown(ledger: Ledger, entries: Iterable[Entry]) -> list[tuple[str, int, int]]:
    """(rule, points, count) lines that add up to the score. `entries` are all of the ledger's.

    Lines besides the rules': `adjustments`, `group:<key>` (what a group's bounds took or gave), `clamp`.
    """
    points: dict[str, int] = {}
    counts: dict[str, int] = {}
    by_group: dict[str, int] = {}
    now = ledger.now
    for entry in entries:
        if entry.starts_at <= now and (entry.ends_at is None or entry.ends_at > now):
            worth, group = ledger.worth(entry, now), ledger.group_of(entry)
            points[entry.rule] = points.get(entry.rule, 0) + worth
            counts[entry.rule] = counts.get(entry.rule, 0) + 1
            by_group[group] = by_group.get(group, 0) + worth
    for rule in ledger.held():
        points[rule.key], counts[rule.key] = rule.points, 1
        by_group[rule.group] = by_group.get(rule.group, 0) + rule.points
    lines = [(rule, points[rule], counts[rule]) for rule in points]
    total = by_group.get("", 0)
    for key, (low, high) in ledger.profile.groups.items():
        inner = by_group.get(key, 0)
        bounded = clamp(inner, low, high)
        total += bounded
        if bounded != inner:
            lines.append((f"group:{key}", bounded - inner, 1))
    score = ledger.score()
    if score is not None and score != total:
        lines.append(("clamp", score - total, 1))
    return lines
