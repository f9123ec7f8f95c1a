"""What the documentation takes from the code is as the code has it."""

from pathlib import Path

import pytest

from automations.schema import documents_schema
from reference.pages import SCHEMA, SECTIONS, NotFillable, fill, pages, schema_text, sections_in


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.name)
def test_a_page_is_up_to_date(page: Path) -> None:
    text = page.read_text("utf-8")
    assert fill(text) == text, f"{page.name} is out of date; refresh it with: make docs"


def test_the_schema_for_editors_is_up_to_date() -> None:
    assert schema_text() == SCHEMA.read_text("utf-8"), "refresh it with: make docs"


def test_every_section_stands_in_one_page() -> None:
    sections = [name for page in pages() for name in sections_in(page.read_text("utf-8"))]
    assert sorted(sections) == sorted(SECTIONS)


def test_a_section_that_does_not_exist_is_named_with_the_nearest_one() -> None:
    with pytest.raises(NotFillable, match='there is no section "operator"; did you mean "operators"'):
        fill("<!-- generated: operator -->\n<!-- end -->\n")


def test_every_key_of_a_document_says_what_it_means() -> None:
    """What editors show; the tables of the docs are made from the same."""
    definitions = documents_schema()["$defs"]
    silent = [
        f"{model}.{key}"
        for model, schema in definitions.items()
        for key, part in schema.get("properties", {}).items()
        if not part.get("description")
    ]
    assert silent == []
