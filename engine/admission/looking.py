"""Triggers that look at changes of fields and of other scores too: the moments of a batch at which they do."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from conditions.causes import Cause
from conditions.fields import CONTACT, DEAL
from conditions.values import Value
from engine.admission.facts_reader import FactsReader
from engine.published import Published
from engine.subjects import Subject, Subjects
from scoring.compiled import CompiledProfile
from scoring.entries import without_properties
from scoring.progress import FIELDS_NEXT, Progress, ScoreChange, Turn
from triggers.compiled import CompiledTrigger
from triggers.evaluate import Look, Match, match_look, unmoved

#: `cause` of what a change of fields led to where no score moved.
FIELDS = Cause.ATTRIBUTE


@dataclass(slots=True)
class _Moment:
    """What changed at one turn of a batch that a trigger reads."""

    own: ScoreChange | None = None
    others: list[tuple[CompiledProfile, ScoreChange]] = field(default_factory=list)
    before: dict[str, Value] = field(default_factory=dict)

    def causes(self, profile: CompiledProfile) -> tuple[int | str, ScoreChange | None]:
        """The change that made the moment and what names it; None when fields alone did."""
        loud = [(other.id, change) for other, change in self.others if not change.silent]
        if self.own is not None and not (self.own.silent and loud):
            return profile.id, self.own
        return (
            loud[0] if loud else (self.others[0][0].id, self.others[0][1]) if self.others else (FIELDS, None)
        )


@dataclass(frozen=True)
class Looking:
    """Looks at what one batch changed. `batch`: what makes the origins of this batch its own."""

    published: Published
    subjects: Subjects
    facts: FactsReader
    progress: Mapping[int, Mapping[int, Progress]]
    batch: str

    def matches(self, now: int) -> Iterator[tuple[Match, CompiledProfile, Subject]]:
        """Every match, at most one for each trigger, record and moment."""
        for key, triggers in self.published.triggers.looking.items():
            profile = self.published.by_key.get(key)
            if profile is None:
                continue
            for record_id in self._concerned(profile):
                for trigger in triggers:
                    yield from self._of_record(trigger, profile, record_id, now)

    def _concerned(self, profile: CompiledProfile) -> list[int]:
        """The records of the batch, of the profile's kind, about which something has changed."""
        kind, subjects = profile.applies_to, self.subjects
        concerned = {i for i, progress in self.progress.get(profile.id, {}).items() if progress.changes}
        concerned.update(subjects.before[kind])
        contacts = set(subjects.before[CONTACT])
        for other in self.published.profiles:
            changed = [i for i, progress in self.progress.get(other.id, {}).items() if progress.changes]
            if other.applies_to == kind:
                concerned.update(changed)
            elif other.applies_to == CONTACT:
                contacts.update(changed)
        if kind == DEAL:
            concerned.update(i for i, deal in subjects.deals.items() if deal.contact_id in contacts)
        return sorted(i for i in concerned if subjects.exists(kind, i))

    def _of_record(
        self, trigger: CompiledTrigger, profile: CompiledProfile, record_id: int, now: int
    ) -> Iterator[tuple[Match, CompiledProfile, Subject]]:
        subjects = self.subjects
        moments = self._moments(trigger, profile, record_id)
        for turn in sorted(moments):
            moment = moments[turn]
            source, change = moment.causes(profile)
            named = change.event.deal if change is not None and change.event else None
            subject = subjects.subject(profile.applies_to, record_id, named)
            facts = self.facts.of(subject.contact_id, subject.deal_id, turn)
            origin = f"{source}:{change.cause_id}" if change is not None else ""
            if change is not moment.own or change is None:
                change = self._stand_in(change, profile, record_id, facts.scores.get(profile.key), turn)
                origin = f"{source}:{change.cause_id}/{record_id}"
            look = Look(change, origin, moment.before)
            try:
                match = match_look(trigger, profile, look, facts, now)
            except ValueError:
                bare = change._replace(event=without_properties(change.event))
                match = match_look(trigger, profile, look._replace(change=bare), facts, now)
            if match is not None:
                yield match, profile, subject

    def _moments(
        self, trigger: CompiledTrigger, profile: CompiledProfile, record_id: int
    ) -> dict[Turn, _Moment]:
        contact_id = self.subjects.subject(profile.applies_to, record_id).contact_id
        moments: dict[Turn, _Moment] = {}
        for change in self._changes(profile, record_id):
            moment = moments.setdefault(change.turn, _Moment())
            moment.own = change
            moment.before[f"scores.{profile.key}"] = change.previous
            moment.before[f"bands.{profile.key}"] = profile.band(change.previous)
        for other in self.published.profiles:
            if other.id != profile.id and {f"scores.{other.key}", f"bands.{other.key}"} & trigger.reads:
                of_contact = other.applies_to == CONTACT
                if not of_contact and profile.applies_to == CONTACT:
                    continue  # which deal's it would be is not known
                for change in self._changes(other, contact_id if of_contact else record_id):
                    moment = moments.setdefault(change.turn, _Moment())
                    moment.others.append((other, change))
                    moment.before[f"scores.{other.key}"] = change.previous
                    moment.before[f"bands.{other.key}"] = other.band(change.previous)
        fields = self.subjects.before[CONTACT].get(contact_id, {})
        if profile.applies_to == DEAL:
            fields = {**fields, **self.subjects.before[DEAL].get(record_id, {})}
        read = {name: value for name, value in fields.items() if name in trigger.reads}
        if read:
            moments.setdefault(FIELDS_NEXT, _Moment()).before.update(read)
        return moments

    def _changes(self, profile: CompiledProfile, record_id: int) -> list[ScoreChange]:
        progress = self.progress.get(profile.id, {}).get(record_id)
        return list(progress.changes) if progress is not None else []

    def _stand_in(
        self,
        caused: ScoreChange | None,
        profile: CompiledProfile,
        record_id: int,
        score: int | None,
        turn: Turn,
    ) -> ScoreChange:
        """From the present score to the same: something else has changed. `seq`: of the own change before, if any."""
        own = self._changes(profile, record_id)
        before = [change.seq for change in own if change.turn <= turn]
        seq = before[-1] if before else own[0].seq - 1 if own else 0
        if caused is not None:
            return caused._replace(seq=seq, previous=score, current=score)
        depth = self.subjects.depth_of_fields(profile.applies_to, record_id)
        return unmoved(score, FIELDS, self.batch, depth)._replace(seq=seq, turn=FIELDS_NEXT)
