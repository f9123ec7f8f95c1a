"""What the codes of the API are called on pages, in the reader's language."""

from collections.abc import Iterable, Sequence

from console.language import Speech
from runtime.permissions import PERMISSIONS
from services.follow_ups.answers import Enrollment
from services.foresight.answers import Explained


class Words:
    """Looks codes up in the reader's language; one that it does not know stays as it is."""

    def __init__(self, speech: Speech) -> None:
        self._speech = speech
        self._ = speech.gettext

    def done(self, code: str | None) -> str | None:
        """What a form has brought about; None for a code that is none of ours."""
        _ = self._
        return {
            "saved": _("Saved."),
            "password": _("The password is changed."),
            "person-added": _("Added."),
            "key-revoked": _("Revoked."),
            "tagged": _("The tag is there."),
            "untagged": _("The tag is removed."),
            "adjusted": _("Taken in. The score follows within a second."),
            "enrolled": _("Enrolled. The follow-up starts within a second."),
            "listed": _("Saved as a smart list."),
            "revoked": _("Taken back. Scores follow within a second."),
            "begun": _("It has begun, and goes on in the background."),
            "task-done": _("Done."),
            "task-open": _("The task is open again."),
            "task-snoozed": _("Put off."),
            "task-assigned": _("Given away."),
            "retried": _("It is tried again, from the step that failed."),
            "skipped": _("The step is passed over."),
            "paused": _("Paused. No further step begins."),
            "resumed": _("It goes on."),
            "cancelled": _("Ended. What it has done stays."),
            "published": _("Published."),
            "unpublished": _("Unpublished. Its scores are empty from now on."),
            "archived": _("Taken out of use."),
            "draft-saved": _("The draft is saved. Nothing that runs has changed."),
            "discarded": _("The draft is what is published again."),
        }.get(code or "")

    def problem(self, status: int) -> str:
        """What an error page is headed with."""
        _ = self._
        return {
            403: _("This is not allowed"),
            404: _("There is nothing here"),
            405: _("This page cannot do that"),
            409: _("That is not possible now"),
            412: _("Somebody was faster"),
            422: _("Something in the request is wrong"),
            503: _("The database does not answer"),
        }.get(status, _("Something went wrong"))

    def tone(self, band: str | None, bands: Sequence[str]) -> str:
        """How a band is drawn: `cold`, `warm` or `hot`, by its place among all, the lowest first."""
        if band is None:
            return "none"
        if band not in bands or len(bands) == 1:
            return "warm"
        place = bands.index(band)
        return "cold" if place == 0 else "warm" if place * 2 < len(bands) else "hot"

    def standing(self, one: Enrollment) -> str:
        """How a follow-up stands, in a few words."""
        _, speech = self._, self._speech
        if one.paused:
            return _("paused")
        if one.waits_until is not None:
            return _("waits until %s") % speech.moment(one.waits_until)
        if one.retrying:
            return _("tries again")
        return self.status(one.status)

    def status(self, status: str) -> str:
        """A status of a follow-up, a task, a message or a definition."""
        _ = self._
        return {
            "queued": _("starts soon"),
            "running": _("running"),
            "retrying": _("tries again"),
            "completed": _("completed"),
            "failed": _("failed"),
            "exited": _("left early"),
            "replaced": _("replaced"),
            "cancelled": _("cancelled"),
            "open": _("open"),
            "done": _("done"),
            "recorded": _("recorded, not sent"),
            "pending": _("on its way"),
            "sent": _("sent"),
            "delivered": _("delivered"),
            "withheld": _("held back"),
            "skipped": _("skipped"),
            "draft": _("draft"),
            "published": _("published"),
            "paused": _("paused"),
            "won": _("won"),
            "lost": _("lost"),
        }.get(status, status)

    def icon(self, one: Enrollment) -> str:
        """The icon of how a follow-up stands."""
        if one.paused:
            return "pause"
        return {
            "queued": "wait",
            "running": "wait" if one.waits_until else "resume",
            "completed": "check",
            "failed": "failed",
        }.get(one.status, "cancel")

    def cause(self, cause: str) -> str:
        """Why a score moved, or a follow-up began."""
        _ = self._
        return {
            "event": _("an event"),
            "attribute": _("a field changed"),
            "adjustment": _("by hand"),
            "expiry": _("points expired"),
            "decay": _("points faded"),
            "inactivity": _("nothing happened for long"),
            "revoke": _("an event was taken back"),
            "merge": _("contacts were merged"),
            "publish": _("the profile was published"),
            "enroll": _("enrolled by hand"),
            "manual": _("enrolled by hand"),
            "start": _("another follow-up started it"),
            "score": _("another score changed"),
        }.get(cause, cause)

    def skip(self, reason: str) -> str:
        """Why a match did not enroll."""
        _ = self._
        return {
            "paused": _("the automation is paused"),
            "depth": _("too many follow-ups led here"),
            "exit": _("its exit holds already"),
            "reentry": _("it was in it before"),
            "running": _("it is in it now"),
            "loop": _("too often within an hour"),
            "dropped": _("the start was given up"),
            "stale": _("it did not match any more"),
        }.get(reason, reason)

    def outcome(self, one: Explained) -> str:
        """What an automation made of a change."""
        return one.why

    def result(self, result: str) -> str:
        """What came of a step."""
        _ = self._
        return {
            "done": _("done"),
            "waiting": _("waits"),
            "sending": _("on its way"),
            "skipped": _("skipped"),
            "failed": _("failed"),
        }.get(result, result)

    def permission(self, permission: str) -> str:
        """What somebody may do."""
        _ = self._
        return {
            "ingest": _("send events"),
            "read": _("see everything"),
            "edit": _("change contacts, deals and tasks"),
            "design": _("change profiles, automations and lists"),
            "operate": _("repair, pause, take back and erase"),
            "admin": _("manage people, keys and settings"),
        }.get(permission, permission)

    def permissions(self, permissions: Iterable[str]) -> list[str]:
        """What somebody may do, in the order of the table."""
        given = set(permissions)
        return [self.permission(one) for one in PERMISSIONS if one in given]

    def line(self, rule: str) -> str:
        """A line of a receipt: a rule, or what else makes up a score."""
        _ = self._
        if rule.startswith("group:"):
            return _("limit of %s") % rule.removeprefix("group:").replace("_", " ")
        if rule == "adjustments":
            return _("by hand")
        if rule == "clamp":
            return _("limit of the score")
        return rule.replace("_", " ").replace("-", " ")
