"""Writing what a batch made of the scores of one profile."""

from collections.abc import Mapping
from typing import Any

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
    added: list[tuple[Any, ...]] = []
    removed: list[tuple[int, int, Micros, str, str]] = []
    cleared: list[tuple[int, int]] = []
    changes: list[tuple[int, ScoreChange]] = []
    for record_id, advanced in progress.items():
        ledger = advanced.ledger
        if advanced.replaced and record_id in stored:
            cleared.append((profile.id, record_id))
        elif not advanced.replaced:
            removed.extend(
                (profile.id, record_id, entry.starts_at, entry.cause_id, entry.rule)
                for entry in ledger.removed
            )
        added.extend(
            (
                profile.id,
                record_id,
                entry.starts_at,
                entry.cause_id,
                entry.rule,
                entry.points,
                entry.ends_at,
                entry.window,
            )
            for entry in ledger.added.values()
        )
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
    ledgers.delete_entries(connection, removed)
    ledgers.save_entries(connection, sorted(added, key=lambda row: row[1:5]))
    ledgers.save_scores(connection, scores)
    ledgers.save_changes(connection, profile.id, profile.version, now, changes)
    return len(changes)
