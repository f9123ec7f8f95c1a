"""What of a trigger is hardly meant: entries that never come, follow-ups that meet, changes of the same things."""

from collections.abc import Iterator

from automations.durations import longest_duration
from automations.known import Known
from automations.model import Automation
from automations.steps.places import walk
from automations.touching import touched_by
from conditions.activity import activity_of
from conditions.describing import field_words
from conditions.fields import always_valued
from conditions.problems import Problem
from conditions.times import micros_of
from conditions.tree import Leaf, bounds, fields_read, needed
from triggers.model import Trigger

_INFINITE = float("inf")


def trigger_warnings(automation: Automation, known: Known) -> Iterator[Problem]:
    """Each with its place in the document."""
    yield from _of_trigger(automation, known)
    yield from _holds_without_value(automation)
    yield from _together(automation, known)


def _of_trigger(automation: Automation, known: Known) -> Iterator[Problem]:
    trigger = automation.trigger
    if trigger.fires == "on_entry" and not trigger.filters:
        yield Problem(("trigger", "fires"), "without filters there is nothing to enter: this never fires")
    elif (
        trigger.fires == "on_entry"
        and trigger.looks_at == "scores"
        and not {"score", "band"} & fields_read(trigger.filters)
    ):
        yield Problem(
            ("trigger", "fires"),
            "on_entry asks whether `score` and `band` came to match, and the filters read neither: this never fires",
        )
    if trigger.profile is None:
        return
    yield from _unseen_entry(trigger)
    yield from _unseen_activity(trigger)
    waits = any(place.step.waits for place in walk(automation))
    if trigger.fires == "every_change" and waits and not _spaced(automation):
        yield Problem(
            ("trigger",),
            "fires on every change, and its follow-ups wait: many may run for one record at once; add fires: on_entry, "
            "or say while_running: start, skip or replace",
        )
    reads = fields_read(trigger.filters)
    if reads and reads <= {"score", f"scores.{trigger.profile}"}:
        low, high = bounds(trigger.filters, *reads)
        profile = known.profiles.get(trigger.profile)
        least = profile.min if profile is not None and profile.min is not None else -_INFINITE
        if low <= least and 1 <= high < _INFINITE:
            yield Problem(
                ("trigger", "filters", min(reads)),
                "only bounds the score from above, so it fires at everybody's first point; for a score that falls, add "
                f"previous_score: {{greater: {high:g}}}",
            )


def _unseen_entry(trigger: Trigger) -> Iterator[Problem]:
    """A field that has to come to hold a value, where only scores are looked at."""
    if trigger.fires != "on_entry" or "looks_at" in trigger.model_fields_set:
        return
    scored = {"score", "band", f"scores.{trigger.profile}", f"bands.{trigger.profile}"}
    if not scored & fields_read(trigger.filters):
        return
    comes = next((leaf.field for leaf in needed(trigger.filters) if _comes_true(leaf)), None)
    if comes is not None:
        yield Problem(
            ("trigger", "fires"),
            f"who reaches the score first and {field_words(comes)} later does not enter: say looks_at: "
            "scores_and_fields if that should fire, or looks_at: scores",
        )


def _unseen_activity(trigger: Trigger) -> Iterator[Problem]:
    """What goes on around a record, where a trigger is to look at changes of what it reads."""
    if trigger.looks_at == "scores_and_fields":
        for name in sorted(fields_read(trigger.filters)):
            if activity_of(name) is not None:
                yield Problem(
                    ("trigger", "looks_at"),
                    f"does not look at changes of {field_words(name)}: that is read when a score or another field "
                    "changes",
                )


def _holds_without_value(automation: Automation) -> Iterator[Problem]:
    """A field that must not hold something, which is so, too, while it holds nothing yet."""
    if automation.steps and automation.steps[0].waits:
        return
    filters = automation.trigger.filters
    tests = list(needed(filters))
    valued = {leaf.field for leaf in tests if _needs_value(leaf)}
    unwanted = [leaf for leaf in tests if leaf.operator.unwanted]
    if "not" in filters:
        unwanted += [leaf for leaf in needed(filters["not"], ("not",)) if leaf.operator.wants]
    for leaf in unwanted:
        field = leaf.field
        if field in valued or always_valued(field) or not field.startswith(("contact.", "deal.")):
            continue
        valued.add(field)
        yield Problem(
            ("trigger", "filters", *leaf.loc[:-1]),
            f"also holds while {field_words(field)} is empty, so that a record is let in whose value arrives a moment "
            "later: add not_empty: true, begin the steps with a wait, or say that empty is meant with any: "
            f"[{{{field}: {{empty: true}}}}, ...]",
        )


def _needs_value(leaf: Leaf) -> bool:
    """Whether it never holds while the field is empty."""
    if leaf.operator.emptiness is not None:
        return leaf.operand is not leaf.operator.emptiness
    return not leaf.operator.unwanted


def _comes_true(leaf: Leaf) -> bool:
    """Whether a field of a record has to come to hold something."""
    of_record = leaf.field.startswith(("contact.", "deal.")) and activity_of(leaf.field) is None
    return of_record and not leaf.operator.unwanted and leaf.operator.emptiness is not True


def _spaced(automation: Automation) -> bool:
    """Whether the trigger says what to do while a follow-up runs, or enters again only after it."""
    trigger = automation.trigger
    if "while_running" in trigger.model_fields_set or trigger.reentry == "once":
        return True
    after = None if isinstance(trigger.reentry, str) else micros_of(trigger.reentry.after)
    return after is not None and after >= longest_duration(automation)


def _together(automation: Automation, known: Known) -> Iterator[Problem]:
    """Others that the same change may start and that change the same things."""
    mine = touched_by(automation)
    touching = known.touching() if mine else {}
    for target, toucher in sorted(mine.items()):
        others = sorted(
            other.key for other in touching.get(target, ()) if toucher.meets(other, known.profiles)
        )
        if others:
            named = ", ".join(others[:3]) + (f" and {len(others) - 3} more" if len(others) > 3 else "")
            yield Problem(
                ("trigger",),
                f"the same change may start {named}, which changes {target} too; the one whose key comes first begins, "
                "unless `order` says otherwise",
            )
