"""Why an event gave what it gave, profile by profile and rule by rule, also why nothing."""

from collections.abc import Iterator, Mapping
from functools import partial

from conditions.describing import Verdict, explain
from conditions.times import Micros, duration_words
from conditions.tree import compile_conditions
from conditions.values import Value, is_empty
from engine.subjects import record_id_of
from runtime.statuses import EventStatus
from scoring import entries
from scoring.compiled import EventRule, compile_profile
from scoring.entries import Entry, Record
from scoring.ledger import Ledger
from scoring.profile import EVENT, Rule, ScoreProfile
from services.follow_ups.answers import Keys
from services.follow_ups.listing import keys_of
from services.foresight.answers import EventPoints, FilterVerdict, ProfilePoints, RulePoints
from services.intake.answers import Event
from services.intake.history import find_event
from services.records.ledgers import breakdown_of, record_of
from services.resources import NotFound, Resources
from store.connection import Connection, RowMapping
from store.design import definitions
from store.records import score_reads
from store.scoring import ledgers
from store.scoring.facts import event_of
from triggers.evaluate import where_lookup

_NOT_COUNTING: Mapping[int, str] = {
    EventStatus.PENDING: "it has not been applied yet",
    EventStatus.QUARANTINED: "it could not be scored and was set aside: {error}",
    EventStatus.REVOKED: "it has been revoked",
    EventStatus.REVOKING: "it has been revoked",
    EventStatus.REVOKING_SILENTLY: "it has been revoked",
}


class Points:
    """Explains events under the profiles that are published. Fields of records are read as they are now."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources

    def of_event(self, event_id: str) -> EventPoints:
        """What each published profile makes of an event; raises NotFound."""
        with self._resources.database.read() as connection:
            row = find_event(connection, event_id)
            keys = keys_of(connection, [row])
            now = self._resources.clock()
            profiles = [
                self._of_profile(connection, published, row, keys, now)
                for published in definitions.published_profiles(connection)
            ]
            return EventPoints(event=Event.of(row, keys), profiles=profiles)

    def _of_profile(
        self,
        connection: Connection,
        published: definitions.PublishedProfile,
        row: RowMapping,
        keys: Keys,
        now: Micros,
    ) -> ProfilePoints:
        spec = ScoreProfile.model_validate(published.definition)
        record_id = record_id_of(spec.applies_to, row["contact_id"], row["deal_id"])
        told = ProfilePoints(
            profile=spec.key,
            version=published.version,
            applies_to=spec.applies_to,
            record=getattr(keys, f"{spec.applies_to}s").get(record_id),
            points=0,
            worth=0,
            why="",
            rules=[],
        )
        if record_id is None:
            told.why = "the event names no deal, and the profile scores deals"
            return told
        rules = [rule for rule in spec.rules if rule.kind is EVENT and rule.on == row["type"]]
        compiled = compile_profile(spec, published.id, published.version)
        silences = compiled.silence_broken_by.get(row["type"], ())
        if not rules and not silences:
            told.why = f"no rule is on {row['type']}"
            return told
        if row["status"] in _NOT_COUNTING:
            told.why = _NOT_COUNTING[row["status"]].format(error=row["error"])
            return told
        try:
            record = record_of(
                connection, spec.applies_to, record_id, [row["deal_id"]] if row["deal_id"] is not None else []
            )
        except NotFound as error:
            told.why = str(error)
            return told
        stored = score_reads.stored_score(connection, published.id, record_id)
        if stored is None or stored["version"] != published.version:
            told.why = f"the record has not been scored under version {published.version} yet"
            return told
        kept = score_reads.as_stored(stored)
        ledger = Ledger(compiled, record, kept.scored_at, kept.standing)
        event = event_of(row)
        by_record = ledgers.load_causes(connection, published.id, [(record_id, event.at, event.id)])
        given = {entry.rule: entry for entry in by_record.get(record_id, ())}
        told.rules = [_of_rule(rule, event, record, ledger, given.get(rule.key), now) for rule in rules]
        told.rules += [_of_silence(key) for key in silences]
        told.points = sum(rule.points for rule in told.rules if rule.outcome == "gave")
        told.worth = sum(rule.worth for rule in told.rules)
        told.why = _in_short(told.rules)
        told.bounds = list(_bounds(breakdown_of(connection, stored, ledger), rules)) if given else []
        return told


def _of_rule(
    rule: Rule, event: entries.Event, record: Record, ledger: Ledger, entry: Entry | None, now: Micros
) -> RulePoints:
    """One rule on the event's type. `entry`: the points that stand in the ledger, if it gave some."""
    lookup = where_lookup(event, partial(record.beside, event.deal))
    try:
        tests = explain(rule.where, lookup, event.at) if rule.where else []
        holds = not rule.where or compile_conditions(rule.where)(lookup, event.at)
    except ValueError:
        tests, holds = [], False
    told = RulePoints(
        rule=rule.key,
        points=rule.points,
        worth=0,
        outcome="gave",
        why="",
        filters=[FilterVerdict(text=test.text, actual=test.actual, holds=test.holds) for test in tests],
    )
    compiled = ledger.profile.rules_by_key[rule.key]
    if entry is not None:
        told.worth = ledger.worth(entry, now)
        told.why = _worth(told, entry, compiled, now)
    elif not holds:
        told.outcome = "where"
        failing = [test for test in tests if not test.holds]
        told.why = "; ".join(_said(test) for test in failing or tests) or "its properties cannot be read"
    elif rule.limit is not None:
        told.outcome = "limit"
        per = "" if rule.limit.per == "ever" else f" a {rule.limit.per}"
        told.why = f"limit of {rule.limit.times}{per} reached: earlier events count, by when they happened"
    else:
        told.outcome = "otherwise"
        told.why = "everything holds now: fields of the record were others when it was scored last"
    return told


def _worth(told: RulePoints, entry: Entry, compiled: EventRule, now: Micros) -> str:
    given = f"{told.points:+} points"
    if entry.ends_at is not None and now >= entry.ends_at:
        return f"{given}, which are over"
    if compiled.step is not None and told.worth != told.points:
        return f"{given}, worth {told.worth} by now"
    left = f", for another {duration_words(_rounded(entry.ends_at - now))}" if entry.ends_at else ""
    return f"{given}{left}"


def _rounded(micros: Micros) -> str:
    """A length of time in the largest unit that it fills."""
    seconds = max(micros // 1_000_000, 1)
    for unit, size in (("d", 86_400), ("h", 3_600), ("m", 60)):
        if seconds >= size:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


def _of_silence(rule: str) -> RulePoints:
    return RulePoints(
        rule=rule,
        points=0,
        worth=0,
        outcome="silence",
        why="it breaks the silence that this rule waits for",
        filters=[],
    )


def _said(test: Verdict) -> str:
    """`amount is at least 100: no, it is the text "120.00"`."""
    return f"{test.text}: {'yes' if test.holds else 'no'}, it is {_shown(test.actual)}"


def _shown(value: Value) -> str:
    if is_empty(value):
        return "empty"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f'the text "{value[:100]}"'
    if isinstance(value, list):
        return "a list"
    return f"the number {value}"


def _in_short(rules: list[RulePoints]) -> str:
    gave = [rule for rule in rules if rule.outcome == "gave"]
    if gave:
        return f"{sum(rule.points for rule in gave):+} points by {', '.join(rule.rule for rule in gave)}"
    return "; ".join(f"{rule.rule}: {rule.why}" for rule in rules if rule.outcome != "silence") or "no points"


def _bounds(lines: list[tuple[str, int, int]], rules: list[Rule]) -> Iterator[str]:
    """What of the points does not show in the score, because of bounds."""
    groups = {rule.group for rule in rules if rule.group}
    for line, points, _ in lines:
        kind, _, group = line.partition(":")
        if kind == "group" and group in groups:
            yield f"the group {group} is at its bound, which changes its sum by {points:+}"
        elif line == "clamp":
            yield f"the score is at its bound, which changes it by {points:+}"
