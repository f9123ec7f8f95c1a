"""What differs between two definitions, as people read it."""

from collections.abc import Iterable, Mapping
from difflib import unified_diff
from io import StringIO
from typing import Any

from ruamel.yaml import YAML

from services.design.documents import with_bands_in_order


def difference(
    before: Mapping[str, Any] | None, after: Mapping[str, Any], names: tuple[str, str], context: int = 2
) -> str:
    """A unified diff of YAML; everything is new where there was nothing, and empty where nothing differs."""
    old = _yaml(before).splitlines() if before else []
    lines = unified_diff(old, _yaml(after).splitlines(), *names, lineterm="", n=context)
    return "\n".join(lines)


_KEYS = """
    kind key name description applies_to timezone min max bands groups
    trigger profile event on where while after_silence of points group limit expires_after decay
    filters fires rearm reentry while_running max_starts rules if then elif else steps exit_when on_failure
"""
KEY_ORDER = {name: place for place, name in enumerate(_KEYS.split())}


def _yaml(document: Mapping[str, Any]) -> str:
    """Block YAML in one order of keys, whichever order the database kept."""
    stream = StringIO()
    yaml = YAML()
    yaml.default_flow_style = False
    yaml.width = 4_096
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.dump(with_bands_in_order(_ordered(document)), stream)
    return stream.getvalue()


def _ordered(value: Any) -> Any:
    if isinstance(value, Mapping):
        keys: Iterable[str] = sorted(value, key=lambda name: (KEY_ORDER.get(name, len(KEY_ORDER)), name))
        return {key: _ordered(value[key]) for key in keys}
    return [_ordered(part) for part in value] if isinstance(value, list) else value
