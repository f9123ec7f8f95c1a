"""Settings: environment variables, read once at the composition root, frozen from then on.

Every field carries the description and the example that the documentation and the error messages show.
"""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, JsonValue, SecretStr, ValidationError, model_validator
from pydantic.fields import FieldInfo

from runtime.setting_problems import SettingProblem, SettingsError, example, problem_of, variable_name
from runtime.setting_values import (
    DatabaseUrl,
    File,
    Folder,
    HostAndPort,
    Hosts,
    Key,
    MailAddress,
    MailServerUrl,
    PayloadKeysFile,
    Port,
    SecretsFile,
    SigningSecrets,
    TimeZoneName,
    WebAddress,
    driver_url,
    is_loopback,
    url_host,
)

#: The processes of the stack that read settings.
Process = Literal["api", "worker"]


def _variable(
    name: str,
    description: str,
    *,
    sample: str,
    default: Any = None,
    only: Process | None = None,
    **limits: Any,
) -> Any:
    """A setting. `only`: the one process that reads it; no other gets it."""
    extra: dict[str, JsonValue] | None = {"only": only} if only else None
    return Field(
        default=default,
        validation_alias=name,
        description=description,
        examples=[sample],
        json_schema_extra=extra,
        **limits,
    )


class Settings(BaseModel):
    """All settings of one installation. Make one with `load_settings()`."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True, validate_default=True, extra="forbid")

    home: Folder = _variable(
        "KINDLING_HOME",
        "Data folder: database, Temporal's data, logs",
        default=Path(".kindling"),
        sample="/var/lib/kindling",
    )
    host: str = _variable(
        "KINDLING_HOST",
        "Address that the API listens on; any but loopback needs KINDLING_API_KEY",
        default="127.0.0.1",
        sample="0.0.0.0",  # noqa: S104
        only="api",
        min_length=1,
    )
    port: Port = _variable("KINDLING_PORT", "Port of the API", default=8000, sample="8000")
    api_key: Key | None = _variable(
        "KINDLING_API_KEY",
        "Key that clients send as `Authorization: Bearer`; without one the API serves loopback only",
        sample="pW9vTq2LxZr7",
        only="api",
    )
    loopback: Literal["ask", "open"] = _variable(
        "KINDLING_LOOPBACK",
        "`ask`: once there is a key or a person, programs on this machine need one too; `open`: they never do",
        default="ask",
        sample="open",
        only="api",
    )
    session_idle_hours: int = _variable(
        "KINDLING_SESSION_IDLE_HOURS",
        "After how many hours without a call a person is signed out",
        default=12,
        sample="1",
        only="api",
        ge=1,
        le=24 * 90,
    )
    session_days: int = _variable(
        "KINDLING_SESSION_DAYS",
        "After how many days a person has to sign in anew, however busy they were",
        default=14,
        sample="1",
        only="api",
        ge=1,
        le=90,
    )
    rate_per_key: int | None = _variable(
        "KINDLING_RATE_PER_KEY",
        "How many calls a minute an API process takes from one key; default: any number",
        sample="600",
        only="api",
        ge=1,
        le=10_000_000,
    )
    audit_days: int = _variable(
        "KINDLING_AUDIT_DAYS",
        "How many days the audit is kept; 0: for ever",
        default=0,
        sample="730",
        ge=0,
        le=36_500,
    )
    public_url: WebAddress | None = _variable(
        "KINDLING_PUBLIC_URL",
        "Address under which users reach the API, for links and allowed hosts",
        sample="https://kindling.example.com",
    )
    max_body_mb: int = _variable(
        "KINDLING_MAX_BODY_MB",
        "Largest request body in MB; NDJSON streams are not limited",
        default=8,
        sample="8",
        ge=1,
        le=1024,
    )

    database_url: DatabaseUrl | None = _variable(
        "DATABASE_URL",
        "Database; default: the SQLite file kindling.db in the data folder",
        sample="postgresql://user:password@host/kindling",
    )
    database_sync: Literal["full", "normal"] = _variable(
        "KINDLING_DATABASE_SYNC",
        "SQLite only: `full` survives power loss, `normal` may lose the last moments then, and is faster",
        default="full",
        sample="full",
    )
    shards: int = _variable(
        "KINDLING_SHARDS",
        "Into how many shards records are divided; fixed at the first start of an installation",
        default=4,
        sample="4",
        ge=1,
        le=1024,
    )

    temporal_port: int = _variable(
        "KINDLING_TEMPORAL_PORT",
        "Port of the embedded Temporal server; its UI is at /temporal of the API",
        default=7233,
        sample="7233",
        ge=1,
        le=65_535,
    )
    temporal_address: HostAndPort | None = _variable(
        "TEMPORAL_ADDRESS",
        "Temporal cluster to use instead of the embedded server",
        sample="temporal.example.com:7233",
    )
    temporal_namespace: str = _variable(
        "TEMPORAL_NAMESPACE", "Temporal namespace", default="default", sample="kindling", min_length=1
    )
    temporal_ui_url: WebAddress | None = _variable(
        "TEMPORAL_UI_URL",
        "Address of the Temporal UI, for links; default: /temporal of the API, or Temporal Cloud's",
        sample="https://temporal.example.com",
    )
    temporal_api_key: SecretStr | None = _variable(
        "TEMPORAL_API_KEY", "API key for Temporal Cloud; implies TLS", sample="a key made in Temporal Cloud"
    )
    temporal_tls: bool = _variable(
        "TEMPORAL_TLS", "Connect to Temporal with TLS", default=False, sample="true"
    )
    temporal_tls_cert: File | None = _variable(
        "TEMPORAL_TLS_CERT",
        "Client certificate (PEM file) for mutual TLS",
        sample="/etc/kindling/client.pem",
    )
    temporal_tls_key: File | None = _variable(
        "TEMPORAL_TLS_KEY",
        "Private key (PEM file) of the client certificate",
        sample="/etc/kindling/client.key",
    )
    temporal_tls_ca: File | None = _variable(
        "TEMPORAL_TLS_CA",
        "Certificate authority (PEM file) of the Temporal server",
        sample="/etc/kindling/ca.pem",
    )
    temporal_tls_server_name: str | None = _variable(
        "TEMPORAL_TLS_SERVER_NAME",
        "Name in the Temporal server's certificate, if not its address",
        sample="temporal.internal",
    )
    payload_keys: PayloadKeysFile | None = _variable(
        "KINDLING_PAYLOAD_KEYS",
        "File of `name=key` lines (32 bytes in base64) with which what goes to Temporal is encrypted: the first"
        " encrypts, all decrypt; read by workers and the API at their start",
        sample="/etc/kindling/payload-keys",
    )
    task_queue: str = _variable(
        "KINDLING_TASK_QUEUE",
        "Temporal task queue that workers listen on, and with `-follow-ups` behind it that of follow-ups",
        default="kindling",
        sample="kindling",
        min_length=1,
        max_length=200,
    )
    workers: int = _variable(
        "KINDLING_WORKERS",
        "Worker processes that `kindling up` starts",
        default=1,
        sample="2",
        ge=1,
        le=64,
    )

    outbound: Literal["send", "log"] = _variable(
        "KINDLING_OUTBOUND",
        "`log`: no e-mail and no webhook leaves, each is only logged; for restored copies and trials",
        default="send",
        sample="log",
    )
    smtp_url: MailServerUrl | None = _variable(
        "KINDLING_SMTP_URL",
        "Mail server: `smtps` uses TLS at once, `smtp` STARTTLS where offered, and always with a password;"
        " none: no e-mail is sent",
        sample="smtp://user:password@mail.example.com:587",
    )
    smtp_clear_login: bool = _variable(
        "KINDLING_SMTP_CLEAR_LOGIN",
        "Send the password of KINDLING_SMTP_URL also to a mail server that offers no encryption",
        default=False,
        sample="true",
    )
    mail_from: MailAddress = _variable(
        "KINDLING_MAIL_FROM",
        "Sender of e-mail",
        default="Kindling <kindling@localhost>",
        sample="Kindling <kindling@example.com>",
    )

    alerts_per_hour: int = _variable(
        "KINDLING_ALERTS_PER_HOUR",
        "How many e-mails one recipient (not a contact) gets in an hour; those beyond it are only recorded, and one"
        " e-mail says how many they were when the hour is over",
        default=100,
        sample="100",
        ge=1,
        le=1_000_000,
    )
    loop_limit: int = _variable(
        "KINDLING_LOOP_LIMIT",
        "How often one automation enrolls one record within an hour; more is taken for a loop and skipped",
        default=20,
        sample="20",
        ge=1,
        le=1_000_000,
    )
    webhook_secret: SigningSecrets | None = _variable(
        "KINDLING_WEBHOOK_SECRET",
        "Signs webhooks; several, separated by spaces, sign each; default: one made at first use,"
        " which `kindling webhook-secret` shows",
        sample="whsec_2yQvYxQ0m1J8kq3l4n5o6p7q8r9s0t1u",
        only="worker",
    )
    webhook_allow: Hosts | None = _variable(
        "KINDLING_WEBHOOK_ALLOW",
        "Hosts, addresses and networks that webhooks may call although they are private, separated by commas",
        sample="crm.internal,10.0.0.0/8",
    )
    webhook_redirects: int = _variable(
        "KINDLING_WEBHOOK_REDIRECTS",
        "How many redirects (307, 308) within the same scheme, host and port a webhook follows",
        default=0,
        sample="1",
        ge=0,
        le=5,
    )
    secrets_file: SecretsFile | None = _variable(
        "KINDLING_SECRETS_FILE",
        "File of `name=value` lines that webhooks use as `{{ secret.name }}`; read by workers at their start",
        sample="/etc/kindling/secrets",
        only="worker",
    )

    timezone: TimeZoneName = _variable(
        "KINDLING_TIMEZONE",
        "Time zone in which commands show times, and in which times that people name to commands and as `at` are read;"
        " answers of the API stay UTC",
        default="UTC",
        sample="Europe/Berlin",
    )
    log_level: Literal["debug", "info", "warning", "error"] = _variable(
        "KINDLING_LOG_LEVEL", "Least severe level that is logged", default="info", sample="debug"
    )
    log_format: Literal["text", "json"] = _variable(
        "KINDLING_LOG_FORMAT", "Log lines for people, or as JSON", default="text", sample="json"
    )

    @model_validator(mode="after")
    def _hangs_together(self) -> Self:
        problems = list(_contradictions(self))
        if problems:
            raise SettingsError(problems)
        return self

    @property
    def database(self) -> str:
        """The database as SQLAlchemy wants it: `sqlite:///` or `postgresql+psycopg://`. Holds secrets."""
        if self.database_url is None:
            return f"sqlite:///{self.home / 'kindling.db'}"
        return driver_url(self.database_url.get_secret_value())

    @property
    def time_zone(self) -> ZoneInfo:
        """The time zone of people."""
        return ZoneInfo(self.timezone)

    @property
    def embedded_temporal(self) -> bool:
        """Whether the stack starts its own Temporal server."""
        return self.temporal_address is None

    @property
    def temporal_target(self) -> str:
        """`host:port` of the Temporal server that clients connect to."""
        return self.temporal_address or f"127.0.0.1:{self.temporal_port}"

    @property
    def base_url(self) -> str:
        """Address of the API without a slash at its end."""
        return self.public_url or f"http://{url_host(self.host)}:{self.port}"

    @property
    def local_host(self) -> str:
        """Where this machine reaches the API."""
        return url_host(self.host).strip("[]")

    @property
    def webhook_allowed(self) -> list[str]:
        """Hosts, addresses and networks that webhooks may call although they are private."""
        return (self.webhook_allow or "").replace(",", " ").split()

    @property
    def logs(self) -> Path:
        """Folder of the log files that the supervisor writes."""
        return self.home / "logs"

    def environment(self, process: Process | None = None) -> dict[str, str]:
        """These settings as environment variables, all or those that a process reads. Holds secrets.

        Others than the API are told its address instead of where it listens.
        """
        values = {}
        for name, field in type(self).model_fields.items():
            value = getattr(self, name)
            if value is not None and (process is None or _read_by(field, process)):
                text = value.get_secret_value() if isinstance(value, SecretStr) else str(value)
                values[variable_name(field)] = text
        if process not in (None, "api"):
            values[variable_name(type(self).model_fields["public_url"])] = self.base_url
        return values


def load_settings(
    overrides: Mapping[str, str] | None = None, environ: Mapping[str, str] | None = None
) -> Settings:
    """Read the settings from the environment (default: this process's); `overrides`, by variable name, win.

    An empty value is the same as none. Raises SettingsError with all problems at once.
    """
    environ = os.environ if environ is None else environ
    known = {name: environ[name] for name in variable_names() if name in environ}
    given = {name: value for name, value in {**known, **(overrides or {})}.items() if value.strip()}
    try:
        return Settings.model_validate(given)
    except ValidationError as error:
        fields = Settings.model_fields.values()
        raise SettingsError(
            problem_of(mistake, fields) for mistake in error.errors(include_input=False)
        ) from None


def _read_by(field: FieldInfo, process: Process) -> bool:
    extra = field.json_schema_extra
    return not isinstance(extra, dict) or extra.get("only") in (None, process)


def variable_names() -> list[str]:
    """Every environment variable that is a setting."""
    return [variable_name(field) for field in Settings.model_fields.values()]


def _contradictions(settings: Settings) -> Iterable[SettingProblem]:
    if settings.api_key is None and not is_loopback(settings.host):
        yield SettingProblem(
            "KINDLING_HOST",
            f"is {settings.host}, but without an API key only this machine may be served",
            "Set KINDLING_API_KEY, or KINDLING_HOST to 127.0.0.1",
        )
    if settings.embedded_temporal and settings.port == settings.temporal_port:
        yield SettingProblem(
            "KINDLING_PORT",
            f"is {settings.port}, which the embedded Temporal server takes",
            "Change KINDLING_PORT or KINDLING_TEMPORAL_PORT",
        )
    if (settings.temporal_tls_cert is None) != (settings.temporal_tls_key is None):
        present, missing = ("TEMPORAL_TLS_CERT", "TEMPORAL_TLS_KEY")
        if settings.temporal_tls_cert is None:
            present, missing = missing, present
        yield SettingProblem(missing, f"is missing, while {present} is set", "Set both, or neither")


def settings_table() -> list[dict[str, str]]:
    """One row per variable: `variable`, `default` (may be empty), `description`, `example`."""
    return [
        {
            "variable": variable_name(field),
            "default": "" if field.default is None else str(field.default),
            "description": field.description or "",
            "example": example(field),
        }
        for field in Settings.model_fields.values()
    ]
