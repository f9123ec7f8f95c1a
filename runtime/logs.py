"""Logging of every process: structlog, as text for people or as JSON, secrets masked."""

import logging
import re
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any

import structlog
import structlog.tracebacks
from structlog.typing import EventDict, Processor
from temporalio.exceptions import ApplicationError

from runtime.settings import Settings

MASK = "***"
SECRET_NAMES = re.compile(
    r"password|passwd|secret|api_?key|authorization|cookie|^token$|_token$", re.IGNORECASE
)
SECRETS_IN_TEXT = (
    re.compile(r"(?<=://)[^/\s:@]*:[^/\s@]+(?=@)"),  # user:password in an address
    re.compile(r"(?<=Bearer )\S+", re.IGNORECASE),
)
QUIET = {
    "uvicorn.access": logging.WARNING,
    # They would log every address with its query, and on `debug` every header.
    "httpx2": logging.WARNING,
    "httpcore2": logging.WARNING,
    "alembic": logging.WARNING,
}


def configure_logging(settings: Settings, process: str) -> None:
    """Set up structlog and the standard library's logging of this process, to standard error.

    Every line carries `process`. Values with secret names and passwords in addresses are masked.
    """
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _named(process),
    ]
    as_json = settings.log_format == "json"
    renderer: list[Processor] = (
        [_structured_exceptions(), mask_secrets, structlog.processors.JSONRenderer()]
        if as_json
        else [
            structlog.processors.format_exc_info,
            mask_secrets,
            structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty()),
        ]
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *renderer],
        )
    )
    level = logging.getLevelNamesMapping()[settings.log_level.upper()]
    logging.basicConfig(handlers=[handler], level=level, force=True)
    logging.getLogger("temporalio.activity").addFilter(_told)
    for name, least in QUIET.items():
        logging.getLogger(name).setLevel(max(least, level))
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def _told(record: logging.LogRecord) -> bool:
    """Let the end of an activity in an error of ours be one line: it says what is the matter, its traceback nothing."""
    error = record.exc_info[1] if record.exc_info else None
    if isinstance(error, ApplicationError):
        record.msg = f"{record.getMessage()}: {error.message}"
        record.args, record.exc_info = None, None
    return True


def mask_secrets(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """A structlog processor: what looks like a secret becomes `***`, at any depth."""
    return {name: _masked(name, value) for name, value in event.items()}


def _masked(name: str, value: Any) -> Any:
    if SECRET_NAMES.search(name):
        return MASK
    if isinstance(value, Mapping):
        return {key: _masked(str(key), inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_masked(name, inner) for inner in value]
    if isinstance(value, str):
        for secret in SECRETS_IN_TEXT:
            value = secret.sub(MASK, value)
    return value


def _structured_exceptions() -> Processor:
    """Without local variables: they may hold contacts' data and secrets."""
    return structlog.processors.ExceptionRenderer(
        structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
    )


def _named(process: str) -> Processor:
    def add(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        event["process"] = process
        return event

    return add
