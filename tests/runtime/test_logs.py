import json
import logging
from collections.abc import Iterator

import pytest
import structlog
from temporalio import activity
from temporalio.exceptions import ApplicationError

from runtime.logs import configure_logging
from runtime.settings import load_settings


@pytest.fixture(autouse=True)
def untouched_logging() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def configure(log_format: str) -> None:
    configure_logging(load_settings({"KINDLING_LOG_FORMAT": log_format}, environ={}), "worker")


def test_json_lines_carry_the_process_and_what_was_said(capsys: pytest.CaptureFixture[str]) -> None:
    configure("json")
    structlog.get_logger("kindling").info("batch done", events=500)
    logging.getLogger("temporalio").warning("slow")
    ours, theirs = (json.loads(line) for line in capsys.readouterr().err.splitlines())
    assert (ours["event"], ours["events"], ours["process"], ours["level"]) == (
        "batch done",
        500,
        "worker",
        "info",
    )
    assert (theirs["event"], theirs["process"]) == ("slow", "worker")


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_secrets_never_reach_the_log(log_format: str, capsys: pytest.CaptureFixture[str]) -> None:
    configure(log_format)
    log = structlog.get_logger("kindling")
    log.info("start", database="postgresql://u:hunter2@h/d", api_key="hunter2", headers={"Cookie": "hunter2"})
    logging.getLogger("x").error("sent Authorization: Bearer hunter2")
    try:
        password = "hunter2"
        raise ValueError("smtp://u:hunter2@h " + password[:0])
    except ValueError:
        log.exception("failed")
    text = capsys.readouterr().err
    assert "ValueError" in text
    assert "hunter2" not in text.replace('"smtp://u:hunter2@h " + password', "").replace(
        'password = "hunter2"', ""
    )


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_what_can_never_be_sent_is_one_line(log_format: str, capsys: pytest.CaptureFixture[str]) -> None:
    configure(log_format)

    try:
        raise ApplicationError("step 0 failed: refused (code 550)", non_retryable=True)
    except ApplicationError:
        # As temporalio's worker does it.
        activity.logger.warning("Completing activity as failed", exc_info=True)
    [line] = capsys.readouterr().err.splitlines()
    assert "Completing activity as failed: step 0 failed: refused (code 550)" in line
