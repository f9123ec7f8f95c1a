"""The ledger of one record under one profile at one moment: add causes, read the score."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from conditions.times import LATEST, Micros, parse_moment
from conditions.values import Value
from scoring.compiled import AttributeRule, CompiledProfile, EventRule, InactivityRule
from scoring.windows import window_of

ADJUSTMENTS = "adjustments"


class Event(NamedTuple):
    """What happened: `at` is its occurred_at in microseconds, `properties` a JSON object, `deal` the deal's id."""

    id: str
    type: str
    at: Micros
    properties: Mapping[str, Any]
    deal: int | None = None


#: Where something stands in a history: (time, id).
Place = tuple[Micros, str]


def place_of(event: Event) -> Place:
    """Where an event stands in its record's history."""
    return event.at, event.id


def without_properties(event: Event | None) -> Event | None:
    """An event that counts although its stored properties cannot be read: for filters it has none."""
    return None if event is None else event._replace(properties={})


class Adjustment(NamedTuple):
    """Points given by hand or by a step; fixed when applied. `ends_at` None: for good."""

    id: str
    points: int
    at: Micros
    ends_at: Micros | None = None


class Entry(NamedTuple):
    """Points that one cause gave, live in [starts_at, ends_at). `window` only under a limited rule."""

    rule: str
    cause_id: str
    points: int
    starts_at: Micros
    ends_at: Micros | None
    window: int | None


def _no_deal(deal: int | None, name: str) -> Value:
    del deal, name
    return None


@dataclass(frozen=True, slots=True)
class Record:
    """What rules may read of the record now, None when missing.

    `fields` answers `contact.x`, and for a deal `deal.x`. Of a contact, `deal_fields` answers `deal.x` for the id of
    the deal that an event names.
    """

    kind: str
    created_at: Micros
    fields: Callable[[str], Value]
    deal_fields: Callable[[int | None, str], Value] = _no_deal


@dataclass(slots=True)
class Standing:
    """What is kept of a ledger between two scorings, besides its entries.

    `live`: by group, what the entries were worth at the last scoring, and are until `due`, the next moment at which
    time may change an entry's worth (it may be early, never late). `worths`: the same by rule, and `living`, how
    many entries live; None where an earlier version of the product kept neither. `entries`: how many there are, live or
    expired.
    `active`: by inactivity rule, the last event that broke the silence. `fit`: the attribute rules that held.
    `refold`: the history has changed under it, for this cause, so that the ledger has to be folded anew.
    """

    live: dict[str, int] = field(default_factory=dict)
    due: Micros | None = None
    entries: int = 0
    active: dict[str, Micros] = field(default_factory=dict)
    fit: list[str] = field(default_factory=list)
    refold: str | None = None
    worths: dict[str, int] = field(default_factory=dict)
    living: dict[str, int] | None = field(default_factory=dict)

    def copied(self) -> "Standing":
        """One that can be changed by itself."""
        return replace(
            self,
            live={**self.live},
            active={**self.active},
            fit=[*self.fit],
            worths={**self.worths},
            living=None if self.living is None else {**self.living},
        )

    def as_json(self) -> dict[str, Any]:
        """As the store keeps it."""
        kept: dict[str, Any] = {
            "l": self.live,
            "d": self.due,
            "n": self.entries,
            "a": self.active,
            "f": self.fit,
        }
        if self.living is not None:
            kept["w"], kept["c"] = self.worths, self.living
        return kept if self.refold is None else {**kept, "r": self.refold}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Standing":
        """The same, read again."""
        worths, living = data.get("w", {}), data.get("c", None if data["n"] else {})
        return cls(data["l"], data["d"], data["n"], data["a"], data["f"], data.get("r"), worths, living)


class Ledger:
    """A record's points under `profile`, evaluated at the fixed moment `now`.

    Begin with nothing and add a whole history; or with a `Standing` and the entries of the limit windows that the
    new events touch, and, when the standing is due, `catch_up` first. The order of adding makes no difference to the
    score. `added` and `removed` tell what changed in the entries.
    """

    def __init__(
        self,
        profile: CompiledProfile,
        record: Record,
        now: Micros,
        standing: Standing | None = None,
        limited: Iterable[Entry] = (),
    ) -> None:
        self.profile = profile
        self.record = record
        self.now = now
        self.standing = standing or Standing()
        self.windows: dict[tuple[str, int], list[Entry]] = {}
        self.added: dict[tuple[str, str], Entry] = {}
        self.removed: list[Entry] = []
        self._live = self.standing.live
        self._overtaken: list[Entry] = []
        self._fit: list[AttributeRule] = []
        if standing is None:
            self.read_fields()
        else:
            self._fit = [rule for rule in profile.attribute_rules if rule.key in standing.fit]
        for entry in limited:
            if entry.window is not None:
                self.windows.setdefault((entry.rule, entry.window), []).append(entry)

    def catch_up(self, since: Micros, mortal: Iterable[Entry]) -> None:
        """Bring the standing, last valid at `since`, to `now`.

        `mortal`: all entries that end after `since`; or at least those whose worth has changed since, and of all that
        change later the one that does so first.
        """
        self._overtaken = list(mortal)
        self.standing.due = None
        for entry in self._overtaken:
            moved = self.worth(entry, self.now) - self.worth(entry, since)
            self._count(entry, moved, lives(entry, self.now) - lives(entry, since))
            self._fall_due(entry)

    def read_fields(self) -> None:
        """Evaluate the attribute rules on the record's fields as they are now (until then: as they last held)."""
        rules = self.profile.attribute_rules
        if rules:
            prefix = f"{self.profile.applies_to}."
            fields = self.record.fields
            self._fit = [rule for rule in rules if rule.holds(lambda name: fields(prefix + name), self.now)]
            self.standing.fit = [rule.key for rule in self._fit]

    def add_event(self, event: Event) -> None:
        """Enter the points that the profile's rules give this event.

        How old a date is, is measured at the time of the event: no rule on events changes by time alone.
        """
        profile = self.profile
        for rule in profile.event_rules.get(event.type, ()):
            if self._meets(rule, event):
                self._enter(rule, event)
        for key in profile.silence_broken_by.get(event.type, ()):
            self.standing.active[key] = max(event.at, self.standing.active.get(key, event.at))

    def enter_first(self, rule: EventRule, events: Iterable[Event]) -> None:
        """Enter the points of this one rule for the first of the events that meets its conditions."""
        first = next((event for event in events if self._meets(rule, event)), None)
        if first is not None:
            self._enter(rule, first)

    def take(self, entry: Entry) -> None:
        """Take an entry out."""
        self.standing.entries -= 1
        if self.added.pop((entry.rule, entry.cause_id), None) is None:
            self.removed.append(entry)
        self._count(entry, -self.worth(entry, self.now), -lives(entry, self.now))

    def add_adjustment(self, adjustment: Adjustment) -> None:
        """Enter points given by hand."""
        self._put(
            Entry(ADJUSTMENTS, adjustment.id, adjustment.points, adjustment.at, adjustment.ends_at, None)
        )

    def points_to_reach(self, target: int) -> int:
        """The points an adjustment needs now for the score to become `target`, the profile's bounds permitting."""
        return clamp(target, self.profile.minimum, self.profile.maximum) - self._raw()

    def score(self) -> int | None:
        """The score at `now`; None when empty."""
        if self.standing.entries == 0 and not self.held():
            return None
        return clamp(self._raw(), self.profile.minimum, self.profile.maximum)

    def worth(self, entry: Entry, at: Micros) -> int:
        """What the entry is worth at a moment: its points, decayed, or 0 outside its life."""
        if at < entry.starts_at or (entry.ends_at is not None and at >= entry.ends_at):
            return 0
        rule = self.profile.rules_by_key.get(entry.rule)
        if rule is None or rule.step is None:
            return entry.points
        return rule.worths[min((at - entry.starts_at) // rule.step, len(rule.worths) - 1)]

    def next_change(self) -> Micros | None:
        """The next moment after `now` at which time alone may change the score; None when never."""
        due = self.standing.due
        if not self.profile.waits:
            return due
        moments = [self.quiet_since(rule.key) + rule.after for rule in self.profile.inactivity_rules]
        moments.extend(self.age_moments())
        if due is not None:
            moments.append(due)
        return min((moment for moment in moments if moment > self.now), default=None)

    def overdue_cause(self, since: Micros) -> str:
        """Why time changed the score after `since`: the first of expiry, decay, inactivity (or attribute).

        Of the entries it knows those that `catch_up` was given.
        """
        decayed = False
        for entry in self._overtaken:
            if entry.ends_at is not None and since < entry.ends_at <= self.now:
                rule = self.profile.rules_by_key.get(entry.rule)
                if rule is None or not _fades_at_end(rule, entry):
                    return "expiry"
                decayed = True
            elif not decayed:
                decayed = self.worth(entry, since) != self.worth(entry, self.now)
        if decayed:
            return "decay"
        for rule_ in self.profile.inactivity_rules:
            if since < self.quiet_since(rule_.key) + rule_.after <= self.now:
                return "inactivity"
        return "attribute"

    def held(self) -> list[AttributeRule | InactivityRule]:
        """The attribute and inactivity rules that hold now."""
        quiet = [
            rule
            for rule in self.profile.inactivity_rules
            if self.now >= self.quiet_since(rule.key) + rule.after
        ]
        return [*self._fit, *quiet]

    def group_of(self, entry: Entry) -> str:
        """The group of the entry's rule; "" when it has none."""
        return self.group_of_rule(entry.rule)

    def group_of_rule(self, key: str) -> str:
        """The same of an event rule's key, or of `adjustments`."""
        rule = self.profile.rules_by_key.get(key)
        return rule.group if rule is not None else ""

    def quiet_since(self, rule_key: str) -> Micros:
        """Since when nothing has broken the silence of an inactivity rule."""
        return self.standing.active.get(rule_key, self.record.created_at)

    def age_moments(self) -> Iterable[Micros]:
        """When dates that attribute rules look at become old enough, whether that is over or to come."""
        prefix = f"{self.profile.applies_to}."
        for rule in self.profile.attribute_rules:
            for name, age in rule.ages:
                value = self.record.fields(prefix + name)
                if isinstance(value, str):
                    since = parse_moment(value)
                    if since is not None and since + age < LATEST:
                        yield since + age + 1

    def _meets(self, rule: EventRule, event: Event) -> bool:
        return rule.where is None or rule.where(self._facts(event), event.at)

    def _enter(self, rule: EventRule, event: Event) -> None:
        ends_at = None if rule.lifetime is None else event.at + rule.lifetime
        if rule.times is None:
            self._put(Entry(rule.key, event.id, rule.points, event.at, ends_at, None))
            return
        window = window_of(rule.per, self.profile.timezone, event.at)
        counted = self.windows.setdefault((rule.key, window), [])
        if len(counted) >= rule.times:
            last = max(counted, key=_order)
            if (event.at, event.id) > _order(last):
                return
            counted.remove(last)
            self.take(last)
        entry = Entry(rule.key, event.id, rule.points, event.at, ends_at, window)
        counted.append(entry)
        self._put(entry)

    def _put(self, entry: Entry) -> None:
        self.standing.entries += 1
        self.added[entry.rule, entry.cause_id] = entry
        self._count(entry, self.worth(entry, self.now), lives(entry, self.now))
        if entry.ends_at is not None:
            self._fall_due(entry)

    def _count(self, entry: Entry, points: int, number: int) -> None:
        """So many points, and living entries, more than before."""
        rule = self.profile.rules_by_key.get(entry.rule)
        group = rule.group if rule is not None else ""
        self._live[group] = self._live.get(group, 0) + points
        living = self.standing.living
        if living is not None:
            key, worths = entry.rule, self.standing.worths
            worths[key] = worths.get(key, 0) + points
            living[key] = living.get(key, 0) + number

    def _fall_due(self, entry: Entry) -> None:
        moment = self._next_of(entry)
        due = self.standing.due
        if moment is not None and moment > self.now and (due is None or moment < due):
            self.standing.due = moment

    def _raw(self) -> int:
        sums = self._live
        if self._fit or self.profile.inactivity_rules:
            sums = with_points(sums, self.held())
        return bounded_sum(self.profile, sums)

    def _facts(self, event: Event) -> Callable[[str], Value]:
        properties = event.properties
        record = self.record

        def lookup(name: str) -> Value:
            if name.startswith("contact."):
                return record.fields(name)
            if name.startswith("deal."):
                return record.fields(name) if record.kind == "deal" else record.deal_fields(event.deal, name)
            value: Value = properties.get(name)
            return value

        return lookup

    def _next_of(self, entry: Entry) -> Micros | None:
        rule = self.profile.rules_by_key.get(entry.rule)
        if rule is None or rule.step is None:
            return entry.ends_at
        age = max((self.now - entry.starts_at) // rule.step, 0)
        now_worth = rule.worths[min(age, len(rule.worths) - 1)]
        for n in range(age + 1, len(rule.worths)):
            if rule.worths[n] != now_worth:
                moment = entry.starts_at + n * rule.step
                return moment if entry.ends_at is None else min(moment, entry.ends_at)
        return entry.ends_at


def lives(entry: Entry, at: Micros) -> bool:
    """Whether the entry counts at a moment, decayed or not."""
    return entry.starts_at <= at and (entry.ends_at is None or at < entry.ends_at)


def _order(entry: Entry) -> Place:
    return entry.starts_at, entry.cause_id


def with_points(sums: Mapping[str, int], rules: Iterable[AttributeRule | InactivityRule]) -> dict[str, int]:
    """The points by group with those of rules that hold."""
    sums = dict(sums)
    for rule in rules:
        sums[rule.group] = sums.get(rule.group, 0) + rule.points
    return sums


def bounded_sum(profile: CompiledProfile, sums: Mapping[str, int]) -> int:
    """The sum over groups, each within its own bounds; "" is that of the rules without a group."""
    total = sums.get("", 0)
    for key, (low, high) in profile.groups.items():
        total += clamp(sums.get(key, 0), low, high)
    return total


def clamp(value: int, low: int | None, high: int | None) -> int:
    """The value within its bounds; None: no bound."""
    if low is not None and value < low:
        return low
    if high is not None and value > high:
        return high
    return value


def _fades_at_end(rule: EventRule, entry: Entry) -> bool:
    """Whether the entry ends since it has decayed to nothing, not since it expires."""
    return rule.step is not None and entry.ends_at == entry.starts_at + rule.step * (len(rule.worths) - 1)
