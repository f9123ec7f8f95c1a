"""What a receiver decodes is what was written, in headers of any length and alphabet."""

from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.header import decode_header, make_header

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from automations.addresses import Mailbox, mailbox
from channels.headers import address_header, one_line, text_header
from channels.mail import Mail, composed

SENDER = mailbox("Kindling <kindling@example.com>")
BEN = mailbox("ben@example.com")

#: Long texts in words, with runs of blanks; and any characters that may be stored.
WORDS = st.lists(
    st.sampled_from(
        ("Анна", "Петрова", "gęślą", "jaźń", "漢字", "😀", "e\u0301", "hot", "=?x?=", "_", '"', "," * 9)
    ),
    max_size=40,
).flatmap(
    lambda words: st.lists(
        st.sampled_from((" ", "  ", "     ", "\t", "")), min_size=len(words), max_size=len(words)
    ).map(lambda blanks: "".join(map("".join, zip(words, blanks, strict=True))))
)
CHARACTERS = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"),
    max_size=300,
)
TEXTS = st.one_of(WORDS, CHARACTERS)


def decoded(header: str, name: str) -> tuple[str, str]:
    """The value of a header as two kinds of receivers have it."""
    raw = header.encode("ascii") + b"\r\nHello"
    modern, old = message_from_bytes(raw, policy=policy.default), message_from_bytes(raw)
    return str(modern[name]), str(make_header(decode_header(old[name])))


@settings(max_examples=2_000, deadline=None)
@given(TEXTS)
@example("Анна Петрова стала горячей: Анна Петрова перешла от 40 на 50 очков, ждёт звонка")
@example("zażółć gęślą jaźń zażółć gęślą jaźń zażółć gęślą jaźń zażółć gęślą jaźń")
@example("ż" + " " * 200 + "ź")
@example("  Hot  ")
@example("=?utf-8?q?not_encoded?=")
def test_a_subject_is_read_as_it_was_written(text: str) -> None:
    header = text_header("Subject", text)
    assert decoded(header, "Subject") == (text, text)
    assert all(len(line) <= 76 for line in header.split("\r\n"))


@settings(max_examples=500, deadline=None)
@given(TEXTS)
@example("Анна Петрова")
@example("Lovelace, Ada")
@example('the "countess" \\ of numbers')
def test_a_name_beside_an_address_is_read_as_it_was_written(text: str) -> None:
    """Readers have blanks in a row as one; Python's newer one, before 3.13, puts one between encoded words too."""
    name = " ".join(text.split())
    header = address_header("To", Mailbox(name, "ada", "example.com"))
    raw = header.encode("ascii") + b"\r\nHello"
    [address] = message_from_bytes(raw, policy=policy.default)["To"].addresses
    assert address.addr_spec == "ada@example.com"
    if header.count("=?utf-8?") < 2:
        assert address.display_name == name
    if "=?utf-8?" in header:
        assert decoded(header, "To")[1] == f"{name} <ada@example.com>"
    assert all(len(line) <= 76 for line in header.split("\r\n"))


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("Hot: Ada Lovelace", "Hot: Ada Lovelace"),
        ("Hot:\nAda", "Hot: Ada"),
        ("Hot: \r\n   Ada\n", "Hot: Ada"),
        ("\n\nHot\n\n\nAda", "Hot Ada"),
        ("Hot:\u2028Ada", "Hot: Ada"),
        ("Hot:   Ada ", "Hot:   Ada "),
        ("\n", ""),
        ("", ""),
    ],
)
def test_a_subject_is_one_line(text: str, line: str) -> None:
    assert one_line(text) == line


@pytest.mark.parametrize(
    ("text", "header"),
    [
        ("Kindling <kindling@example.com>", "From: Kindling <kindling@example.com>\r\n"),
        ("kindling@example.com", "From: kindling@example.com\r\n"),
        ('"Lovelace, Ada" <ada@example.com>', 'From: "Lovelace, Ada" <ada@example.com>\r\n'),
        ("ben@müller.example", "From: ben@xn--mller-kva.example\r\n"),
        (
            "Ben Müller <ben@müller.example>",
            "From: =?utf-8?q?Ben_M=C3=BCller?= <ben@xn--mller-kva.example>\r\n",
        ),
    ],
)
def test_plain_names_stay_plain(text: str, header: str) -> None:
    assert address_header("From", mailbox(text)) == header


@settings(max_examples=300, deadline=None)
@given(TEXTS, st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=2_000))
def test_a_whole_message_is_ascii_and_says_what_was_written(subject: str, text: str) -> None:
    mail = Mail("0190-1.a1", "ben@example.com", subject, text)
    raw = composed(mail, SENDER, BEN, datetime(2026, 5, 1, tzinfo=UTC))
    assert raw.isascii()
    message = message_from_bytes(raw, policy=policy.default)
    assert str(message["Subject"]) == subject
    assert message.get_content().replace("\r\n", "\n").removesuffix("\n") == text
    assert [str(message[name]) for name in ("From", "To", "Message-ID", "Auto-Submitted")] == [
        "Kindling <kindling@example.com>",
        "ben@example.com",
        "<0190-1.a1@kindling>",
        "auto-generated",
    ]
