"""YAML files: all documents, or all mistakes with their lines."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automations.documents import load_documents

GOOD = """\
kind: automation
key: hot-lead
trigger: {profile: engagement, filters: {event.on: {equal: 2026-01-01}}}
steps:
  - wait: {until: "09:00"}
---
kind: recipient
key: sales
channels: ["mailto:sales@example.com"]
---
"""


def mistakes(text: str) -> list[str]:
    return [str(mistake) for mistake in load_documents([("a.yaml", text)]).mistakes]


def test_a_file_holds_several_documents_of_several_kinds() -> None:
    loaded = load_documents([("a.yaml", GOOD), ("b.yaml", "kind: recipient\nkey: ops\n")])
    assert loaded.mistakes == ()
    assert list(loaded.of_kind("recipient")) == ["sales", "ops"]
    raw = loaded.of_kind("automation")["hot-lead"].raw
    assert raw["trigger"]["filters"] == {"event.on": {"equal": "2026-01-01"}}


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_document_has_the_text_that_its_author_wrote(end: str) -> None:
    first = "# Those who sell\nkind: recipient\nkey: sales  # all\nname: |\n  a\n  ---\n# end\n"
    second = "\nkind: recipient\nkey: ops\n"
    text = f"{first}---{second}...\n---\nkind: recipient\nkey: hq".replace("\n", end)
    loaded = load_documents([("a.yaml", text)])
    wanted = [first, second, "\nkind: recipient\nkey: hq"]
    assert [document.text for document in loaded.documents] == [part.replace("\n", end) for part in wanted]
    sources = [document.source for document in loaded.documents]
    assert [text[source.start : source.end] for source in sources] == [source.text for source in sources]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "a.yaml:1:1: the file is empty; begin with `kind: automation`"),
        ("# nothing yet\n", "a.yaml:1:1: the file is empty; begin with `kind: automation`"),
        ("- a\n", "a.yaml:1:1: a document is a mapping of keys to values, beginning with `kind:`"),
        ("key: a\n", 'a.yaml:1:1: the document needs a "kind"; known: automation, recipient, smart_list'),
        ("kind: recipent\n", 'a.yaml:1:1: unknown kind "recipent"; did you mean "recipient"?'),
        ("a:\n\tb: 1\n", "a.yaml:2:1: a tab cannot indent YAML; use spaces"),
        ("a: b: c\n", 'a.yaml:1:5: a colon is not possible here; put a text with ": " in it in quotes'),
        ("a: *b\n", "a.yaml:1:4: found undefined alias 'b'; a text that begins with * needs quotes"),
        ("kind: recipient\nkey: a\nkey: b\n", 'a.yaml:3:1: "key" is there twice, first in line 2'),
        (
            "kind: recipient\nkey: a\n<<: {name: x}\n",
            "a.yaml:3:1: merge keys (<<) are not supported; write the keys out",
        ),
        ("kind: recipient\nkey: a\n? [x]\n: y\n", "a.yaml:3:3: a key is a text"),
        ("kind: recipient\nkey: a\nnmae: x\n", 'a.yaml:3:1: unknown key "nmae"; did you mean "name"?'),
        ("kind: recipient\nkey: a\nname: 5\n", 'a.yaml:3:1: "name" should be a text; put it in quotes: "5"'),
        (
            'kind: recipient\nkey: a\nname: "\\0"\n',
            "a.yaml:3:1: NUL and lone surrogates are not characters of a text",
        ),
    ],
)
def test_a_mistake_has_its_line_and_its_remedy(text: str, expected: str) -> None:
    assert mistakes(text) == [expected]


def test_all_mistakes_of_all_documents_are_told_in_order() -> None:
    text = """\
kind: automation
key: Hot
trigger:
  profile: p
  filters: {score: {greater_than: 5}}
steps:
  - notfy: {to: sales}
  - if: {score: {less: 20}}
    then:
      - wait: 3
---
kind: recipients
"""
    lines = [mistake.split(": ")[0] for mistake in mistakes(text)]
    assert lines == ["a.yaml:2:1", "a.yaml:5:21", "a.yaml:7:5", "a.yaml:10:9", "a.yaml:12:1"]


def test_two_documents_with_one_key_are_a_mistake_across_files() -> None:
    text = "kind: recipient\nkey: sales\n"
    [mistake] = load_documents([("a.yaml", f"\n{text}"), ("b.yaml", text)]).mistakes
    assert str(mistake) == 'b.yaml:2:1: recipient "sales" is there twice, first in a.yaml:3'


@pytest.mark.parametrize("key", ["true", "yes", "True"])
def test_a_key_that_yaml_1_1_reads_as_true_is_reported_as_on(key: str) -> None:
    from pydantic import BaseModel  # noqa: PLC0415

    from conditions.definition import Definition  # noqa: PLC0415

    class Rule(Definition):
        kind: str
        on: str = ""

    kinds: dict[str, type[BaseModel]] = {"rule": Rule}
    loaded = load_documents([("a.yaml", f"kind: rule\n{key}: email.opened\n")], kinds)
    [mistake] = loaded.mistakes
    assert mistake.line == 2
    assert 'write "on" in quotes: YAML 1.1 reads an unquoted on as true' in mistake.message


def test_aliases_cannot_blow_up() -> None:
    levels = "\n".join(f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 10)}]" for n in range(1, 9))
    [mistake] = mistakes(f"l0: &l0 [x]\n{levels}\n")
    assert "more than 100000 values" in mistake


@given(st.text(alphabet="kind: automtion\n-[]{}&*!|>'\"%@`?,#\t01") | st.text())
def test_reading_never_crashes(text: str) -> None:
    loaded = load_documents([("a.yaml", text)])
    assert loaded.mistakes or loaded.documents
