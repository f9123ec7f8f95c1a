"""Which calls are let in: by host, by the page they come from, by key."""

import base64
from collections.abc import Callable, Iterator

import pytest
from starlette.datastructures import Headers

from api.guard import Call, Refusal, RequestGuard
from runtime.clock import now_micros
from runtime.settings import load_settings
from services.access.access import Access
from services.resources import Resources
from store.database import Database


async def nothing(*_: object) -> None:
    raise AssertionError


@pytest.fixture
def guard(sqlite_url: str) -> Iterator[Callable[..., RequestGuard]]:
    """A guard with these settings, of an installation without people and keys."""
    database = Database(sqlite_url)

    def made(**settings: str) -> RequestGuard:
        read = load_settings(settings, environ={})
        return RequestGuard(nothing, read, Access(Resources(read, database, now_micros, Nobody(), 4)))

    yield made
    database.close()


class Nobody:
    def request(self, shards: object) -> None:
        raise AssertionError


def answer(guard: RequestGuard, method: str, path: str, *headers: tuple[str, str]) -> int:
    raw = [(name.encode(), value.encode("latin-1")) for name, value in headers]
    seen = guard.admit(Call(method, path, Headers(raw=raw)))
    return seen.status if isinstance(seen, Refusal) else 200


Guard = Callable[..., RequestGuard]
HOST = ("host", "127.0.0.1:8000")


@pytest.mark.parametrize(
    "hosts",
    [
        [],
        [""],
        ["evil.example"],
        ["127.0.0.1.evil.example"],
        ["localhost.evil.example"],
        ["user@127.0.0.1"],
        ["127.0.0.1@evil.example"],
        ["127.0.0.1:8000/x"],
        ["127.0.0.1:8000?x"],
        ["127.0.0.1 evil.example"],
        ["127.0.0.1:80000000"],
        ["127.0.0.1:65536"],
        ["127.0.0.1:port"],
        ["[::1"],
        ["[::1]x"],
        ["[evil.example]"],
        ["127.0.0.1\t"],
        ["127.0.0.1:8000", "evil.example"],
        ["127.0.0.1:8000", "127.0.0.1:8000"],
        ["127.0.0.1\u00e9"],
        ["0.0.0.0"],
    ],
)
def test_a_foreign_or_ambiguous_host_is_refused(guard: Guard, hosts: list[str]) -> None:
    assert answer(guard(), "GET", "/v1/contacts", *(("host", host) for host in hosts)) == 403


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:8000", "localhost:9000", "LOCALHOST", "[::1]:8000"])
def test_loopback_is_served_at_any_port_since_tunnels_have_others(guard: Guard, host: str) -> None:
    assert answer(guard(), "GET", "/v1/contacts", ("host", host.lower())) == 200


ORIGINS = [
    ("http://127.0.0.1:8000", 200),
    ("http://localhost:8000", 403),
    ("http://localhost:5173", 403),
    ("http://127.0.0.1:5173", 403),
    ("http://127.0.0.1", 403),
    ("https://127.0.0.1:8000", 200),  # a TLS proxy on the same port
    ("https://evil.example", 403),
    ("http://127.0.0.1:8000@evil.example", 403),
    ("http://[::1", 403),
    ("http://127.0.0.1:port", 403),
    ("null", 403),
    ("", 403),
]


@pytest.mark.parametrize(("origin", "status"), ORIGINS)
def test_only_pages_of_this_very_address_may_change_something(guard: Guard, origin: str, status: int) -> None:
    assert answer(guard(), "POST", "/v1/events", HOST, ("origin", origin)) == status


@pytest.mark.parametrize(
    ("site", "mode", "dest", "get", "post"),
    [
        ("same-origin", "cors", "empty", 200, 200),
        ("none", "navigate", "document", 200, 200),
        ("same-site", "cors", "empty", 403, 403),
        ("same-site", "navigate", "document", 200, 403),
        ("cross-site", "no-cors", "image", 403, 403),
        ("cross-site", "cors", "empty", 403, 403),
        ("cross-site", "navigate", "document", 200, 403),
        ("cross-site", "navigate", "iframe", 403, 403),
        ("new-word", "cors", "empty", 403, 403),
    ],
)
def test_what_the_browser_says_of_the_page_counts(
    guard: Guard, site: str, mode: str, dest: str, get: int, post: int
) -> None:
    told = (("sec-fetch-site", site), ("sec-fetch-mode", mode), ("sec-fetch-dest", dest))
    assert answer(guard(), "GET", "/v1/contacts", HOST, *told) == get
    assert answer(guard(), "POST", "/v1/events", HOST, *told) == post


@pytest.mark.parametrize("site", ["cross-site", "same-site", "new-word"])
def test_an_origin_of_ours_does_not_outweigh_what_the_browser_says(guard: Guard, site: str) -> None:
    told = (("sec-fetch-site", site), ("origin", "http://127.0.0.1:8000"))
    assert answer(guard(), "POST", "/v1/events", HOST, *told) == 403


def test_programs_say_nothing_of_pages(guard: Guard) -> None:
    assert answer(guard(), "POST", "/v1/events", HOST) == 200


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("https://kindling.example", 200),
        ("https://kindling.example:443", 200),
        ("http://kindling.example", 403),
        ("https://kindling.example:8443", 403),
    ],
)
def test_a_public_address_has_one_origin(guard: Guard, origin: str, status: int) -> None:
    public = guard(KINDLING_PUBLIC_URL="https://kindling.example")
    assert answer(public, "POST", "/v1/events", ("host", "kindling.example"), ("origin", origin)) == status


def basic(password: str) -> tuple[str, str]:
    return "authorization", "Basic " + base64.b64encode(f"any:{password}".encode()).decode()


@pytest.mark.parametrize(
    ("path", "header", "status"),
    [
        ("/v1/contacts", ("authorization", "Bearer sesame"), 200),
        ("/v1/contacts", ("authorization", "bearer  sesame "), 200),
        ("/v1/contacts", ("authorization", "Bearer sesam"), 401),
        ("/v1/contacts", ("authorization", "Bearer s\u00e9same"), 401),
        ("/v1/contacts", basic("sesame"), 401),
        ("/temporal", basic("sesame"), 200),
        ("/temporal/namespaces", basic("sesame"), 200),
        ("/temporal/namespaces", basic("wrong"), 401),
        ("/temporal/namespaces", ("authorization", "Basic !"), 401),
        ("/temporal/namespaces", ("authorization", "Bearer sesame"), 200),
        ("/temporal.evil", basic("sesame"), 401),
        ("/healthz", ("x", "y"), 200),
    ],
)
def test_the_key(guard: Guard, path: str, header: tuple[str, str], status: int) -> None:
    keyed = guard(KINDLING_API_KEY="sesame")
    assert answer(keyed, "GET", path, ("host", "kindling.example"), header) == status


def test_a_browser_that_knows_the_key_of_the_ui_lends_it_to_nobody(guard: Guard) -> None:
    keyed = guard(KINDLING_API_KEY="sesame")
    foreign = (("sec-fetch-site", "cross-site"), ("origin", "https://evil.example"))
    call = "/temporal/api/v1/namespaces/default/workflows/w/terminate"
    assert answer(keyed, "POST", call, ("host", "kindling.example"), basic("sesame"), *foreign) == 403
    assert answer(keyed, "GET", call, ("host", "kindling.example"), basic("sesame"), foreign[0]) == 403


def test_with_a_key_an_ambiguous_host_is_a_bad_request(guard: Guard) -> None:
    keyed = guard(KINDLING_API_KEY="sesame")
    twice = (HOST, HOST, ("authorization", "Bearer sesame"))
    assert answer(keyed, "GET", "/v1/contacts", *twice) == 400
