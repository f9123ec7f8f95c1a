"""What single settings may hold: checks that name the mistake, never the value."""

import base64
import ipaddress
import re
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr

from automations.addresses import mailbox
from conditions.times import time_zone

SIGNING_PREFIX = "whsec_"


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach `host`."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def url_host(host: str) -> str:
    """A host that is listened on as one that this machine can connect to, ready for a URL."""
    reachable = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104
    return f"[{reachable}]" if ":" in reachable and not reachable.startswith("[") else reachable


def driver_url(url: str) -> str:
    """A database address as SQLAlchemy wants it, whichever way PostgreSQL was written."""
    for scheme in ("postgres://", "postgresql://"):
        if url.startswith(scheme):
            return "postgresql+psycopg://" + url.removeprefix(scheme)
    return url


def _absolute(path: Path) -> Path:
    return path.expanduser().resolve()


def _existing(path: Path) -> Path:
    if not path.is_file():
        raise ValueError("names a file that does not exist")
    return path


def _web_address(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("is not a web address")
    return url.rstrip("/")


def _host_and_port(address: str) -> str:
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 65_536 or "/" in address:
        raise ValueError("is not host:port")
    return address


def _key(key: SecretStr) -> SecretStr:
    text = key.get_secret_value()
    if not (text.isascii() and text.isprintable()) or " " in text:
        raise ValueError("must be ASCII letters, digits and signs without spaces")
    return key


def _database(url: SecretStr) -> SecretStr:
    text = driver_url(url.get_secret_value())
    if not text.startswith(("postgresql+psycopg://", "sqlite:///")):
        raise ValueError("is neither a PostgreSQL nor a SQLite address")
    return url


def _mail_server(url: SecretStr) -> SecretStr:
    try:
        parts = urlsplit(url.get_secret_value())
        complete = parts.scheme in {"smtp", "smtps"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        complete = False
    if not complete:
        raise ValueError("is not the address of a mail server")
    return url


def _mail_address(text: str) -> str:
    mailbox(text)
    return text


def signing_key(secret: str) -> bytes:
    """The bytes of a secret as webhooks' receivers enter it. Raises ValueError when it is none."""
    try:
        key = base64.b64decode(secret.removeprefix(SIGNING_PREFIX), validate=True)
    except ValueError:
        key = b""
    if not secret.startswith(SIGNING_PREFIX) or not 16 <= len(key) <= 64:
        raise ValueError("is not whsec_ and 16 to 64 bytes in base64")
    return key


def _signing_secrets(text: SecretStr) -> SecretStr:
    for secret in text.get_secret_value().split():
        signing_key(secret)
    return text


def _hosts(text: str) -> str:
    for entry in text.replace(",", " ").split():
        if "/" in entry:
            try:
                ipaddress.ip_network(entry)
            except ValueError:
                raise ValueError("holds a network that is none, such as 10.0.0.0/8") from None
    return text


def read_secrets(path: Path) -> dict[str, str]:
    """The secrets of a file by name: one `name=value` a line, empty lines and those that begin with # apart."""
    secrets: dict[str, str] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        name, equals, value = (part.strip() for part in line.partition("="))
        if not equals or not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name) or not value:
            raise ValueError(f"line {number} is not name=value, with a name of letters, digits and _")
        if name in secrets:
            raise ValueError(f'line {number} names "{name}" a second time; give each a name of its own')
        secrets[name] = value
    return secrets


def _secrets_file(path: Path) -> Path:
    try:
        read_secrets(path)
    except (OSError, UnicodeDecodeError):
        raise ValueError("names a file that cannot be read") from None
    return path


def _payload_keys_file(path: Path) -> Path:
    from runtime.payload_codec import read_keys  # noqa: PLC0415 - it takes a while, and few have such a file

    try:
        read_keys(path)
    except (OSError, UnicodeDecodeError):
        raise ValueError("names a file that cannot be read") from None
    return path


def _time_zone(name: str) -> str:
    if time_zone(name) is None:
        raise ValueError("is not the name of a time zone, such as Europe/Berlin")
    return name


Port = Annotated[int, Field(ge=1, le=65_535)]
Folder = Annotated[Path, AfterValidator(_absolute)]
File = Annotated[Path, AfterValidator(_absolute), AfterValidator(_existing)]
SecretsFile = Annotated[
    Path, AfterValidator(_absolute), AfterValidator(_existing), AfterValidator(_secrets_file)
]
PayloadKeysFile = Annotated[
    Path, AfterValidator(_absolute), AfterValidator(_existing), AfterValidator(_payload_keys_file)
]
SigningSecrets = Annotated[SecretStr, AfterValidator(_signing_secrets)]
Hosts = Annotated[str, AfterValidator(_hosts)]
TimeZoneName = Annotated[str, AfterValidator(_time_zone)]
WebAddress = Annotated[str, AfterValidator(_web_address)]
HostAndPort = Annotated[str, AfterValidator(_host_and_port)]
Key = Annotated[SecretStr, AfterValidator(_key)]
DatabaseUrl = Annotated[SecretStr, AfterValidator(_database)]
MailAddress = Annotated[str, AfterValidator(_mail_address)]
MailServerUrl = Annotated[SecretStr, AfterValidator(_mail_server)]
