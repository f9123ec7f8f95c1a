"""Row 5: Temporal actions per scored event while events come in over HTTP as fast as the API takes them."""

from collections.abc import AsyncIterator
from datetime import datetime

from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import Client

from bench.installation import Installation
from bench.load import send_bodies, write_bodies
from bench.result import Result, scaled
from bench.workload import AUTOMATIONS, make_events
from runtime.clock import now_micros
from runtime.registry import SHARD_WORKFLOW
from store.statuses import APPLIED

EVENTS = 60_000
CONTACTS = 8_000
MOST = 0.02

#: What Temporal Cloud bills, by the event that stands for it in a history.
_BILLED = frozenset(
    {
        EventType.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED,
        EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW,
        EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED,
        EventType.EVENT_TYPE_TIMER_STARTED,
        EventType.EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES,
        EventType.EVENT_TYPE_MARKER_RECORDED,
    }
)


async def measure(scale: float) -> list[Result]:
    """Billable actions of the shard workflows, per event that they scored.

    Counted from their histories: starts, signals, timers, and each try of an activity with its heartbeats. Histories
    do not hold heartbeats, so the most that the SDK can have sent counts: one at once, and one per throttle interval.
    The actions of follow-ups are theirs, not the events'; new starts are held, but the tries to start them count.
    """
    events, contacts = scaled(EVENTS, scale, 500), scaled(CONTACTS, scale, 10)
    async with Installation(AUTOMATIONS) as kindling:
        kindling.hold()
        await kindling.start_temporal()
        await kindling.start_worker()
        await kindling.start_api()
        write_bodies(kindling, make_events(events, contacts, now_micros(), 1))
        await send_bodies(kindling)
        await kindling.until_scored()
        scored = kindling.observer.number(f"SELECT count(*) FROM events WHERE status = {APPLIED}")
        actions = await actions_of(kindling.client, SHARD_WORKFLOW)
    value = actions / scored
    return [Result("actions", value, "actions/event", None, None, f"at most {MOST}", value <= MOST)]


async def actions_of(client: Client, *kinds: str) -> int:
    """The billable actions of all workflows of these types."""
    total = 0
    for kind in kinds:
        async for execution in client.list_workflows(f"WorkflowType = '{kind}'"):
            handle = client.get_workflow_handle(execution.id, run_id=execution.run_id)
            total += await _count(handle.fetch_history_events())
    return total


async def _count(history: AsyncIterator[HistoryEvent]) -> int:
    """The billable actions of one run."""
    actions = 0
    beats: dict[int, float] = {}
    began: dict[int, datetime] = {}
    async for event in history:
        if event.event_type in _BILLED:
            actions += 1
        elif event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED:
            patience = event.activity_task_scheduled_event_attributes.heartbeat_timeout
            # The SDK sends a heartbeat each 80 percent of the timeout at the most.
            beats[event.event_id] = patience.ToTimedelta().total_seconds() * 0.8
        elif event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_STARTED:
            started = event.activity_task_started_event_attributes
            actions += started.attempt
            began[started.scheduled_event_id] = event.event_time.ToDatetime()
        elif event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_COMPLETED:
            scheduled = event.activity_task_completed_event_attributes.scheduled_event_id
            seconds = (event.event_time.ToDatetime() - began[scheduled]).total_seconds()
            if beats[scheduled]:
                actions += 1 + int(seconds / beats[scheduled])
    return actions
