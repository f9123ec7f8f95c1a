"""The JSON Schema for editors accepts what the models accept, and refuses what they refuse by shape."""

from pathlib import Path
from typing import Any

import jsonschema
import pytest

from automations.schema import documents_schema
from automations.yaml_text import read_yaml
from tests.automations.samples import EVERYTHING

ROOT = Path(__file__).parents[2]
VALIDATOR = jsonschema.Draft202012Validator(documents_schema())
PROFILE = {"kind": "score_profile", "key": "p", "rules": [{"key": "a", "on": "e", "points": 1}]}


def test_it_is_a_valid_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(documents_schema())


@pytest.mark.parametrize("path", sorted(ROOT.glob("examples/**/*.yaml")), ids=lambda path: path.name)
def test_every_example_passes(path: Path) -> None:
    documents = read_yaml(path.read_text("utf-8"))
    for document in documents:
        assert [error.message for error in VALIDATOR.iter_errors(document.value)] == []


def test_a_document_with_everything_passes() -> None:
    VALIDATOR.validate({"kind": "automation", **EVERYTHING})
    VALIDATOR.validate({"kind": "smart_list", "key": "a", "filter": {"tag": "x"}, "sort": "created_at"})


@pytest.mark.parametrize(
    "document",
    [
        {"key": "p"},
        {"kind": "score_profil", "key": "p"},
        {**PROFILE, "key": "Not A Key"},
        {**PROFILE, "rule": []},
        {**PROFILE, "rules": [{"key": "a", "on": "e"}]},
        {"kind": "automation", "key": "a", "trigger": {"profile": "p"}, "steps": []},
        {"kind": "automation", "key": "a", "trigger": {"profile": "p"}, "steps": [{"tag": "x"}]},
        {
            "kind": "automation",
            "key": "a",
            "trigger": {"profile": "p", "fires": "often"},
            "steps": [{"stop": "x"}],
        },
        {
            "kind": "automation",
            "key": "a",
            "trigger": {"profile": "p", "filters": {"score": {"above": 5}}},
            "steps": [{"stop": "x"}],
        },
        {"kind": "recipient", "key": "r", "channels": "mailto:a@example.com"},
        {"kind": "smart_list", "key": "a", "filter": {"tga": "x"}},
        {"kind": "smart_list", "key": "a", "sort": "name"},
    ],
)
def test_what_has_the_wrong_shape_is_refused(document: dict[str, Any]) -> None:
    assert list(VALIDATOR.iter_errors(document)) != []
