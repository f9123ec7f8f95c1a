"""The steps of enrollments: what they are called, and what has come of them."""

from collections.abc import Mapping, Sequence
from typing import Any

from automations.model import Automation
from automations.steps.places import walk
from conditions.times import LATEST, Micros, to_iso
from engine.steps.situation import parsed
from runtime.statuses import OPEN, MessageStatus
from services.follow_ups.answers import Step, StepDone, StepResult
from store.connection import Connection, RowMapping
from store.design import definitions
from store.follow_ups import enrollments, messages

_RESULTS: Mapping[str, StepResult] = {
    MessageStatus.PENDING: "sending",
    MessageStatus.FAILED: "failed",
    MessageStatus.SKIPPED: "skipped",
}


def titles_of(connection: Connection, rows: Sequence[RowMapping]) -> dict[str, Mapping[str, str]]:
    """What the steps of the versions of enrollments are called, by path, by the ids of the enrollments."""
    titles: dict[tuple[int, int], Mapping[str, str]] = {}
    for row in rows:
        version = row["automation_id"], row["version"]
        if version not in titles:
            automation = _automation(connection, *version)
            titles[version] = (
                {placed.path: placed.step.title for placed in walk(automation)}
                if automation is not None
                else {}
            )
    return {row["id"]: titles[row["automation_id"], row["version"]] for row in rows}


def steps_done(connection: Connection, row: RowMapping, now: Micros) -> list[StepDone]:
    """What has come of the steps of an enrollment, in the order in which they were done."""
    automation = _automation(connection, row["automation_id"], row["version"])
    placed = {one.path: one.step for one in walk(automation)} if automation is not None else {}
    sent = messages.of_enrollment(connection, row["id"])
    done = []
    for outcome in enrollments.outcomes_in_turn(connection, row["id"]):
        path, result = outcome["path"], outcome["result"]
        step = Step.of(path, {path: placed[path].title} if path in placed else {})
        ways = {way.name: way.taken or way.title for way in placed[path].branches()} if path in placed else {}
        one = StepDone(
            **step.model_dump(), at=to_iso(outcome["at"]), attempt=outcome["attempt"], result="done"
        )
        _say(one, result, sent.get(path), now)
        if one.result == "waiting" and row["status"] not in OPEN:
            one.result, one.reason = "skipped", "the follow-up ended before"
        if one.result != "skipped":
            one.way = ways.get(result.get("branch"))
        done.append(one)
    return done


def _say(step: StepDone, result: Mapping[str, Any], message: RowMapping | None, now: Micros) -> None:
    """How it came out, by its outcome and by the message that it sent."""
    if result.get("skipped"):
        step.result = "skipped"
        step.reason = "by hand" if result["skipped"] is True else result["skipped"]
    elif "failed" in result:
        step.result, step.reason = "failed", result["failed"]
    elif message is not None:
        step.result = _RESULTS.get(message["status"], "done")
        step.reason = message["reason"]
    elif result.get("until", 0) > now:
        step.result = "waiting"
        step.reason = f"until {to_iso(result['until'])}" if result["until"] < LATEST else None


def _automation(connection: Connection, automation_id: int, version: int) -> Automation | None:
    definition = definitions.version_definition(connection, definitions.AUTOMATIONS, automation_id, version)
    return parsed(definition) if definition is not None else None
