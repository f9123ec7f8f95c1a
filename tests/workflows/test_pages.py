"""A follow-up's page in the Temporal UI tells the truth about why it is there and what was done, and where to go on."""

import re
from pathlib import Path
from typing import Any

import pytest

from runtime.registry import KINDLING_OUTCOME, follow_up_workflow_id
from runtime.settings import Settings
from services.application import Application
from services.follow_ups.repairs import Repairs
from services.resources import Resources
from store.follow_ups import enrollments
from tests.workflows.conftest import Town

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.stack]
HOT = {"profile": "p", "filters": {"score": {"greater_or_equal": 5}}, "fires": "on_entry"}
LATER = {"adjust_score": {"profile": "later", "points": 3}}


@pytest.fixture
def application(town: Town, settings: Settings, tmp_path: Path) -> Application:
    resources = Resources(settings, town.world.database, lambda: town.world.now, town.wakes, 4)
    return Application(resources, lambda publish: None)


def defined(town: Town, *steps: dict[str, Any], points: int = 3) -> None:
    """Ada has some points, and the automation is published after she got them."""
    town.world.publish({"on": "e", "points": points})
    town.world.send()
    town.world.score()
    town.world.automate(HOT, "hot", steps=list(steps))


async def page(town: Town, enrollment: str, attempt: int = 1) -> tuple[str, str]:
    """The summary and the details with which the workflow was started."""
    description = await town.follow_up(enrollment, attempt).describe()
    return str(await description.static_summary()), str(await description.static_details())


def why(details: str) -> str:
    found = re.search(r"^- Why: (.*)$", details, re.MULTILINE)
    assert found, details
    return found[1]


async def test_who_was_named_by_hand_was_not_asked_for_filters(town: Town, application: Application) -> None:
    defined(town, {"wait": "30d"})
    application.enroll_by_hand.enroll("hot", {"contacts": ["ada"], "author": "Grace Hopper"})
    town.wake()
    [enrollment] = await town.enrolled()
    await town.until(lambda: town.status() == ["running"])
    summary, details = await page(town, enrollment)
    assert summary == "hot v1: by hand, p 3"
    assert why(details) == "by hand, p 3; the trigger's filters were not asked"
    assert "Fires:" not in details
    assert "Grace" not in details
    assert (
        f"`kindling show {enrollment}` tells what came of each step, and by whom it was enrolled" in details
    )
    shown = application.follow_ups.enrollment(enrollment)
    assert (shown.author, shown.chosen) == ("Grace Hopper", "named")


async def test_who_matched_when_it_was_enrolled_by_hand_did_match(
    town: Town, application: Application
) -> None:
    defined(town, {"wait": "30d"}, points=7)
    application.enroll_by_hand.enroll("hot", {"matching": True})
    town.wake()
    [enrollment] = await town.enrolled()
    await town.until(lambda: town.status() == ["running"])
    assert why((await page(town, enrollment))[1]) == (
        "by hand, p 7, as one of all who matched, and score is at least 5"
    )


async def test_what_a_step_started_names_the_follow_up_that_did(town: Town, application: Application) -> None:
    town.world.publish({"on": "e", "points": 7})
    town.world.automate(
        {"profile": "p", "filters": {"score": {"less": 0}}}, "second", steps=[{"wait": "30d"}]
    )
    town.world.automate(HOT, "hot", steps=[{"start": "second"}])
    town.world.send()
    town.wake()
    first, second = await town.enrolled(2)
    await town.until(lambda: town.status() == ["completed", "running"])
    summary, details = await page(town, second)
    assert summary == "second v1: started by another follow-up, p 7"
    assert why(details).endswith("the trigger's filters were not asked")
    assert f"- Started by: enrollment `{first}`" in details
    assert application.follow_ups.enrollment(second).started_by == first
    assert application.follow_ups.enrollment(first).started_by is None


async def test_the_page_leads_to_the_contact_and_the_contact_to_the_page(
    town: Town, application: Application
) -> None:
    defined(town, {"wait": "30d"})
    application.enroll_by_hand.enroll("hot", {"contacts": ["ada"]})
    town.wake()
    [enrollment] = await town.enrolled()
    await town.until(lambda: town.status() == ["running"])
    _, details = await page(town, enrollment)
    shown = re.search(r"`kindling show (\d+)` tells whose it is", details)
    assert shown, details
    found = application.finding.find(shown[1]).items[0].contact
    assert found is not None
    assert found.key == "ada"
    [listed] = application.follow_ups.enrollments(contact="ada", cursor=None, limit=5).items
    assert (listed.workflow_url or "").endswith(follow_up_workflow_id("hot", enrollment))


async def test_a_second_attempt_marks_what_the_first_one_did(town: Town, application: Application) -> None:
    defined(town, {"create_task": {"title": "once"}}, {"wait": "90s"}, LATER, {"add_tag": "done"}, points=7)
    application.enroll_by_hand.enroll("hot", {"contacts": ["ada"]})
    town.wake()
    [enrollment] = await town.enrolled()
    await town.until(lambda: town.outcomes() == ["0", "1"])
    application.repairs.skip(enrollment)
    await town.until(lambda: town.status() == ["failed"])
    details = await town.details(enrollment)
    assert details.startswith("Failed: step 3 (add 3 points to later) failed")
    assert f"`kindling retry {enrollment}` tries again from here" in details
    town.world.publish({"on": "x", "points": 1}, key="later")
    application.repairs.retry(enrollment)
    await town.until(lambda: town.status() == ["completed"])
    summary, started = await page(town, enrollment, 2)
    assert summary == "hot v1: by hand, p 7 (attempt 2)"
    assert f"The attempt before: `{follow_up_workflow_id('hot', enrollment)}`" in started
    assert await town.log(enrollment, 2) == [
        "- before, in attempt 1: create task",
        "- skipped: wait 90 seconds",
        "- add 3 points to later",
        "- add tag done",
    ]


async def test_an_attempt_that_another_has_taken_over_ends_as_retried(
    town: Town, application: Application
) -> None:
    """As where Temporal was thought to have lost it, and had not."""
    defined(town, {"wait": "30d"}, {"add_tag": "done"}, points=7)
    application.enroll_by_hand.enroll("hot", {"contacts": ["ada"]})
    town.wake()
    [enrollment] = await town.enrolled()
    await town.until(lambda: town.outcomes() == ["0"] and town.status() == ["running"])
    first = town.follow_up(enrollment)
    town.world.database.run(lambda connection: enrollments.start_again(connection, first.id))
    town.wake()
    await town.until(lambda: town.status() == ["running"])
    await first.signal("wake")
    result = await first.result()
    assert (result["outcome"], result["reason"]) == ("retried", "attempt 2 has taken over")
    attributes = (await first.describe()).typed_search_attributes
    assert attributes.get(KINDLING_OUTCOME) == "retried"
    assert town.status() == ["running"]


async def test_a_message_that_is_skipped_is_among_what_was_skipped(
    town: Town, application: Application
) -> None:
    defined(town, {"wait": "30d"}, {"webhook": {"url": "http://127.0.0.1:9/x"}}, points=7)
    application.enroll_by_hand.enroll("hot", {"contacts": ["ada"]})
    town.wake()
    [enrollment] = await town.enrolled()
    await town.until(lambda: town.outcomes() == ["0"])
    application.repairs.skip(enrollment)
    await town.until(lambda: town.status() == ["failed"])
    Repairs(application.resources).skip(enrollment)
    await town.until(lambda: town.status() == ["completed"])
    shown = application.follow_ups.enrollment(enrollment)
    assert [step.place for step in shown.skipped] == ["1", "2"]
    assert [step.result for step in shown.steps] == ["skipped", "skipped"]
