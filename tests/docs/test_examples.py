"""Every YAML block of the documentation is valid: whole documents, and parts put into a document."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from automations.documents import Documents, load_documents
from automations.steps.kinds import STEPS
from automations.yaml_text import read_yaml
from reference.examples import STEP_EXAMPLES
from reference.pages import ROOT, pages
from services.design.document_kinds import MODELS
from services.design.plan import check_documents

_BLOCK = re.compile(r"(?s)```yaml\n(.*?)```")
_PROFILE = "kind: score_profile\nkey: engagement\nrules: [{key: form, on: form.submitted, points: 5}]\n"
_TRIGGER = "trigger: {profile: engagement, filters: {score: {greater: 5}}}\n"
_STEPS = "steps: [{add_tag: hot}]\n"


def _blocks() -> Iterator[Any]:
    for page in (*pages(), ROOT / "README.md"):
        for number, block in enumerate(_BLOCK.findall(page.read_text("utf-8")), 1):
            yield pytest.param(block, id=f"{page.name}-{number}")


def _indented(text: str) -> str:
    return "".join(f"  {line}\n" for line in text.splitlines())


def _document(block: str) -> str:
    """A block as documents of their own; parts get what they belong into."""
    value = next(iter(read_yaml(block))).value
    first = value[0] if isinstance(value, list) else value
    if isinstance(value, list) and "points" in first:
        return "kind: score_profile\nkey: part\nrules:\n" + _indented(block)
    if isinstance(value, list):
        another = f"---\nkind: automation\nkey: another-automation\n{_TRIGGER}{_STEPS}"
        return f"kind: automation\nkey: part\n{_TRIGGER}steps:\n{_indented(block)}{another}"
    if "kind" not in first:
        return f"kind: automation\nkey: part\n{_STEPS}trigger:\n{_indented(block)}"
    return block


def _problems(documents: Documents) -> list[str]:
    mistakes, _ = check_documents(documents)
    return [str(mistake) for mistake in mistakes]


@pytest.mark.parametrize("block", list(_blocks()))
def test_an_example_is_valid(block: str) -> None:
    text = _document(block)
    files = [("example.yaml", text)]
    if "key: engagement" not in text:
        files.append(("profile.yaml", _PROFILE))
    assert _problems(load_documents(files, MODELS)) == []


def test_every_step_has_an_example() -> None:
    assert STEP_EXAMPLES.keys() == STEPS.keys()


def test_the_examples_folder_is_valid() -> None:
    def read(folder: Path) -> Mapping[str, str]:
        return {path.name: path.read_text("utf-8") for path in sorted(folder.rglob("*.yaml"))}

    files = read(ROOT / "examples")
    assert files
    assert _problems(load_documents(list(files.items()), MODELS)) == []
