"""Pages are written by hand; sections between two comments in them come from the code.

<!-- generated: operators -->
...
<!-- end -->
"""

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path

from automations.schema import documents_schema
from conditions.problems import suggestion
from reference import access, conditions, documents, interface, steps

ROOT = Path(__file__).parents[1]
SCHEMA = ROOT / "docs" / "definitions.schema.json"

SECTIONS: Mapping[str, Callable[[], str]] = {
    "profile keys": documents.profile_keys,
    "rule keys": documents.rule_keys,
    "automation keys": documents.automation_keys,
    "trigger keys": documents.trigger_keys,
    "recipient keys": documents.recipient_keys,
    "smart list keys": documents.smart_list_keys,
    "operators": conditions.operators,
    "operators by type": conditions.operators_by_type,
    "trigger fields": conditions.trigger_fields,
    "step keys": steps.common_keys,
    "steps": steps.all_steps,
    "template names": conditions.template_names,
    "template filters": conditions.template_filters,
    "limits": interface.limits,
    "settings": interface.settings,
    "permissions": access.permissions,
    "commands by permission": access.commands,
    "api": interface.calls,
    "workflows": interface.workflows,
    "search attributes": interface.search_attributes,
}

_SECTION = re.compile(r"(?s)<!-- generated: ([a-z ]+) -->\n(.*?)<!-- end -->\n")


class NotFillable(Exception):
    """A page names a section that does not exist."""


def pages() -> list[Path]:
    """Every page of the documentation."""
    return sorted((ROOT / "docs").rglob("*.md"))


def schema_text() -> str:
    """The JSON Schema of the documents, as the file for editors holds it."""
    return json.dumps(documents_schema(), indent=1) + "\n"


def fill(text: str) -> str:
    """The page with its sections as the code has them now; raises NotFillable."""
    return _SECTION.sub(_filled, text)


def sections_in(text: str) -> list[str]:
    """The names of the sections of a page."""
    return [match[1] for match in _SECTION.finditer(text)]


def _filled(match: re.Match[str]) -> str:
    name = match[1]
    if name not in SECTIONS:
        raise NotFillable(f'there is no section "{name}"{suggestion(name, SECTIONS)}')
    return f"<!-- generated: {name} -->\n{SECTIONS[name]()}<!-- end -->\n"
