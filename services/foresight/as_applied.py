"""Documents that are not applied yet, taken as if they were."""

from collections.abc import Sequence
from typing import Any

from automations.model import definition
from conditions.times import Micros
from engine.published import Drafts
from scoring.profile import ScoreProfile
from services.design.plan import DocumentPlan
from store.connection import Connection
from store.design import definitions
from store.design.definitions import PublishedAutomation, PublishedProfile


def as_published(row: Any, draft: ScoreProfile, now: Micros) -> PublishedProfile:
    """A draft as the next version of its profile."""
    return PublishedProfile(
        row["id"], row["latest"] + 1, definition(draft), now, silent=False, emptied=row["emptied"]
    )


def drafts_of(connection: Connection, planned: Sequence[DocumentPlan], now: Micros) -> Drafts:
    """What applying these would publish, all at once. What is new has an id that nothing else has."""
    profiles: list[PublishedProfile] = []
    automations: list[PublishedAutomation] = []
    for number, plan in enumerate(planned, 1):
        if not plan.publishes:
            continue
        model: Any = plan.document.model
        if plan.kind == "score_profile":
            row = definitions.find_even_archived(connection, definitions.PROFILES, plan.key)
            profiles.append(as_published(row or {"id": -number, "latest": 0, "emptied": 0}, model, now))
        elif plan.kind == "automation":
            row = definitions.find_even_archived(connection, definitions.AUTOMATIONS, plan.key)
            known = row or {"id": -number, "latest": 0, "paused": False}
            automations.append(
                PublishedAutomation(
                    known["id"], plan.key, known["latest"] + 1, definition(model), bool(known["paused"])
                )
            )
    return Drafts(profiles, automations)
