"""Whom a change of definitions would touch, in words."""

from commands.output import counted
from services.foresight.answers import AutomationImpact, DocumentImpact, ProfileImpact


def impact_lines(impact: DocumentImpact | None) -> list[str]:
    """The blast radius in words."""
    if impact is None:
        return []
    return _of_profile(impact) if isinstance(impact, ProfileImpact) else _of_automation(impact)


def _of_profile(impact: ProfileImpact) -> list[str]:
    if impact.new:
        return [f"new: {counted(impact.records, 'record')} will be scored"]
    lines = [f"{impact.changed or 0:,} of {counted(impact.records, 'score')} change"]
    moves = [f"{move.count:,} {move.from_ or 'none'} → {move.to or 'none'}" for move in impact.band_moves[:5]]
    if moves:
        lines.append(f"bands: {', '.join(moves)}")
    fired = [
        f"{one.enrolled:,} in {one.automation}"
        + (f" (the date that is waited for is over for {one.past:,})" if one.past else "")
        for one in impact.fire
        if one.enrolled
    ]
    lines.append(f"with --triggers fire it would enroll {', '.join(fired) or 'nobody'}; otherwise nobody")
    return lines


def _of_automation(impact: AutomationImpact) -> list[str]:
    lines = []
    if impact.running:
        lines.append(f"{counted(impact.running, 'follow-up')} run on with the version they began with")
    if impact.published is None:
        return [*lines, f"whom it would enroll is not known: {impact.unknown}"]
    lines.append(
        f"over the last {impact.days} days it would have enrolled {counted(impact.records, 'record')}, "
        f"{counted(impact.enrollments, 'time')} in all; enrolled were {impact.published.enrollments:,}"
    )
    if impact.matching_now:
        lines.append(
            f"{counted(impact.matching_now, 'record')} match now; publishing enrolls none of them, "
            "kindling enroll --matching does"
        )
    return [*lines, *(f"warning: {warning}" for warning in impact.warnings)]
