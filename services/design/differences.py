"""What differs between two definitions, as people read it."""

from collections.abc import Mapping
from difflib import unified_diff
from typing import Any

from services.design.yaml_writing import document_text


def difference(
    before: Mapping[str, Any] | None, after: Mapping[str, Any], names: tuple[str, str], context: int = 2
) -> str:
    """A unified diff of YAML; everything is new where there was nothing, and empty where nothing differs."""
    old = document_text(before).splitlines() if before else []
    lines = unified_diff(old, document_text(after).splitlines(), *names, lineterm="", n=context)
    return "\n".join(lines)
