"""What publishing a profile's draft would do: computed as the publish computes it, and not written."""

import heapq
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import count

from conditions.times import Micros, to_iso
from engine.batch import Batch
from engine.published import Drafts, Published, load_published
from scoring.checks import check_profile, publish_problems
from scoring.compiled import CompiledProfile
from scoring.profile import ScoreProfile, bands_in_order
from services.design.definitions import find_definition
from services.foresight.answers import (
    BandCount,
    BandMove,
    Bar,
    BeforeAfter,
    Mover,
    Preview,
)
from services.foresight.as_applied import as_published
from services.foresight.starts import Starts, first_dates
from services.records.kinds import Kind
from services.resources import Invalid, Resources
from store import meta
from store.connection import Connection
from store.design import definitions, publications
from store.operations import status
from store.records import contacts, deals
from store.scoring.pending import NOTHING

#: Records, and about how many events, in one read.
CHUNK, MOST_EVENTS = 1_000, 20_000
MOVERS = 10
BARS = 20

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Touched:
    """A record whose score would change. `starts`: keys of the automations that `fire` would start for it."""

    record_id: int
    before: int | None
    after: int | None
    band_before: str | None
    band_after: str | None
    starts: list[str] = field(default_factory=list)


TellTouched = Callable[[Sequence[Touched]], None]


@dataclass
class _Tally:
    """Adds up what becomes of each record."""

    before: Counter[int | None] = field(default_factory=Counter)
    after: Counter[int | None] = field(default_factory=Counter)
    moves: Counter[tuple[str | None, str | None]] = field(default_factory=Counter)
    changed: int = 0
    movers: list[tuple[int, int, int, int | None, int | None]] = field(default_factory=list)

    def add(self, record_id: int, old: int | None, new: int | None, number: int) -> None:
        self.before[old] += 1
        self.after[new] += 1
        if old != new:
            self.changed += 1
            size = abs((new or 0) - (old or 0))
            keep = heapq.heappush if len(self.movers) < MOVERS else heapq.heappushpop
            keep(self.movers, (size, -number, record_id, old, new))


def preview(resources: Resources, key: str, progress: Progress = lambda _done, _total: None) -> Preview:
    """Scores before and after, moves between bands, who moves most, and what `fire` would start.

    Reads in chunks, each at one moment; writes nothing. Raises Invalid for a draft that may not be published.
    """
    now = resources.clock()
    with resources.database.read() as connection:
        row = find_definition(connection, definitions.PROFILES, key)
        draft = ScoreProfile.model_validate(row["draft"])
        if problems := [*check_profile(draft), *publish_problems(draft)]:
            raise Invalid(problems)
        of_draft = as_published(row, draft, now)
    return look_ahead(resources, key, Drafts(profiles=[of_draft]), progress)


def look_ahead(
    resources: Resources,
    key: str,
    drafts: Drafts,
    progress: Progress = lambda _done, _total: None,
    told: TellTouched = lambda _touched: None,
) -> Preview:
    """The same of one of several `drafts` that are published together. `told`: whom it touches, some at a time."""
    now = resources.clock()
    with resources.database.read() as connection:
        generation = meta.definitions_generation(connection)
        published = load_published(connection, generation)
        together = load_published(connection, generation, drafts)
        together = replace(together, loop_limit=resources.settings.loop_limit)
        profile = together.by_key[key]
        total = publications.count_records(connection, profile.applies_to)
        starts = Starts(first_dates(connection, drafts))
    look = _Look(published, together, profile, now, starts)
    cursor = done = 0
    progress(0, total)
    while True:
        with resources.database.read() as connection:
            ids = publications.records_after(connection, profile.applies_to, cursor, CHUNK, MOST_EVENTS)
            if not ids:
                break
            if touched := look.at(connection, ids):
                told(touched)
        cursor = ids[-1]
        done += len(ids)
        progress(done, max(total, done))
    with resources.database.read() as connection:
        return look.answer(connection, done)


class _Look:
    """One preview: `draft_published` is what would be published with the draft, whose compiled form is `profile`."""

    def __init__(
        self,
        published: Published,
        draft_published: Published,
        profile: CompiledProfile,
        now: Micros,
        starts: Starts,
    ) -> None:
        self._published = draft_published
        self._profile = profile
        self._present = next((one for one in published.profiles if one.id == profile.id), None)
        self._now = now
        self._tally = _Tally()
        self._starts = starts
        self._numbers = count()
        self._names = {trigger.automation_id: trigger.key for trigger in draft_published.triggers.triggers}

    def at(self, connection: Connection, ids: list[int]) -> list[Touched]:
        """Score these records as the publish would, and add up what becomes of them; those of whom something does."""
        profile, present, tally = self._profile, self._present, self._tally
        batch = Batch(
            connection,
            0,
            self._published,
            self._now,
            NOTHING,
            only_profile=profile.id,
            sweep=ids,
            in_slices=False,
        )
        progress = batch.progress.get(profile.id, {})
        known = batch.known.get(profile.id, {})
        touched: dict[int, Touched] = {}
        for (record_id, scored), number in zip(progress.items(), self._numbers, strict=False):
            stored = known.get(record_id)
            old = stored.score if stored is not None and present is not None else None
            tally.add(record_id, old, scored.score, number)
            was = present.band(old) if present is not None else None
            band = profile.band(scored.score)
            tally.moves[was, band] += 1
            if old != scored.score:
                touched[record_id] = Touched(record_id, old, scored.score, was, band)
        for enrollment in self._starts.add(batch, connection):
            record_id = enrollment.contact_id if profile.applies_to == "contact" else enrollment.deal_id or 0
            if record_id in touched:
                touched[record_id].starts.append(self._names[enrollment.automation_id])
        return list(touched.values())

    def answer(self, connection: Connection, records: int) -> Preview:
        """What became of all of them."""
        profile, present, tally = self._profile, self._present, self._tally
        kind: Kind = profile.applies_to
        names = self._names
        movers = sorted(tally.movers, reverse=True)
        ids = [mover[2] for mover in movers]
        keys = (
            contacts.contact_keys(connection, ids) if kind == "contact" else deals.deal_keys(connection, ids)
        )
        before = present.bands if present else ()
        labels = bands_in_order({label: bound for bound, label in (*before, *profile.bands)})
        return Preview(
            status="done",
            done=records,
            total=records,
            profile=profile.key,
            applies_to=kind,
            version=profile.version,
            published_version=present.version if present is not None else None,
            computed_at=to_iso(self._now),
            records=records,
            pending_events=sum(shard.pending for shard in status.shard_status(connection, self._now)),
            changed=tally.changed,
            empty=BeforeAfter(before=tally.before[None], after=tally.after[None]),
            distribution=_distribution(tally),
            bands=[
                BandCount(
                    band=label,
                    before=sum(n for (was, _), n in tally.moves.items() if was == label),
                    after=sum(n for (_, then), n in tally.moves.items() if then == label),
                )
                for label in labels
            ],
            band_moves=[
                BandMove(from_=was, to=then, count=number)
                for (was, then), number in sorted(
                    tally.moves.items(), key=lambda item: (-item[1], str(item[0]))
                )
                if was != then
            ],
            movers=[
                Mover(**{kind: keys.get(record_id)}, before=old, after=new)
                for _, _, record_id, old, new in movers
            ],
            enrollments=self._starts.told(names),
        )


def _distribution(tally: _Tally) -> list[Bar]:
    """How many scores lie in ranges of one width, both bounds included, from the lowest to the highest."""
    scores = [score for score in {*tally.before, *tally.after} if score is not None]
    if not scores:
        return []
    low, high = min(scores), max(scores)
    width = _round_width(max((high - low) // BARS + 1, 1))
    first = low // width * width
    bars: dict[int, list[int]] = {start: [0, 0] for start in range(first, high + 1, width)}
    for place, counted in enumerate((tally.before, tally.after)):
        for score, number in counted.items():
            if score is not None:
                bars[first + (score - first) // width * width][place] += number
    return [
        Bar(from_=start, to=start + width - 1, before=before, after=after)
        for start, (before, after) in bars.items()
    ]


def _round_width(least: int) -> int:
    """1, 2, 5, 10, 20, 50, ...: the smallest that is not below `least`."""
    unit = 1
    while True:
        for step in (1, 2, 5):
            if unit * step >= least:
                return unit * step
        unit *= 10
