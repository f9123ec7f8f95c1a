"""What this version does not do is refused at save, where it stands; it never waits to fail in a follow-up."""

from typing import Any

import pytest

from automations.checks import Known, check_automation
from automations.model import Automation

TRIGGER = {"profile": "p"}


@pytest.mark.parametrize(
    ("raw", "pointer"),
    [
        ({"steps": [{"webhook": {"url": "https://example.com"}}]}, "/steps/0/webhook"),
        ({"steps": [{"if": {}, "then": [{"webhook": {"url": "https://a.b"}}]}]}, "/steps/0/then/0/webhook"),
    ],
)
def test_what_is_not_available_is_refused_where_it_stands(raw: dict[str, Any], pointer: str) -> None:
    automation = Automation.model_validate(
        {"key": "a", "trigger": TRIGGER, "steps": [{"add_tag": "x"}], **raw}
    )
    errors, _ = check_automation(automation, Known({"p": None}))
    assert [error.pointer for error in errors] == [pointer]
    assert "not available" in errors[0].message
