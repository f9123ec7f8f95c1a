"""How a score will go on by time alone, if nothing else happens."""

from collections.abc import Iterable
from copy import deepcopy
from typing import NamedTuple

from conditions.times import Micros
from scoring.ledger import Entry, Ledger

#: How many moments are looked at: a fading score may have thousands.
MOST_STEPS = 400


class Outlook(NamedTuple):
    """The score from `at` on."""

    at: Micros
    score: int | None


def forecast(ledger: Ledger, entries: Iterable[Entry], until: Micros | None = None) -> list[Outlook]:
    """The coming moments at which the score changes, in order; at most up to `until`, and for a bounded number.

    `entries` are all of the ledger's; the ledger itself stays as it is.
    """
    found: list[Outlook] = []
    kept = list(entries)
    standing, since, score = deepcopy(ledger.standing), ledger.now, ledger.score()
    due = ledger.next_change()
    for _ in range(MOST_STEPS):
        if due is None or (until is not None and due > until):
            break
        ahead = Ledger(ledger.profile, ledger.record, due, standing)
        ahead.catch_up(
            since, [entry for entry in kept if entry.ends_at is not None and entry.ends_at > since]
        )
        ahead.read_fields()
        if ahead.score() != score:
            score = ahead.score()
            found.append(Outlook(due, score))
        since, due = due, ahead.next_change()
    return found
