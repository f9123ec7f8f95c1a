"""Filters in filters: `all`, `any` and `not`, and what they make of empty fields."""

from tests.triggers.case import Case, event

NESTING: list[Case] = [
    Case(
        "any: one of two is enough",
        {"filters": {"any": [{"score": {"less": 10}}, {"score": {"greater": 90}}]}},
        "5       50  91      -",
        "enroll  .   enroll  .",
    ),
    Case(
        "any beside a plain filter: both must hold",
        {
            "filters": {
                "score": {"greater": 10},
                "any": [{"change": {"less": 0}}, {"change": {"greater": 20}}],
            }
        },
        "40      45  30      9  12",
        "enroll  .   enroll  .  .",
    ),
    Case(
        "any with several filters in one mapping: those must hold together",
        {
            "filters": {
                "any": [{"score": {"greater": 50}, "cause": {"equal": "event"}}, {"score": {"equal": 1}}]
            }
        },
        "60(event)  61  1       2(event)",
        "enroll     .   enroll  .",
    ),
    Case(
        "any with one alternative is that alternative",
        {"filters": {"any": [{"score": {"greater": 5}}]}},
        "5  6",
        ".  enroll",
    ),
    Case(
        "any of three fields of different kinds",
        {
            "filters": {
                "any": [
                    {"contact.stage": {"equal": "demo"}},
                    {"event.type": {"equal": "call"}},
                    {"band": {"equal": "hot"}},
                ]
            }
        },
        [{"score": 1}, event("call") | {"score": 2}, "50 3", {"score": 4, "contact.stage": "demo"}],
        ".              enroll                     enroll .   enroll",
    ),
    Case(
        "all: the same field twice, which one mapping cannot say",
        {"filters": {"all": [{"score": {"not_equal": 5}}, {"score": {"not_equal": 7}}]}},
        "5  6       7  8       -",
        ".  enroll  .  enroll  enroll",
    ),
    Case(
        "all is what a mapping is anyway",
        {"filters": {"all": [{"score": {"greater": 5}}, {"band": {"equal": "cold"}}]}},
        "5  6       20",
        ".  enroll  .",
    ),
    Case(
        "not: what does not hold",
        {"filters": {"not": {"score": {"greater": 50}}}},
        "60  50      10      51",
        ".   enroll  enroll  .",
    ),
    Case(
        "not greater is more than less or equal: an empty score is not greater",
        {"filters": {"not": {"score": {"greater": 50}}}},
        "60  -       60  50",
        ".   enroll  .   enroll",
    ),
    Case(
        "not with several filters: unless all of them hold",
        {"filters": {"not": {"score": {"greater": 50}, "cause": {"equal": "event"}}}},
        "60(event)  61      40(event)  70(event)",
        ".          enroll  enroll     .",
    ),
    Case(
        "not not: holds again",
        {"filters": {"not": {"not": {"score": {"greater": 5}}}}},
        "5  6       -",
        ".  enroll  .",
    ),
    Case(
        "not any: neither",
        {"filters": {"not": {"any": [{"score": {"less": 10}}, {"score": {"greater": 90}}]}}},
        "5  50      91  -",
        ".  enroll  .   enroll",
    ),
    Case(
        "not all: unless both",
        {"filters": {"not": {"all": [{"score": {"greater": 10}}, {"change": {"greater": 0}}]}}},
        "20  15      16  5       -",
        ".   enroll  .   enroll  enroll",
    ),
    Case(
        "any in all: two choices at once",
        {
            "filters": {
                "all": [
                    {"any": [{"band": {"equal": "warm"}}, {"band": {"equal": "hot"}}]},
                    {"any": [{"cause": {"equal": "event"}}, {"change": {"greater": 10}}]},
                ]
            }
        },
        "19(event)  21(event)  22  60      61  5(event)",
        ".          enroll     .   enroll  .   .",
    ),
    Case(
        "all in any: one pair or the other",
        {
            "filters": {
                "any": [
                    {"all": [{"previous_band": {"equal": "cold"}}, {"band": {"equal": "hot"}}]},
                    {"all": [{"previous_band": {"equal": "hot"}}, {"band": {"equal": "cold"}}]},
                ]
            }
        },
        "5  50      30  5  60      4       30  70",
        ".  enroll  .   .  enroll  enroll  .   .",
    ),
    Case(
        "four deep",
        {
            "filters": {
                "any": [{"all": [{"not": {"any": [{"score": {"less": 10}}, {"score": {"empty": True}}]}}]}]
            }
        },
        "9  10      -  11",
        ".  enroll  .  enroll",
    ),
    Case(
        "all, any and not beside each other: all three must hold",
        {
            "filters": {
                "all": [{"score": {"greater": 10}}],
                "any": [{"cause": {"equal": "event"}}, {"cause": {"equal": "adjustment"}}],
                "not": {"score": {"equal": 13}},
            }
        },
        "10  11      12(event)  13  14(publish)  15",
        ".   enroll  enroll     .   .            enroll",
    ),
    Case(
        "not equal is not of equal, for an empty field too",
        {"filters": {"not": {"contact.stage": {"equal": "customer"}}}},
        [{"score": 1}, {"score": 2, "contact.stage": "customer"}, {"score": 3, "contact.stage": "demo"}],
        "enroll         .                                          enroll",
    ),
    Case(
        "not has: the tag is not there",
        {"filters": {"not": {"contact.tags": {"has": "partner"}}}},
        [{"score": 1}, {"score": 2, "contact.tags": ["partner"]}, {"score": 3, "contact.tags": ["hot"]}],
        "enroll         .                                          enroll",
    ),
    Case(
        "not older than: also a date that is not there",
        {"filters": {"not": {"contact.since": {"older_than": "30d"}}}},
        [
            {"score": 1},
            {"score": 2, "contact.since": "2025-11-01"},
            {"score": 3, "contact.since": "2025-12-31"},
        ],
        "enroll         .                                            enroll",
    ),
    Case(
        "a range under any beside an open end: the lowest bound does not hide the rest",
        {
            "filters": {
                "any": [{"score": {"equal": 5}}, {"score": {"greater": 50}}, {"score": {"empty": True}}]
            }
        },
        "5       6  51      50  -",
        "enroll  .  enroll  .   enroll",
    ),
]
