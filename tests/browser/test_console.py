"""Every page of the console in a real browser: in light and dark, narrow and wide, for everybody."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import BrowserContext, expect

from store.database import Database
from tests.api.installation import Installation
from tests.browser.site import Site, furnish, served

pytestmark = [pytest.mark.slow]

WIDTHS = (360, 1024, 1920)
PAGES = (
    "/",
    "/contacts",
    "/contacts?band=warm&sort=score",
    "/contacts?q=nobody-of-this-name",
    "/contacts/ada",
    "/contacts/ada?rule=opened&at=2026-11-04",
    "/contacts/ada?rule=opened",
    "/contacts/ada?tab=fields",
    "/contacts/ada?tab=follow-ups",
    "/contacts/ada?tab=tasks",
    "/contacts/ada/adjust",
    "/contacts/ben/edit",
    "/events/opened-by-ben",
    "/deals",
    "/deals/renewal",
    "/tasks",
    "/tasks?view=overdue",
    "/follow-ups",
    "/messages",
    "/messages?view=webhooks&status=failed",
    "/profiles",
    "/profiles/new",
    "/profiles/engagement",
    "/profiles/engagement?tab=yaml",
    "/profiles/engagement?tab=preview",
    "/profiles/engagement?tab=versions",
    "/profiles/engagement/publish",
    "/automations",
    "/automations/new",
    "/automations/hot",
    "/automations/hot?tab=yaml",
    "/automations/hot?tab=people",
    "/automations/hot?tab=versions",
    "/automations/hot/publish",
    "/settings",
    "/settings/people",
    "/settings/keys",
    "/settings/audit",
    "/me",
)


@pytest.fixture
async def site(sqlite_url: str, tmp_path: object, browser: BrowserContext) -> AsyncIterator[Site]:
    database = Database(sqlite_url, sync="normal")
    installation = Installation(database, str(tmp_path))
    async with served(installation, browser) as opened:
        await furnish(installation)
        yield opened
    await installation.client.aclose()
    database.close()


@pytest.mark.parametrize("path", PAGES)
async def test_a_page_is_good_for_everybody(site: Site, path: str) -> None:
    page = await site.open(path)
    for width in WIDTHS:
        await page.set_viewport_size({"width": width, "height": 900})
        await page.emulate_media(color_scheme="light", reduced_motion="reduce")
        await site.check(page)
        await page.emulate_media(color_scheme="dark", reduced_motion="reduce")
        await site.check(page, only=["color-contrast"])


async def test_an_empty_installation_says_where_to_begin(
    sqlite_url: str, tmp_path: object, browser: BrowserContext
) -> None:
    database = Database(sqlite_url, sync="normal")
    installation = Installation(database, str(tmp_path))
    async with served(installation, browser) as site:
        for path in ("/", "/contacts", "/deals", "/tasks", "/follow-ups", "/profiles", "/automations"):
            page = await site.open(path)
            await site.check(page)
            await page.close()
    await installation.client.aclose()
    database.close()


async def test_the_follow_up_looks_like_the_automation(site: Site) -> None:
    page = await site.open("/follow-ups")
    await page.get_by_role("row", name="hot").get_by_role("link").first.click()
    await expect(page.get_by_role("heading", name="Steps")).to_be_visible()
    await expect(page.get_by_text("notify sales")).to_be_visible()
    await site.check(page)
    await page.get_by_role("button", name="Pause").click()
    await expect(page.get_by_role("status")).to_contain_text("Paused")
    await page.get_by_role("button", name="Resume").click()
    await page.get_by_role("button", name="End").click()
    await expect(page.get_by_role("status")).to_contain_text("Ended")


async def test_points_by_hand_say_first_what_they_bring_about(site: Site) -> None:
    page = await site.open("/contacts/ben")
    await page.get_by_role("link", name="Adjust score").click()
    await page.get_by_label("Points", exact=True).fill("6")
    await page.get_by_label("Reason").fill("met at the fair")
    await page.get_by_role("button", name="See what it brings about").click()
    await expect(page.get_by_text("A follow-up of hot begins.")).to_be_visible()
    await site.check(page)
    await page.get_by_role("button", name="Adjust").click()
    await expect(page.get_by_role("status")).to_contain_text("Taken in")
    site.kindling.score()
    await page.reload()
    await expect(page.locator("#receipt tfoot")).to_contain_text("7")
    await expect(page.get_by_text("met at the fair")).to_be_visible()
    answer = await site.kindling.get("/v1/enrollments", contact="ben")
    assert [one["automation"] for one in answer["items"]] == ["hot"]


async def test_the_slider_shows_another_day_and_the_address_keeps_it(site: Site) -> None:
    page = await site.open("/contacts/ada")
    await expect(page.locator("#receipt tfoot")).to_contain_text("5")
    slider = page.get_by_role("slider")
    await slider.evaluate(
        "(range) => { range.value = -19; range.dispatchEvent(new Event('input', {bubbles: true})); }"
    )
    await expect(page.locator("#receipt tfoot")).to_contain_text("2")
    assert "at=2026-11-03" in page.url
    again = await site.open(page.url.removeprefix(site.base))
    await expect(again.locator("#receipt tfoot")).to_contain_text("2")


async def test_several_contacts_are_counted_before_anything_is_done_to_them(site: Site) -> None:
    page = await site.open("/contacts")
    tag = page.get_by_role("button", name="Tag", exact=True)
    await expect(tag).to_be_disabled()
    await page.get_by_role("checkbox", name="Choose all on this page").check()
    await tag.click()
    await page.get_by_label("Tag").fill("fair")
    await page.get_by_role("button", name="Continue").click()
    await expect(page.get_by_text("2 contacts", exact=True)).to_be_visible()
    await site.check(page)
    await page.get_by_role("button", name="Add a tag").click()
    await expect(page.get_by_role("status")).to_contain_text("It has begun")
    jobs = await site.kindling.get("/v1/bulk")
    assert [(one["action"], one["total"]) for one in jobs["items"]] == [("tag", 2)]


async def test_filters_live_in_the_address_and_are_kept_as_a_smart_list(site: Site) -> None:
    page = await site.open("/contacts")
    await page.get_by_label("Score at least").fill("2")
    await page.get_by_role("button", name="Filter").click()
    assert "score_gte=2" in page.url
    assert "tag=" not in page.url
    await expect(page.get_by_role("link", name="Ada")).to_be_visible()
    await expect(page.get_by_role("link", name="ben")).not_to_be_visible()
    await page.get_by_text("Save as list").click()
    await page.get_by_label("Name of the list").fill("Worth a call")
    await page.get_by_role("button", name="Save the list").click()
    await expect(page.get_by_role("heading", name="Worth a call")).to_be_visible()
    saved = await site.kindling.get("/v1/smart-lists/worth-a-call")
    assert saved["filter"] == {"score_gte": 2}
    assert saved["count"] == 1


async def test_a_task_is_done_put_off_and_given_away(site: Site) -> None:
    page = await site.open("/tasks?view=overdue")
    await page.get_by_label("More for Call Ada").click()
    await page.get_by_label("Give to").fill("ben")
    await page.get_by_role("button", name="Give away").click()
    await expect(page.get_by_role("status")).to_contain_text("Given away")
    await page.get_by_role("button", name="Done").click()
    await expect(page.get_by_text("Nothing to do here.")).to_be_visible()
    [task] = (await site.kindling.get("/v1/tasks", contact="ada"))["items"]
    assert (task["status"], task["assign_to"]) == ("done", "ben")


async def test_what_was_typed_survives_mistakes_and_other_people(site: Site) -> None:
    page = await site.open("/automations/hot?tab=yaml")
    editor = page.get_by_label("The definition as YAML")
    before = await editor.input_value()
    await editor.fill(before.replace("greater_or_equal: 5", "greater_or_eqal: 5"))
    site.expected.add(422)
    await page.get_by_role("button", name="Save the draft").click()
    await expect(page.get_by_role("alert")).to_contain_text("Line ")
    assert "greater_or_eqal" in await editor.input_value()
    await site.check(page)
    await editor.fill(before.replace("greater_or_equal: 5", "greater_or_equal: 4"))
    other = {
        "trigger": {"profile": "engagement", "filters": {"score": {"greater_or_equal": 9}}},
        "steps": [{"add_tag": "x"}],
    }
    await site.kindling.client.put("/v1/automations/hot", json=other)
    await page.get_by_role("button", name="Save the draft").click()
    await expect(page.get_by_role("alert")).to_contain_text("Somebody else has saved this")
    await expect(page.get_by_role("alert")).to_contain_text("greater_or_equal: 9")
    assert "greater_or_equal: 4" in await editor.input_value()
    await page.get_by_role("button", name="Save the draft").click()
    await expect(page.get_by_role("status")).to_contain_text("The draft is saved")
    saved = await site.kindling.get("/v1/automations/hot")
    assert saved["trigger"]["filters"] == {"score": {"greater_or_equal": 4}}
    assert saved["unpublished_changes"]


async def test_a_profile_and_an_automation_are_made_and_published_by_clicking(site: Site) -> None:
    page = await site.open("/profiles")
    await page.get_by_role("link", name="New profile").click()
    editor = page.get_by_label("The definition as YAML")
    await editor.fill((await editor.input_value()).replace("key: engagement", "key: interest", 1))
    await page.get_by_role("button", name="Save the draft").click()
    await page.get_by_role("link", name="Publish").click()
    await page.get_by_role("button", name="Publish v1").click()
    await expect(page.get_by_role("status")).to_contain_text("Published")
    site.kindling.score()
    await page.get_by_role("link", name="Automations").click()
    await page.get_by_role("link", name="New automation").click()
    await editor.fill((await editor.input_value()).replace("profile: engagement", "profile: interest"))
    await page.get_by_role("button", name="Save the draft").click()
    await expect(page.get_by_text("When interest changes and score is at least 50")).to_be_visible()
    await page.get_by_role("link", name="Publish").click()
    await page.get_by_role("button", name="Publish v1").click()
    await expect(page.get_by_text("published v1")).to_be_visible()
    await page.get_by_role("button", name="Pause").click()
    assert (await site.kindling.get("/v1/automations/hot-lead"))["status"] == "paused"


HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "\u202egnp.exe",
    "{{ 7 * 7 }} {% raw %}",
    "x" * 500,
    "👩‍🚀 Åsa",
)


async def test_whatever_is_in_data_is_shown_as_text(site: Site) -> None:
    for number, text in enumerate(HOSTILE):
        body = {
            "name": text,
            "stage": text,
            "owner": text,
            "tags": [text[:100]],
            "fields": {"note": text * 20},
        }
        answer = await site.kindling.client.put(f"/v1/contacts/hostile-{number}", json=body)
        assert answer.status_code == 201, answer.text
        await site.kindling.send(
            {"type": "email.opened", "contact": f"hostile-{number}", "properties": {"note": text}}
        )
        await site.kindling.client.post("/v1/tasks", json={"contact": f"hostile-{number}", "title": text})
    site.kindling.score()
    page = await site.page()
    for path in (
        "/contacts",
        "/tasks",
        "/",
        *(f"/contacts/hostile-{n}?tab=fields" for n in range(len(HOSTILE))),
    ):
        await site.open(path, page)
        for width in (360, 1024):
            await page.set_viewport_size({"width": width, "height": 900})
            assert await page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, path
    for number, text in enumerate(HOSTILE):
        await site.open(f"/contacts/hostile-{number}", page)
        assert await page.get_by_role("heading", level=1).text_content() == text
        await site.open(f"/contacts/hostile-{number}/edit", page)
        assert await page.get_by_label("Name", exact=True).input_value() == text


async def test_pages_work_with_the_keyboard_alone(site: Site) -> None:
    page = await site.open("/contacts")
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    await page.keyboard.press("/")
    await page.keyboard.type("ada")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Ada")).to_be_visible()
    await page.get_by_text("Enroll", exact=True).focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_label("In which automation")).to_be_visible()
    await page.keyboard.press("Tab")
    await page.keyboard.press("Escape")
    await expect(page.get_by_label("In which automation")).not_to_be_visible()


async def test_language_and_look_are_chosen_and_kept(site: Site) -> None:
    page = await site.open("/contacts")
    await page.get_by_label("Language and look").click()
    await page.get_by_role("button", name="Deutsch").click()
    await expect(page.get_by_role("heading", name="Kontakte")).to_be_visible()
    await page.get_by_label("Sprache und Aussehen").click()
    await page.get_by_role("button", name="Dunkel").click()
    assert await page.evaluate("document.documentElement.dataset.theme") == "dark"
    assert await page.evaluate("document.documentElement.lang") == "de"
    await site.check(page)
