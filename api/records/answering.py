"""Answers that calls about contacts and deals have in common."""

from typing import Any

from services.records.answers import NotStored

#: What is sent about somebody who was erased for good.
SUPPRESSED: dict[int | str, dict[str, Any]] = {202: {"model": NotStored}}
