"""What an import says that it would start is what it then starts."""

from pathlib import Path
from typing import Any

import pytest

from services.foresight.answers import ArrivalsPreview
from services.foresight.arrivals import Arrivals
from services.intake.files.imports import Imported, import_file
from tests.api.installation import Installation, opened

PROFILE: dict[str, Any] = {
    "bands": {"cold": None, "warm": 3, "hot": 6},
    "rules": [
        {"key": "opened", "on": "email.opened", "points": 1, "limit": {"times": 3, "per": "day"}},
        {"key": "paid", "on": "paid", "points": 5, "where": {"amount": {"greater": 10}}},
        {"key": "new", "on": "contact.created", "points": 1},
    ],
}


def trigger(**more: Any) -> dict[str, Any]:
    return {"trigger": more, "steps": [{"add_tag": "hot"}]}


@pytest.fixture
async def scored(kindling: Installation) -> Installation:
    """Some are there already, one of them in a follow-up."""
    await kindling.publish("fit", **PROFILE)
    await kindling.automate(
        "hot", **trigger(profile="fit", filters={"score": {"greater_or_equal": 5}}, fires="on_entry")
    )
    await kindling.automate(
        "every", **trigger(profile="fit", filters={"change": {"greater": 0}}, reentry="once")
    )
    await kindling.automate("paid", **trigger(event="paid", where={"amount": {"greater": 100}}))
    await kindling.automate("late", **trigger(profile="fit", filters={"contact.email": {"not_empty": True}}))
    paid = {"type": "paid", "contact": "eve", "properties": {"amount": 90}}
    await kindling.send(*opened("ada", 2), *opened("ben", 3), paid)
    kindling.score()
    kindling.later(2)
    return kindling


def write(folder: Path, rows: int = 40) -> Path:
    """Events of those who are there and of new ones, in no order of time, some known and some bad."""
    path = folder / "orders.csv"
    lines = ["email,type,occurred_at,amount"]
    for n in range(rows):
        who = ("ada", "ben", "eve", f"new{n % 9}@example.com")[n % 4]
        kind = "paid" if n % 3 == 0 else "email.opened"
        lines.append(f"{who},{kind},2026-11-{22 - n % 11:02}T0{n % 10}:00:00Z,{n * 5}")
    lines += ["ada,email.opened,soon,1", lines[1]]
    path.write_text("\n".join(lines) + "\n")
    return path


def look(kindling: Installation, path: Path, most: int = 50_000) -> tuple[Imported, ArrivalsPreview]:
    arrivals = Arrivals(kindling.application.resources, most)
    looked = import_file(kindling.application.events, path, dry_run=True, look=arrivals.see)
    return looked, arrivals.preview()


async def started(kindling: Installation) -> dict[str, tuple[int, dict[str, int]]]:
    found = {}
    for key in ("every", "hot", "late", "paid"):
        stats = await kindling.get(f"/v1/automations/{key}/stats")
        found[key] = stats["entered"], stats["skipped"]
    return found


async def test_what_is_promised_is_what_happens(scored: Installation, tmp_path: Path) -> None:
    path = write(tmp_path)
    before = await started(scored)
    events = (await scored.get("/v1/events", limit=500))["items"]
    looked, promised = look(scored, path)
    assert (looked.accepted, looked.bad) == (41, 1)
    assert promised.exact
    assert promised.events == 41
    assert (await scored.get("/v1/events", limit=500))["items"] == events
    assert await started(scored) == before
    done = import_file(scored.application.events, path, silent=False)
    assert (done.accepted, done.bad) == (41, 1)
    scored.score()
    after = await started(scored)
    happened = {
        key: (
            after[key][0] - before[key][0],
            {
                reason: count - before[key][1].get(reason, 0)
                for reason, count in after[key][1].items()
                if count != before[key][1].get(reason, 0)
            },
        )
        for key in after
    }
    assert {one.automation: (one.enrolled, one.skipped) for one in promised.enrollments} == {
        key: of for key, of in happened.items() if of != (0, {})
    }
    assert all(happened[key][0] for key in ("every", "hot", "paid"))
    again = look(scored, path)
    assert again[0].accepted == 0
    assert again[1].enrollments == []


async def test_of_very_many_events_a_share_is_looked_at(scored: Installation, tmp_path: Path) -> None:
    path = tmp_path / "many.csv"
    rows = [f"c{n},paid,2026-11-20,200" for n in range(2_000)]
    path.write_text("contact,type,date,amount\n" + "\n".join(rows) + "\n")
    looked, promised = look(scored, path, most=600)
    assert looked.accepted == promised.events == 2_000
    assert not promised.exact
    of_paid = next(one for one in promised.enrollments if one.automation == "paid")
    assert of_paid.enrolled == pytest.approx(2_000, rel=0.2)
