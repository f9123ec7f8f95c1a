"""What a mail server gets to hear before the connection is encrypted, by real servers on this machine."""

import ssl
from collections.abc import Callable, Iterator
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

    def authenticator(
        self, _server: Any, _session: Any, _envelope: Any, _method: str, data: Any
    ) -> AuthResult:
        assert isinstance(data, LoginPassword)
        self.logins.append(data.password)
        right = data.password == b"sesame"
        return AuthResult(success=right, handled=right)

    async def handle_DATA(self, _server: Any, session: Any, envelope: Any) -> str:
        self.subjects.append("encrypted" if session.ssl else "clear")
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

    def start(name: str | None) -> str:
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
