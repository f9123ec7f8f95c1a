"""What ops read of a follow-up in the Temporal UI: why it fired, on what. Definitions' words and numbers only."""

from collections.abc import Iterator

from automations.model import Automation
from automations.steps.words import clean
from conditions.describing import describe
from conditions.times import to_iso
from conditions.values import shown_score
from engine.admitting import MATCHING, OF_LIST
from engine.subjects import subject_of
from runtime.registry import follow_up_workflow_id
from store.connection import RowMapping
from store.follow_ups import enrollments
from triggers.evaluate import BY_HAND, BY_STEP

_LONGEST = 190
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
        lines.append(f"- Started by: `{follow_up_workflow_id(starter)}`")
    if automation.trigger.profile is not None and row["cause"] not in (BY_HAND, BY_STEP):
        lines.append(f"- Fires: {automation.trigger.fires.replace('_', ' ')}")
    lines += [
        f"- Contact: id {row['contact_id']} (`kindling show {row['contact_id']}` tells whose it is)",
        *([f"- Deal: id {row['deal_id']} (`kindling show deal-{row['deal_id']}`)"] if row["deal_id"] else []),
        f"- Enrolled: {to_iso(row['created_at'])}, enrollment `{row['id']}`, attempt {row['attempt']}",
        *_further(row),
    ]
    return "\n".join(lines)


def _further(row: RowMapping) -> Iterator[str]:
    by_whom = ", and by whom it was enrolled" if row["cause"] == BY_HAND and row["author"] else ""
    yield f"- `kindling show {row['id']}` tells what came of each step{by_whom}"
    if row["attempt"] > 1:
        before = follow_up_workflow_id(row["id"], row["attempt"] - 1)
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
