"""Texts of documents are changed where the document has changed; what their author wrote stays otherwise."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automations.yaml_text import read_yaml
from services.design.yaml_edits import edited_text
from services.design.yaml_writing import document_text

TEXT = """\
# What warms a contact up
kind: score_profile   # scored every second
key: engagement
description: |
  Two lines,
  one thing.
# cold is the bottom
bands: {cold: null, warm: 20}  # sales asked for it
rules:
  # mail
  - {key: opened, on: email.opened, points: 1}  # a little

  # forms
  - key: form   # more
    on: form.submitted
    # since spring
    points: 10
    where:
      form: {equal: "demo"}   # only this
tags: [a, "b", c]
steps:
- add_tag: hot   # the tag
- notify: {to: sales, message: "Hi"}
# the end
"""
KEEPS = (
    "# What warms a contact up\n",
    "   # scored every second\n",
    "# cold is the bottom\n",
    "  # sales asked for it\n",
    "  # mail\n",
    "  # a little\n",
    "\n  # forms\n",
    "   # more\n",
    "    # since spring\n",
    "   # only this\n",
    "   # the tag\n",
    "# the end\n",
)


def value_of(text: str) -> Any:
    (document,) = read_yaml(text)
    assert not document.problems
    return document.value


def changed(path: tuple[str | int, ...], value: Any) -> dict[str, Any]:
    document: dict[str, Any] = value_of(TEXT)
    here: Any = document
    for part in path[:-1]:
        here = here[part]
    if value is ...:
        del here[path[-1]]
    elif isinstance(here, list) and path[-1] == len(here):
        here.append(value)
    else:
        here[path[-1]] = value
    return document


@pytest.mark.parametrize(
    ("path", "value", "old", "new"),
    [
        (("rules", 0, "points"), 3, "points: 1}", "points: 3}"),
        (("rules", 1, "points"), 11, "points: 10\n", "points: 11\n"),
        (("bands", "warm"), 30, "warm: 20}", "warm: 30}"),
        (("rules", 1, "where", "form", "equal"), "trial", '"demo"', "trial"),
        (("key",), "heat", "key: engagement", "key: heat"),
        (("tags", 1), "x", '"b"', "x"),
        (("steps", 0, "add_tag"), "warm", "add_tag: hot", "add_tag: warm"),
        (("steps", 1, "notify", "to"), "hq", "to: sales", "to: hq"),
        (("description",), "One line.", "|\n  Two lines,\n  one thing.\n", "One line.\n"),
        (
            ("description",),
            "Three\n  lines\nnow\n",
            "  Two lines,\n  one thing.\n",
            "  Three\n    lines\n  now\n",
        ),
    ],
)
def test_a_changed_value_is_all_that_changes(
    path: tuple[str | int, ...], value: Any, old: str, new: str
) -> None:
    after = changed(path, value)
    assert edited_text(TEXT, value_of(TEXT), after) == TEXT.replace(old, new, 1)
    assert value_of(TEXT.replace(old, new, 1)) == after


@pytest.mark.parametrize(
    ("path", "value", "lost"),
    [
        (("rules", 1, "on"), ..., ()),
        (("rules", 1, "key"), ..., ("   # more\n",)),
        (("rules", 0), ..., ("  # a little\n",)),
        (("rules", 2), {"key": "new", "on": "x", "points": 1}, ()),
        (("rules", 1, "where"), ..., ("   # only this\n",)),
        (("rules", 1, "where", "form"), {"one_of": ["a", "b"]}, ()),
        (("rules", 1, "limit"), {"times": 3, "per": "day"}, ()),
        (("bands",), ..., ("  # sales asked for it\n",)),
        (("bands", "hot"), 50, ()),
        (("bands",), {}, ()),
        (("name",), "yes: no", ()),
        (("min",), 0, ()),
        (("tags",), [], ()),
        (("tags", 3), {"a": 1}, ()),
        (("steps", 0), ..., ("   # the tag\n",)),
        (("steps", 2), {"wait": "3d"}, ()),
        (("steps", 1, "notify", "message"), "a\nb: 'c' # d", ()),
        (("key",), ["a", {"b": 1}], ()),
        (("description",), {"a": [1]}, ()),
    ],
)
def test_comments_stay_where_their_part_did_not_change(
    path: tuple[str | int, ...], value: Any, lost: tuple[str, ...]
) -> None:
    after = changed(path, value)
    text = edited_text(TEXT, value_of(TEXT), after)
    assert text is not None
    assert value_of(text) == after, text
    assert [comment for comment in KEEPS if comment not in text] == list(lost)


def test_what_comes_first_comes_first() -> None:
    before = value_of(TEXT)
    after = {
        **before,
        "rules": [{"key": "first", "on": "x"}, *before["rules"]],
        "name": "Heat",
        "max": 5,
        "min": 1,
    }
    text = edited_text(TEXT, before, after)
    assert text is not None
    assert value_of(text) == after
    assert list(value_of(text))[:3] == ["kind", "key", "name"]
    assert text.index("min: 1") < text.index("max: 5") < text.index("bands:")


def test_lines_may_end_as_on_windows() -> None:
    text = TEXT.replace("\n", "\r\n")
    after = changed(("rules", 1, "points"), 11)
    assert edited_text(text, value_of(TEXT), after) == text.replace("points: 10", "points: 11")


@pytest.mark.parametrize("text", ["- a\n", "{a: 1}\n", "a: [\n", "", "a"])
def test_what_is_no_document_is_not_gone_into(text: str) -> None:
    assert edited_text(text, {"a": 1}, {"a": 2}) is None


_SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 5),
    st.sampled_from(["", "a", "b: c", "on", "x # y", "p\nq", "1"]),
)
_KEYS = st.sampled_from(["key", "name", "rules", "if", "zz"])
_VALUES = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=3),
    max_leaves=8,
)
_DOCUMENTS = st.dictionaries(_KEYS, _VALUES, min_size=1, max_size=4)


@given(before=_DOCUMENTS, after=_DOCUMENTS)
def test_any_change_of_what_we_write_reads_as_it_is_meant(
    before: dict[str, Any], after: dict[str, Any]
) -> None:
    """All documents have something in common, as kind and key are."""
    before, after = {"kind": "x", **before}, {"kind": "x", **after}
    text = edited_text(document_text(before), before, after)
    assert text is not None
    assert value_of(text) == after
