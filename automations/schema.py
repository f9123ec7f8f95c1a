"""JSON Schema of the documents, for editors: completion, descriptions, and mistakes while one types."""

from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from automations.documents import KINDS
from scoring.profile import ScoreProfile

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def documents_schema() -> dict[str, Any]:
    """One schema for every kind of document; `kind` tells which. `kindling check` finds more than a schema can."""
    models: dict[str, type[BaseModel]] = {"score_profile": ScoreProfile, **KINDS}
    refs, joint_schema = models_json_schema(
        [(model, "validation") for model in models.values()], ref_template="#/$defs/{model}"
    )
    definitions = joint_schema["$defs"]
    for kind, model in models.items():
        schema = definitions[refs[model, "validation"]["$ref"].rpartition("/")[2]]
        schema["properties"]["kind"] = {"const": kind, "description": "What the document defines"}
        schema["required"] = sorted({"kind", *schema.get("required", ())})
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
