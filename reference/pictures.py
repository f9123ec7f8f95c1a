"""`python -m reference.pictures`: take the pictures of follow-ups in the Temporal UI anew. Needs Chromium."""

import asyncio
import shutil
import sys
import tempfile
from pathlib import Path

from playwright.async_api import BrowserContext, Page, async_playwright

from bench.installation import Installation
from conditions.times import SECOND
from runtime.clock import now_micros
from runtime.registry import follow_up_workflow_id
from runtime.temporal import workflow_url
from store.intake.arriving import NewEvent

IMAGES = Path(__file__).parent.parent / "docs" / "images"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
_FLAGS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.*, EXCLUDE localhost",
)
#: Words of ours on each page. Temporal's UI draws them when it has them.
SHOWN = {
    "follow-up-single": "Enrolled:",
    "follow-up-cohort": "began together",
    "follow-up-failed": "Enrolled:",
}
#: So many begin together, in all shards, of whom one fails.
COHORT = 80
_STEPS = [
    {"notify": {"to": "sales", "subject": "{{ contact.label }} is hot", "message": "Call today"}},
    {"create_task": {"title": "Call {{ contact.label }}", "assign_to": "owner", "due_in": "1d"}},
    {"add_tag": "hot"},
    {"wait": "3d"},
    {"if": {"score": {"less": 20}}, "then": [{"remove_tag": "hot"}]},
]
_TRIAL = [
    {"create_task": {"title": "Say hello to {{ contact.label }}", "due_in": "2d"}},
    {
        "if": {"event.plan": {"equal": "free"}},
        "then": [{"adjust_score": {"profile": "loyalty", "points": 5}}],
    },
    {"add_tag": "trial"},
    {"wait": "14d"},
    {"notify": {"to": "owner", "message": "The trial of {{ contact.label }} ends today"}},
]
AUTOMATIONS = [
    {
        "kind": "automation",
        "key": "hot-lead",
        "name": "Hot lead",
        "trigger": {
            "profile": "engagement",
            "filters": {"score": {"greater_or_equal": 10}},
            "fires": "on_entry",
        },
        "steps": _STEPS,
    },
    {
        "kind": "automation",
        "key": "trial",
        "name": "Trial begins",
        "trigger": {"event": "trial.started"},
        "steps": _TRIAL,
    },
]


async def main() -> None:
    """Have follow-ups carried out in an installation of its own, and take the pictures."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        sys.exit(
            "python -m reference.pictures needs Chromium: apt-get install --no-install-recommends chromium"
        )
    async with Installation(AUTOMATIONS) as kindling:
        await kindling.start_temporal()
        await kindling.start_worker()
        await kindling.start_api()
        kindling.take([NewEvent("booked", "appointment.booked", "ada", now_micros() - SECOND, "{}")])
        kindling.take(
            NewEvent(f"trial-{number}", "trial.started", f"trial-{number}", now_micros(), _plan(number))
            for number in range(COHORT)
        )
        kindling.wake()
        waiting = "SELECT count(*) FROM enrollments WHERE step = '3'"
        await kindling.until(lambda: kindling.observer.number(waiting) >= COHORT, "follow-ups that wait")
        await asyncio.sleep(3)  # Temporal lists what has happened a moment later
        observer = kindling.observer
        single = observer.text(
            "SELECT workflow_id FROM enrollments WHERE step = '3' AND workflow_id NOT LIKE '%cohort%'"
        )
        many = observer.text("SELECT workflow_id FROM enrollments WHERE workflow_id LIKE '%cohort%'")
        failed = observer.text("SELECT id FROM enrollments WHERE status = 'failed'")
        pages = {
            "follow-up-single": single,
            "follow-up-cohort": many,
            "follow-up-failed": follow_up_workflow_id("trial", failed),
        }
        with tempfile.TemporaryDirectory(prefix="kindling-pictures-") as profile:
            async with async_playwright() as playwright:
                context = await playwright.chromium.launch_persistent_context(
                    profile,
                    executable_path=browser,
                    headless=True,
                    args=_FLAGS,
                    viewport={"width": 1400, "height": 900},
                )
                for name, workflow_id in pages.items():
                    await _take(
                        context, workflow_url(kindling.settings, workflow_id) or "", IMAGES / f"{name}.png"
                    )
                await context.close()


def _plan(number: int) -> str:
    return '{"plan": "free"}' if number == 0 else '{"plan": "team"}'


async def _take(context: BrowserContext, url: str, file: Path) -> None:
    page: Page = await context.new_page()
    await page.goto(url, wait_until="load")
    await page.get_by_role("tab", name="User Metadata").or_(page.get_by_text("User Metadata")).first.click()
    async with asyncio.timeout(90):  # markdown is drawn in frames of its own
        while not [frame for frame in page.frames if await frame.get_by_text(SHOWN[file.stem]).count()]:
            await page.wait_for_timeout(200)
    await page.wait_for_timeout(3_000)  # what runs is asked how it stands after that
    await page.screenshot(path=str(file))
    await page.close()
    sys.stdout.write(f"{file.name}\n")


if __name__ == "__main__":
    asyncio.run(main())
