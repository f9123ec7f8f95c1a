"""The ledger of one record under one profile at one moment: add causes, read the score."""

from collections.abc import Callable, Iterable, Iterator

from conditions.causes import Cause
from conditions.times import LATEST, Micros, parse_moment
from conditions.values import Value
from scoring.compiled import AttributeRule, CompiledProfile, EventRule, InactivityRule
from scoring.entries import ADJUSTMENTS, Adjustment, Entry, Event, Place, Record, lives
from scoring.standing import Standing
from scoring.sums import bounded_sum, clamp, with_points
from scoring.windows import window_of


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
        moments = [self.quiet_from(rule) for rule in self.profile.inactivity_rules]
        moments.extend(self.age_moments())
        if due is not None:
            moments.append(due)
        return min((moment for moment in moments if moment > self.now), default=None)

    def overdue_cause(self, since: Micros) -> Cause:
        """Why time changed the score after `since`: the first of expiry, decay, inactivity (or attribute).

        Of the entries it knows those that `catch_up` was given.
        """
        decayed = False
        for entry in self._overtaken:
            if entry.ends_at is not None and since < entry.ends_at <= self.now:
                rule = self.profile.rules_by_key.get(entry.rule)
                if rule is None or not _fades_at_end(rule, entry):
                    return Cause.EXPIRY
                decayed = True
            elif not decayed:
                decayed = self.worth(entry, since) != self.worth(entry, self.now)
        if decayed:
            return Cause.DECAY
        for rule_ in self.profile.inactivity_rules:
            if since < self.quiet_from(rule_) <= self.now:
                return Cause.INACTIVITY
        return Cause.ATTRIBUTE

    def held(self) -> list[AttributeRule | InactivityRule]:
        """The attribute and inactivity rules that hold now."""
        quiet = [rule for rule in self.profile.inactivity_rules if self.now >= self.quiet_from(rule)]
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

    def quiet_from(self, rule: InactivityRule) -> Micros:
        """From when on the silence of an inactivity rule is long enough, if nothing breaks it until then."""
        return self.quiet_since(rule.key) + rule.after

    def turns_of(self, entry: Entry) -> Iterator[tuple[Micros, int]]:
        """The moments after `now` at which time changes what an entry is worth, or ends it; and by how much."""
        rule = self.profile.rules_by_key.get(entry.rule)
        if rule is not None:
            age = self.now - entry.starts_at
            for turn, points in rule.turning_points:
                if turn > age:
                    yield entry.starts_at + turn, points
        elif entry.ends_at is not None and entry.ends_at > self.now:
            yield entry.ends_at, -entry.points

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
        moment, _ = next(self.turns_of(entry), (None, 0))
        due = self.standing.due
        if moment is not None and (due is None or moment < due):
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
            if name.startswith(("contact.", "deal.")):
                return record.beside(event.deal, name)
            value: Value = properties.get(name)
            return value

        return lookup


def _order(entry: Entry) -> Place:
    return entry.starts_at, entry.cause_id


def _fades_at_end(rule: EventRule, entry: Entry) -> bool:
    """Whether the entry ends since it has decayed to nothing, not since it expires."""
    return rule.step is not None and entry.ends_at == entry.starts_at + rule.step * (len(rule.worths) - 1)
