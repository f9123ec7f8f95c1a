"""How a score will go on by time alone, if nothing else happens."""

from collections.abc import Callable, Iterable, Iterator
from heapq import merge
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

from conditions.times import LATEST, Micros
from conditions.values import Value
from scoring.compiled import AttributeRule, CompiledProfile, EventRule
from scoring.entries import Entry, Record
from scoring.ledger import Ledger
from scoring.sums import bounded_sum, clamp, with_points

#: How many moments are looked at: many slowly fading entries have millions.
MOST_MOMENTS = 5_000


class Outlook(NamedTuple):
    """The score from `at` on."""

    at: Micros
    score: int | None


class Forecast(NamedTuple):
    """The coming changes, in order. `looked_until`: None when there are no others, ever or in the time asked for."""

    changes: list[Outlook]
    looked_until: Micros | None


#: (moment, group, points that come to it; None: the attribute rules may change).
Step = tuple[Micros, str, int | None]


def forecast(
    ledger: Ledger,
    entries: Iterable[Entry],
    enough: Callable[[list[Outlook]], bool] = lambda _: False,
    fading: Iterable[Iterator[Step]] = (),
    until: Micros = LATEST,
) -> Forecast:
    """The coming moments at which the score changes, until `enough` says that those found are enough, or up to `until`.

    `entries` are all of the ledger's that may lose points, those apart which `fading` (see `fading_in_turn`) stands
    for; the ledger itself stays as it is.
    """
    profile, record, now = ledger.profile, ledger.record, ledger.now
    fit = [rule for rule in ledger.held() if isinstance(rule, AttributeRule)]
    silent = [rule for rule in ledger.held() if not isinstance(rule, AttributeRule)]
    quiet = len(silent)
    sums = with_points(ledger.standing.live, silent)
    silences = sorted((ledger.quiet_from(rule), rule.group, rule.points) for rule in profile.inactivity_rules)
    ages = sorted({moment for moment in ledger.age_moments() if moment > now})
    steps: Iterator[Step] = merge(
        *(_fading(ledger, entry) for entry in entries),
        *fading,
        (step for step in silences if step[0] > now),
        ((moment, "", None) for moment in ages),
        key=itemgetter(0),
    )
    outlooks: list[Outlook] = []
    score = ledger.score()
    looked = 0
    for moment, together in groupby(steps, key=itemgetter(0)):
        if moment > until:
            break
        for _, group, points in together:
            looked += 1
            if points is None:
                fit = _fit(profile, record, moment)
            else:
                sums[group] = sums.get(group, 0) + points
        quiet = quiet or sum(since <= moment for since, _, _ in silences)
        following = _score(profile, sums, fit, empty=not (ledger.standing.entries or fit or quiet))
        if following != score:
            score = following
            outlooks.append(Outlook(moment, score))
            if enough(outlooks):
                return Forecast(outlooks, moment)
        if looked >= MOST_MOMENTS:
            return Forecast(outlooks, moment)
    return Forecast(outlooks, None)


def _score(
    profile: CompiledProfile, sums: dict[str, int], fit: list[AttributeRule], *, empty: bool
) -> int | None:
    if empty:
        return None
    return clamp(bounded_sum(profile, with_points(sums, fit)), profile.minimum, profile.maximum)


def _fit(profile: CompiledProfile, record: Record, at: Micros) -> list[AttributeRule]:
    """The attribute rules that hold at a moment."""

    def lookup(name: str) -> Value:
        return record.fields(f"{profile.applies_to}.{name}")

    return [rule for rule in profile.attribute_rules if rule.holds(lookup, at)]


def fading_in_turn(
    ledger: Ledger, rule: EventRule, begun_after: Callable[[Micros], Iterator[Entry]]
) -> Iterator[Iterator[Step]]:
    """What the entries of a rule will lose, where there are too many to look at each: each iterator is in order.

    `begun_after`: those that start after a moment, in order.
    """

    def at_age(age: Micros, points: int) -> Iterator[Step]:
        for entry in begun_after(ledger.now - age):
            yield entry.starts_at + age, rule.group, points

    for age, points in rule.turning_points:
        yield at_age(age, points)


def _fading(ledger: Ledger, entry: Entry) -> Iterator[Step]:
    """What an entry will lose, and when."""
    group = ledger.group_of(entry)
    for moment, points in ledger.turns_of(entry):
        yield moment, group, points
