"""JSON Schema of the documents, for editors: completion, descriptions, and mistakes while one types."""

import re
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from automations.documents import MODELS_BY_KIND
from conditions.fields import TRIGGER, Field
from scoring.profile import ScoreProfile

#: Where conditions read what triggers read: the model and its key.
_FILTERS = (
    *(("Trigger", "filters"), ("Await", "filters"), ("Automation", "exit_when")),
    *(("IfStep", "if"), ("ElseIf", "if")),
)
DIALECT = "https://json-schema.org/draft/2020-12/schema"


def documents_schema() -> dict[str, Any]:
    """One schema for every kind of document; `kind` tells which. `kindling check` finds more than a schema can."""
    models: dict[str, type[BaseModel]] = {"score_profile": ScoreProfile, **MODELS_BY_KIND}
    refs, joint_schema = models_json_schema(
        [(model, "validation") for model in models.values()], ref_template="#/$defs/{model}"
    )
    definitions = joint_schema["$defs"]
    for kind, model in models.items():
        schema = definitions[refs[model, "validation"]["$ref"].rpartition("/")[2]]
        schema["properties"]["kind"] = {"const": kind, "description": "What the document defines"}
        schema["required"] = sorted({"kind", *schema.get("required", ())})
    _name_fields(definitions)
    return {
        "$schema": DIALECT,
        "title": "Kindling definitions",
        "type": "object",
        "required": ["kind"],
        "properties": {"kind": {"enum": list(models)}},
        "allOf": [
            {
                "if": {"properties": {"kind": {"const": kind}}, "required": ["kind"]},
                "then": {"$ref": refs[model, "validation"]["$ref"]},
            }
            for kind, model in models.items()
        ],
        "$defs": definitions,
    }


def _name_fields(definitions: dict[str, Any]) -> None:
    """Let filters name the fields that they may read, so that editors complete them."""
    open_names = {prefix: field for prefix, field in TRIGGER.open.items() if prefix.count(".") > 1}
    definitions["Filters"] = {
        "$ref": "#/$defs/Conditions",
        "properties": {name: {"description": _told(field)} for name, field in TRIGGER.named.items()},
        "patternProperties": {
            f"^{re.escape(prefix)}.": {"description": _told(field)} for prefix, field in open_names.items()
        },
    }
    for model, key in _FILTERS:
        properties = definitions[model]["properties"]
        properties[key] = _pointing(properties[key])


def _pointing(part: Any) -> Any:
    """A part of a schema with its conditions as those of filters."""
    if isinstance(part, dict):
        return {
            name: "#/$defs/Filters" if (name, inner) == ("$ref", "#/$defs/Conditions") else _pointing(inner)
            for name, inner in part.items()
        }
    return [_pointing(inner) for inner in part] if isinstance(part, list) else part


def _told(field: Field) -> str:
    """What a field holds."""
    return f"{field.type}: {', '.join(field.choices)}" if field.choices else str(field.type)
