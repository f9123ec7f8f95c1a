"""Why something happened or did not: automations for a record, profiles for an event."""

import json

from commands.output import in_words, print_json, say, shown_moment
from commands.session import session
from conditions.values import Value, is_empty, shown_score


def why(automation: str, key: str, *, deal: bool, limit: int, as_json: bool) -> int:
    """Tell why an automation did or did not enroll a record."""
    with session() as opened:
        names = {"contact": None, "deal": key} if deal else {"contact": key, "deal": None}
        explanation = opened.application.why.explain(automation, **names, limit=limit)
    if as_json:
        print_json(explanation)
        return 0
    if not explanation.items:
        say("Nothing has happened that the automation looks at.")
    for one in explanation.besides:
        how = _HOW[one.cause]
        fate = f"enrolled {how}" if one.enrollment else f"to be enrolled {how}, skipped: {one.reason}"
        say(f"{shown_moment(one.at)}  {fate}")
    for explained in explanation.items:
        event = f" {explained.event.type}" if explained.event else ""
        moved = (
            f"  {shown_score(explained.previous)} → {shown_score(explained.current)}"
            if explained.version is not None
            else ""
        )
        say(f"{shown_moment(explained.at)}{moved}  {explained.cause}{event}: {explained.why}")
        if explained.enrollment:
            say(f"  {explained.enrollment}", "dim")
            say(f"  {explained.workflow_url}", "dim")
        for test in explained.filters:
            say(f"  {'holds' if test.holds else 'fails'}: {test.text} (it is {_shown(test.actual)})", "dim")
        for guard in explained.guards:
            say(f"  {'holds' if guard.holds else 'fails'}: {in_words(guard.text)}", "dim")
    return 0


def _shown(actual: Value) -> str:
    """A field's value as its author would write it."""
    return "empty" if is_empty(actual) else json.dumps(actual, ensure_ascii=False)


def points(event: str, *, as_json: bool) -> int:
    """Tell what each published profile made of an event."""
    with session() as opened:
        explanation = opened.application.points.of_event(event)
    if as_json:
        print_json(explanation)
        return 0
    shown = explanation.event
    say(f"{shown_moment(shown.occurred_at)}  {shown.deal or shown.contact}  {shown.type}, {shown.status}")
    if not explanation.profiles:
        say("No profile is published.")
    for profile in explanation.profiles:
        say(f"{profile.profile} v{profile.version}: {profile.why}")
        for rule in profile.rules:
            say(f"  {rule.rule}: {rule.why}", "dim")
        for bound in profile.bounds:
            say(f"  {bound}", "dim")
    return 0


_HOW = {
    "manual": "by hand",
    "start": "by another automation",
    "attribute": "because of a change of its fields",
    "score": "because of a change of another score",
}
