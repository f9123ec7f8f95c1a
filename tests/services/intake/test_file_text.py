"""Which encoding a file is in, and what is said where it is not."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.errors import ReadableError
from services.intake.files.file_text import Undecodable, decoding_of, encoding_of, undecodable
from tests.services.intake.shop import Shop

TEXT = "contact,type,note\nada,seen,Müller: 5 €\n"
NDJSON = '{"id": "1", "type": "seen", "contact": "ada", "properties": {"note": "Müller"}}\n'


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_what_a_file_says_of_itself_is_enough(shop: Shop, encoding: str) -> None:
    assert shop.take(TEXT.encode(encoding)).accepted == 1
    assert shop.properties() == [{"note": "Müller: 5 €"}]


@pytest.mark.parametrize("encoding", ["cp1252", "utf-16-le", "mac_roman", "UTF8", "iso-8859-15"])
def test_an_encoding_that_is_named_is_taken(shop: Shop, encoding: str) -> None:
    assert shop.take(TEXT.encode(encoding), encoding=encoding).accepted == 1
    assert shop.properties() == [{"note": "Müller: 5 €"}]
    assert shop.take(NDJSON.encode(encoding), "shop.ndjson", encoding=encoding).accepted == 1


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (
            "contact,type,Straße\nada,seen,x\n".encode("cp1252"),
            '1: it is not UTF-8. As cp1252 .* it reads "Straße"',
        ),
        (TEXT.encode("cp1252"), '2: it is not UTF-8. As cp1252 .* it reads "Müller:".* --encoding cp1252'),
        (b"contact,type\n" + b"ada,seen\n" * 60_000 + b"b\xf6rge,seen\n", '60002: it is not UTF-8.*"börge"'),
        (b"contact,type\r\nada,\x81\r\n", "2: it is not UTF-8. Say --encoding cp1250"),
        (b"contact,type\rada,seen\rada,\xe4\r", "3: it is not UTF-8"),
        (b"\xff\xfec\x00o\x00n\x00\x00\xd8", "1: it is not UTF-16; name another encoding"),
    ],
)
def test_a_file_that_is_not_in_its_encoding_is_refused_whole_with_line_and_guess(
    shop: Shop, content: bytes, said: str
) -> None:
    with pytest.raises(ReadableError, match=f"^shop.csv:{said}"):
        shop.take(content)
    assert shop.rows() == {}


def test_lines_of_ndjson_that_are_not_utf_8_refuse_the_file_too(shop: Shop) -> None:
    with pytest.raises(ReadableError, match='^shop.ndjson:1: it is not UTF-8.*reads "Müller"'):
        shop.take(NDJSON.encode("cp1252"), "shop.ndjson")
    lines = NDJSON.encode() + NDJSON.encode("cp1252")
    done = shop.take(lines, "shop.ndjson", encoding="utf-8")
    assert (done.accepted, [row.line for row in done.first_bad]) == (1, [2])


def test_an_unknown_encoding_is_told_with_known_ones(shop: Shop) -> None:
    for name in ("klingon", "hex", "rot13"):
        with pytest.raises(ReadableError, match=f'no encoding "{name}"; such are utf-8, cp1252'):
            shop.take(TEXT, encoding=name)


def test_a_mark_says_more_than_a_name() -> None:
    assert encoding_of(b"\xef\xbb\xbfx", "cp1252") == "utf-8-sig"
    assert encoding_of(b"\xff\xfe\x00\x00x") == "utf-32"
    assert encoding_of(b"x", "cp1252") == "cp1252"


@given(
    st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\r\n"), max_size=9), max_size=9),
    st.integers(1, 5),
)
def test_the_line_is_right_however_the_bytes_come(lines: list[str], size: int) -> None:
    good = "".join(f"{line}\n" for line in lines).encode()
    text = good + b"x\xff"
    assert undecodable((text[at : at + size] for at in range(0, len(text), size)), "utf-8") in {
        Undecodable(len(lines) + 1, b"x\xff"),
        Undecodable(len(lines) + 1, b"\xff"),
    }
    assert undecodable([good], "utf-8") is None


def test_a_file_can_be_read_several_times() -> None:
    file = io.BytesIO(TEXT.encode())
    decoding = decoding_of(file, "shop.csv")
    for _ in range(2):
        assert "".join(decoding.lines_of(file, lambda _: "\n", 1_000)) == TEXT
