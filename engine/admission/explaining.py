"""What ops read of a follow-up in the Temporal UI: why it fired, on what. Definitions' words and numbers only."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from automations.model import Automation
from automations.steps.base import BaseStep
from automations.steps.words import clean
from conditions.describing import describe
from conditions.times import to_iso
from conditions.values import shown_score
from engine.admission.admitting import MATCHING, OF_LIST
from engine.subjects import subject_of
from runtime.registry import follow_up_workflow_id
from store.connection import RowMapping
from store.follow_ups import enrollments
from triggers.evaluate import BY_HAND, BY_STEP

_LONGEST = 190
#: So many of the steps that are done are shown.
_LONGEST_LOG = 50


_NOT_ASKED = "the trigger's filters were not asked"


def summary(row: RowMapping, automation: Automation) -> str:
    """One line for the list of workflows."""
    again = f" (attempt {row['attempt']})" if row["attempt"] > 1 else ""
    cause = clean(_moved(row, automation))
    return f"{row['automation']} v{row['version']}: {cause}"[: _LONGEST - len(again)] + again


def record_name(row: RowMapping) -> str:
    """Whom the follow-up is about, by our id: `12` for a contact, `deal-12` for a deal."""
    subject = subject_of(row)
    return f"deal-{subject.record_id}" if subject.about_deal else str(subject.record_id)


def details(row: RowMapping, automation: Automation) -> str:
    """Markdown for the workflow's page."""
    lines = [
        f"**{clean(automation.title)}** (`{row['automation']}` version {row['version']})",
        "",
        f"- Why: {clean(_why(row, automation))}",
    ]
    if (starter := enrollments.starter_of(row)) is not None:
        lines.append(f"- Started by: enrollment `{starter}`")
    if automation.trigger.profile is not None and row["cause"] not in (BY_HAND, BY_STEP):
        lines.append(f"- Fires: {automation.trigger.fires.replace('_', ' ')}")
    lines += [
        f"- Contact: id {row['contact_id']} (`kindling show {row['contact_id']}` tells whose it is)",
        *([f"- Deal: id {row['deal_id']} (`kindling show deal-{row['deal_id']}`)"] if row["deal_id"] else []),
        f"- Enrolled: {to_iso(row['created_at'])}, enrollment `{row['id']}`, attempt {row['attempt']}",
        *_further(row),
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
    names = [record_name(row) for row in rows]
    return "\n".join(
        [
            f"**{clean(automation.title)}** (`{first['automation']}` version {first['version']})",
            "",
            f"- {len(rows)} follow-ups that began together: {causes}",
            *([f"- Why: {clean(', and '.join(conditions))}"] if conditions else []),
            f"- Records, by our ids: {', '.join(names)}",
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
    if result.get("skipped"):
        return f"- skipped: {step.title}"
    if "failed" in result:
        return f"- failed: {step.title} ({clean(result['failed'])})"
    before = f"before, in attempt {row['attempt']}: " if row["attempt"] < attempt else ""
    way = next((way for way in step.branches() if way.name == result.get("branch")), None)
    taken = f": {way.taken or way.title}" if way is not None else ""
    return f"- {before}{step.title}{taken}"


def failure(row: RowMapping) -> str:
    """That a follow-up has failed, and what can be done about it."""
    return (
        f"Failed: {row['last_error']}\n\n`kindling retry {row['id']}` tries again from here, "
        f"`kindling skip {row['id']}` goes on behind it: as attempt {row['attempt'] + 1}, a workflow of its own"
    )


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


def _further(row: RowMapping) -> Iterator[str]:
    by_whom = ", and by whom it was enrolled" if row["cause"] == BY_HAND and row["author"] else ""
    yield f"- `kindling show {row['id']}` tells what came of each step{by_whom}"
    if row["attempt"] > 1:
        before = follow_up_workflow_id(row["automation"], row["id"], row["attempt"] - 1)
        yield f"- The attempt before: `{before}`; what it did is done, and marked so"


def _moved(row: RowMapping, automation: Automation) -> str:
    """`engagement 4 → 7 (event)`, or what else made the enrollment."""
    if row["cause"] in (BY_HAND, BY_STEP):
        how = "by hand" if row["cause"] == BY_HAND else "started by another follow-up"
        return f"{how}, {row['profile']} {shown_score(row['current'])}" if row["profile"] else how
    if row["profile"] is None:
        return f"event {automation.trigger.event}"
    return f"{row['profile']} {shown_score(row['previous'])} → {shown_score(row['current'])} ({row['cause']})"


def _why(row: RowMapping, automation: Automation) -> str:
    """What made the enrollment, with the conditions that held if they were asked."""
    trigger, chosen = automation.trigger, row["chosen"]
    conditions = [describe(part) for part in (trigger.where, trigger.filters) if part]
    if row["cause"] == BY_STEP:
        return f"{_moved(row, automation)}; {_NOT_ASKED}"
    if row["cause"] != BY_HAND:
        return ", and ".join([_moved(row, automation), *conditions])
    if chosen == MATCHING:
        return ", and ".join([f"{_moved(row, automation)}, as one of all who matched", *conditions])
    if chosen is None:
        return _moved(row, automation)
    of_list = f", of the smart list {chosen.removeprefix(OF_LIST)}" if chosen.startswith(OF_LIST) else ""
    return f"{_moved(row, automation)}{of_list}; {_NOT_ASKED}"
