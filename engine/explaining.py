"""What ops read of a follow-up in the Temporal UI: why it fired, on what. Definitions' words and numbers only."""

from automations.model import Automation
from automations.steps.words import clean
from conditions.describing import describe
from conditions.times import to_iso
from conditions.values import shown_score
from engine.subjects import subject_of
from store.connection import RowMapping

_LONGEST = 190


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
