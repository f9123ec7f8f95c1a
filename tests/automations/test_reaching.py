"""Whom a notification goes to, of those that its step names."""

import pytest

from automations.reaching import Candidate, choose

NOBODY = Candidate("owner")
ADA = Candidate("contact", "contact", ["mailto:ada@example.com"], "contact.email")
BAD = Candidate("contact", "contact", ["mailto:not an address"], "contact.email")
TWO = Candidate("owner", "a@x, b@x", ["mailto:a@x, b@x"], "contact.owner")
SALES = Candidate(
    "sales", "sales", ["mailto:sales@example.com", "mailto:boss@example.com"], 'a channel of "sales"'
)
HALF = Candidate("half", "half", ["mailto:a@x,b@x", "MAILTO:ben@example.com"], 'a channel of "half"')
CHAT = Candidate("chat", "chat", ["https://chat.example/x"], 'a channel of "chat"')
UNDEFINED = Candidate("ben", "ben")


@pytest.mark.parametrize(
    ("candidates", "name", "targets", "passed", "empty"),
    [
        ([ADA, SALES], "contact", ["mailto:ada@example.com"], [], []),
        ([NOBODY, ADA], "contact", ["mailto:ada@example.com"], [], ["owner"]),
        ([SALES], "sales", ["mailto:sales@example.com", "mailto:boss@example.com"], [], []),
        ([BAD, ADA], "contact", ["mailto:ada@example.com"], ["contact.email is not an e-mail address"], []),
        (
            [BAD, TWO, NOBODY, SALES],
            "sales",
            SALES.channels,
            ["contact.email is not an e-mail address", "contact.owner holds more than one address"],
            ["owner"],
        ),
        ([TWO], None, [], ["contact.owner holds more than one address"], []),
        ([NOBODY, BAD], None, [], ["contact.email is not an e-mail address"], ["owner"]),
        ([NOBODY], None, [], [], ["owner"]),
        (
            [HALF, SALES],
            "half",
            ["MAILTO:ben@example.com"],
            ['a channel of "half" holds more than one address'],
            [],
        ),
        ([CHAT, SALES], "chat", [], [], []),
        ([UNDEFINED, SALES], "ben", [], [], []),
    ],
)
def test_the_first_that_is_not_empty_and_has_no_address_that_is_none(
    candidates: list[Candidate], name: str | None, targets: list[str], passed: list[str], empty: list[str]
) -> None:
    choice = choose(candidates)
    assert (choice.candidate.name if choice.candidate else None) == name
    assert (choice.targets, choice.passed, choice.empty) == (targets, passed, empty)
