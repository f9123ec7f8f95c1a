"""The real purchases, with their dates moved: imported, scored, the hot customers followed up."""

import asyncio
import csv
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from automations.model import Automation
from automations.steps.places import walk
from automations.steps.waits import WaitStep
from commands.demo.client import Client, until
from commands.intake.importing import summary
from commands.output import print_table, progress_bar, say
from runtime.errors import ReadableError
from services.intake.events import Events
from services.intake.files.import_columns import Columns
from services.intake.files.import_files import size_of
from services.intake.files.imports import import_file

PROFILE = "purchases"
AUTOMATION = "hot-customer"
YEAR = timedelta(days=365)
PATIENCE = 120.0


@dataclass
class Bought:
    """What a customer has bought within the last year."""

    purchases: int = 0
    dollars: float = 0.0


@dataclass
class Shop:
    """The purchases as the demo imports them, with `customers` by contact key."""

    file: Path
    purchases: int = 0
    customers: dict[str, Bought] = field(default_factory=dict)


def move_dates(source: Path, file: Path, suffix: str) -> Shop:
    """Write a copy whose last purchase is today's, with contact keys that end in `suffix`."""
    shop = Shop(file)
    with source.open(encoding="utf-8", newline="") as original:
        purchases = list(csv.DictReader(original))
    today = datetime.now(UTC).date()
    shift = today - max(date.fromisoformat(purchase["date"]) for purchase in purchases)
    with file.open("w", encoding="utf-8", newline="") as moved:
        writer = csv.writer(moved)
        writer.writerow(("customer", "date", "cds", "amount"))
        for purchase in purchases:
            key, day = (
                f"customer-{purchase['customer']}{suffix}",
                date.fromisoformat(purchase["date"]) + shift,
            )
            writer.writerow((key, day.isoformat(), purchase["cds"], purchase["amount"]))
            bought = shop.customers.setdefault(key, Bought())
            if day > today - YEAR:
                bought.purchases += 1
                bought.dollars += float(purchase["amount"])
    shop.purchases = len(purchases)
    return shop


async def play(client: Client, events: Events, source: Path, folder: Path, suffix: str) -> None:
    """Import, wait until all are scored and followed up, and show the result."""
    say("\nReal purchases", "bold")
    shop = move_dates(source, folder / "purchases.csv", suffix)
    started = time.monotonic()
    with progress_bar("Importing", size_of(shop.file), of_bytes=True) as bar:
        done = await asyncio.to_thread(
            import_file,
            events,
            shop.file,
            Columns(contact="customer", type="purchase", occurred_at="date"),
            name=f"purchases{suffix}.csv",
            progress=bar,
        )
    if done.bad or done.accepted != shop.purchases:
        raise ReadableError(
            f"{shop.purchases} purchases were to be imported: {summary(done, 1)} {done.first_bad}"
        )
    say(f"  {summary(done, time.monotonic() - started)}")
    await _scored(client, shop.purchases)
    seconds = time.monotonic() - started
    total = shop.purchases + len(shop.customers)
    say(
        f"  Scored {len(shop.customers):,} customers, {total:,} events (with contact.created),"
        f" in {seconds:.1f} s\n  from the start of the import ({total / seconds:,.0f} a second)."
    )
    enrollments = await _followed_up(client, shop)
    seconds = time.monotonic() - started
    waiting = sum(enrollment["status"] == "running" for enrollment in enrollments.values())
    say(
        f"  {len(enrollments)} became hot; after {seconds:.1f} s each had its notification and its task:"
        f"\n  {len(enrollments) - waiting} follow-ups are completed, {waiting} wait three days to look again."
    )
    await _show(client, shop, enrollments, suffix)


async def _scored(client: Client, purchases: int) -> None:
    """Wait until no event is pending."""
    with progress_bar("Scoring", purchases) as bar:

        async def look() -> bool | None:
            status = await client.get("/v1/status")
            pending = sum(shard["events"] for shard in status["shards"])
            bar(max(purchases - pending, 0))
            return None if pending else True

        await until("Scoring the purchases", look, PATIENCE)


async def _followed_up(client: Client, shop: Shop) -> dict[str, dict[str, Any]]:
    """Wait until every follow-up is completed or waits; the enrollments by contact key."""
    resting = _waiting_steps(await client.get(f"/v1/automations/{AUTOMATION}"))
    with progress_bar("Following up", 1) as bar:

        async def look() -> dict[str, dict[str, Any]] | None:
            status = await client.get("/v1/status")
            listed = [
                enrollment
                async for enrollment in client.items("/v1/enrollments", automation=AUTOMATION)
                if enrollment["contact"] in shop.customers
            ]
            if failed := [enrollment for enrollment in listed if enrollment["status"] == "failed"]:
                raise ReadableError(f"A follow-up failed: {failed[0]['last_error']}")
            settled = sum(_settled(enrollment, resting) for enrollment in listed)
            bar(settled, len(listed))
            done = settled == len(listed) and not status["pending_events"]
            return {enrollment["contact"]: enrollment for enrollment in listed} if done else None

        return await until("Following the hot customers up", look, PATIENCE)


def _settled(enrollment: Mapping[str, Any], resting: set[str]) -> bool:
    waits = enrollment["status"] == "running" and enrollment["step"] in resting
    return waits or enrollment["status"] == "completed"


def _waiting_steps(definition: Mapping[str, Any]) -> set[str]:
    own = {name: definition[name] for name in ("key", "trigger", "steps")}
    return {place.path for place in walk(Automation.model_validate(own)) if isinstance(place.step, WaitStep)}


async def _show(client: Client, shop: Shop, enrollments: Mapping[str, dict[str, Any]], suffix: str) -> None:
    """The top ten; also checks that every customer has a score and every hot one an enrollment."""
    scored = [
        contact
        async for contact in client.items("/v1/contacts", profile=PROFILE, sort="-score", q=suffix or None)
        if contact["key"] in shop.customers and contact["score"] is not None
    ]
    hot = {contact["key"] for contact in scored if contact["band"] in ("hot", "best")}
    if len(scored) != len(shop.customers) or hot != enrollments.keys():
        raise ReadableError(
            f"{len(scored)} of {len(shop.customers)} customers have a score; {len(hot)} are hot,"
            f" {len(enrollments)} were enrolled"
        )
    say("\nThe ten best customers of the last twelve months", "bold")
    best = []
    for contact in scored[:10]:
        bought, enrollment = shop.customers[contact["key"]], enrollments[contact["key"]]
        state = "waits 3 days" if enrollment["status"] == "running" else enrollment["status"]
        best.append(
            (
                contact["key"].removesuffix(suffix),
                contact["score"],
                contact["band"],
                bought.purchases,
                f"${bought.dollars:,.2f}",
                state,
                contact["stage"],
            )
        )
    columns = ("customer", "score", "band", "purchases", "spent", "follow-up", "stage")
    print_table(columns, best, right=("score", "purchases", "spent"))
