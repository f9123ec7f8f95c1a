"""Hints about words that are not known."""

import pytest

from conditions.problems import suggestion

EVENTS = ["deal.lost", "email.clicked", "form.submitted", "invoice.sent", "payment.failed", "webinar.1"]


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        *(("form.submited", "form.submitted"), ("form.sumbitted", "form.submitted")),
        *(("from.submited", "form.submitted"), ("form_submitted", "form.submitted")),
        *(("Payment Failed", "payment.failed"), ("payment.failled", "payment.failed")),
        ("deal.last", "deal.lost"),
    ],
)
def test_a_slip_of_the_pen_is_pointed_at(word: str, meant: str) -> None:
    assert suggestion(word, EVENTS, certain=True) == f'; did you mean "{meant}"?'


@pytest.mark.parametrize(
    "word",
    [
        "deal.won",
        "email.opened",
        "email.closed",
        "invoice.paid",
        "form.started",
        "webinar.2",
        "payment.settled",
    ],
)
def test_a_new_name_is_no_slip_of_another_one(word: str) -> None:
    assert suggestion(word, EVENTS, certain=True) == ""


@pytest.mark.parametrize(
    ("word", "others"), [("vip", ["zip", "trip"]), ("hot", ["not", "shot"]), ("tier2", ["tier1"])]
)
def test_short_words_and_numbers_are_names_of_their_own(word: str, others: list[str]) -> None:
    assert suggestion(word, others, certain=True) == ""
    assert suggestion(word.upper(), [*others, word], certain=True) == f'; did you mean "{word}"?'
