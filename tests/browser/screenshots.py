"""Pictures of the main pages, light and dark, for README and docs: `make screenshots`.

The data is that of the demo: KINDLING_HOME names its folder, by default `.kindling/demo`.
"""

import asyncio
import sys
from pathlib import Path

from playwright.async_api import async_playwright

from commands.session import prepare_database
from reference.pages import ROOT
from runtime.embedded import Stack
from runtime.ports import free_port
from runtime.settings import load_settings
from tests.browser.conftest import CHROMIUM, FLAGS

FOLDER = ROOT / "docs" / "images"
PAGES = {
    "console-overview": "/",
    "console-contacts": "/contacts?profile=purchases&score_lte=210",
    "console-contact": "/contacts/customer-0157",
    "console-automation": "/automations/hot-customer",
    "console-tasks": "/tasks",
}
WIDTH, HEIGHT = 1280, 800


async def main() -> None:
    """Start everything on the demo's data, and take the pictures."""
    home = load_settings().home
    home = home if (home / "kindling.db").exists() else home / "demo"
    if not (home / "kindling.db").exists():
        sys.exit(f"There is no data in {home}: run make demo first")
    if CHROMIUM is None:
        sys.exit("This needs Chromium: apt-get install --no-install-recommends chromium")
    ports = {"KINDLING_PORT": str(free_port()), "KINDLING_TEMPORAL_PORT": str(free_port())}
    settings = load_settings({"KINDLING_HOME": str(home), **ports}, environ={})
    async with Stack(settings, prepare_database, report=print), async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        for scheme in ("light", "dark"):
            page = await browser.new_page(
                color_scheme=scheme,
                locale="en-GB",
                viewport={"width": WIDTH, "height": HEIGHT},
            )
            for name, path in PAGES.items():
                await page.goto(f"{settings.base_url}{path}")
                await page.screenshot(path=Path(FOLDER) / f"{name}-{scheme}.png")
        await browser.close()


if __name__ == "__main__":
    asyncio.run(main())
