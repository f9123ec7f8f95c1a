"""How a follow-up stands, in words: for lists of them and for what shows one."""

from collections.abc import Iterator

from commands.output import counted, shown_moment
from runtime.statuses import EnrollmentStatus
from services.follow_ups.answers import Enrollment

#: Where its place says where to look.
_SOMEWHERE = (EnrollmentStatus.RUNNING, EnrollmentStatus.FAILED)


def standing(enrollment: Enrollment) -> str:
    """`running at 2: wait 3 days, paused, attempt 2`."""
    is_somewhere = enrollment.status in _SOMEWHERE and enrollment.step_title
    parts = [
        f"{enrollment.status} at {enrollment.step_place}: {enrollment.step_title}"
        if is_somewhere
        else str(enrollment.status),
        "retrying" if enrollment.retrying else "",
        "paused" if enrollment.paused else "",
        f"attempt {enrollment.attempt}" if enrollment.attempt > 1 else "",
    ]
    return ", ".join(filter(None, parts))


def waiting(enrollment: Enrollment) -> Iterator[str]:
    """Until when it waits, or tries again."""
    if enrollment.next_attempt_at:
        tries = counted(enrollment.tries, "try", "tries")
        yield f"{tries} failed; the next begins at {shown_moment(enrollment.next_attempt_at)}"
    if enrollment.waits_until:
        yield f"waits until {shown_moment(enrollment.waits_until)}"
