"""What a page of somebody else can do to an installation on this machine: nothing. And what a link of ours can."""

import asyncio
import http.client
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import httpx2
import psutil
import pytest
from playwright.async_api import BrowserContext, Error, Page
from playwright.async_api import TimeoutError as PlaywrightTimeout
from temporalio.client import Client, WorkflowExecutionStatus

from commands.session import prepare_database
from runtime.embedded import Stack
from runtime.ports import free_port
from runtime.settings import Settings, load_settings
from runtime.temporal import connect, workflow_url
from runtime.temporal_server import UNREACHABLE, ui_address

pytestmark = [pytest.mark.stack, pytest.mark.slow]

WORKFLOW = "follow-up-of-nobody"
KEY = "sesame"
DRAFT = {
    "kind": "score_profile",
    "key": "draft",
    "name": "Draft",
    "applies_to": "contact",
    "rules": [{"key": "opened", "on": "email.opened", "points": 1}],
}
FORM = """url => {
  const form = document.createElement('form');
  form.method = 'post';
  form.action = url;
  document.body.append(form);
  form.submit();
}"""
WORKER = (sys.executable, "-m", "tests.runtime.stand_ins.worker")


@pytest.fixture
async def stack(tmp_path: Any, request: pytest.FixtureRequest) -> AsyncIterator[Settings]:
    """Temporal and the API, with a workflow that waits. A parameter is the API's key."""
    settings = load_settings(
        {
            "KINDLING_HOME": str(tmp_path / "home"),
            "KINDLING_PORT": str(free_port()),
            "KINDLING_TEMPORAL_PORT": str(free_port()),
            "KINDLING_API_KEY": getattr(request, "param", ""),
        },
        environ={},
    )
    async with Stack(settings, prepare_database, report=print, worker=WORKER):
        client = await connect(settings)
        await client.start_workflow("Anything", id=WORKFLOW, task_queue="nobody")
        yield settings


async def runs(settings: Settings) -> bool:
    client: Client = await connect(settings)
    described = await client.get_workflow_handle(WORKFLOW).describe()
    return described.status is WorkflowExecutionStatus.RUNNING


def listening(settings: Settings) -> list[tuple[str, int]]:
    """Where the processes of the stack listen."""
    temporal = next(
        process
        for process in psutil.process_iter(["cmdline"])
        if str(settings.home) in " ".join(process.info["cmdline"] or [])
    )
    links = temporal.net_connections(kind="tcp")
    places = [(link.laddr.ip, link.laddr.port) for link in links if link.status == psutil.CONN_LISTEN]
    return [*places, ("127.0.0.1", settings.port)]


def ask(
    address: tuple[str, int], method: str, path: str, host: str, **headers: str
) -> tuple[int, bytes] | None:
    """Status and body, or None where nobody speaks HTTP."""
    connection = http.client.HTTPConnection(*address, timeout=5)
    try:
        connection.putrequest(method, path, skip_host=True)
        for name, value in {
            "Host": host,
            "Content-Length": "2",
            "Content-Type": "text/plain",
            **headers,
        }.items():
            connection.putheader(name, value)
        connection.endheaders(b"{}")
        answer = connection.getresponse()
        return answer.status, answer.read()
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


async def test_no_request_of_another_page_reaches_temporal_or_the_api(stack: Settings) -> None:
    """Hand-made requests as a browser makes them: of a foreign page, and of one whose name leads here."""
    terminate = f"/api/v1/namespaces/default/workflows/{WORKFLOW}/terminate"
    listed = "/api/v1/namespaces/default/workflows"
    places = listening(stack)
    assert len(places) >= 3
    hidden = ui_address(stack)
    assert hidden is not None
    for address in places:
        if f"http://{address[0]}:{address[1]}" == hidden:
            assert address[0] != "127.0.0.1" or sys.platform != "linux"
            continue  # a page would have to guess this address
        for prefix in ("", "/temporal"):
            for method, path in (("POST", terminate), ("GET", listed)):
                for host, page in (
                    (f"evil.example:{address[1]}", "same-origin"),  # DNS rebinding
                    (f"127.0.0.1:{address[1]}", "cross-site"),
                    (f"localhost:{address[1]}", "same-site"),
                ):
                    origin = "http://evil.example" if page != "same-site" else "http://localhost:5173"
                    told = {"Origin": origin, "Sec-Fetch-Site": page, "Sec-Fetch-Mode": "cors"}
                    answer = await asyncio.to_thread(ask, address, method, prefix + path, host, **told)
                    assert answer is None or answer[0] >= 400, (address, prefix, path, host, answer)
    for path in ("/v1/contacts", "/v1/status"):
        told = {"Origin": "http://evil.example", "Sec-Fetch-Site": "same-origin"}
        answer = await asyncio.to_thread(
            ask, ("127.0.0.1", stack.port), "GET", path, f"evil.example:{stack.port}", **told
        )
        assert answer is not None
        assert answer[0] == 403
    assert await runs(stack)


ATTACK = """async ([port, paths]) => {
  const seen = [];
  for (const [method, path] of paths) {
    for (const host of ['127.0.0.1', 'localhost', 'evil.example']) {
      for (const mode of ['cors', 'no-cors']) {
        try {
          const answer = await fetch(`http://${host}:${port}${path}`, {
            method, mode, credentials: 'include',
            body: path.startsWith('/temporal') && method === 'POST' ? '{}' : undefined,
            headers: method === 'POST' && mode === 'cors' ? {'Content-Type': 'text/plain'} : {}});
          seen.push([method, path, host, mode, answer.type, answer.status, await answer.text()]);
        } catch (error) { /* refused, as it should be */ }
      }
    }
  }
  return seen;
}"""


@asynccontextmanager
async def foreign_page(host: str = "evil.example") -> AsyncIterator[str]:
    """A page of another origin on this machine. Of `localhost` it is of the same site."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError):  # connections that a browser opens in advance
            await reader.readuntil(b"\r\n\r\n")
        body = b"<!doctype html><title>evil</title>"
        writer.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s"
            % (len(body), body)
        )
        await writer.drain()
        writer.close()

    port = free_port()
    async with await asyncio.start_server(serve, "127.0.0.1", port):
        yield f"http://{host}:{port}/"


@pytest.mark.parametrize("host", ["evil.example", "localhost", "127.0.0.1"])
async def test_a_foreign_page_in_a_browser_reads_and_changes_nothing(
    stack: Settings, browser: BrowserContext, host: str
) -> None:
    api = httpx2.AsyncClient(base_url=f"http://127.0.0.1:{stack.port}")
    (await api.put("/v1/profiles/draft", json=DRAFT)).raise_for_status()
    calls = [
        ["POST", f"/temporal/api/v1/namespaces/default/workflows/{WORKFLOW}/terminate"],
        ["POST", "/v1/profiles/draft/publish"],  # needs no body, and so no type of one
        ["GET", "/v1/contacts"],
        ["GET", "/temporal/api/v1/namespaces/default/workflows"],
    ]
    page = await browser.new_page()
    async with foreign_page(host) as address:
        await page.goto(address)
        seen = await page.evaluate(ATTACK, [stack.port, calls])
        await page.evaluate(FORM, f"http://127.0.0.1:{stack.port}/v1/profiles/draft/publish")
        await page.wait_for_url("**/publish")
        assert "are refused" in await page.inner_text("body")
        assert [entry for entry in seen if entry[4] != "opaque" or entry[6]] == []
        # The name of the page leads here, so to the browser this is its own origin.
        await page.goto(f"http://evil.example:{stack.port}/v1/contacts")
        assert "is not served" in await page.inner_text("body")
        answer = await page.goto(f"http://evil.example:{stack.port}/temporal/api/v1/settings")
        assert answer is not None
        assert answer.status == 403
    assert await runs(stack)
    draft = (await api.get("/v1/profiles/draft")).json()
    assert (draft["status"], draft["version"]) == ("draft", None)
    await api.aclose()


async def test_no_page_opens_what_answers_every_host(stack: Settings, browser: BrowserContext) -> None:
    """The UI and the metrics of Temporal believe every `Host`; they are at ports that browsers refuse."""
    careless = [place for place in listening(stack) if believes_every_host(place)]
    assert len(careless) == 2
    page = await browser.new_page()
    for host, port in careless:
        assert port in UNREACHABLE
        with pytest.raises(Error, match="ERR_UNSAFE_PORT"):
            await page.goto(f"http://{host}:{port}/metrics")
    page = await browser.new_page()
    async with foreign_page() as address:
        await page.goto(address)
        for host, port in careless:
            for name in (host, "evil.example"):
                told = await page.evaluate(
                    "url => fetch(url, {mode: 'no-cors'}).then(() => 'reached', String)",
                    f"http://{name}:{port}/metrics",
                )
                assert told == "TypeError: Failed to fetch"


def believes_every_host(place: tuple[str, int]) -> bool:
    answers = (ask(place, "GET", path, "evil.example") for path in ("/metrics", "/temporal/api/v1/settings"))
    return any(answer is not None and answer[0] == 200 for answer in answers)


async def test_a_link_of_ours_leads_to_the_run_in_temporals_ui(
    stack: Settings, browser: BrowserContext
) -> None:
    page: Page = await browser.new_page()
    broken: list[str] = []
    page.on("console", lambda message: broken.append(message.text) if message.type == "error" else None)
    async with foreign_page() as address:  # as from a chat in the browser
        await page.goto(address)
        link = json.dumps(workflow_url(stack, WORKFLOW))
        await page.evaluate(f"() => {{ location.href = {link} }}")
        await page.get_by_text(WORKFLOW).first.wait_for(timeout=30_000)
    assert "Anything" in await page.inner_text("body")
    assert not [text for text in broken if "Content Security Policy" in text]


@pytest.mark.parametrize("stack", ["", KEY], indirect=True, ids=["without a key", "with a key"])
async def test_an_operator_terminates_a_run_there_and_a_foreign_page_does_not(
    stack: Settings, browser: BrowserContext
) -> None:
    page: Page = await browser.new_page()
    if stack.api_key:
        # As typed into the prompt, at the address of the API alone; from then on the browser knows it.
        await page.goto(f"http://any:{KEY}@127.0.0.1:{stack.port}/temporal/")
    await page.goto(workflow_url(stack, WORKFLOW))
    await _with_actions(page)
    async with foreign_page("localhost") as address:
        foreign = await browser.new_page()
        await foreign.goto(address)
        terminate = f"/temporal/api/v1/namespaces/default/workflows/{WORKFLOW}/terminate"
        seen = await foreign.evaluate(
            ATTACK, [stack.port, [["POST", terminate], ["GET", "/temporal/api/v1/x"]]]
        )
        assert [entry for entry in seen if entry[4] != "opaque" or entry[6]] == []
    assert await runs(stack)
    await page.get_by_role("button", name="More Actions").click()
    await page.get_by_role("menuitem", name="Terminate").click()
    await page.get_by_role("dialog").get_by_role("button", name="Terminate").click()
    async with asyncio.timeout(20):
        while await runs(stack):
            await asyncio.sleep(0.1)


async def _with_actions(page: Page) -> None:
    """Until the UI shows what may be done with the run; only a reload makes a call again that was cut off."""
    for _ in range(4):
        with suppress(PlaywrightTimeout):
            await page.get_by_role("button", name="More Actions").wait_for(timeout=15_000)
            return
        await page.reload()
    await page.get_by_role("button", name="More Actions").wait_for(timeout=15_000)
