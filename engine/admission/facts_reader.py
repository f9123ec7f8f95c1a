"""What filters may read of the records of a batch: fields, and scores of all profiles, as they were at each moment."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from engine.admission.activity import ActivityReader, Around
from engine.published import Published
from engine.subjects import Subjects, record_id_of
from scoring.progress import Progress, ScoreChange, Turn
from store.connection import Connection
from store.scoring.facts import DealWithContact
from store.scoring.ledgers import load_score_values
from triggers.evaluate import Facts


class FactsReader:
    """Reads facts of subjects; scores only those that some filter reads."""

    def __init__(self, connection: Connection, published: Published, subjects: Subjects) -> None:
        self.connection = connection
        self.published = published
        self.subjects = subjects
        self._facts: dict[tuple[int, int | None], Facts] = {}
        self._scores: dict[str, dict[int, int | None]] = {}
        self._moves: dict[str, dict[int, Sequence[ScoreChange]]] = {}
        wanted = published.triggers.activity_read
        self.activity = ActivityReader(connection, subjects, wanted)
        self.reads_activity = bool(wanted)

    def load_scores(self, progress: Mapping[int, Mapping[int, Progress]]) -> None:
        """Read the scores that filters on other profiles read; those of `progress` are newer than what is stored."""
        for profile in self.published.profiles:
            if profile.key in self.published.triggers.scores_read:
                ids = self.subjects.ids(profile.applies_to)
                emptied = self.published.versions[profile.id].emptied
                values = load_score_values(self.connection, profile.id, ids, emptied)
                moved = progress.get(profile.id, {})
                values |= {i: advanced.score for i, advanced in moved.items()}
                self._scores[profile.key] = values
                self._moves[profile.key] = {
                    i: advanced.changes for i, advanced in moved.items() if advanced.changes
                }

    def of(self, contact_id: int, deal_id: int | None, turn: Turn | None = None) -> Facts:
        """What filters may read of a record; other profiles' scores and events as they were at a turn of the batch."""
        known, by_key = self._facts_after(contact_id, deal_id), self.published.by_key
        moved = {
            key: self._moves[key][record_id]
            for key in self._moves
            if (record_id := record_id_of(by_key[key].applies_to, contact_id, deal_id)) in self._moves[key]
        }
        if self.reads_activity:
            fields = self.activity.fields(known.fields, Around(contact_id, deal_id), turn)
            known = replace(known, fields=fields)
        if turn is None or not moved:
            return known
        scores = {**known.scores, **{key: _score_at(changes, turn) for key, changes in moved.items()}}
        bands = {key: by_key[key].band(score) for key, score in scores.items()}
        return Facts(known.fields, scores, bands)

    def _facts_after(self, contact_id: int, deal_id: int | None) -> Facts:
        known = self._facts.get((contact_id, deal_id))
        if known is None:
            by_key = self.published.by_key
            scores = {}
            for key, values in self._scores.items():
                record_id = record_id_of(by_key[key].applies_to, contact_id, deal_id)
                scores[key] = values.get(record_id) if record_id is not None else None
            bands = {key: by_key[key].band(score) for key, score in scores.items()}
            contact = self.subjects.contacts[contact_id]
            deal = self.subjects.deals.get(deal_id) if deal_id is not None else None
            fields = contact if deal is None else DealWithContact(deal, contact)
            known = self._facts[contact_id, deal_id] = Facts(fields, scores, bands)
        return known


def _score_at(changes: Sequence[ScoreChange], turn: Turn) -> int | None:
    """The score after the last of the changes that had its turn by then."""
    score = changes[0].previous
    for change in changes:
        if change.turn <= turn:
            score = change.current
    return score
