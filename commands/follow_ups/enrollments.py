"""Follow-ups one by one: listed, repaired, given up before they start, held back."""

from typing import Literal

from commands.follow_up_words import standing, waiting
from commands.output import counted, note_rest, print_json, say, shown_moment
from commands.session import session
from conditions.problems import suggestion
from conditions.values import shown_score
from runtime.errors import ReadableError
from services.follow_ups.answers import Enrollment
from services.follow_ups.holding import set_held
from services.follow_ups.listing import STATUSES


def enrollments(
    *,
    contact: str | None,
    deal: str | None,
    automation: str | None,
    status: str | None,
    limit: int,
    as_json: bool,
) -> int:
    """List enrollments, the newest first, with their place in the Temporal UI."""
    if status is not None and status not in STATUSES:
        raise ReadableError(f'There is no status "{status}"{suggestion(status, STATUSES)}')
    with session() as opened:
        page = opened.application.follow_ups.enrollments(
            contact=contact, deal=deal, automation=automation, status=status, cursor=None, limit=limit
        )
    if as_json:
        print_json(page.items)
        return 0
    if not page.items:
        say("No enrollments.")
        return 0
    for enrollment in page.items:
        say(_line(enrollment))
        say(f"  {enrollment.id}", "dim")
        if enrollment.last_error:
            say(f"  {enrollment.last_error}", "red")
        for line in waiting(enrollment):
            say(f"  {line}", "dim")
        if enrollment.skipped:
            skipped = ", ".join(f"{step.place}: {step.title}" for step in enrollment.skipped)
            say(f"  skipped: {skipped}", "dim")
        if enrollment.workflow_url:
            say(f"  {enrollment.workflow_url}", "dim")
    note_rest(page.next, limit)
    return 0


def _line(enrollment: Enrollment) -> str:
    who = f"{enrollment.deal} of {enrollment.contact}" if enrollment.deal else enrollment.contact
    return (
        f"{shown_moment(enrollment.created_at)}  {who}  {enrollment.automation} v{enrollment.version}"
        f"  {shown_score(enrollment.previous)} → {shown_score(enrollment.current)}  {standing(enrollment)}"
    )


Repair = Literal["retry", "skip", "cancel"]


def repair(enrollment: str, what: Repair, *, as_json: bool) -> int:
    """Do something to one follow-up."""
    with session() as opened:
        repairs = opened.application.repairs
        does = {"retry": repairs.retry, "skip": repairs.skip, "cancel": repairs.cancel}[what]
        repaired = does(enrollment, who=opened.by)
    if as_json:
        print_json(repaired)
    else:
        say(_line(repaired))
    return 0


def drop(automation: str, *, as_json: bool) -> int:
    """Give up the follow-ups of an automation that wait for their start."""
    with session() as opened:
        count = opened.application.automations.drop_queued(automation, who=opened.by)
    if as_json:
        print_json({"dropped": count})
    else:
        say(f"{counted(count, 'follow-up')} of {automation} will not start.")
    return 0


def hold(*, held: bool, as_json: bool) -> int:
    """Hold all new starts of follow-ups back, or resume them."""
    with session() as opened:
        waiting = set_held(opened.application.resources, held=held, who=opened.by)
    if as_json:
        print_json({"held": held, "queued": waiting})
        return 0
    queued = counted(waiting, "follow-up")
    if held:
        say(f"New follow-ups are held back, {queued} queued. Those that run go on. kindling release resumes.")
    else:
        say(f"New follow-ups start again, {queued} queued.")
    return 0
