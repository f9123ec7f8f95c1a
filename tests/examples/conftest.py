"""Rehearsals of the examples: the real worker, Temporal server, mail server and store, with a clock to run ahead."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio
from temporalio.testing import WorkflowEnvironment

import worker
from automations.documents import Documents, load_documents
from commands.definition_files import read_files
from conditions.times import SECOND, Micros, micros_of
from runtime.clock import now_micros
from runtime.messages import PublishInput
from runtime.publish_start import start_publish
from runtime.settings import Settings
from runtime.statuses import MessageStatus
from services.application import Application
from services.design.document_kinds import MODELS
from services.design.plan import Plans, check_documents
from services.follow_ups.tasks import TaskFilter
from services.resources import Resources
from tests.workflows.conftest import Town, settings, temporal, town_of
from tests.workflows.mail_server import Mailbox, mail_server

__all__ = ["settings", "temporal"]

FOLDER = Path(__file__).parents[2] / "examples" / "automations"
#: The files that the others build on.
SHARED = ("profiles", "recipients")
SHARDS = 4
#: How far workflows go ahead of the clock. A skip that ends while its workflow is at work may take the next wait along;
#: so none ends before the work is done.
LEAD: Micros = 60 * SECOND
BERLIN = ZoneInfo("Europe/Berlin")
_MICROSECOND = timedelta(microseconds=1)


def read(*names: str) -> Documents:
    """The documents of these files of the folder, read as `kindling apply` reads them."""
    return load_documents([file for name in names for file in read_files(FOLDER / f"{name}.yaml")], MODELS)


class Clock:
    """What time it is for the installation; it begins at noon in Berlin on the next Wednesday, by what is `skipped`."""

    def __init__(self) -> None:
        now = datetime.now(BERLIN)
        day = now.date() + timedelta(days=(1 - now.weekday()) % 7 + 1)
        noon = datetime.combine(day, time(12), BERLIN)
        self.skipped: Micros = (noon - now.astimezone(UTC)) // _MICROSECOND

    def __call__(self) -> Micros:
        return now_micros() + self.skipped


class Rehearsal:
    """An installation in which examples run, used as their callers use it."""

    def __init__(self, town: Town, settings: Settings, clock: Clock, mailbox: Mailbox) -> None:
        self.town = town
        self.clock = clock
        self._mailbox = mailbox
        self._caught_up: dict[str, Micros] = {}
        self._publishes: list[PublishInput] = []
        self._resources = Resources(settings, town.world.database, clock, town.wakes, SHARDS)
        self.application = Application(self._resources, self._publishes.append)

    async def apply(self, *names: str) -> None:
        """Save and publish files of the folder with what they build on, as `kindling apply` does."""
        documents = read(*SHARED, *names)
        assert check_documents(documents) == ([], [])
        Plans(self._resources, self._publishes.append).apply(documents)
        for publish in self._publishes:
            await start_publish(self.town.client, self.town.task_queue, publish)
        self._publishes.clear()
        await self.settled()

    def contact(self, key: str, **values: Any) -> None:
        """Create a contact with an address, or change one."""
        known = self.town.world.query(f"SELECT 1 FROM contacts WHERE key = '{key}'")
        if known:
            self.application.contacts.patch(key, values)
        else:
            self.application.contacts.put(key, {"email": f"{key}@example.com", **values})

    def deal(self, key: str, **values: Any) -> None:
        """Create a deal, or change one."""
        known = self.town.world.query(f"SELECT 1 FROM deals WHERE key = '{key}'")
        (self.application.deals.patch if known else self.application.deals.put)(key, values)

    def send(self, event_type: str, contact: str | None = None, deal: str | None = None, **more: Any) -> None:
        """Take in an event of a contact or a deal; `more` are its properties."""
        record = {"contact": contact} if deal is None else {"deal": deal}
        taken = self.application.events.take([{"type": event_type, "properties": more, **record}])
        assert taken.accepted == 1, taken.rejected

    def now(self) -> datetime:
        """What time it is for the installation."""
        return datetime.fromtimestamp(0, UTC) + self.clock() * _MICROSECOND

    async def settled(self) -> None:
        """Until everything that came in is worked off, and every follow-up that runs waits for something."""
        await self.town.until(self._at_rest)

    def _at_rest(self) -> bool:
        status = self.application.status.read(temporal_up=True)
        return not status.pending_events and not status.publishing and not self._busy()

    def _busy(self) -> list[Any]:
        """Follow-ups that have something to do at this moment."""
        now = self.clock()
        return self.town.world.query(
            "SELECT e.id FROM enrollments e WHERE e.waking > 0 OR e.closing OR (e.status IN ('queued', 'running') "
            "AND NOT EXISTS (SELECT 1 FROM outcomes o WHERE o.enrollment_id = e.id AND o.path = e.step "
            f"AND json_extract(o.result, '$.until') > {now}) "
            "AND NOT EXISTS (SELECT 1 FROM waits w WHERE w.enrollment_id = e.id AND w.path = e.step "
            f"AND w.met_at IS NULL AND coalesce(w.deadline_at > {now}, 1)))"
        )

    async def after(self, duration: str) -> None:
        """Let so much time pass, in the installation and in every follow-up that runs, and happen what it brings."""
        await self.settled()
        self.clock.skipped += micros_of(duration)
        running = self.town.world.query("SELECT id FROM enrollments WHERE status = 'running'")
        await asyncio.gather(*(self._catch_up(enrollment) for (enrollment,) in running))
        self.town.wake()  # a worker's watch does so once a second
        await self.settled()

    async def _catch_up(self, enrollment: str) -> None:
        ahead = self.clock.skipped + LEAD
        behind = ahead - self._caught_up.get(enrollment, 0)
        self._caught_up[enrollment] = ahead
        await self.town.environment.fast_forward(self.town.follow_up(enrollment), behind * _MICROSECOND)

    def follow_ups(self, automation: str, **of: str) -> list[str]:
        """How the follow-ups of an automation stand, the oldest first; `of` a contact or a deal."""
        enrollments = self.application.follow_ups.enrollments(automation=automation, limit=100, **of).items
        return [enrollment.status for enrollment in reversed(enrollments)]

    def goes_on(self, contact: str) -> str:
        """When the follow-up of a contact goes on at the latest, in Berlin: `Thu 09:00`."""
        [(until,)] = self.town.world.query(
            "SELECT coalesce(json_extract(o.result, '$.until'), w.deadline_at) FROM enrollments e "
            "JOIN contacts c ON c.id = e.contact_id "
            "LEFT JOIN outcomes o ON o.enrollment_id = e.id AND o.path = e.step "
            "LEFT JOIN waits w ON w.enrollment_id = e.id AND w.path = e.step "
            f"WHERE c.key = '{contact}' AND e.status = 'running'"
        )
        moment: datetime = datetime.fromtimestamp(0, UTC) + until * _MICROSECOND
        return f"{moment.astimezone(BERLIN):%a %H:%M}"

    def tasks(self, **of: str) -> list[tuple[str, str | None]]:
        """Title and assignee of the tasks, the oldest first; `of` a contact or a deal."""
        tasks = self.application.tasks.find(
            TaskFilter.model_validate(of), sort="created_at", cursor=None, limit=100
        )
        return [(task.title, task.assign_to) for task in tasks.items]

    def mails(self, **of: str) -> list[tuple[str, str]]:
        """Recipient and subject of the messages, the oldest first; those that were sent really have left."""
        notifications = self.application.follow_ups.notifications(limit=100, **of).items
        sent = [message.subject for message in notifications if message.status is MessageStatus.SENT]
        left = [str(mail["Subject"]) for mail in self._mailbox.accepted]
        assert set(sent) <= set(left)
        return [(message.recipient, message.subject) for message in reversed(notifications)]

    def messages(self) -> list[str]:
        """The texts of all messages, the oldest first."""
        notifications = self.application.follow_ups.notifications(limit=100).items
        return [notification.message for notification in reversed(notifications)]

    def addresses(self) -> list[str]:
        """Where mail has gone, in order."""
        return [str(mail["To"]) for mail in self._mailbox.accepted]

    def tags(self, contact: str) -> list[str]:
        return self.application.contacts.get(contact).tags

    def skips(self) -> list[tuple[Any, ...]]:
        """(automation, contact, reason) of the triggers that matched and enrolled nobody."""
        return self.town.world.skips()


@pytest.fixture
def mailbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mailbox]:
    """What a real mail server has taken."""
    with mail_server() as (url, box):
        monkeypatch.setenv("KINDLING_SMTP_URL", url)
        yield box


@pytest_asyncio.fixture(loop_scope="session")
async def rehearsal(
    mailbox: Mailbox,
    temporal: WorkflowEnvironment,
    settings: Settings,
    sqlite_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[Rehearsal]:
    """An installation whose clock goes along with the time that the Temporal server skips."""
    clock = Clock()
    monkeypatch.setattr(worker, "now_micros", clock)
    async with town_of(temporal, settings, sqlite_url) as town:
        yield Rehearsal(town, settings, clock, mailbox)
