"""A real browser: Debian's Chromium, driven by Playwright."""

import shutil
import tempfile
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import BrowserContext, async_playwright

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
FLAGS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    # Names of pages that are not there lead to this machine, as an attacker's own name server would make them.
    "--host-resolver-rules=MAP evil.example 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE 127.*, EXCLUDE localhost",
]


@pytest.fixture
async def browser() -> AsyncIterator[BrowserContext]:
    """A browser with an empty profile."""
    if CHROMIUM is None:
        pytest.skip("needs Chromium: apt-get install --no-install-recommends chromium")
    async with async_playwright() as playwright:
        with tempfile.TemporaryDirectory(prefix="kindling-browser-") as profile:
            context = await playwright.chromium.launch_persistent_context(
                profile, executable_path=CHROMIUM, headless=True, args=FLAGS
            )
            yield context
            await context.close()
