"""What ops read of a follow-up in the Temporal UI: why it fired, on what. Definitions' words and numbers only."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from automations.model import Automation
from automations.steps.base import BaseStep
from automations.steps.words import clean
from conditions.describing import describe
from conditions.times import to_iso
from conditions.values import shown_score
from engine.subjects import subject_of
from store.connection import RowMapping

_LONGEST = 190
#: So many of the steps that are done are shown.
_LONGEST_LOG = 50
#: So many records of a cohort are named.
_MOST_NAMED = 100


def moved(row: RowMapping, automation: Automation) -> str:
    """`engagement 4 → 7 (event)`, or the event that made the enrollment."""
    if row["profile"] is None:
        return f"event {automation.trigger.event}"
    return f"{row['profile']} {shown_score(row['previous'])} → {shown_score(row['current'])} ({row['cause']})"


def summary(row: RowMapping, automation: Automation) -> str:
    """One line for the list of workflows."""
    return f"{row['automation']} v{row['version']}: {clean(moved(row, automation))}"[:_LONGEST]


def record_name(row: RowMapping) -> str:
    """Whom the follow-up is about, by our id: `12` for a contact, `deal-12` for a deal."""
    subject = subject_of(row)
    return f"deal-{subject.record_id}" if subject.about_deal else str(subject.record_id)


def details(row: RowMapping, automation: Automation) -> str:
    """Markdown for the workflow's page."""
    trigger = automation.trigger
    conditions = [describe(part) for part in (trigger.where, trigger.filters) if part]
    why = ", and ".join([moved(row, automation), *conditions])
    lines = [
        f"**{clean(automation.title)}** (`{row['automation']}` version {row['version']})",
        "",
        f"- Why: {clean(why)}",
    ]
    if trigger.profile is not None:
        lines.append(f"- Fires: {trigger.fires.replace('_', ' ')}")
    lines += [
        f"- Contact: id {row['contact_id']}",
        *([f"- Deal: id {row['deal_id']}"] if row["deal_id"] is not None else []),
        f"- Enrolled: {to_iso(row['created_at'])}, enrollment `{row['id']}`, attempt {row['attempt']}",
    ]
    return "\n".join(lines)


def cohort_summary(row: RowMapping, count: int) -> str:
    """The same for many that began together; `row`: one of them."""
    return f"{row['automation']} v{row['version']}: {count} follow-ups that began together"[:_LONGEST]


def cohort_details(rows: Sequence[RowMapping], automation: Automation) -> str:
    """Markdown for the page of a cohort: why they began, and who they are."""
    first, trigger = rows[0], automation.trigger
    conditions = [describe(part) for part in (trigger.where, trigger.filters) if part]
    causes = ", ".join(
        f"{count} by {cause}" for cause, count in Counter(row["cause"] for row in rows).most_common()
    )
    names = [record_name(row) for row in rows[:_MOST_NAMED]]
    more = f" and {len(rows) - len(names)} more" if len(rows) > len(names) else ""
    return "\n".join(
        [
            f"**{clean(automation.title)}** (`{first['automation']}` version {first['version']})",
            "",
            f"- {len(rows)} follow-ups that began together: {causes}",
            *([f"- Why: {clean(', and '.join(conditions))}"] if conditions else []),
            f"- Records, by our ids: {', '.join(names)}{more}",
            "- `kindling enrollments` shows each of them",
        ]
    )


def done_lines(automation: Automation, outcomes: Iterable[RowMapping], here: str | None, attempt: int) -> str:
    """What a follow-up has done so far, step by step; `here`: the step where it still is, None when it is over."""
    stops = automation.course.stops
    order = {path: index for index, path in enumerate(stops)}
    known = sorted(
        (row for row in outcomes if row["path"] != here and row["path"] in stops),
        key=lambda row: (row["at"], -order[row["path"]]),
    )
    lines = [_line(stops[row["path"]].step, row, attempt) for row in known]
    return "\n".join(lines[-_LONGEST_LOG:])


def _line(step: BaseStep, row: RowMapping, attempt: int) -> str:
    result = row["result"]
    before = f" (attempt {row['attempt']})" if row["attempt"] < attempt else ""
    if result.get("skipped"):
        return f"- skipped: {step.title}{before}"
    if "failed" in result:
        return f"- failed: {step.title} ({clean(result['failed'])}){before}"
    way = next((way for way in step.branches() if way.name == result.get("branch")), None)
    taken = f": {way.taken or way.title}" if way is not None else ""
    return f"- {step.title}{taken}{before}"


def upcoming(automation: Automation, paths: Iterable[str]) -> str:
    """The steps that come next, in one line."""
    stops = automation.course.stops
    return " · ".join(stops[path].step.title for path in paths)[:_LONGEST]


def standing(automation: Automation, places: Mapping[str | None, int], ended: Mapping[str, int]) -> str:
    """How many of a cohort stand where, and how many are over: `80 at wait 3 days`, `20 completed`."""
    stops = automation.course.stops
    lines = [
        f"- {count} at {stops[path].step.title if path in stops else 'the beginning'}"
        for path, count in sorted(places.items(), key=lambda item: item[0] or "")
    ]
    return "\n".join([*lines, *(f"- {count} {status}" for status, count in sorted(ended.items()))])
