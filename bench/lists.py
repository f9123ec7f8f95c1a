"""Row 9: the list of contacts by score, its first page and a deep one."""

import random
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from automations.list_filters import ContactFilter
from bench.installation import Installation
from bench.result import Result, percentile, scaled
from bench.workload import PROFILE
from runtime.clock import now_micros
from scoring.standing import Standing
from services.records.lists import RecordLists, RecordQuery
from store.bulk import Bulk
from store.connection import Connection
from store.scoring.ledgers import standing_text
from store.search import contact_search

CONTACTS = 1_000_000
SAMPLES = 300
MOST = 15.0
_CHUNK = 20_000


async def measure(scale: float) -> list[Result]:
    """99 of 100 pages of 50 take at most so many milliseconds, from the question to the decoded answer.

    `list`: by score, unfiltered, by band and by range, first pages and deep ones, all in one sample. `list_filtered`:
    by tag, stage, owner and text, of which the design asks nothing.
    """
    contacts = scaled(CONTACTS, scale, 500)
    async with Installation() as kindling:
        kindling.database.run(lambda connection: _fill(connection, contacts))
        lists = kindling.application().record_lists
        key = PROFILE["key"]
        by_score: list[dict[str, Any]] = [
            {},
            {"band": "warm"},
            {"score_gte": 30, "score_lte": 60},
            {"score_gte": 10},
        ]
        plain = [
            RecordQuery("contact", ContactFilter(**filters), profile=key, sort=sort)
            for filters in by_score
            for sort in ("-score", "score")
        ]
        filtered = [
            RecordQuery("contact", wanted, profile=key, sort="-score")
            for wanted in (
                ContactFilter(tag="partner"),
                ContactFilter(stage="demo"),
                ContactFilter(owner="owner-7"),
                ContactFilter(q="contact-0001"),
            )
        ]
        samples = _samples(lists, [*plain, *(_deep(lists, query) for query in plain)], SAMPLES)
        others = _samples(lists, filtered, 40)
    worst, other = percentile(samples, 99), percentile(others, 99)
    return [
        Result("list", worst, "ms p99", None, None, f"at most {MOST:g} ms", worst <= MOST),
        Result("list_filtered", other, "ms p99", None, None, "reported", met=True),
    ]


def _deep(lists: RecordLists, query: RecordQuery) -> RecordQuery:
    """The same from somewhere far down: one page leads to the next, so a made-up place does as well."""
    first = lists.find(query)
    if first.next is None:
        return query
    asked = query.filter
    middle = lists.find(
        RecordQuery(
            "contact",
            ContactFilter(
                band=asked.band,
                score_gte=45 if asked.score_gte is not None or asked.band is None else None,
                score_lte=asked.score_lte,
            ),
            profile=query.profile,
            sort=query.sort,
        )
    )
    return replace(query, cursor=middle.next or first.next)


def _samples(lists: RecordLists, queries: list[RecordQuery], count: int) -> list[float]:
    chance = random.Random(5)
    find: Callable[[RecordQuery], Any] = lists.find
    taken = []
    for query in [*queries, *(chance.choice(queries) for _ in range(count))]:
        began = time.perf_counter()
        find(query)
        taken.append((time.perf_counter() - began) * 1_000)
    return taken[len(queries) :]


def _fill(connection: Connection, contacts: int) -> None:
    """Contacts with scores of the published profile, straight into the tables."""
    chance = random.Random(3)
    now, bulk = now_micros(), Bulk(connection)
    standing = standing_text(Standing())
    for start in range(0, contacts, _CHUNK):
        ids = range(start + 1, min(start + _CHUNK, contacts) + 1)
        bulk.each(
            "INSERT INTO contacts (id, key, shard, name, email, stage, owner, tags, dnd, fields, created_at, "
            "updated_at, touched, search, email_folded, key_folded) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, '[]', '{}', ?, ?, 0, ?, ?, ?)",
            [
                (
                    number,
                    key := f"contact-{number:07d}",
                    number % 4,
                    name := f"Contact {number}",
                    email := f"contact-{number:07d}@example.com",
                    chance.choice(("lead", "demo", "customer")),
                    f"owner-{chance.randrange(50)}",
                    '["partner"]' if number % 20 == 0 else "[]",
                    now,
                    now,
                    *contact_search(key, name, email),
                )
                for number in ids
            ],
        )
        bulk.each(
            "INSERT INTO scores (profile_id, record_id, shard, version, score, standing, scored_at, seq) "
            "VALUES (1, ?, ?, 1, ?, ?, ?, 1)",
            [(number, number % 4, min(int(chance.expovariate(0.03)), 200), standing, now) for number in ids],
        )
