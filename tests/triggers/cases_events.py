"""Triggers on an event: they enroll for each such event that fits, whether a score moved or not."""

from typing import Any

from tests.triggers.case import MISSING, Case, event

FAILED = "payment.failed"


def where(name: str, tests: dict[str, Any], *, enroll: list[Any], nothing: list[Any]) -> Case:
    """A case of `where` on the property `x` alone: which of its values enroll, and which do nothing."""
    history = [event("e", x=value) for value in (*enroll, *nothing)]
    return Case(
        name, {"event": "e", "where": {"x": tests}}, history, "enroll " * len(enroll) + ". " * len(nothing)
    )


EVENTS: list[Case] = [
    Case(
        "each event of the type enrolls, others do not",
        {"event": FAILED},
        [event(FAILED), event(FAILED), event("payment.succeeded"), event("payment"), event("Payment.failed")],
        "enroll enroll . . .",
    ),
    Case(
        "a score that moved makes no difference",
        {"event": FAILED},
        [event(FAILED), event(FAILED) | {"score": 60}, event(FAILED) | {"score": 60}],
        "enroll enroll enroll",
    ),
    Case(
        "a score that moves without the event fires nothing",
        {"event": FAILED},
        ["60", "70(event)", {"contact.stage": "demo"}, event(FAILED)],
        ".       .           .                          enroll",
    ),
    Case(
        "a trigger on a profile does not look at events that move no score",
        {},
        [event(FAILED), event(FAILED) | {"score": 5}, event(FAILED)],
        ".              enroll                        .",
    ),
    Case(
        "several events in one batch enroll each",
        {"event": FAILED},
        ["[", event(FAILED), event("e"), event(FAILED), "]"],
        "enroll . enroll",
    ),
    # where: a bare name is an event property
    where("where equal a number", {"equal": 5}, enroll=[5, 5.0], nothing=["5", 6, True, None, MISSING]),
    where("where equal 1: true is not 1", {"equal": 1}, enroll=[1], nothing=[True, "1"]),
    where("where equal true", {"equal": True}, enroll=[True], nothing=[1, "true", False, None, MISSING]),
    where(
        "where not equal: also when missing",
        {"not_equal": "a"},
        enroll=["b", 5, None, MISSING],
        nothing=["a"],
    ),
    where("where greater", {"greater": 5}, enroll=[6, 5.01], nothing=[5, "6", True, None, MISSING, ""]),
    where("where greater or equal", {"greater_or_equal": 5}, enroll=[5, 6], nothing=[4, "5", None, MISSING]),
    where("where less", {"less": 5}, enroll=[4, 0, -1], nothing=[5, False, None, MISSING, "", []]),
    where("where less or equal", {"less_or_equal": 0}, enroll=[0, -1], nothing=[1, None, MISSING, False]),
    where("where empty", {"empty": True}, enroll=[None, MISSING, "", " ", []], nothing=[0, False, "x"]),
    where("where not empty", {"not_empty": True}, enroll=[0, False, "x"], nothing=[None, MISSING, "", []]),
    where("where contains", {"contains": "fee"}, enroll=["coffee"], nothing=["Fee", "", None, MISSING, 5]),
    where(
        "where starts with", {"starts_with": "EU"}, enroll=["EUR", "EU"], nothing=["eu", "NEU", None, MISSING]
    ),
    where("where one of", {"one_of": ["a", 1]}, enroll=["a", 1], nothing=["A", "1", True, None, MISSING]),
    where(
        "where has", {"has": "book"}, enroll=[["pen", "book"]], nothing=[["books"], [], "book", None, MISSING]
    ),
    where(
        "where older than",
        {"older_than": "30d"},
        enroll=["2025-12-01"],
        nothing=["2025-12-02", "2025-12-31", "x", 5, None, MISSING],
    ),
    where("where a range", {"greater": 5, "less": 10}, enroll=[6, 9.5], nothing=[5, 10, "7", None]),
    Case(
        "where: several properties all hold",
        {"event": FAILED, "where": {"amount": {"greater": 5}, "currency": {"equal": "EUR"}}},
        [event(FAILED, amount=9, currency="EUR"), event(FAILED, amount=9), event(FAILED, currency="EUR")],
        "enroll . .",
    ),
    Case(
        "where: any, all and not nest",
        {
            "event": FAILED,
            "where": {
                "any": [
                    {"amount": {"greater": 99}},
                    {"all": [{"try": {"equal": 3}}, {"not": {"x": {"equal": 1}}}]},
                ]
            },
        },
        [
            event(FAILED, amount=100),
            event(FAILED, **{"try": 3}),
            event(FAILED, **{"try": 3}, x=1),
            event(FAILED),
        ],
        "enroll enroll . .",
    ),
    Case(
        "where: a property that is called type is not the event's type",
        {"event": FAILED, "where": {"type": {"equal": "card"}}},
        [event(FAILED), event("card")],
        ".              .",
    ),
    Case(
        "where: a field of the contact, as it is now",
        {"event": FAILED, "where": {"contact.stage": {"equal": "customer"}}},
        [event(FAILED), event(FAILED) | {"contact.stage": "customer"}, event(FAILED)],
        ".              enroll                                         enroll",
    ),
    Case(
        "where: a bare name is never a field of the contact",
        {"event": FAILED, "where": {"stage": {"equal": "customer"}}},
        [event(FAILED) | {"contact.stage": "customer"}, event(FAILED, stage="customer")],
        ".                                              enroll",
    ),
    Case(
        "where: a field of the deal that the event names",
        {"event": FAILED, "where": {"deal.value": {"greater_or_equal": 1000}}},
        [event(FAILED), event(FAILED) | {"deal.value": 1000}, event(FAILED) | {"deal.value": 999}],
        ".              enroll                                .",
    ),
    # filters, as those of any trigger
    Case(
        "filters on the event's properties",
        {"event": FAILED, "filters": {"event.amount": {"greater": 5}, "event.type": {"equal": FAILED}}},
        [event(FAILED, amount=6), event(FAILED, amount=5), event(FAILED)],
        "enroll                   .                        .",
    ),
    Case(
        "where and filters must both hold",
        {
            "event": FAILED,
            "where": {"amount": {"greater": 5}},
            "filters": {"contact.tags": {"has": "vip"}},
        },
        [
            event(FAILED, amount=9),
            event(FAILED, amount=9) | {"contact.tags": ["vip"]},
            event(FAILED, amount=5),
        ],
        ". enroll .",
    ),
    Case(
        "filters on scores and bands of profiles",
        {"event": FAILED, "filters": {"scores.p": {"greater": 10}, "bands.q": {"equal": "hot"}}},
        [event(FAILED), "20", event(FAILED), {"scores.q": 50}, event(FAILED)],
        ".               .    .               .                enroll",
    ),
    Case(
        "filters nest too",
        {
            "event": FAILED,
            "filters": {"not": {"any": [{"contact.stage": {"equal": "lost"}}, {"event.x": {"empty": True}}]}},
        },
        [event(FAILED), event(FAILED, x=1), event(FAILED, x=1) | {"contact.stage": "lost"}],
        ".              enroll              .",
    ),
    # guards
    Case(
        "reentry once",
        {"event": FAILED, "reentry": "once"},
        [event(FAILED), event("e"), event(FAILED), "+90d", event(FAILED)],
        "enroll         .            skip:reentry           skip:reentry",
    ),
    Case(
        "reentry after, exactly at the second",
        {"event": FAILED, "reentry": {"after": "1h"}},
        [event(FAILED), "+3599s", event(FAILED), "+1s", event(FAILED)],
        "enroll                   skip:reentry           enroll",
    ),
    Case(
        "while one runs: skip",
        {"event": FAILED, "while_running": "skip"},
        ["[", event(FAILED), event(FAILED), "]", "end", event(FAILED)],
        "enroll skip:running enroll",
    ),
    Case(
        "while one runs: replace",
        {"event": FAILED, "while_running": "replace"},
        [event(FAILED), event(FAILED), "end", event(FAILED)],
        "enroll         replace                enroll",
    ),
    Case(
        "paused: each such event is skipped, one that does not fit is not",
        {"event": FAILED, "where": {"amount": {"greater": 5}}},
        ["pause", event(FAILED, amount=9), event(FAILED, amount=1), "resume", event(FAILED, amount=9)],
        "         skip:paused              .                                  enroll",
    ),
    Case(
        "an event that is silent enrolls nobody",
        {"event": FAILED},
        [event(FAILED) | {"silent": True}, event(FAILED)],
        ".                                 enroll",
    ),
    Case(
        "a silent event is no start, and is not skipped either",
        {"event": FAILED, "reentry": "once"},
        [event(FAILED) | {"silent": True}, event(FAILED), event(FAILED) | {"silent": True}],
        ".                                 enroll         .",
    ),
    Case(
        "exit: already true at the event",
        {"event": FAILED},
        [event(FAILED) | {"contact.stage": "lost"}, event(FAILED) | {"contact.stage": "won"}],
        "skip:exit                                  enroll",
        exit_when={"contact.stage": {"equal": "lost"}},
    ),
    Case(
        "depth: events that steps caused, up to 5 deep",
        {"event": "tag.added", "where": {"tag": {"equal": "hot"}}},
        [event("tag.added", tag="hot") | {"depth": 5}, event("tag.added", tag="hot") | {"depth": 6}],
        "enroll                                        skip:depth",
    ),
    Case(
        "a change of the record is an event: from one stage to another",
        {"event": "stage.changed", "where": {"from": {"equal": "demo"}, "to": {"equal": "won"}}},
        [
            event("stage.changed", **{"from": None, "to": "demo"}),
            event("stage.changed", **{"from": "demo", "to": "won"}),
        ],
        ".                                                       enroll",
    ),
]
