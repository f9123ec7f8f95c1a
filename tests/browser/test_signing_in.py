"""Who may see and do what in the console, and that nobody loses what they typed by being signed out."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import BrowserContext, Page, expect

from store.database import Database
from tests.api.installation import Installation
from tests.browser.site import Site, furnish, served

pytestmark = [pytest.mark.slow]
PASSWORD = "correct-horse-battery-9"


@pytest.fixture
async def site(sqlite_url: str, tmp_path: object, browser: BrowserContext) -> AsyncIterator[Site]:
    """An installation with three people."""
    database = Database(sqlite_url, sync="normal")
    installation = Installation(database, str(tmp_path))
    async with served(installation, browser) as opened:
        await furnish(installation)
        opened.expected |= {401, 403, 404, 422}
        page = await opened.open("/settings/people")
        for key, role in (("root", "admin"), ("sam", "sales"), ("vera", "viewer")):
            await _add(opened, page, key, role)
            if key == "root":
                await _sign_in(page, "root")
                await opened.open("/settings/people", page)
        await page.locator("header .who").click()
        await page.locator("header").get_by_role("button", name="Sign out").click()
        await page.close()
        yield opened
    await installation.client.aclose()
    database.close()


async def _add(site: Site, page: Page, key: str, role: str) -> None:
    await page.get_by_text("Add a person").click()
    await page.get_by_label("Key", exact=True).fill(key)
    await page.get_by_label("Name", exact=True).fill(key)
    await page.locator("#role").select_option(role)
    await page.locator("#password").fill(PASSWORD)
    await page.get_by_role("button", name="Add", exact=True).click()


async def _sign_in(page: Page, name: str, password: str = PASSWORD) -> None:
    await page.get_by_label("Name or e-mail").fill(name)
    await page.get_by_label("Password").fill(password)
    await page.get_by_role("button", name="Sign in").click()


async def test_a_link_leads_to_its_page_by_way_of_signing_in(site: Site) -> None:
    page = await site.page()
    await page.goto(f"{site.base}/contacts/ada?tab=fields")
    await expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    await site.check(page)
    await expect(page.get_by_role("navigation")).to_have_count(0)
    await _sign_in(page, "sam", "not the password")
    await expect(page.get_by_role("alert")).to_contain_text("wrong")
    await _sign_in(page, "sam")
    await expect(page.get_by_role("heading", name="Ada")).to_be_visible()
    assert page.url.endswith("/contacts/ada?tab=fields")


async def test_a_session_that_ends_in_mid_edit_loses_nothing(site: Site) -> None:
    page = await site.page()
    await page.goto(f"{site.base}/contacts/ben/edit")
    await _sign_in(page, "sam")
    await page.get_by_label("Name", exact=True).fill("Ben <Benson>")
    await page.get_by_label("Name of a new field").fill("note")
    await page.get_by_label("Value of the new field").fill("likes\ttea & cake")
    await site.browser.clear_cookies()
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("Your session is over.")).to_be_visible()
    await _sign_in(page, "sam")
    await page.get_by_role("button", name="Go on where you were").click()
    await expect(page.get_by_role("status")).to_contain_text("Saved")
    saved = site.kindling.application.contacts.get("ben")
    assert (saved.name, saved.fields["note"]) == ("Ben <Benson>", "likes\ttea & cake")


async def test_who_may_not_sees_no_button_and_gets_no_further_by_address_or_form(site: Site) -> None:
    page = await site.page()
    await page.goto(f"{site.base}/automations/hot")
    await _sign_in(page, "vera")
    await expect(page.get_by_role("button", name="Pause")).to_have_count(0)
    await expect(page.get_by_label("More", exact=True)).to_have_count(0)
    for path in ("/automations/new", "/contacts/ada/adjust", "/settings/people", "/settings/keys"):
        answer = await page.goto(site.base + path)
        assert answer is not None
        assert answer.status == 403, path
        await expect(page.get_by_role("heading", name="This is not allowed")).to_be_visible()
    await page.goto(f"{site.base}/contacts/ada")
    await expect(page.get_by_role("link", name="Adjust score")).to_have_count(0)
    status = await page.evaluate(
        "async () => (await fetch('/automations/hot/archive', {method: 'POST', body: new URLSearchParams({})})).status"
    )
    assert status == 403
    status = await page.evaluate(
        "async () => (await fetch('/contacts/ada/tags', "
        "{method: 'POST', body: new URLSearchParams({add: 'x'})})).status"
    )
    assert status == 403
    assert "x" not in site.kindling.application.contacts.get("ada").tags


async def test_what_people_do_bears_their_name(site: Site) -> None:
    page = await site.page()
    await page.goto(f"{site.base}/contacts/ada/adjust")
    await _sign_in(page, "sam")
    await page.get_by_label("Points", exact=True).fill("2")
    await page.get_by_label("Reason").fill("called")
    await page.get_by_role("button", name="See what it brings about").click()
    await page.get_by_role("button", name="Adjust").click()
    site.kindling.score()
    await page.goto(f"{site.base}/contacts/ada")
    await expect(page.get_by_text("called", exact=False).first).to_contain_text("(sam)")
    await page.locator("header .who").click()
    await page.get_by_role("link", name="Your settings").click()
    await expect(page.get_by_text("change contacts, deals and tasks")).to_be_visible()
