"""The console in a real browser: served here, over a real database, scored when a test says so."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import uvicorn
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import BrowserContext, ConsoleMessage, Page, Request

from console.site import add_console
from runtime.ports import free_port
from tests.api.installation import Installation

_SERIOUS = ("serious", "critical")
_WATCH = """addEventListener('securitypolicyviolation', (event) => {
  console.error('policy: ' + event.violatedDirective + ' ' + event.blockedURI);
});"""


class Site:
    """One installation with its console, and a browser that tells of everything that goes wrong on a page."""

    def __init__(self, installation: Installation, browser: BrowserContext, port: int) -> None:
        self.kindling = installation
        self.browser = browser
        self.base = f"http://127.0.0.1:{port}"
        self.wrong: list[str] = []
        #: Answers that a test asks for on purpose: browsers note every one of 400 and more as an error.
        self.expected: set[int] = set()

    async def page(self) -> Page:
        """A new tab."""
        page = await self.browser.new_page()
        await page.add_init_script(_WATCH)
        page.on("console", self._note_console)
        page.on("pageerror", lambda error: self.wrong.append(f"page error: {error}"))
        page.on("request", self._note_request)
        page.on("dialog", lambda dialog: self.wrong.append(f"dialog: {dialog.message}"))
        return page

    async def open(self, path: str, page: Page | None = None, status: int = 200) -> Page:
        """A page of the console."""
        self.expected.add(status)
        page = page or await self.page()
        answer = await page.goto(self.base + path)
        assert answer is not None
        assert answer.status == status, (path, answer.status)
        return page

    async def check(self, page: Page, only: list[str] | None = None) -> None:
        """The page as it stands is good for everybody: nothing serious, and nothing runs out of it sideways.

        `only`: the rules to look at, instead of all.
        """
        found = await Axe().run(page, options={"runOnly": only} if only else None)
        serious = [
            f"{one['id']}: {node['target']} {node['html'][:200]}"
            for one in found.response["violations"]
            if one["impact"] in _SERIOUS
            for node in one["nodes"]
        ]
        assert not serious, (page.url, serious)
        beyond = await page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert beyond <= 0, (page.url, beyond)

    def close(self) -> None:
        """Raise for whatever went wrong on any page."""
        assert not self.wrong, self.wrong

    def _note_console(self, message: ConsoleMessage) -> None:
        if message.type not in ("error", "warning"):
            return
        if not any(f"status of {status} " in message.text for status in self.expected - {200}):
            self.wrong.append(f"{message.type}: {message.text}")

    def _note_request(self, request: Request) -> None:
        if not request.url.startswith((self.base, "data:", "about:")):
            self.wrong.append(f"foreign request: {request.url}")


@contextlib.asynccontextmanager
async def served(installation: Installation, browser: BrowserContext) -> AsyncIterator[Site]:
    """The console while the block runs; what went wrong on its pages fails the test."""
    add_console(installation.app)
    port = free_port()
    config = uvicorn.Config(
        installation.app,
        port=port,
        lifespan="off",
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    running = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    site = Site(installation, browser, port)
    try:
        yield site
        site.close()
    finally:
        server.should_exit = True
        await running


async def furnish(kindling: Installation) -> None:
    """A few of everything that pages show."""
    put: Any = kindling.client.put
    await kindling.publish()
    await kindling.automate()
    await put("/v1/recipients/sales", json={"name": "Sales", "channels": ["mailto:sales@example.com"]})
    await put(
        "/v1/contacts/ada",
        json={"name": "Ada", "email": "ada@example.com", "owner": "maria", "tags": ["new"]},
    )
    await put("/v1/contacts/ben", json={"stage": "lead", "fields": {"seats": 3}})
    await put(
        "/v1/deals/renewal", json={"contact": "ada", "name": "Renewal", "value": 5000, "currency": "EUR"}
    )
    events = [
        {"type": "email.opened", "contact": "ada", "occurred_at": f"2026-11-{day:02}T09:00:00Z"}
        for day in range(1, 6)
    ]
    await kindling.send(*events, {"type": "email.opened", "contact": "ben", "id": "opened-by-ben"})
    await kindling.client.post(
        "/v1/tasks", json={"contact": "ada", "title": "Call Ada", "due_at": "2026-11-21T09:00:00Z"}
    )
    kindling.score()
