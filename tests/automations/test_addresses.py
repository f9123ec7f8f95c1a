"""Which texts are one e-mail address, and what each becomes."""

import pytest

from automations.addresses import Mailbox, NoAddress, mailbox, mailto


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ada@example.com", Mailbox("", "ada", "example.com")),
        ("  ada@example.com\n", Mailbox("", "ada", "example.com")),
        ("Ada.Lovelace+crm@mail.example.com", Mailbox("", "Ada.Lovelace+crm", "mail.example.com")),
        ("kindling@localhost", Mailbox("", "kindling", "localhost")),
        ("Ada Lovelace <ada@example.com>", Mailbox("Ada Lovelace", "ada", "example.com")),
        ('"Lovelace, \\"Ada\\"" <ada@example.com>', Mailbox('Lovelace, "Ada"', "ada", "example.com")),
        ("J. R. Smith (sales) <jr@example.com>", Mailbox("J. R. Smith (sales)", "jr", "example.com")),
        ("<ada@example.com>", Mailbox("", "ada", "example.com")),
        ('"ada, or ben"@example.com', Mailbox("", '"ada, or ben"', "example.com")),
        ("ada@müller.example", Mailbox("", "ada", "xn--mller-kva.example")),
        ("ada@MÜLLER.example", Mailbox("", "ada", "xn--mller-kva.example")),
        ("ada@пример.испытание", Mailbox("", "ada", "xn--e1afmkfd.xn--80akhbyknj4f")),
        ("ada@例え。テスト", Mailbox("", "ada", "xn--r8jz45g.xn--zckzah")),
        ("ådå@example.com", Mailbox("", "ådå", "example.com")),
        ("ada@[127.0.0.1]", Mailbox("", "ada", "[127.0.0.1]")),
        ("ada@[IPv6:2001:db8::1]", Mailbox("", "ada", "[IPv6:2001:db8::1]")),
        (f"{'a' * 64}@example.com", Mailbox("", "a" * 64, "example.com")),
    ],
)
def test_an_address(text: str, expected: Mailbox) -> None:
    assert mailbox(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "a@x, b@x",
        "a@x,b@x",
        "a@example.com; b@example.com",
        "a@example.com b@example.com",
        "a@example.com\nb@example.com",
        "Ada <a@example.com>, Ben <b@example.com>",
        "a@example.com <b@example.com>",
    ],
)
def test_more_than_one_address_is_not_one_of_them(text: str) -> None:
    with pytest.raises(NoAddress, match="^holds more than one address$"):
        mailbox(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "not an address",
        "ada",
        "ada@",
        "@example.com",
        "ada@@example.com",
        "ada lovelace@example.com",
        "ada@example..com",
        "ada@.example.com",
        "ada@example.com.",
        "ada@-example.com",
        "ada@exam ple.com",
        "ada@example.com?subject=hot",
        ".ada@example.com",
        "ada.@example.com",
        "ada@example.com,",
        "ada@example.com, ben",
        "Lovelace, Ada <ada@example.com>",
        "Ada <ada@example.com",
        "ada@example.com\r\nBcc: ben",
        "ada@exa\u200bmple.com",
        "ada@\u00ad",
        "ada@[300.0.0.1]",
        "ada@[2001:db8::1]",
        f"{'a' * 65}@example.com",
        f"{'ä' * 33}@example.com",
        f"ada@{'a' * 64}.com",
        f"ada@{'.'.join(['a' * 60] * 5)}",
    ],
)
def test_no_address(text: str) -> None:
    with pytest.raises(NoAddress, match="^is not an e-mail address$"):
        mailbox(text)


@pytest.mark.parametrize(
    ("channel", "expected"),
    [
        ("mailto:ada@example.com", "ada@example.com"),
        ("MAILTO:ada@example.com", "ada@example.com"),
        ("https://chat.example/x", None),
        ("ada@example.com", None),
    ],
)
def test_the_channels_that_are_e_mail(channel: str, expected: str | None) -> None:
    assert mailto(channel) == expected
