"""Follow-ups on the real interpreter and the real server."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from temporalio.api.sdk.v1 import WorkflowMetadata
from temporalio.client import WorkflowExecutionStatus, WorkflowFailureError, WorkflowHandle
from temporalio.testing import ActivityEnvironment

from activities.follow_ups import FollowUpActivities
from channels.outbound import make_outbound
from channels.signing import new_secret
from engine.published import PublishedCache
from runtime.clock import now_micros
from runtime.messages import Advance, Advanced
from runtime.registry import (
    KINDLING_AUTOMATION,
    KINDLING_OUTCOME,
    KINDLING_RECORD,
    follow_up_workflow_id,
)
from runtime.settings import load_settings
from store.follow_ups import enrollments, starting
from tests.workflows.conftest import Town

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.stack]

RULE = {"on": "e", "points": 7}
HOT = {"profile": "p", "filters": {"score": {"greater_or_equal": 5}}}


def begin(town: Town, *steps: dict[str, Any], trigger: dict[str, Any] | None = None, **contact: Any) -> None:
    """Publish an automation of these steps, and let Ada cross its threshold."""
    town.world.publish(RULE)
    town.world.automate({**HOT, **(trigger or {})}, "hot", steps=list(steps))
    if contact:
        town.world.send("hello")
        town.world.change(**contact)
    town.world.send(amount=12)
    town.wake()


async def finished(town: Town, status: str = "completed") -> None:
    await town.enrolled()
    await town.until(lambda: town.status() == [status])


async def test_the_three_steps_of_the_seed_example(town: Town) -> None:
    begin(
        town,
        {
            "notify": {
                "to": "sales",
                "subject": "Hot: {{ contact.label }}",
                "message": "{{ contact.label }} went from {{ score.previous }} to {{ score.current }}",
            }
        },
        {"create_task": {"title": "Call {{ contact.label }}", "assign_to": "owner", "due_in": "1d"}},
        {"add_tag": "hot"},
        name="Ada",
        owner="ben",
    )
    await finished(town)
    assert town.world.query("SELECT recipient, subject, message, status FROM notifications") == [
        ("sales", "Hot: Ada", "Ada went from  to 7", "recorded")
    ]
    [(title, assignee, status)] = town.world.query("SELECT title, assign_to, status FROM tasks")
    assert (title, assignee, status) == ("Call Ada", "ben", "open")
    assert town.world.query("SELECT tags FROM contacts") == [('["hot"]',)]


async def test_a_wait_of_three_weeks_and_a_branch(town: Town) -> None:
    begin(
        town,
        {"add_tag": "first"},
        {"wait": "21d"},
        {
            "if": {"score": {"less": 7}},
            "then": [{"add_tag": "low"}],
            "elif": [{"if": {"event.amount": {"equal": 12}}, "then": [{"add_tag": "middle"}]}],
            "else": [{"add_tag": "high"}],
        },
        {"add_tag": "last"},
    )
    [enrollment] = await town.enrolled()
    await town.until(lambda: "1" in town.outcomes())
    assert town.world.query("SELECT tags FROM contacts") == [('["first"]',)]
    await town.environment.fast_forward(town.follow_up(enrollment), timedelta(days=22))
    await finished(town)
    assert town.world.query("SELECT tags FROM contacts") == [('["first","middle","last"]',)]
    assert town.outcomes() == ["0", "1", "2", "2.elif.0.0", "3"]


async def test_stop_ends_it_with_a_reason_and_leaves_the_rest_undone(town: Town) -> None:
    begin(town, {"stop": "enough"}, {"add_tag": "never"})
    await finished(town)
    [enrollment] = town.ids()
    result = await town.follow_up(enrollment).result()
    assert result == {"outcome": "completed", "reason": "stopped: enough"}
    assert town.outcomes() == ["0"]


async def test_update_changes_fields_and_gives_owners_in_turn(town: Town) -> None:
    town.world.publish(RULE)
    steps = [
        {
            "update": {
                "stage": "hot",
                "owner": ["anna", "ben"],
                "dnd": ["email", "sms", "call", "chat"],
                "fields": {"note": "{{ contact.key }}!"},
            }
        }
    ]
    town.world.automate(HOT, "hot", steps=steps)
    for contact in ("ada", "bea", "cyd"):
        town.world.send(contact=contact)
    town.wake()
    await town.until(lambda: town.status() == ["completed"] * 3)
    rows = town.world.query("SELECT key, stage, owner, dnd, fields FROM contacts ORDER BY key")
    assert sorted(row[2] for row in rows) == ["anna", "anna", "ben"]
    assert [(row[0], row[1], row[3], row[4]) for row in rows] == [
        (key, "hot", '"all"', f'{{"note":"{key}!"}}') for key in ("ada", "bea", "cyd")
    ]


async def test_adjust_score_counts_once_and_carries_the_chain(town: Town) -> None:
    begin(
        town,
        {"adjust_score": {"profile": "p", "set_to": 40, "reason": "called"}},
        trigger={"reentry": "once"},
    )
    await finished(town)
    await town.until(lambda: town.world.scores() == {"ada": 40})
    assert town.world.changes() == [(None, 7, "event"), (7, 40, "adjustment")]
    assert town.world.query("SELECT depth FROM changes ORDER BY seq") == [(0,), (1,)]


async def test_a_chain_of_automations_ends_by_itself(town: Town) -> None:
    begin(town, {"adjust_score": {"profile": "p", "points": 1}})
    await town.until(lambda: town.world.skips() != [])
    await town.until(lambda: set(town.status()) == {"completed"})
    assert len(town.ids()) == 6
    assert town.world.skips() == [("hot", "ada", "depth")]


async def test_a_step_that_cannot_succeed_fails_the_workflow_and_says_why(town: Town) -> None:
    begin(town, {"add_tag": "a"}, {"adjust_score": {"profile": "gone", "points": 1}}, {"add_tag": "b"})
    await finished(town, "failed")
    [enrollment] = town.ids()
    with pytest.raises(WorkflowFailureError):
        await town.follow_up(enrollment).result()
    [(error,)] = town.world.query("SELECT last_error FROM enrollments")
    assert error == 'step 2 (add 1 point to gone) failed: the profile "gone" is not published'
    assert town.world.query("SELECT tags FROM contacts") == [('["a"]',)]
    description = await town.follow_up(enrollment).describe()
    assert description.status is WorkflowExecutionStatus.FAILED
    assert description.typed_search_attributes.get(KINDLING_OUTCOME) == "failed"


async def test_on_failure_continue_goes_on(town: Town) -> None:
    begin(
        town,
        {"adjust_score": {"profile": "gone", "points": 1}, "on_failure": "continue"},
        {"add_tag": "b"},
    )
    await finished(town)
    assert town.world.query("SELECT tags FROM contacts") == [('["b"]',)]


async def test_a_step_that_failed_and_was_passed_over_shows_in_the_details(town: Town) -> None:
    begin(
        town,
        {"adjust_score": {"profile": "gone", "points": 1}, "on_failure": "continue"},
        {"wait": "3d"},
    )
    [enrollment] = await town.enrolled()
    await town.until(lambda: town.outcomes() == ["0", "1"])
    handle = town.follow_up(enrollment)

    async def shown() -> bool:
        details = await current_details(town, handle)
        failed = '- failed: add 1 point to gone (the profile "gone" is not published)'
        return failed in details and details.startswith("Now: wait 3 days, until ")

    await town.until(shown)


async def current_details(town: Town, handle: WorkflowHandle[Any, Any]) -> str:
    metadata = await handle.query("__temporal_workflow_metadata", result_type=WorkflowMetadata)
    return str(metadata.current_details)


async def test_an_event_says_why_it_fired(town: Town) -> None:
    town.world.automate(
        {"event": "payment.failed", "where": {"amount": {"greater": 5}}}, "dunning", steps=[{"wait": "1d"}]
    )
    town.world.send("payment.failed", amount=10)
    town.wake()
    [enrollment] = await town.enrolled()
    await town.until(lambda: town.outcomes() == ["0"])
    description = await town.follow_up(enrollment).describe()
    assert await description.static_summary() == "dunning v1: event payment.failed"
    assert "amount is greater than 5" in (await description.static_details() or "")


async def test_cancelling_in_temporal_cancels_the_enrollment(town: Town) -> None:
    begin(town, {"wait": "3d"}, {"add_tag": "never"})
    [enrollment] = await town.enrolled()
    await town.until(lambda: town.outcomes() == ["0"])
    await town.follow_up(enrollment).cancel()
    await finished(town, "cancelled")


async def test_a_replaced_follow_up_is_told_and_leaves_no_more_traces(town: Town) -> None:
    begin(town, {"wait": "3d"}, {"add_tag": "never"}, trigger={"while_running": "replace"})
    [first] = await town.enrolled()
    await town.until(lambda: town.outcomes() == ["0"])
    town.world.send()
    town.wake()
    await town.until(lambda: town.status() == ["replaced", "running"])

    async def closed() -> bool:
        return (await town.follow_up(first).describe()).status is WorkflowExecutionStatus.CANCELED

    await town.until(closed)
    assert town.status() == ["replaced", "running"]
    described = await town.follow_up(first).describe()
    assert described.typed_search_attributes[KINDLING_OUTCOME] == "replaced"


async def test_another_attempt_passes_over_what_was_done(town: Town) -> None:
    begin(town, {"create_task": {"title": "Call"}}, {"wait": "3d"}, {"add_tag": "late"})
    [enrollment] = await town.enrolled()
    await town.until(lambda: town.outcomes() == ["0", "1"])
    first = town.follow_up(enrollment)
    await first.terminate()
    town.world.database.run(lambda connection: enrollments.start_again(connection, first.id))
    town.wake()
    second = town.follow_up(enrollment, 2)
    await town.until(lambda: town.status() == ["running"])
    await town.environment.fast_forward(second, timedelta(days=4))
    await finished(town)
    assert town.world.query("SELECT count(*) FROM tasks") == [(1,)]
    assert town.outcomes() == ["0", "1", "2"]


async def test_ops_can_read_a_follow_up_without_our_code(town: Town) -> None:
    begin(town, {"add_tag": "hot"}, {"wait": "3d"}, name="Ada Lovelace", email="ada@example.com")
    [enrollment] = await town.enrolled()
    await town.until(lambda: town.outcomes() == ["0", "1"])
    description = await town.follow_up(enrollment).describe()
    assert await description.static_summary() == "hot v1: p empty → 7 (event)"
    assert "score is at least 5" in (await description.static_details() or "")
    assert description.typed_search_attributes.get(KINDLING_AUTOMATION) == "hot"
    assert description.typed_search_attributes.get(KINDLING_RECORD) == "1"
    assert await description.memo() == {"automation": "hot", "version": 1, "enrollment": enrollment}
    history = await town.follow_up(enrollment).fetch_history()
    text = history.to_json()
    assert "add tag hot" in _decoded(history)
    for secret in ("Ada", "Lovelace", "ada@example.com", '"ada"'):
        assert secret not in text
        assert secret not in _decoded(history)


def _decoded(history: Any) -> str:
    """Every payload and summary of a history as text."""
    return "\n".join(event.SerializeToString().decode("utf-8", errors="replace") for event in history.events)


def call_again(town: Town, attempt: int, endless: int) -> Advanced:
    """A step's attempt, after attempts of which the last began to fill in templates and were not heard of again."""
    town.world.publish(RULE)
    town.world.automate(HOT, "hot", steps=[{"create_task": {"title": "Call {{ contact.label }}"}}])
    town.world.send()
    town.world.score()
    environment = ActivityEnvironment()
    environment.info = replace(environment.info, attempt=attempt, heartbeat_details=[endless])
    environment.on_heartbeat = lambda *details: heard.append(details[0])
    heard: list[int] = []
    activities = FollowUpActivities(
        town.world.database,
        now_micros,
        town.wakes,
        make_outbound(load_settings(), new_secret()),
        PublishedCache(),
    )
    [enrollment] = town.ids()
    workflow_id = follow_up_workflow_id("hot", enrollment)
    town.world.database.run(lambda connection: starting.assign(connection, workflow_id, [enrollment]))
    result: Advanced = environment.run(activities.advance, Advance(workflow_id))
    assert heard == ([endless + 1, 0] if endless < 3 else [])
    return result


async def test_a_step_that_never_ends_while_it_fills_in_its_template_fails_for_good(town: Town) -> None:
    result = await asyncio.to_thread(call_again, town, 5, 3)
    assert (result.ended, result.reason) == (
        "failed",
        "step 1 (create task) failed: filling in its template did not end in at least 3 attempts",
    )
    assert town.status() == ["failed"]


async def test_a_step_that_was_retried_for_another_reason_is_done(town: Town) -> None:
    result = await asyncio.to_thread(call_again, town, 50, 0)
    assert result.ended == "completed"
    assert town.world.query("SELECT title FROM tasks") == [("Call ada",)]


async def test_many_hard_templates_in_a_row_are_filled_in_each_once(town: Town) -> None:
    hard = "{% for x in contact.tags %}{% for y in contact.tags[:10] %}{{ x ~ y }}{% endfor %}{% endfor %}"
    steps = [{"create_task": {"title": "Call", "description": hard}} for _ in range(12)]
    begin(town, *steps, tags=[f"t{number}" for number in range(100)])
    await finished(town)
    assert town.world.query("SELECT count(*), count(DISTINCT description) FROM tasks") == [(12, 1)]
