"""`fires: on_entry`: the filters hold now, and did not with `score` and `band` as they were before the change."""

from tests.triggers.case import Case, event

ENTRY = {"fires": "on_entry"}
HOT = {"filters": {"score": {"greater_or_equal": 50}}, **ENTRY}
LOW = {"filters": {"score": {"less": 20}}, **ENTRY}
DEMO = {"filters": {"score": {"greater_or_equal": 50}, "contact.stage": {"equal": "demo"}}, **ENTRY}
SMALL, LARGE = event("pay", amount=5), event("pay", amount=20)

CROSSING: list[Case] = [
    Case(
        "every change is the default: again and again while above",
        {"filters": {"score": {"greater_or_equal": 50}}, "fires": "every_change"},
        "40  50      60      55      40",
        ".   enroll  enroll  enroll  .",
    ),
    Case(
        "upward: once on the way up, and again after the score was below",
        HOT,
        "40  50      60  55  40  70",
        ".   enroll  .   .   .   enroll",
    ),
    Case(
        "upward, past the bound in one leap",
        HOT,
        "10  90      10  50      49  51",
        ".   enroll  .   enroll  .   enroll",
    ),
    Case(
        "from empty: a first score above enters",
        HOT,
        "60      70",
        "enroll  .",
    ),
    Case(
        "to empty and back: enters again",
        HOT,
        "60      -  60",
        "enroll  .  enroll",
    ),
    Case(
        "downward: once on the way down, and again after the score was above",
        LOW,
        "40  19      10  20  5",
        ".   enroll  .   .   enroll",
    ),
    Case(
        "downward from empty: an empty score is not below, so a first low score enters",
        LOW,
        "5       4  -  4",
        "enroll  .  .  enroll",
    ),
    Case(
        "equal: each arrival at the score",
        {"filters": {"score": {"equal": 5}}, **ENTRY},
        "5       6  5       -  5",
        "enroll  .  enroll  .  enroll",
    ),
    Case(
        "not equal holds for an empty score, so a first score does not enter",
        {"filters": {"score": {"not_equal": 5}}, **ENTRY},
        "6  7  5  8       9",
        ".  .  .  enroll  .",
    ),
    Case(
        "becoming empty",
        {"filters": {"score": {"empty": True}}, **ENTRY},
        "5  -       6  7  -",
        ".  enroll  .  .  enroll",
    ),
    Case(
        "becoming something",
        {"filters": {"score": {"not_empty": True}}, **ENTRY},
        "0       5  -  3",
        "enroll  .  .  enroll",
    ),
    Case(
        "not less holds for an empty score, so a first high score does not enter",
        {"filters": {"not": {"score": {"less": 50}}}, **ENTRY},
        "60  40  60      -  60",
        ".   .   enroll  .  .",
    ),
    Case(
        "a range is entered from below and from above, not by a leap over it",
        {"filters": {"score": {"greater_or_equal": 20, "less": 50}}, **ENTRY},
        "10  30      40  60  45      60  10  60",
        ".   enroll  .   .   enroll  .   .   .",
    ),
    Case(
        "either of two ranges: from one into the other is no entry",
        {"filters": {"any": [{"score": {"less": 10}}, {"score": {"greater": 90}}]}, **ENTRY},
        "50  5       95  50  95",
        ".   enroll  .   .   enroll",
    ),
    Case(
        "a band is entered from any other, and from none",
        {"filters": {"band": {"equal": "warm"}}, **ENTRY},
        "30      40  60  30      5  20      -  20",
        "enroll  .   .   enroll  .  enroll  .  enroll",
    ),
    Case(
        "one of two bands: from one into the other is no entry",
        {"filters": {"band": {"one_of": ["warm", "hot"]}}, **ENTRY},
        "5  30      60  30  10  70",
        ".  enroll  .   .   .   enroll",
    ),
    Case(
        "band and score together: set back together",
        {"filters": {"band": {"equal": "hot"}, "score": {"less": 70}}, **ENTRY},
        "40  60      65  80  69",
        ".   enroll  .   .   enroll",
    ),
    Case(
        "several changes of one batch: each against the one before it",
        HOT,
        "[4  40  60      70]  80",
        ".   .   enroll  .    .",
    ),
    Case(
        "several crossings in one batch",
        HOT,
        "[60      40  60      40  60]     61",
        "enroll   .   enroll  .   enroll  .",
    ),
    Case(
        "up and down again in one batch: it was there",
        HOT,
        "40  [60     40]",
        ".   enroll  .",
    ),
    Case(
        "every change, in one batch: each by itself",
        {"filters": {"score": {"greater_or_equal": 5}}},
        "[4  7       8]      [3  9]",
        ".   enroll  enroll  .   enroll",
    ),
    Case(
        "a field changed with the score: the score crosses, so it enters",
        DEMO,
        [{"score": 40}, {"score": 60, "contact.stage": "demo"}, {"score": 70}],
        ".               enroll                                  .",
    ),
    Case(
        "a field changed while the score stays above: all else is as now, so it does not enter",
        DEMO,
        [{"score": 60}, {"score": 61, "contact.stage": "demo"}, {"score": 62}],
        ".               .                                       .",
    ),
    Case(
        "a field that comes to fit while above does not enter later either, until the score crosses",
        DEMO,
        [{"score": 60}, {"contact.stage": "demo"}, "65 40 60"],
        ".               .                           .  .  enroll",
    ),
    Case(
        "a field that no longer fits when the score crosses",
        DEMO,
        [{"score": 60, "contact.stage": "demo"}, {"score": 40}, {"score": 60, "contact.stage": "lost"}],
        "enroll                                   .              .",
    ),
    Case(
        "the change is as now on both sides: one large enough, and across the bound",
        {"filters": {"score": {"greater_or_equal": 50}, "change": {"greater_or_equal": 10}}, **ENTRY},
        "45  50  45  60      75",
        ".   .   .   enroll  .",
    ),
    Case(
        "the previous score is as now on both sides",
        {"filters": {"score": {"greater_or_equal": 50}, "previous_score": {"greater": 30}}, **ENTRY},
        "30  50  40  50      60",
        ".   .   .   enroll  .",
    ),
    Case(
        "the cause is as now on both sides: a crossing by anything else is not made up for",
        {"filters": {"score": {"greater_or_equal": 50}, "cause": {"equal": "event"}}, **ENTRY},
        "60  70(event)  40  60(event)",
        ".   .          .   enroll",
    ),
    Case(
        "the event is as now on both sides",
        {"filters": {"score": {"greater_or_equal": 50}, "event.amount": {"greater": 10}}, **ENTRY},
        [SMALL | {"score": 60}, LARGE | {"score": 70}, "40", LARGE | {"score": 80}],
        ".                      .                       .    enroll",
    ),
    Case(
        "only previous band and cause: nothing of it is set back, so nothing is ever entered",
        {"filters": {"previous_band": {"equal": "cold"}, "cause": {"equal": "adjustment"}}, **ENTRY},
        "5  30  4  60",
        ".  .   .  .",
    ),
    Case(
        "without filters nothing is ever entered",
        ENTRY,
        "5  60  -  7",
        ".  .   .  .",
    ),
    Case(
        "the score under its full name is not set back",
        {"filters": {"scores.p": {"greater_or_equal": 50}}, **ENTRY},
        "40  60  40  60",
        ".   .   .   .",
    ),
    Case(
        "a score of another profile is as now on both sides",
        {"filters": {"score": {"greater_or_equal": 50}, "scores.q": {"greater": 5}}, **ENTRY},
        [{"score": 60}, {"score": 65, "scores.q": 9}, {"score": 40}, {"score": 60}],
        ".               .                             .              enroll",
    ),
    Case(
        "a silent crossing is not made up for by the next change",
        HOT,
        "40  60(silent)  70  40  80",
        ".   .           .   .   enroll",
    ),
    Case(
        "a silent way back counts: the next change crosses",
        HOT,
        "60      40(silent)  60",
        "enroll  .           enroll",
    ),
    Case(
        "a silent first score below, then across",
        HOT,
        "40(silent)  50",
        ".           enroll",
    ),
]
