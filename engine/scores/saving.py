"""Writing what a batch made of the scores of one profile."""

from collections.abc import Mapping

from conditions.times import Micros
from scoring.compiled import CompiledProfile
from scoring.progress import Progress, ScoreChange, Stored
from store.connection import Connection
from store.scoring import ledgers


def save_progress(
    connection: Connection,
    shard: int,
    profile: CompiledProfile,
    now: Micros,
    progress: Mapping[int, Progress],
    stored: Mapping[int, Stored],
) -> int:
    """Write entries, scores and changes, by record id; how many changes there are."""
    scores: list[ledgers.ScoreRow] = []
    added: list[ledgers.OfRecord] = []
    removed: list[ledgers.OfRecord] = []
    cleared: list[tuple[int, int]] = []
    changes: list[tuple[int, ScoreChange]] = []
    for record_id, advanced in progress.items():
        ledger = advanced.ledger
        if advanced.replaced and record_id in stored:
            cleared.append((profile.id, record_id))
        elif not advanced.replaced:
            removed.extend((record_id, entry) for entry in ledger.removed)
        added.extend((record_id, entry) for entry in ledger.added.values())
        changes.extend((record_id, change) for change in advanced.changes)
        scores.append(
            ledgers.ScoreRow(
                profile_id=profile.id,
                record_id=record_id,
                shard=shard,
                version=profile.version,
                score=advanced.score,
                standing=ledgers.standing_text(ledger.standing),
                scored_at=ledger.now,
                changed_at=now if advanced.changes else None,
                due_at=ledger.next_change(),
                seq=advanced.seq,
            )
        )
    scores.sort(key=lambda row: row.record_id)
    ledgers.clear_entries(connection, cleared)
    ledgers.delete_entries(connection, profile.id, removed)
    ledgers.save_entries(connection, profile.id, added)
    ledgers.save_scores(connection, scores)
    ledgers.save_changes(connection, profile.id, profile.version, now, changes)
    return len(changes)
