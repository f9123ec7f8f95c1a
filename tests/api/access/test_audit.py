"""The audit: definitions, keys, people, settings and corrections have rows with who did it, which nobody can claim."""

from collections.abc import Callable
from typing import Any

import pytest

from runtime.principals import LOCAL, command_line
from services.access.audit import trim
from services.follow_ups.holding import set_held
from store.access import audit as stored
from tests.api.access.principals import key_of
from tests.api.installation import AUTOMATION, PROFILE, Installation, opened

ALL = ("ingest", "read", "edit", "design", "operate", "admin")


class Audited:
    """An installation whose calls are made with a key called `tester`."""

    def __init__(self, kindling: Installation) -> None:
        self.kindling = kindling
        body = {"name": "tester", "permissions": list(ALL)}
        key = kindling.application.access.keys.add(body, LOCAL).key
        self.headers = {"authorization": f"Bearer {key}"}
        kindling.client.headers.update(self.headers)

    async def call(self, method: str, path: str, body: Any = None, **more: Any) -> Any:
        given = {} if body is None else {"json": body}
        answer = await self.kindling.client.request(method, path, **given, **more)
        assert answer.status_code < 300, answer.text
        return answer

    async def rows(self, **filters: Any) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = (await self.kindling.get("/v1/audit", **filters))["items"]
        return items


@pytest.fixture
async def town(kindling: Installation) -> Audited:
    """Ada and Ben are scored, Ada is enrolled, and everything can be corrected."""
    audited = Audited(kindling)
    await kindling.publish()
    await kindling.automate()
    await kindling.send(*opened("ada", 6), *opened("ben", 2), {"type": "x", "contact": "ben", "id": "e1"})
    kindling.score()
    return audited


CASES: dict[str, tuple[str, str, Any, tuple[str, str, str | None]]] = {
    "a profile's draft": ("PUT", "/v1/profiles/new", {**PROFILE}, ("save", "profile", "new")),
    "a publish": ("POST", "/v1/profiles/engagement/publish", None, ("publish", "profile", "engagement")),
    "a rollback": (
        "POST",
        "/v1/profiles/engagement/rollback",
        {"version": 1},
        ("publish", "profile", "engagement"),
    ),
    "an automation's draft": ("PUT", "/v1/automations/new", AUTOMATION, ("save", "automation", "new")),
    "a pause": ("POST", "/v1/automations/hot/pause", None, ("pause", "automation", "hot")),
    "a resume": ("POST", "/v1/automations/hot/resume", None, ("resume", "automation", "hot")),
    "what is dropped": (
        "POST",
        "/v1/automations/hot/drop-queued",
        None,
        ("drop queued", "automation", "hot"),
    ),
    "an archived automation": ("DELETE", "/v1/automations/hot", None, ("archive", "automation", "hot")),
    "enrolling": (
        "POST",
        "/v1/automations/hot/enroll",
        {"contacts": ["ben"]},
        ("enroll", "automation", "hot"),
    ),
    "a recipient": (
        "PUT",
        "/v1/recipients/sales",
        {"channels": ["mailto:a@example.com"]},
        ("save", "recipient", "sales"),
    ),
    "a smart list": ("PUT", "/v1/smart-lists/all", {}, ("save", "smart_list", "all")),
    "an adjustment": (
        "POST",
        "/v1/contacts/ada/scores/engagement/adjustments",
        {"points": 5, "reason": "fair"},
        ("adjust", "contact", "ada"),
    ),
    "a revoked event": ("DELETE", "/v1/events/e1", None, ("revoke", "event", "e1")),
    "a merge": ("POST", "/v1/contacts/ben/merge", {"into": "ada"}, ("merge", "contact", "ben")),
    "an erasure": ("DELETE", "/v1/contacts/ben", None, ("erase", "contact", None)),
    "a bulk job": (
        "POST",
        "/v1/bulk",
        {"action": "tag", "tag": "x", "contacts": {}},
        ("start", "bulk job", "{id}"),
    ),
    "a suppression": ("POST", "/v1/suppressions", {"contact": "eve"}, ("add", "suppression", "{id}")),
    "a person": (
        "POST",
        "/v1/people",
        {"key": "eve", "name": "Eve", "role": "sales"},
        ("add", "person", "eve"),
    ),
    "a key": ("POST", "/v1/keys", {"name": "crm", "permissions": ["read"]}, ("make", "key", "{prefix}")),
}


@pytest.mark.parametrize("case", CASES)
async def test_what_is_done_has_a_row_with_who_did_it(town: Audited, case: str) -> None:
    method, path, body, (action, thing, subject) = CASES[case]
    before = len(await town.rows())
    answer = await town.call(method, path, body)
    rows = await town.rows()
    assert len(rows) == before + 1, rows[:3]
    row = rows[0]
    made = answer.json() if answer.content else {}
    named = subject.format(**{name: made.get(name) for name in ("id", "prefix")}) if subject else None
    assert (row["action"], row["thing"], row["subject"]) == (action, thing, named)
    assert (row["by"], row["kind"], row["address"]) == ("key tester", "key", "127.0.0.1")
    assert row["at"] == "2026-11-22T12:00:00.000000Z"


@pytest.mark.parametrize("action", ["pause", "resume", "skip", "cancel", "retry"])
async def test_repairs_have_the_state_before_and_after(town: Audited, action: str) -> None:
    enrollment = (await town.kindling.get("/v1/enrollments", contact="ada"))["items"][0]
    path = f"/v1/enrollments/{enrollment['id']}"
    if action == "resume":
        await town.call("POST", f"{path}/pause")
    answer = await town.kindling.client.post(f"{path}/{action}")
    row = (await town.rows())[0]
    if answer.status_code == 409:  # it is queued, so that there is nothing to skip or retry
        assert action in ("skip", "retry")
        assert row["thing"] != "enrollment"
        return
    assert (row["action"], row["thing"], row["subject"]) == (action, "enrollment", enrollment["id"])
    assert row["before"] != row["after"]


async def test_definitions_are_kept_as_they_were_before_and_after(town: Audited) -> None:
    await town.call("PUT", "/v1/smart-lists/all", {"filter": {"stage": "lead"}})
    await town.call("PUT", "/v1/smart-lists/all", {"filter": {"stage": "demo"}})
    await town.call("PUT", "/v1/smart-lists/all", {"filter": {"stage": "demo"}})
    changed, made = await town.rows(thing="smart_list", subject="all")
    assert made["before"] is None
    assert changed["before"] == made["after"]
    assert "lead" in str(changed["before"])
    assert "demo" in str(changed["after"])


async def test_authors_are_who_they_are_and_not_who_they_say(town: Audited) -> None:
    await town.call("POST", "/v1/profiles/engagement/publish", {"author": "the boss"})
    [version, *_] = (await town.kindling.get("/v1/profiles/engagement/versions"))["items"]
    assert version["author"] == "key tester for the boss"
    given = await town.call(
        "POST", "/v1/contacts/ada/scores/engagement/adjustments", {"points": 1, "reason": "x"}
    )
    assert given.json()["author"] == "key tester"
    assert {row["by"] for row in await town.rows(action="publish")} == {"key tester"}


async def test_filters_and_pages(town: Audited) -> None:
    for number in range(5):
        town.kindling.now += 1_000_000
        await town.call("PUT", f"/v1/smart-lists/l{number}", {})
    page = await town.kindling.get("/v1/audit", thing="smart_list", limit=2)
    keys = [row["subject"] for row in page["items"]]
    while page["next"]:
        page = await town.kindling.get("/v1/audit", thing="smart_list", limit=2, cursor=page["next"])
        keys += [row["subject"] for row in page["items"]]
    assert keys == ["l4", "l3", "l2", "l1", "l0"]
    assert len(await town.rows(thing="smart_list", since="2026-11-22T12:00:03Z")) == 3
    assert len(await town.rows(thing="smart_list", until="2026-11-22T12:00:03Z")) == 2
    assert await town.rows(by="nobody") == []
    assert len(await town.rows(by="local")) == 1
    wrong = await town.kindling.client.get("/v1/audit", params={"since": "once"})
    assert (wrong.status_code, wrong.json()["errors"][0]["parameter"]) == (422, "since")


async def test_erasing_somebody_takes_what_rows_say_of_them_and_keeps_that_somebody_did_it(
    town: Audited,
) -> None:
    await town.call("PUT", "/v1/contacts/carol.secret", {"name": "Carol Secret"})
    await town.call("PUT", "/v1/deals/deal.secret", {"contact": "carol.secret"})
    for name in ("carol.secret", "ben"):
        path = f"/v1/contacts/{name}/scores/engagement/adjustments"
        await town.call("POST", path, {"points": 6, "reason": f"{name} told a secret", "id": name})
    await town.call("POST", "/v1/contacts/ben/merge", {"into": "carol.secret"})
    await town.kindling.send({"type": "x", "contact": "carol.secret", "id": "secret-1"})
    await town.call("DELETE", "/v1/events/secret-1")
    count = len(await town.rows())
    await town.call("DELETE", "/v1/deals/deal.secret")
    await town.call("DELETE", "/v1/contacts/carol.secret")
    rows = await town.rows()
    assert len(rows) == count + 2
    assert "secret" not in str(rows)
    assert [(row["action"], row["thing"], row["subject"], row["by"]) for row in rows[:4]] == [
        ("erase", "contact", None, "key tester"),
        ("erase", "deal", None, "key tester"),
        ("revoke", "event", None, "key tester"),
        ("merge", "contact", None, "key tester"),
    ]


async def test_holding_is_noted_with_what_was_before(town: Audited) -> None:
    set_held(town.kindling.application.resources, held=True, who=command_line("grace"))
    [row] = await town.rows(thing="setting")
    assert (row["action"], row["by"], row["kind"]) == ("hold", "grace", "command line")
    assert (row["before"], row["after"]) == ({"held": False}, {"held": True})


@pytest.mark.parametrize(("days", "left"), [("0", 6), ("1", 3), ("3", 5)])
async def test_rows_are_kept_as_long_as_the_setting_says(
    kindling: Installation, days: str, left: int
) -> None:
    other = kindling
    people = other.application.access.people
    for number in range(3):
        people.add({"key": f"p{number}", "name": "P", "role": "viewer"}, LOCAL)
        other.later(1)
    other.later(0.5)
    trim(other.database, other.now, int(days))
    for number in range(3, 6):
        people.add({"key": f"p{number}", "name": "P", "role": "viewer"}, LOCAL)
    page = await other.client.get("/v1/audit", headers=key_of(other, "admin"))
    rows = [row for row in page.json()["items"] if row["thing"] == "person"]
    assert len(rows) == left


def test_the_audit_has_no_statement_that_changes_a_row_but_for_erasing() -> None:
    changing: list[Callable[..., Any]] = [stored.strip, stored.strip_subject, stored.trim]
    names = {name for name in vars(stored) if callable(getattr(stored, name)) and not name.startswith("_")}
    own = {name for name in names if getattr(vars(stored)[name], "__module__", "") == stored.__name__}
    assert own == {"note", "find", *(function.__name__ for function in changing)}
