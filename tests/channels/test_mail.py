"""What a mail server gets to hear, before the connection is encrypted and after, by real servers on this machine."""

import ssl
from collections.abc import Callable, Iterator
from dataclasses import replace
from email import message_from_bytes
from email.policy import SMTPUTF8
from pathlib import Path
from typing import Any

import pytest
import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

from channels.delivery import DeliveryFailed
from channels.mail import Mail, Mailer
from runtime.ports import free_port
from runtime.settings import load_settings

MAIL = Mail("m1", "ben@example.com", "Hot", "Call her")
Serve = Callable[..., str]


class Server:
    """Keeps who logged in and what came."""

    def __init__(self) -> None:
        self.logins: list[bytes] = []
        self.subjects: list[str] = []
        self.envelopes: list[tuple[str, list[str], str]] = []

    def authenticator(
        self, _server: Any, _session: Any, _envelope: Any, _method: str, data: Any
    ) -> AuthResult:
        assert isinstance(data, LoginPassword)
        self.logins.append(data.password)
        right = data.password == b"sesame"
        return AuthResult(success=right, handled=right)

    async def handle_DATA(self, _server: Any, session: Any, envelope: Any) -> str:
        self.subjects.append("encrypted" if session.ssl else "clear")
        to = str(message_from_bytes(envelope.content, policy=SMTPUTF8)["To"])
        self.envelopes.append((envelope.mail_from, envelope.rcpt_tos, to))
        return "250 OK"


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> trustme.CA:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    return authority


@pytest.fixture
def serve(server: Server, authority: trustme.CA) -> Iterator[Serve]:
    """Starts the server; `name` is that in its certificate, None for one without STARTTLS."""
    running: list[Controller] = []

    def start(name: str | None, **more: Any) -> str:
        context = None
        if name is not None:
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            authority.issue_cert(name).configure_cert(context)
        controller = Controller(
            server,
            hostname="127.0.0.1",
            port=free_port(),
            authenticator=server.authenticator,
            auth_require_tls=False,
            tls_context=context,
            **more,
        )
        controller.start()
        running.append(controller)
        return f"127.0.0.1:{controller.port}"

    yield start
    for controller in running:
        controller.stop()


class Refusing(SMTP):
    """Offers STARTTLS and does not do it."""

    async def smtp_STARTTLS(self, arg: str) -> None:
        await self.push("500 not now")


class RefusingController(Controller):
    def factory(self) -> SMTP:
        return Refusing(self.handler, **self.SMTP_kwargs)


def mailer(url: str, **given: str) -> Mailer:
    return Mailer(load_settings({"KINDLING_SMTP_URL": url, **given}, environ={}))


async def test_a_password_never_goes_out_in_clear(serve: Serve, server: Server) -> None:
    with pytest.raises(DeliveryFailed, match="no encryption.*KINDLING_SMTP_CLEAR_LOGIN") as caught:
        await mailer(f"smtp://ben:sesame@{serve(None)}").send(MAIL)
    assert "sesame" not in str(caught.value)
    assert (server.logins, server.subjects) == ([], [])


async def test_encryption_that_is_offered_and_refused_is_not_the_fault_of_the_message(
    server: Server, authority: trustme.CA
) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    controller = RefusingController(server, hostname="127.0.0.1", port=free_port(), tls_context=context)
    controller.start()
    try:
        with pytest.raises(DeliveryFailed, match=r"refuses it \(code 500\)") as caught:
            await mailer(f"smtp://ben:sesame@127.0.0.1:{controller.port}").send(MAIL)
    finally:
        controller.stop()
    assert caught.value.permanent is False
    assert (server.logins, server.subjects) == ([], [])


async def test_a_setting_allows_it(serve: Serve, server: Server) -> None:
    await mailer(f"smtp://ben:sesame@{serve(None)}", KINDLING_SMTP_CLEAR_LOGIN="true").send(MAIL)
    assert (server.logins, server.subjects) == ([b"sesame"], ["clear"])


async def test_with_starttls_the_password_is_sent_once_all_is_encrypted(serve: Serve, server: Server) -> None:
    await mailer(f"smtp://ben:sesame@{serve('127.0.0.1')}").send(MAIL)
    assert (server.logins, server.subjects) == ([b"sesame"], ["encrypted"])


async def test_somebody_elses_certificate_gets_no_password(serve: Serve, server: Server) -> None:
    with pytest.raises(DeliveryFailed, match="cannot be reached"):
        await mailer(f"smtp://ben:sesame@{serve('mail.example.com')}").send(MAIL)
    assert (server.logins, server.subjects) == ([], [])


async def test_without_a_password_a_server_that_offers_nothing_is_good_enough(
    serve: Serve, server: Server
) -> None:
    await mailer(f"smtp://{serve(None)}").send(MAIL)
    assert (server.logins, server.subjects) == ([], ["clear"])


async def test_a_wrong_password_is_told_without_it(serve: Serve) -> None:
    with pytest.raises(DeliveryFailed, match=r"refused the login \(code 535\)") as caught:
        await mailer(f"smtp://ben:hunter2@{serve('127.0.0.1')}").send(MAIL)
    assert "hunter2" not in str(caught.value)


async def test_a_server_without_any_login_is_told(serve: Serve) -> None:
    address = serve("127.0.0.1", auth_exclude_mechanism=["LOGIN", "PLAIN"])
    with pytest.raises(DeliveryFailed, match="offers no login that is known here") as caught:
        await mailer(f"smtp://ben:sesame@{address}").send(MAIL)
    assert caught.value.permanent is False


@pytest.mark.parametrize("utf8", [True, False])
async def test_a_domain_of_any_alphabet_is_reached_at_every_server(
    serve: Serve, server: Server, utf8: bool
) -> None:
    address = serve(None, enable_SMTPUTF8=utf8)
    await mailer(f"smtp://{address}", KINDLING_MAIL_FROM="Kündling <kindling@müller.example>").send(
        replace(MAIL, to="Änne <anne@bücher.example>")
    )
    assert server.envelopes == [
        (
            "kindling@xn--mller-kva.example",
            ["anne@xn--bcher-kva.example"],
            "Änne <anne@xn--bcher-kva.example>",
        )
    ]


async def test_letters_beyond_ascii_before_the_at_sign_go_to_a_server_that_takes_them(
    serve: Serve, server: Server
) -> None:
    await mailer(f"smtp://{serve(None)}").send(replace(MAIL, to="Änne <änne@bücher.example>"))
    address = "änne@xn--bcher-kva.example"
    assert server.envelopes == [("kindling@localhost", [address], f"Änne <{address}>")]


async def test_and_fail_for_good_at_one_that_does_not(serve: Serve, server: Server) -> None:
    with pytest.raises(
        DeliveryFailed, match=r"recipient's address has letters beyond ASCII before its @"
    ) as caught:
        await mailer(f"smtp://{serve(None, enable_SMTPUTF8=False)}").send(
            replace(MAIL, to="änne@example.com")
        )
    assert caught.value.permanent is True
    assert "nne@" not in str(caught.value)
    assert server.envelopes == []


async def test_a_sender_that_the_server_cannot_take_is_the_operators_matter(
    serve: Serve, server: Server
) -> None:
    url = f"smtp://{serve(None, enable_SMTPUTF8=False)}"
    with pytest.raises(DeliveryFailed, match="KINDLING_MAIL_FROM has letters beyond ASCII") as caught:
        await mailer(url, KINDLING_MAIL_FROM="kündling@example.com").send(MAIL)
    assert caught.value.permanent is False
    assert server.envelopes == []


@pytest.mark.parametrize(
    ("to", "reason"),
    [
        ("a@example.com, b@example.com", "what it was to be sent to holds more than one address"),
        ("ada@example.com?subject=hot", "what it was to be sent to is not an e-mail address"),
    ],
)
async def test_what_is_no_address_goes_nowhere(serve: Serve, server: Server, to: str, reason: str) -> None:
    with pytest.raises(DeliveryFailed, match=f"^{reason}$") as caught:
        await mailer(f"smtp://{serve(None)}").send(replace(MAIL, to=to))
    assert caught.value.permanent is True
    assert server.envelopes == []
