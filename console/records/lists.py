"""Contacts and deals as tables: score, band, trend, when they cool, and what can be done with several at once."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from api.records.list_query import ListQuery
from console.forms import Form, Sent
from console.pages import Desk, Here, own_address, see
from console.records.reading import CHOICES, bands_of, published
from runtime.permissions import needs
from services.answers import Page
from services.design.answers import Profile
from services.follow_ups.answers import BulkCount, Enrollment
from services.names import ShortText
from services.preconditions import Precondition, PreconditionFailed, Tags
from services.records.answers import ListedContact, ListedDeal
from services.records.kinds import Kind
from services.records.lists import RecordQuery
from services.resources import BadParameter, Conflict, Invalid, NotFound

router = APIRouter()
#: How many rows a page has: each costs a look at its past and its future.
ROWS = 30
#: Nothing of this name may be there yet.
NEW = Precondition(none_match=Tags(any=True))
_ListKey = Annotated[ShortText | None, Query(alias="list")]
#: What can be done with several, and the field that it asks for.
ACTIONS: Mapping[str, str] = {
    "tag": "tag",
    "untag": "tag",
    "owner": "owner",
    "stage": "stage",
    "adjust": "points",
    "enroll": "automation",
}


def _page(kind: Kind) -> Callable[..., Response]:
    def show(
        desk: Here,
        query: Annotated[RecordQuery, Depends(ListQuery(kind))],
        smart_list: _ListKey = None,
    ) -> Response:
        return table(desk, kind, query, smart_list)

    return show


def _chosen(kind: Kind) -> Callable[..., Response]:
    def act(desk: Here, form: Sent) -> Response:
        return with_several(desk, kind, form)

    return act


def _saved(kind: Kind) -> Callable[..., Response]:
    def save(desk: Here, form: Sent) -> Response:
        return save_list(desk, kind, form)

    return save


router.get("/contacts")(needs("read")(_page("contact")))
router.get("/deals")(needs("read")(_page("deal")))
router.post("/contacts/several")(needs("edit")(_chosen("contact")))
router.post("/deals/several")(needs("edit")(_chosen("deal")))
router.post("/contacts/lists")(needs("design")(_saved("contact")))
router.post("/deals/lists")(needs("design")(_saved("deal")))


def table(
    desk: Desk, kind: Kind, query: RecordQuery, list_key: str | None, errors: Mapping[str, str] | None = None
) -> Response:
    """A page of records. Without a profile in the address it is the first one that scores them."""
    application = desk.application
    given = desk.request.query_params
    profiles = published(desk, kind)
    smart_list = application.smart_lists.get(list_key) if list_key is not None else None
    if smart_list is not None:
        query = application.smart_lists.query(kind, smart_list.key, query.cursor, query.limit)
    if "limit" not in given:
        query = replace(query, limit=ROWS)
    if query.profile is None and profiles and smart_list is None:
        query = replace(query, profile=profiles[0].key)
    if "sort" not in given and smart_list is None:
        query = replace(query, sort="-score" if query.profile is not None else "-created_at")
    profile = next((one for one in profiles if one.key == query.profile), None)
    page: Page[Any] = application.record_lists.find(query)
    trends = (
        application.curves.of(profile.key, {one.id: one.key for one in page.items})
        if profile is not None
        else {}
    )
    standing = {
        one.key: running for one in page.items if (running := _running(desk, kind, one.key)) is not None
    }
    return desk.page(
        "records/list.html",
        422 if errors else 200,
        kind=kind,
        query=query,
        profile=profile,
        profiles=profiles,
        bands=bands_of(profile),
        counts=_counts(desk, query, profile),
        records=page.items,
        next=page.next,
        trends=trends,
        standing=standing,
        smart_list=smart_list,
        lists=[
            one
            for one in application.smart_lists.find(cursor=None, limit=CHOICES).items
            if one.applies_to == kind
        ],
        automations=[
            one.key
            for one in application.automations.find(cursor=None, limit=CHOICES).items
            if one.status != "draft"
        ],
        known=_known(page.items),
        filtered=_filtered(query),
        errors=errors or {},
    )


def _running(desk: Desk, kind: Kind, key: str) -> Enrollment | None:
    """The newest follow-up of a record that is not over; None where there is none."""
    asked: dict[str, Any] = {kind: key, "status": "running"}
    return next(iter(desk.application.follow_ups.enrollments(**asked, cursor=None, limit=1).items), None)


def _counts(desk: Desk, query: RecordQuery, profile: Profile | None) -> list[tuple[str, int]]:
    """How many there are in each band, by the other filters, the highest band first."""
    if (
        profile is None
        or query.filters
        or query.filter.score_gte is not None
        or query.filter.score_lte is not None
    ):
        return []
    counted = []
    for band in reversed(bands_of(profile)):
        try:
            wanted = replace(query, filter=query.filter.model_copy(update={"band": band}))
            counted.append((band, desk.application.record_lists.count(wanted)))
        except BadParameter:
            return []
    return counted


def _filtered(query: RecordQuery) -> dict[str, Any]:
    """The filters that are given."""
    return {name: value for name, value in query.filter if value is not None}


def _known(records: list[ListedContact] | list[ListedDeal]) -> dict[str, list[str]]:
    """Values to suggest: those of the records on the page."""
    return {
        "tag": sorted({tag for one in records for tag in one.tags}),
        "stage": sorted({one.stage for one in records if one.stage}),
        "owner": sorted({one.owner for one in records if one.owner}),
    }


def save_list(desk: Desk, kind: Kind, form: Form) -> Response:
    """Keep the filters of the page under a name."""
    name = form.text("name")
    key = "-".join("".join(c if c.isascii() and c.isalnum() else " " for c in name.lower()).split())
    wanted: dict[str, Any] = {"applies_to": kind, "name": name, "filter": {}}
    for field in ("profile", "sort"):
        if form.text(field):
            wanted[field] = form.text(field)
    for field, value in form.fields:
        if field.startswith("filter.") and value:
            plain = field.removeprefix("filter.")
            wanted["filter"][plain] = int(value) if plain in ("score_gte", "score_lte") else value
    errors = {}
    if not key:
        errors["name"] = desk.speech.gettext("Write a name with at least one letter or digit.")
    else:
        try:
            desk.application.smart_lists.save(key, wanted, NEW, who=desk.principal)
            return see(desk.address(f"/{kind}s", {"list": key}), "listed")
        except PreconditionFailed:
            errors["name"] = desk.speech.gettext("There is a list of this name; choose another one.")
        except Invalid as error:
            errors = {"": " ".join(problem.message for problem in error.problems)}
    return desk.page("records/unsaved.html", 422, kind=kind, form=form, errors=errors)


def with_several(desk: Desk, kind: Kind, form: Form) -> Response:
    """Do one thing with those that were chosen; first it is counted and asked."""
    action, keys = form.text("action"), form.every("key")
    if action not in ACTIONS:
        raise NotFound(f'there is no action "{action}"')
    back = own_address(form.text("back") or f"/{kind}s")
    meant = {"filters": {f"{kind}.key": {"one_of": keys}}} if keys else None
    wanted: dict[str, Any] = {"action": action, f"{kind}s": meant}
    value = form.text(ACTIONS[action])
    if action == "adjust":
        wanted |= {
            "points": int(value) if value.lstrip("+-").isdigit() else value,
            "profile": form.text("profile"),
            "reason": form.text("reason"),
        }
    else:
        wanted[ACTIONS[action]] = value or None
    errors: dict[str, str] = {}
    counted = None
    if not keys:
        errors[""] = desk.speech.gettext("Nobody is chosen. Go back and tick at least one row.")
    elif value or form.text("confirmed"):
        try:
            counted = desk.application.bulk.start({**wanted, "dry_run": True})
            if form.text("confirmed"):
                desk.application.bulk.start(
                    {**wanted, **desk.named_request(form.optional("request"))}, who=desk.principal
                )
                return see(back, "begun")
        except Invalid as error:
            errors = {
                str(problem.loc[0]) if problem.loc else "": problem.message for problem in error.problems
            }
        except (Conflict, BadParameter, NotFound) as error:
            errors[""] = str(error)
    return desk.page(
        "records/several.html",
        422 if errors else 200,
        kind=kind,
        action=action,
        field=ACTIONS[action],
        keys=keys,
        form=form,
        back=back,
        counted=counted if isinstance(counted, BulkCount) else None,
        profiles=published(desk, kind),
        automations=[
            one.key
            for one in desk.application.automations.find(cursor=None, limit=CHOICES).items
            if one.status != "draft"
        ],
        errors=errors,
    )
