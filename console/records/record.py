"""One contact or deal: the score as a receipt, how it went, what happened, and what keeps it out of automations."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from starlette.responses import Response

from api.parameters import At, Cursor, RecordKey, Text
from console.forms import Form, Sent
from console.pages import Desk, Here, see
from console.records.editing import editing
from console.records.reading import bands_of, published, read, told
from runtime.permissions import needs
from services.answers import Page
from services.design.answers import Profile
from services.follow_ups.tasks import TaskFilter
from services.operations.answers import TimelineEntry
from services.records.answers import Score, ScoreEntry
from services.records.kinds import Kind
from services.resources import BadParameter, Conflict, Invalid

router = APIRouter()
Tab = Literal["timeline", "follow-ups", "tasks", "messages", "fields"]
TABS: tuple[Tab, ...] = ("timeline", "follow-ups", "tasks", "messages", "fields")
_TabName = Annotated[Tab, Query()]
_MOST_LINES, _MOST_ENTRIES = 30, 20
#: How far the chart looks back and ahead.
PAST, FUTURE = "-365d", "+120d"


@dataclass
class Happened:
    """A line of the timeline: an entry, with the changes that its event caused."""

    entry: TimelineEntry
    changes: list[Any] = field(default_factory=list)


def _show(kind: Kind) -> Callable[..., Response]:
    def show(
        desk: Here,
        key: RecordKey,
        profile: Text = None,
        at: At = None,
        tab: _TabName = "timeline",
        rule: Text = None,
        cursor: Cursor = None,
    ) -> Response:
        return page(desk, kind, key, profile=profile, at=at, tab=tab, rule=rule, cursor=cursor)

    return show


def page(
    desk: Desk,
    kind: Kind,
    key: str,
    *,
    profile: str | None,
    at: str | None,
    tab: Tab,
    rule: str | None,
    cursor: str | None,
) -> Response:
    """The record as of now, or its score as of another time."""
    application = desk.application
    record = read(desk, kind, key)
    profiles = published(desk, kind)
    summaries = application.scores.of_record(kind, key).items
    scored = [one.profile for one in summaries if one.score is not None]
    chosen = profile or next(iter(scored), None) or next((one.key for one in profiles), None)
    time = application.scores.time(at, as_published=False)
    score: Score | None = None
    curve = None
    entries: Page[ScoreEntry] | None = None
    if chosen is not None:
        score = application.scores.one(kind, key, chosen, at=time, limit=1)
        curve = application.curves.curve(kind, key, chosen, since=PAST, until=FUTURE)
        if rule is not None and time is None:
            entries = application.scores.entries(
                kind, key, chosen, rule=rule, cursor=None, limit=_MOST_ENTRIES
            )
    mine: dict[str, Any] = {kind: record.key}
    enrollments = application.follow_ups.enrollments(
        **mine, cursor=cursor if tab == "follow-ups" else None, limit=_MOST_LINES
    )
    return desk.page(
        "records/record.html",
        kind=kind,
        record=record,
        profiles=profiles,
        profile=_named(profiles, chosen),
        bands=bands_of(_named(profiles, chosen)),
        summaries=summaries,
        score=score,
        curve=curve,
        at=score.at if score is not None and time is not None else None,
        rule=rule,
        entries=entries,
        tab=tab,
        tabs=TABS,
        happened=_timeline(desk, kind, key, cursor) if tab == "timeline" else None,
        enrollments=enrollments,
        running=[one for one in enrollments.items if one.finished_at is None],
        tasks=application.tasks.find(TaskFilter(**mine), cursor=cursor, limit=_MOST_LINES)
        if tab == "tasks"
        else None,
        messages=application.follow_ups.notifications(**mine, cursor=cursor, limit=_MOST_LINES)
        if tab == "messages"
        else None,
        nearness=[one for one in application.nearness.of(kind, key).items if one.state != "running"],
        automations=_automations(desk),
    )


def _named(profiles: list[Profile], key: str | None) -> Profile | None:
    return next((one for one in profiles if one.key == key), None)


def _automations(desk: Desk) -> list[str]:
    found = desk.application.automations.find(cursor=None, limit=200).items
    return [one.key for one in found if one.status == "published"]


def _timeline(desk: Desk, kind: Kind, key: str, cursor: str | None) -> tuple[list[Happened], str | None]:
    """A page of what happened; changes stand with the event that caused them, where both are on the page."""
    known = desk.application.timeline.of(kind, key, cursor=cursor, limit=_MOST_LINES)
    by_event = {one.event.id: Happened(one) for one in known.items if one.event is not None}
    lines = []
    for entry in known.items:
        if entry.event is not None:
            lines.append(by_event[entry.event.id])
            continue
        cause = entry.change.event if entry.change is not None else None
        if cause is not None and cause.id in by_event:
            by_event[cause.id].changes.append(entry.change)
        else:
            lines.append(Happened(entry))
    return lines, known.next


def _adjust(kind: Kind) -> Callable[..., Response]:
    def ask(desk: Here, key: RecordKey, profile: Text = None) -> Response:
        return adjustment(desk, kind, key, Form([("profile", profile or "")]))

    return ask


def _give(kind: Kind) -> Callable[..., Response]:
    def give(desk: Here, key: RecordKey, form: Sent) -> Response:
        return adjustment(desk, kind, key, form)

    return give


def adjustment(desk: Desk, kind: Kind, key: str, form: Form) -> Response:
    """Points by hand: asked for, then shown with what they bring about, then given."""
    record = read(desk, kind, key)
    profiles = published(desk, kind)
    profile = form.text("profile") or next((one.key for one in profiles), "")
    errors: dict[str, str] = {}
    consequences = None
    if "points" in form:
        body: dict[str, Any] = {"reason": form.text("reason")}
        body[form.text("way") if form.text("way") == "set_to" else "points"] = _whole(form.text("points"))
        if form.text("expires_after"):
            body["expires_after"] = form.text("expires_after")
        try:
            if form.text("confirmed"):
                request = form.optional("request")
                body |= {"id": request} if request else {}
                desk.application.adjustments.add(kind, key, profile, body, who=desk.principal)
                return see(desk.address(f"/{kind}s/{record.key}", {"profile": profile}), "adjusted")
            consequences = desk.application.consequences.of_adjustment(kind, key, profile, body)
        except Invalid as error:
            errors = told(error, {"set_to": "points"})
        except Conflict as error:
            errors = {"": str(error)}
    return desk.page(
        "records/adjust.html",
        422 if errors else 200,
        kind=kind,
        record=record,
        profiles=profiles,
        profile=profile,
        form=form,
        errors=errors,
        consequences=consequences,
        bands={one.key: bands_of(one) for one in profiles},
    )


def _whole(text: str) -> int | str:
    """A whole number where it is one; what else was typed is judged where points are."""
    plain = text.replace("\N{MINUS SIGN}", "-")
    return int(plain) if plain.lstrip("+-").isdigit() and len(plain) < 20 else text


def _tags(kind: Kind) -> Callable[..., Response]:
    def tag(desk: Here, key: RecordKey, form: Sent) -> Response:
        name, there = form.text("add") or form.text("remove"), "add" in form
        if not name:
            raise BadParameter("add", desk.speech.gettext("Write the tag first."))
        records = desk.application.contacts if kind == "contact" else desk.application.deals
        record = records.tag(key, name, there=there)
        return see(f"/{kind}s/{record.key}", "tagged" if there else "untagged")

    return tag


def _enroll(kind: Kind) -> Callable[..., Response]:
    def enroll(desk: Here, key: RecordKey, form: Sent) -> Response:
        record = read(desk, kind, key)
        automation = form.text("automation")
        body = {f"{kind}s": [record.key], "again": True}
        counted = desk.application.enroll_by_hand.enroll(automation, {**body, "dry_run": True})
        if form.text("confirmed") and counted.enrolled:
            body |= desk.named_request(form.optional("request"))
            desk.application.enroll_by_hand.enroll(automation, body, who=desk.principal)
            return see(desk.address(f"/{kind}s/{record.key}", {"tab": "follow-ups"}), "enrolled")
        return desk.page(
            "records/enroll.html", kind=kind, record=record, automation=automation, counted=counted
        )

    return enroll


def _edit(kind: Kind) -> Callable[..., Response]:
    def edit(desk: Here, key: RecordKey) -> Response:
        return editing(desk, kind, key, None)

    return edit


def _save(kind: Kind) -> Callable[..., Response]:
    def save(desk: Here, key: RecordKey, form: Sent) -> Response:
        return editing(desk, kind, key, form)

    return save


for _kind, _path in (("contact", "/contacts/{key}"), ("deal", "/deals/{key}")):
    _of: Kind = "contact" if _kind == "contact" else "deal"
    router.get(_path)(needs("read")(_show(_of)))
    router.get(f"{_path}/adjust")(needs("edit")(_adjust(_of)))
    router.post(f"{_path}/adjust")(needs("edit")(_give(_of)))
    router.post(f"{_path}/tags")(needs("edit")(_tags(_of)))
    router.post(f"{_path}/enroll")(needs("edit")(_enroll(_of)))
    router.get(f"{_path}/edit")(needs("edit")(_edit(_of)))
    router.post(f"{_path}/edit")(needs("edit")(_save(_of)))
