"""E-mail over SMTP."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from urllib.parse import unquote, urlsplit

import aiosmtplib

from channels.delivery import DeliveryFailed
from runtime.settings import Settings

TIMEOUT = 30.0


@dataclass(frozen=True)
class Mail:
    """A message to one address. `id` is unique to it and the same on every try."""

    id: str
    to: str
    subject: str
    text: str


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
        self._sender = settings.mail_from

    async def send(self, mail: Mail) -> None:
        """Hand the message to the server; raises DeliveryFailed."""
        try:
            message = self._message(mail)
        except ValueError:
            raise DeliveryFailed(
                "the recipient's address is not a valid e-mail address", permanent=True
            ) from None
        try:
            await self._hand_over(message)
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

    async def _hand_over(self, message: EmailMessage) -> None:
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
                await client.login(self._user, self._password or "")
            await client.send_message(message)

    def _message(self, mail: Mail) -> EmailMessage:
        name, address = parseaddr(mail.to)
        user, _, domain = address.rpartition("@")
        if not user or not domain:
            raise ValueError(mail.to)
        message = EmailMessage()
        message["From"] = self._sender
        message["To"] = Address(name, user, domain)
        message["Subject"] = " ".join(mail.subject.split())
        message["Date"] = format_datetime(datetime.now(UTC))
        message["Message-ID"] = f"<{mail.id}@kindling>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(mail.text)
        return message
