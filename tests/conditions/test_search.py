# ruff: noqa: RUF001 - letters that look like others are what this is about
"""Searches compare texts without regard to case and composition, whatever the language."""

import sys
from collections.abc import Callable
from functools import partial
from unicodedata import combining, normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conditions.search import folded, folded_address

#: Other ways in which people and programs write the same text.
WRITTEN: dict[str, Callable[[str], str]] = {
    "upper": str.upper,
    "lower": str.lower,
    "title": str.title,
    "swapcase": str.swapcase,
    "casefold": str.casefold,
    "NFC": partial(normalize, "NFC"),
    "NFD": partial(normalize, "NFD"),
    "NFKC": partial(normalize, "NFKC"),
    "NFKD": partial(normalize, "NFKD"),
}
#: Letters of which case or composition is a matter of its own, beside all others.
texts = st.text(
    st.sampled_from("aiIjſKßẞéÉıİΣσςᾳͅΐŉǰﬁＡ각ᄀ\u0301\u0307\u0323 .@") | st.characters(codec="utf-8")
)


def begins_a_character(text: str) -> bool:
    return not combining(normalize("NFKD", text)[0])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Özgür", "ÖZGÜR"),
        ("Özgür", "O\u0308zgu\u0308r"),
        ("ÉRIC", "éric"),
        ("Иван", "ИВАН"),
        ("Straße", "STRASSE"),
        ("Σίσυφος", "ΣΊΣΥΦΟΣ"),
        ("İstanbul", "istanbul"),
        ("ISPARTA", "ısparta"),
        ("ﬁnn", "FINN"),
        ("ａｄａ＠ｅｘａｍｐｌｅ．ｃｏｍ", "ada@example.com"),
        ("\u1e69", "s\u0307\u0323"),
    ],
)
def test_texts_that_read_alike_are_one(one: str, other: str) -> None:
    assert folded(one) == folded(other)


@pytest.mark.parametrize(("one", "other"), [("José", "Jose"), ("Łukasz", "Lukasz"), ("Ada", "Äda")])
def test_accents_count(one: str, other: str) -> None:
    assert folded(one) != folded(other)


def test_every_letter_that_can_be_written_otherwise_is_one_with_its_other_forms() -> None:
    letters = [
        letter
        for letter in map(chr, range(sys.maxunicode + 1))
        if not "\ud800" <= letter <= "\udfff"
        and (letter != folded(letter) or letter.upper() != letter or normalize("NFKD", letter) != letter)
    ]
    assert len(letters) > 10_000
    apart = [
        (letter, name)
        for letter in letters
        for name, write in WRITTEN.items()
        if folded(write(letter)) != folded(letter)
    ]
    assert apart == []


@given(texts)
def test_however_a_text_is_written_it_is_the_same(text: str) -> None:
    once = folded(text)
    assert folded(once) == once
    assert {name: folded(write(text)) for name, write in WRITTEN.items()} == dict.fromkeys(WRITTEN, once)


@given(texts, st.data())
def test_a_part_of_a_text_is_a_part_of_its_folded_form(text: str, data: st.DataObject) -> None:
    cuts = [at for at in range(len(text)) if begins_a_character(text[at])] + [len(text)]
    start, end = sorted((data.draw(st.sampled_from(cuts)), data.draw(st.sampled_from(cuts))))
    for write in WRITTEN.values():
        assert folded(write(text[start:end])) in folded(text)


def test_an_address_is_compared_without_blanks_around_it() -> None:
    assert folded_address(" Ada@Example.com\t") == folded_address("ada@example.com")
    assert folded_address(" \t") is None
    assert folded_address(None) is None
