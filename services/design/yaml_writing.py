"""Definitions as YAML text, in one order of keys, whichever order the database kept."""

from collections.abc import Iterable, Mapping
from io import StringIO
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.scalarstring import LiteralScalarString

from services.design.documents import with_bands_in_order

_KEYS = """
    kind key name description applies_to timezone min max bands groups
    trigger profile event on where while after_silence of points group limit expires_after decay
    filter filters sort fires rearm reentry while_running max_starts rules if then elif else steps exit_when on_failure
"""
KEY_ORDER = {name: place for place, name in enumerate(_KEYS.split())}


def document_text(document: Any) -> str:
    """A document, or a part of one, as block YAML."""
    ordered = _ordered(document)
    return _dumped(with_bands_in_order(ordered) if isinstance(ordered, dict) else ordered, flow=False)


def inline_text(value: Any) -> str:
    """A value as it stands in a line: `5`, `"5"`, `{a: 1}`."""
    if isinstance(value, dict | list):
        return _dumped(_ordered(value, literal=False), flow=True).strip()
    return _dumped([_ordered(value, literal=False)], flow=True).strip()[1:-1]


def place_of(key: str) -> tuple[int, str]:
    """Sorts the keys of a mapping."""
    return KEY_ORDER.get(key, len(KEY_ORDER)), key


def _dumped(value: Any, *, flow: bool) -> str:
    stream = StringIO()
    yaml = YAML()
    yaml.default_flow_style = flow
    yaml.width = 1_000_000 if flow else 4_096
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.dump(value, stream)
    return stream.getvalue()


def _ordered(value: Any, *, literal: bool = True) -> Any:
    if isinstance(value, Mapping):
        keys: Iterable[str] = sorted(value, key=place_of)
        return {key: _ordered(value[key], literal=literal) for key in keys}
    if isinstance(value, list):
        return [_ordered(part, literal=literal) for part in value]
    return LiteralScalarString(value) if literal and isinstance(value, str) and "\n" in value else value
