"""E-mail over SMTP."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from urllib.parse import unquote, urlsplit

import aiosmtplib

from automations.addresses import Mailbox, NoAddress, mailbox
from channels.delivery import DeliveryFailed
from channels.headers import address_header, text_header
from runtime.settings import Settings

TIMEOUT = 30.0


@dataclass(frozen=True)
class Mail:
    """A message to one address. `id` is unique to it and the same on every try."""

    id: str
    to: str
    subject: str
    text: str


def composed(mail: Mail, sender: Mailbox, recipient: Mailbox, now: datetime) -> bytes:
    """The message as it goes over the wire: ASCII, apart from an address whose part before the @ is not."""
    content = EmailMessage(policy=SMTP.clone(cte_type="7bit"))
    content.set_content(mail.text.encode(errors="replace").decode())
    headers = (
        address_header("From", sender),
        address_header("To", recipient),
        text_header("Subject", mail.subject),
        text_header("Date", format_datetime(now)),
        text_header("Message-ID", f"<{mail.id}@kindling>"),
        text_header("Auto-Submitted", "auto-generated"),
    )
    return "".join(headers).encode() + content.as_bytes()


class _EncryptionRefused(aiosmtplib.SMTPResponseException):
    """The server answered STARTTLS with an error: nothing that the message is to blame for."""


class Mailer:
    """Sends through the configured server; one connection a message."""

    def __init__(self, settings: Settings) -> None:
        if settings.smtp_url is None:
            raise ValueError("KINDLING_SMTP_URL is not set")
        server = urlsplit(settings.smtp_url.get_secret_value())
        self._host = server.hostname or "localhost"
        self._tls = server.scheme == "smtps"
        self._clear_login = settings.smtp_clear_login
        self._port = server.port or (465 if self._tls else 25)
        self._user = unquote(server.username) if server.username else None
        self._password = unquote(server.password) if server.password else None
        self._sender = mailbox(settings.mail_from)

    async def send(self, mail: Mail) -> None:
        """Hand the message to the server; raises DeliveryFailed."""
        try:
            recipient = mailbox(mail.to)
        except NoAddress as error:
            raise DeliveryFailed(f"what it was to be sent to {error}", permanent=True) from None
        message = composed(mail, self._sender, recipient, datetime.now(UTC))
        try:
            await self._hand_over(message, recipient)
        except DeliveryFailed:
            raise
        except aiosmtplib.SMTPRecipientsRefused as error:
            codes = sorted({refused.code for refused in error.recipients})
            permanent = all(code >= 500 for code in codes)
            raise DeliveryFailed(
                f"the mail server refused the recipient (code {codes[0]})", permanent=permanent
            ) from None
        except aiosmtplib.SMTPAuthenticationError as error:
            raise DeliveryFailed(
                f"the mail server refused the login (code {error.code}); check KINDLING_SMTP_URL",
                permanent=False,
            ) from None
        except _EncryptionRefused as error:
            raise DeliveryFailed(
                f"the mail server at {self._host}:{self._port} offers encryption (STARTTLS) and refuses it (code"
                f" {error.code}); use smtps://, or mend the server",
                permanent=False,
            ) from None
        except aiosmtplib.SMTPResponseException as error:
            raise DeliveryFailed(
                f"the mail server answered with code {error.code}", permanent=error.code >= 500
            ) from None
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
            raise DeliveryFailed(
                f"the mail server at {self._host}:{self._port} cannot be reached ({type(error).__name__})",
                permanent=False,
            ) from None

    async def _hand_over(self, message: bytes, recipient: Mailbox) -> None:
        """One connection. A password goes over an encrypted one, unless a setting says otherwise."""
        client = aiosmtplib.SMTP(
            hostname=self._host, port=self._port, use_tls=self._tls, start_tls=False, timeout=TIMEOUT
        )
        async with client:
            if not self._tls:
                with suppress(aiosmtplib.SMTPHeloError):
                    await client.ehlo()
                if client.supports_extension("starttls"):
                    try:
                        await client.starttls()
                    except aiosmtplib.SMTPResponseException as error:
                        raise _EncryptionRefused(error.code, error.message) from None
                elif self._user is not None and not self._clear_login:
                    raise DeliveryFailed(
                        f"the mail server at {self._host}:{self._port} offers no encryption (STARTTLS), and the"
                        " password of KINDLING_SMTP_URL is not sent in clear; use smtps://, or allow it with"
                        " KINDLING_SMTP_CLEAR_LOGIN=true",
                        permanent=False,
                    )
            if self._user is not None:
                await self._log_in(client)
            options = [] if message.isascii() else ["SMTPUTF8", "BODY=8BITMIME"]
            if options:
                with suppress(aiosmtplib.SMTPHeloError):
                    await client.ehlo()
                if not client.supports_extension("smtputf8"):
                    raise self._needs_utf8(recipient)
            await client.sendmail(self._sender.address, [recipient.address], message, mail_options=options)

    async def _log_in(self, client: aiosmtplib.SMTP) -> None:
        try:
            await client.login(self._user or "", self._password or "")
        except aiosmtplib.SMTPException as error:
            if type(error) is not aiosmtplib.SMTPException:
                raise
            raise DeliveryFailed(
                f"the mail server at {self._host}:{self._port} offers no login that is known here; check"
                " KINDLING_SMTP_URL",
                permanent=False,
            ) from None

    def _needs_utf8(self, recipient: Mailbox) -> DeliveryFailed:
        if recipient.local.isascii():
            return DeliveryFailed(
                "the address of KINDLING_MAIL_FROM has letters beyond ASCII before its @, and the mail server at"
                f" {self._host}:{self._port} takes none (it offers no SMTPUTF8)",
                permanent=False,
            )
        return DeliveryFailed(
            "the recipient's address has letters beyond ASCII before its @, and the mail server takes none (it offers"
            " no SMTPUTF8)",
            permanent=True,
        )
