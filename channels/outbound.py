"""Everything that leaves: one bundle of channels for a worker, each with the reason where there is none."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from zlib import crc32

from automations.addresses import mailto
from automations.hosts import Allowed
from channels.delivery import DeliveryFailed
from channels.mail import Mail, Mailer
from channels.webhooks import Caller
from runtime.setting_values import read_secrets, signing_key
from runtime.settings import Settings

LOG_ONLY = "nothing leaves while KINDLING_OUTBOUND is log"
_NO_SERVER = "no mail server is configured (KINDLING_SMTP_URL)"


@dataclass(frozen=True)
class Outbound:
    """The channels of a worker. Where `mailer` or `caller` is None, `no_mail` or `no_calls` says why.

    `secrets` by name, for webhooks; `alerts_per_hour`: how many e-mails one recipient gets who is no contact;
    `log_only`: nothing leaves, on purpose. `elsewhere`: it is other processes that send messages.
    """

    mailer: Mailer | None
    no_mail: str
    caller: Caller | None
    no_calls: str = ""
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    alerts_per_hour: int = 100
    log_only: bool = False
    elsewhere: bool = False

    @property
    def sends_mail(self) -> bool:
        """Whether what is written down to be sent will be, here or elsewhere."""
        return self.mailer is not None or self.elsewhere

    async def mail(self, message_id: str, target: str, subject: str, text: str) -> str | None:
        """Send to one address of a message; why it never will get there, if so. Each try has the same Message-ID.

        Raises DeliveryFailed where another try may help; so without a mail server, since another worker may have one.
        """
        if self.mailer is None:
            raise DeliveryFailed(f"{self.no_mail}, but this was to be sent", permanent=False)
        own_id = f"{message_id}.{crc32(target.encode()):08x}"
        try:
            await self.mailer.send(Mail(own_id, mailto(target) or target, subject, text))
        except DeliveryFailed as error:
            if not error.permanent:
                raise
            return error.reason
        return None

    async def try_mail(self, message_id: str, target: str, subject: str, text: str) -> str | None:
        """Send once, without another try; why it did not get there, if so."""
        try:
            return await self.mail(message_id, target, subject, text)
        except DeliveryFailed as failure:
            return failure.reason


#: For those who send nothing.
NOTHING = Outbound(None, "nothing is sent here", None, "nothing is sent here")


def signing_keys(settings: Settings, signing_secret: str) -> list[bytes]:
    """The keys that sign webhooks: those of the setting, else that of `signing_secret`."""
    given = settings.webhook_secret.get_secret_value() if settings.webhook_secret else signing_secret
    return [signing_key(secret) for secret in given.split()]


def no_mail(settings: Settings) -> str | None:
    """Why a worker with these settings only records messages; None: it sends them."""
    if settings.outbound == "log":
        return LOG_ONLY
    return _NO_SERVER if settings.smtp_url is None else None


def make_outbound(settings: Settings, signing_secret: str) -> Outbound:
    """The channels that the settings allow; `signing_secret` signs webhooks unless a setting does."""
    if settings.outbound == "log":
        return Outbound(None, LOG_ONLY, None, LOG_ONLY, log_only=True)
    mailer = Mailer(settings) if settings.smtp_url is not None else None
    allowed = Allowed(settings.webhook_allowed)
    caller = Caller(signing_keys(settings, signing_secret), allowed, settings.webhook_redirects)
    secrets = read_secrets(settings.secrets_file) if settings.secrets_file else {}
    return Outbound(
        mailer,
        no_mail(settings) or "",
        caller,
        secrets=secrets,
        alerts_per_hour=settings.alerts_per_hour,
    )
