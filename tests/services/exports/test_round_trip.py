"""What is exported is imported into an empty installation as it was, and scores as it did."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from automations.list_filters import FILTERS
from services.exports.streams import Format, Stream
from services.intake.files.imports import import_file
from services.intake.files.record_columns import RecordColumns
from services.intake.files.record_files import import_records
from services.records.bulk.bulk_items import Options
from services.records.bulk.in_bulk import RecordsInBulk
from services.records.kinds import Kind
from services.records.lists import RecordQuery
from store.database import Database
from tests.api.installation import NOW, Installation

STRANGE: list[dict[str, Any]] = [
    {"name": '=HYPERLINK("http://x")', "email": "+ada@example.com", "stage": "-", "owner": "@eve"},
    {"name": "'=1", "phone": "+41 44", "tags": ["vip", "a, b", "=x", "[1]"], "dnd": ["sms", "email"]},
    {
        "name": " blanks ",
        "dnd": "all",
        "tags": ["-1"],
        "fields": {"n": -5, "t": "-5", "x": "'-5", "z": "007"},
    },
    {"name": "Ä\u2028ß😀", "fields": {"n": 12.0, "big": 1e30, "small": -1.5e-9, "int": 2**53, "t": "12"}},
    {"fields": {"yes": True, "no": "true", "None": "TRUE", "list": ["a", 1, True], "text": '["a"]', "l": []}},
    {"fields": {"lines": "a\nb\r\nc\rd", "quote": 'say "x"; y,z', "tab": "\tx", "empty": "", "space": "  "}},
    {"name": "12", "stage": "true", "owner": "[x]", "fields": {"größe": "ja", "with space": 1, "a:b": "c"}},
    {},
]
KEYS = ["ada", "=ben", "'@cyd", " dan ", "eve@example.com", "-1", "12", "+fay@example.com"]


@pytest.fixture
async def other(migrated_file: Path, tmp_path: Path) -> Any:
    """An empty installation beside the one that is exported."""
    folder = tmp_path / "other"
    folder.mkdir()
    shutil.copy(migrated_file, folder / "kindling.db")
    database = Database(f"sqlite:///{folder / 'kindling.db'}", sync="normal")
    installation = Installation(database, str(folder))
    async with installation.client:
        yield installation
    database.close()


def save(stream: Stream, folder: Path) -> Path:
    path = folder / f"{stream.name}.{stream.format}"
    path.write_bytes(b"".join(part.text for part in stream.parts()))
    return path


def everything(installation: Installation, kind: Any) -> list[dict[str, Any]]:
    query = RecordQuery(kind, FILTERS[kind].model_construct(), limit=500)
    found = installation.application.record_lists.find(query).items
    return [item.model_dump(exclude={"id", "created_at", "updated_at"}) for item in found]


@pytest.mark.parametrize("file_format", ["csv", "ndjson"])
async def test_contacts_and_deals_come_back_as_they_were(
    kindling: Installation, other: Installation, tmp_path: Path, file_format: Format
) -> None:
    bodies = [{"key": key, **body} for key, body in zip(KEYS, STRANGE, strict=True)]
    answer = await kindling.client.post("/v1/contacts", json=bodies)
    assert answer.json()["rejected"] == []
    deals = [
        {"key": f"-{n}", "contact": KEYS[n], "name": "=x", "value": value, "fields": STRANGE[n].get("fields")}
        for n, value in enumerate([-5, 0, 12.5, None, 1e15, -0.25])
    ]
    answer = await kindling.client.post("/v1/deals", json=[{**deal, "status": "won"} for deal in deals])
    assert answer.json()["rejected"] == []
    bulks: dict[Kind, RecordsInBulk[Any]] = {
        "contact": other.application.contacts_in_bulk,
        "deal": other.application.deals_in_bulk,
    }
    for kind, bulk in bulks.items():
        query = RecordQuery(kind, FILTERS[kind].model_construct())
        path = save(kindling.application.exports.records(query, file_format), tmp_path)
        done = import_records(bulk, path)
        assert done.first_bad == []
        assert everything(other, kind) == everything(kindling, kind)
        again = import_records(bulk, path)
        assert (again.created, again.changed) == (0, 0)


async def test_with_the_events_the_scores_are_the_same(
    kindling: Installation, other: Installation, tmp_path: Path
) -> None:
    profile = {
        "bands": {"cold": None, "warm": 5},
        "rules": [
            {"key": "opened", "on": "email.opened", "points": 3, "limit": {"times": 2, "per": "day"}},
            {"key": "visit", "on": "visit", "points": 8, "decay": {"percent": 10, "every": "1d"}},
            {"key": "tagged", "on": "tag.added", "where": {"tag": {"equal": "vip"}}, "points": 2},
            {"key": "new", "on": "contact.created", "points": 4, "expires_after": "30d"},
            {"key": "lead", "while": {"stage": {"equal": "lead"}}, "points": 7},
            {"key": "quiet", "after_silence": "5d", "points": -11},
        ],
    }
    of_deals = {
        "applies_to": "deal",
        "rules": [
            {"key": "call", "on": "call", "points": 5},
            {"key": "moved", "on": "deal.stage_changed", "points": 2},
            {"key": "big", "while": {"value": {"greater": 1000}}, "points": 3},
        ],
    }
    for installation in (kindling, other):
        installation.now = NOW
        await installation.publish("fit", **profile)
        await installation.publish("deals", **of_deals)
    for n in range(40):
        tags = ["vip"] if n % 2 else []
        await kindling.client.put(
            f"/v1/contacts/c{n}", json={"stage": "lead" if n % 3 else "x", "tags": tags}
        )
        await kindling.client.patch(f"/v1/contacts/c{n}", json={"tags": {"remove": ["vip"]}})
        await kindling.client.put(f"/v1/contacts/c{n}/tags/vip")
        await kindling.client.put(
            f"/v1/deals/d{n}", json={"contact": f"c{n}", "value": 400 * n, "stage": "a"}
        )
        await kindling.send(
            *({"type": "email.opened", "contact": f"c{n}"} for _ in range(n % 4)),
            *({"type": "visit", "contact": f"c{n}", "properties": {"n": n}} for _ in range(n % 2)),
            *({"type": "call", "deal": f"d{n}"} for _ in range(n % 3)),
        )
        kindling.later(0.3)
    kindling.score()
    exports = kindling.application.exports
    contacts = save(exports.records(RecordQuery("contact", FILTERS["contact"]()), "csv"), tmp_path)
    deals = save(exports.records(RecordQuery("deal", FILTERS["deal"]()), "csv"), tmp_path)
    events = save(exports.events(internal=True), tmp_path)
    other.now = kindling.now
    restore = RecordColumns(restore=True), Options(restore=True)
    assert import_records(other.application.contacts_in_bulk, contacts, *restore).created == 40
    assert import_records(other.application.deals_in_bulk, deals, *restore).created == 40
    done = import_file(other.application.events, events, silent=True)
    assert (done.bad, done.conflicts) == (0, 0)
    for later in (0, 1, 10):
        for installation in (kindling, other):
            installation.later(later)
            installation.score()
        for path, profile_key in (("contacts", "fit"), ("deals", "deals")):
            scored = [
                sorted(
                    (row["key"], row["scores"], row["bands"])
                    for row in (await installation.get(f"/v1/{path}", scores=profile_key, limit=100))["items"]
                )
                for installation in (kindling, other)
            ]
            assert scored[0] == scored[1]
            assert len({str(row[1]) for row in scored[0]}) > 3  # or they would be the same whatever they are
