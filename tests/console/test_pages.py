"""What the console is beside its pages: files, headers, forgery, errors, languages."""

import re
from collections.abc import AsyncIterator
from html.parser import HTMLParser
from pathlib import Path

import httpx2
import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from console.language import LANGUAGES, PSEUDO, choose
from console.pages import POLICY, own_address
from console.site import add_console
from reference.pages import ROOT
from store.database import Database
from tests.api.installation import BASE, Installation
from tests.browser.site import furnish

OWN = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture
async def kindling(sqlite_url: str, tmp_path: Path) -> AsyncIterator[Installation]:
    database = Database(sqlite_url, sync="normal")
    installation = Installation(database, str(tmp_path))
    add_console(installation.app)
    async with installation.client:
        await furnish(installation)
        yield installation
    database.close()


async def test_a_page_lets_nothing_in_from_elsewhere(kindling: Installation) -> None:
    answer = await kindling.client.get("/contacts")
    assert answer.headers["content-security-policy"] == POLICY
    assert answer.headers["cache-control"] == "no-store"
    assert not re.search(
        r"<script(?![^>]* src=)|\sstyle=|\son[a-z]+=|javascript:|https?://(?!www\.w3\.org)", answer.text
    )


async def test_files_are_named_by_content_and_kept_for_good(kindling: Installation) -> None:
    page = (await kindling.client.get("/contacts")).text
    addresses = set(re.findall(r'"(/assets/[^"#]+)', page))
    assert {Path(address).suffix for address in addresses} == {".css", ".js", ".svg"}
    for address in addresses:
        answer = await kindling.client.get(address)
        assert answer.status_code == 200
        assert "immutable" in answer.headers["cache-control"]
    assert (await kindling.client.get("/assets/console-000000000000.css")).status_code == 404


async def test_the_sprite_has_every_icon_that_a_page_uses(kindling: Installation) -> None:
    for path in ("/", "/contacts/ada", "/follow-ups", "/automations/hot", "/tasks"):
        page = (await kindling.client.get(path)).text
        for address, name in set(re.findall(r'href="(/assets/icons[^"#]+)#([^"]+)"', page)):
            assert f'id="{name}"' in (await kindling.client.get(address)).text, name


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "none"}, 403),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "http://127.0.0.1:8001"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": BASE}, 303),
        ({"Sec-Fetch-Site": "same-origin"}, 303),
    ],
)
async def test_a_form_comes_from_a_page_of_this_very_console(
    kindling: Installation, headers: dict[str, str], status: int
) -> None:
    answer = await kindling.client.post("/contacts/ada/tags", data={"add": "forged"}, headers=headers)
    assert answer.status_code == status
    tags = (await kindling.get("/v1/contacts/ada"))["tags"]
    assert ("forged" in tags) is (status == 303)


async def test_errors_are_pages_for_people_and_problems_for_programs(kindling: Installation) -> None:
    page = await kindling.client.get("/contacts/nobody")
    assert page.status_code == 404
    assert page.headers["content-type"].startswith("text/html")
    assert "there is no contact &#34;nobody&#34;" in page.text
    answer = await kindling.client.get("/v1/contacts/nobody")
    assert answer.headers["content-type"] == "application/problem+json"
    assert (await kindling.client.get("/no/such/page")).status_code == 404
    wrong = await kindling.client.get("/contacts", params={"bnd": "hot"})
    assert wrong.status_code == 422
    assert "bnd" in wrong.text


async def test_fields_that_were_left_empty_do_not_stay_in_the_address(kindling: Installation) -> None:
    answer = await kindling.client.get("/contacts?q=&band=warm&tag=+")
    assert (answer.status_code, answer.headers["location"]) == (303, "/contacts?band=warm")


async def test_null_bytes_are_refused(kindling: Installation) -> None:
    answer = await kindling.client.post(
        "/contacts/ada/edit", data={"name": "a\x00b", "tag": "x"}, headers=OWN
    )
    assert answer.status_code == 422
    assert (await kindling.get("/v1/contacts/ada"))["name"] == "Ada"


@pytest.mark.parametrize("address", ["//evil.example", "/\\evil.example", "https://evil.example", "x", ""])
def test_a_form_leads_to_no_other_site(address: str) -> None:
    assert own_address(address) == "/"


@pytest.mark.parametrize(
    ("chosen", "accepted", "language"),
    [
        (None, "", "en"),
        (None, "de-AT,de;q=0.9,en;q=0.5", "de"),
        (None, "fr,es;q=0.7,en;q=0.8", "en"),
        (None, "es-MX", "es"),
        ("de", "es", "de"),
        ("xx", "es", "es"),
        (None, ";q=,,*;q=x", "en"),
    ],
)
def test_the_language_is_the_readers(chosen: str | None, accepted: str, language: str) -> None:
    assert choose(chosen, accepted) == language


def _texts() -> set[str | tuple[str, str]]:
    """Every text of ours in code and templates."""
    methods = [("**.py", "python"), ("**.html", "jinja2")]
    options = {"**.html": {"extensions": "jinja2.ext.i18n,jinja2.ext.do", "newstyle_gettext": "true"}}
    found = extract_from_dir(str(ROOT / "console"), method_map=methods, options_map=options)
    return {
        message if isinstance(message, str) else (message[0], message[1]) for _, _, message, _, _ in found
    }


def _placeholders(text: str) -> list[str]:
    return sorted(set(re.findall(r"%\(\w+\)s|%s|%%", text)))


@pytest.mark.parametrize("language", [language for language in LANGUAGES if language != "en"])
def test_every_text_is_translated_and_none_is_left_over(language: str) -> None:
    with (ROOT / "console" / "locale" / f"{language}.po").open("rb") as file:
        catalog = read_po(file)
    known = {
        (message.id if isinstance(message.id, str) else (message.id[0], message.id[1])): message.string
        for message in catalog
        if message.id
    }
    texts = _texts()
    assert known.keys() - texts == set()
    assert texts - known.keys() == set()
    for original, translated in known.items():
        originals = [original] if isinstance(original, str) else list(original)
        for text in [translated] if isinstance(translated, str) else list(translated or ()):
            assert text, original
            assert isinstance(text, str)
            assert _placeholders(text) == _placeholders(originals[-1]), (original, text)


class _Visible(HTMLParser):
    """What people see or hear of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._silent += tag in ("style", "script", "code", "pre", "textarea", "time", "datalist")
        spoken = ("aria-label", "placeholder", "alt")
        self.texts += [value or "" for name, value in attrs if name in spoken]

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in ("style", "script", "code", "pre", "textarea", "time", "datalist")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.texts.append(data)


#: What is no text of ours: data of the test, names, and what definitions and use cases say themselves.
_DATA = re.compile(
    r"(Kindling|English|Deutsch|Español|YAML|Temporal|SQLite|UTC|Id|EUR|v?\d+|/[\w/.-]+|"
    r"ada|Ada|ben|maria|local|sales|Sales|Renewal|renewal|Call Ada|opened-by-ben|[a-z]+@example\.com|mailto:\S+|"
    r"hot|cold|warm|engagement|Engagement|new|lead|opened|demo|left|seats|notify sales|add tag hot|score is at least 5|"
    r"(email|stage|contact|deal|tag|task|field)\.[a-z]+|title|field|owner|email|name|to|from|due_at|assign_to|stage|"
    r"Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sept?|Oct|Nov|Dec|and|key|tag|value|currency|status|automation|admin|viewer|designer|operator|profile|contact|deal|then|else)"
)


PAGES = (
    *(
        "/",
        "/contacts",
        "/contacts/ada",
        "/contacts/ada?tab=fields",
        "/contacts/ada/adjust",
        "/contacts/ben/edit",
    ),
    *(
        "/deals/renewal",
        "/tasks",
        "/messages",
        "/follow-ups",
        "/profiles",
        "/profiles/engagement",
        "/profiles/engagement/publish",
    ),
    *("/automations", "/automations/hot", "/automations/hot/publish", "/settings", "/settings/people"),
    *("/settings/keys", "/me", "/sign-in", "/nothing/here"),
)


@pytest.mark.parametrize("path", PAGES)
async def test_no_page_has_a_text_that_cannot_be_translated(kindling: Installation, path: str) -> None:
    chosen = await kindling.client.post("/preferences", data={"theme": "dark"}, headers=OWN)
    cookie = chosen.headers["set-cookie"].split(";")[0].partition("=")[0]
    answer = await kindling.client.get(path, headers={"Cookie": f"{cookie}=language:{PSEUDO}"})
    seen = _Visible()
    seen.feed(answer.text)
    left = []
    for text in seen.texts:
        bare = text
        while "⟦" in bare:
            bare = re.sub(r"⟦[^⟦⟧]*⟧", " ", bare)
        split = (word.strip(".:") for word in re.split(r"[^\w./:@-]+", bare))
        words = [word for word in split if re.search(r"[^\W\d_]{2}", word)]
        if (
            words
            and not all(_DATA.fullmatch(word) for word in words)
            and not _DATA.fullmatch(" ".join(words))
        ):
            left.append(text.strip())
    assert not left, left


async def test_the_console_needs_no_script(kindling: Installation) -> None:
    """Everything is a link or a form of its own: what a browser without script can send."""
    answer: httpx2.Response = await kindling.client.post(
        "/contacts/ada/adjust",
        data={
            "profile": "engagement",
            "way": "points",
            "points": "1",
            "reason": "called",
            "confirmed": "yes",
        },
        headers=OWN,
    )
    assert answer.status_code == 303
    kindling.score()
    assert (await kindling.get("/v1/contacts/ada/scores/engagement"))["score"] == 6


async def test_the_first_person_is_one_who_can_let_others_in(kindling: Installation) -> None:
    """Otherwise nobody could, but on the command line."""
    person = {"key": "ada", "name": "Ada", "role": "viewer"}
    for lacking in (person, person | {"role": "admin"}, person | {"password": "tiger-lamp-42-orbit"}):
        answer = await kindling.client.post("/settings/people", data=lacking, headers=OWN)
        assert answer.status_code == 422
        assert "The first person is an administrator with a password" in answer.text
    assert (await kindling.client.get("/v1/people")).json()["items"] == []
    whole = person | {"role": "admin", "password": "tiger-lamp-42-orbit"}
    assert (await kindling.client.post("/settings/people", data=whole, headers=OWN)).status_code == 303
