"""What goes on: enrollments and the state of the installation; holding new starts back."""

from collections.abc import Sequence

from commands.output import counted, note_rest, print_json, say, shown_moment
from commands.session import session
from conditions.problems import suggestion
from runtime.errors import ReadableError
from runtime.statuses import EnrollmentStatus
from services.follow_ups.answers import Enrollment
from services.follow_ups.holding import set_held
from services.follow_ups.listing import STATUSES
from services.operations.answers import Loop
from services.operations.signing import signing_secrets


def enrollments(
    *, contact: str | None, automation: str | None, status: str | None, limit: int, as_json: bool
) -> int:
    """List enrollments, the newest first, with their place in the Temporal UI."""
    if status is not None and status not in STATUSES:
        raise ReadableError(f'There is no status "{status}"{suggestion(status, STATUSES)}')
    with session() as opened:
        page = opened.application.follow_ups.enrollments(
            contact=contact, automation=automation, status=status, cursor=None, limit=limit
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
        if enrollment.next_attempt_at:
            tries = counted(enrollment.tries, "try", "tries")
            say(f"  {tries} failed; the next begins at {shown_moment(enrollment.next_attempt_at)}", "dim")
        if enrollment.waits_until:
            say(f"  waits until {shown_moment(enrollment.waits_until)}", "dim")
        if enrollment.workflow_url:
            say(f"  {enrollment.workflow_url}", "dim")
    note_rest(page.next, limit)
    return 0


def _line(enrollment: Enrollment) -> str:
    step = (
        f" at {enrollment.step}" if enrollment.status is EnrollmentStatus.RUNNING and enrollment.step else ""
    )
    step += ", paused" if enrollment.paused else ""
    step += f", attempt {enrollment.attempt}" if enrollment.attempt > 1 else ""
    return (
        f"{shown_moment(enrollment.created_at)}  {enrollment.contact}  {enrollment.automation} v{enrollment.version}"
        f"  {_shown(enrollment.previous)} → {_shown(enrollment.current)}  {enrollment.status}{step}"
    )


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
            f"  {_shown(explained.previous)} → {_shown(explained.current)}"
            if explained.version is not None
            else ""
        )
        say(f"{shown_moment(explained.at)}{moved}  {explained.cause}{event}: {explained.why}")
        if explained.enrollment:
            say(f"  {explained.enrollment}", "dim")
            say(f"  {explained.workflow_url}", "dim")
        for test in explained.filters:
            say(f"  {'holds' if test.holds else 'fails'}: {test.text} (it is {test.actual!r})", "dim")
        for guard in explained.guards:
            say(f"  {'holds' if guard.holds else 'fails'}: {guard.text}", "dim")
    return 0


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


def drop(automation: str, *, as_json: bool) -> int:
    """Give up the follow-ups of an automation that wait for their start."""
    with session() as opened:
        count = opened.application.automations.drop_queued(automation)
    if as_json:
        print_json({"dropped": count})
    else:
        say(f"{counted(count, 'follow-up')} of {automation} will not start.")
    return 0


def _shown(score: int | None) -> str:
    return "empty" if score is None else str(score)


def repair(enrollment: str, what: str, *, as_json: bool) -> int:
    """Do something to one follow-up: retry, skip, pause, resume or cancel."""
    with session() as opened:
        repaired = getattr(opened.application.repairs, what)(enrollment)
    if as_json:
        print_json(repaired)
    else:
        say(_line(repaired))
    return 0


def webhook_secret() -> int:
    """Print the secrets that sign webhooks, one a line."""
    with session() as opened:
        secrets = signing_secrets(opened.application.resources)
    for secret in secrets:
        say(secret)
    return 0


def status(*, as_json: bool) -> int:
    """Show what is pending, running and done, and who works."""
    with session() as opened:
        state = opened.application.status.read(temporal_up=opened.link.up)
    if as_json:
        print_json(state)
        return 0
    workers = [f"{worker.host} (pid {worker.pid})" for worker in state.workers]
    pending = counted(state.pending_events, "item")
    if state.pending_events:
        pending += f", the oldest for {state.oldest_pending_seconds:.0f} s"
    follow_ups = ", ".join(f"{count:,} {name}" for name, count in state.follow_ups.items())
    if state.starts_later:
        follow_ups += f"; of those queued {state.starts_later:,} start later on purpose"
    duplicates = (
        f"{counted(state.shared_addresses, 'e-mail address', 'e-mail addresses')} of several contacts"
    )
    if state.shared_addresses:
        duplicates += "; kindling duplicates lists them"
    lines = [
        ("Pending", pending),
        ("Follow-ups", follow_ups),
        ("New starts", "held back; kindling release resumes them" if state.held else "not held back"),
        ("Quarantined", counted(state.quarantined, "event")),
        ("Loops", _loops(state.loops)),
        ("Duplicates", duplicates),
        ("Suppressed", counted(state.suppressions, "person", "persons")),
        ("Publishing", counted(state.publishing, "profile")),
        ("Temporal", f"{state.temporal}, UI {state.temporal_ui}"),
        ("Workers", ", ".join(workers) or "none; start one with: kindling up"),
    ]
    for name, text in lines:
        say(f"{name + ':':<13}{text}")
    return 0


def _loops(loops: Sequence[Loop]) -> str:
    """Which automations were stopped in the last day for enrolling a record too often."""
    if not loops:
        return "none stopped in the last day"
    stopped = [
        f"{loop.automation} ({loop.skipped:,} skipped for {counted(loop.contacts, 'contact')})"
        for loop in loops[:3]
    ]
    more = f" and {len(loops) - 3} more automations" if len(loops) > 3 else ""
    return f"stopped in the last day: {', '.join(stopped)}{more}"


def hold(*, held: bool, as_json: bool) -> int:
    """Hold all new starts of follow-ups back, or resume them."""
    with session() as opened:
        waiting = set_held(opened.application.resources, held=held)
    if as_json:
        print_json({"held": held, "queued": waiting})
        return 0
    queued = counted(waiting, "follow-up")
    if held:
        say(f"New follow-ups are held back, {queued} queued. Those that run go on. kindling release resumes.")
    else:
        say(f"New follow-ups start again, {queued} queued.")
    return 0
