"""`rearm`: after an enrollment `on_entry` waits until a recorded change of the score has reached that."""

from tests.triggers.case import Case, event

HOT = {"filters": {"score": {"greater_or_equal": 50}}, "fires": "on_entry"}
REARMED = {**HOT, "rearm": {"less": 40}}
CALL = event("call")

REARM: list[Case] = [
    Case(
        "before the first enrollment nothing has to be reached",
        REARMED,
        "45  50",
        ".   enroll",
    ),
    Case(
        "a first score above enrolls",
        REARMED,
        "90      95",
        "enroll  .",
    ),
    Case(
        "going around the bound does not enroll again",
        REARMED,
        "50      49  50  45  60  41  99",
        "enroll  .   .   .   .   .   .",
    ),
    Case(
        "reached: the next crossing enrolls",
        REARMED,
        "50      39  50",
        "enroll  .   enroll",
    ),
    Case(
        "exactly at the bound of less is not reached",
        REARMED,
        "50      40  50",
        "enroll  .   .",
    ),
    Case(
        "exactly at the bound of less or equal is reached",
        {**HOT, "rearm": {"less_or_equal": 40}},
        "50      41  50  40  50",
        "enroll  .   .   .   enroll",
    ),
    Case(
        "reached several changes before the crossing, once is enough",
        REARMED,
        "50      30  45  48  60",
        "enroll  .   .   .   enroll",
    ),
    Case(
        "reached several changes after the enrollment, with crossings in vain before",
        REARMED,
        "50      45  60  45  70  30  45  80",
        "enroll  .   .   .   .   .   .   enroll",
    ),
    Case(
        "each enrollment has to wait anew",
        REARMED,
        "50      30  50      45  50  20  50",
        "enroll  .   enroll  .   .   .   enroll",
    ),
    Case(
        "what was low before the enrollment does not count",
        REARMED,
        "10  50      45  50",
        ".   enroll  .   .",
    ),
    Case(
        "reached in the middle of a batch",
        REARMED,
        "[50     45  60  30  60]     45  60",
        "enroll  .   .   .   enroll  .   .",
    ),
    Case(
        "enrolled in one batch, reached in the next, crossed in the one after",
        REARMED,
        "[40  50]    [45  30  45]  [49  60      45  60]",
        ".    enroll  .   .   .     .   enroll  .   .",
    ),
    Case(
        "reached and crossed in the same batch as a first enrollment, twice",
        REARMED,
        "[50     30  50      30  50]     50",
        "enroll  .   enroll  .   enroll  .",
    ),
    Case(
        "an empty score is not less",
        REARMED,
        "50      -  50  30  50",
        "enroll  .  .   .   enroll",
    ),
    Case(
        "time alone does not rearm",
        REARMED,
        "50      45  +400d  60",
        "enroll  .          .",
    ),
    Case(
        "a silent change is recorded too, so it rearms",
        REARMED,
        "50      30(silent)  50",
        "enroll  .           enroll",
    ),
    Case(
        "reached by any cause",
        REARMED,
        "50(event)  30(expiry)  60(publish)",
        "enroll     .           enroll",
    ),
    Case(
        "reached by an event, crossed by an event",
        REARMED,
        "50(event)  30(event)  45(event)  60(event)",
        "enroll     .          .          enroll",
    ),
    Case(
        "downward: the score has to have been high again",
        {"filters": {"score": {"less": 20}}, "fires": "on_entry", "rearm": {"greater": 40}},
        "50  10      30  10  40  10  41  10",
        ".   enroll  .   .   .   .   .   enroll",
    ),
    Case(
        "downward, with greater or equal",
        {"filters": {"score": {"less": 20}}, "fires": "on_entry", "rearm": {"greater_or_equal": 40}},
        "10      30  10  40  10",
        "enroll  .   .   .   enroll",
    ),
    Case(
        "two bounds of rearm both hold: a corridor",
        {**HOT, "rearm": {"greater_or_equal": 10, "less": 40}},
        "50      5  50  10  50",
        "enroll  .  .   .   enroll",
    ),
    Case(
        "a band with rearm on the score",
        {"filters": {"band": {"equal": "hot"}}, "fires": "on_entry", "rearm": {"less": 20}},
        "60      30  60  19  30  60",
        "enroll  .   .   .   .   enroll",
    ),
    Case(
        "not armed: nothing fires, so nothing is skipped either",
        {**REARMED, "reentry": "once"},
        "50      45  60  30  60",
        "enroll  .   .   .   skip:reentry",
    ),
    Case(
        "a skip is no enrollment: what was reached before it still counts",
        {**REARMED, "reentry": {"after": "7d"}},
        "50      30  60            45  +7d  60      45  70",
        "enroll  .   skip:reentry  .        enroll  .   .",
    ),
    Case(
        "armed, but its follow-up still runs",
        {**REARMED, "while_running": "skip"},
        "50      30  60            30  end  60",
        "enroll  .   skip:running  .        enroll",
    ),
    Case(
        "the end of the follow-up does not rearm",
        REARMED,
        "50      end  45  60",
        "enroll       .   .",
    ),
    Case(
        "a new version does not rearm",
        REARMED,
        "50      publish  45  60  30  60",
        "enroll           .   .   .   enroll",
    ),
    Case(
        "what was reached under an earlier version counts",
        REARMED,
        "50      30  publish  60",
        "enroll  .            enroll",
    ),
    Case(
        "a low score of another profile does not rearm",
        REARMED,
        [{"score": 50, "scores.q": 60}, {"score": 45, "scores.q": 5}, {"score": 60}, "30 60"],
        "enroll                          .                             .              .  enroll",
    ),
    Case(
        "other filters have to hold at the crossing, not at the rearming",
        {**REARMED, "filters": {"score": {"greater_or_equal": 50}, "event.type": {"equal": "call"}}},
        [CALL | {"score": 50}, {"score": 30}, {"score": 60}, {"score": 45}, CALL | {"score": 70}],
        "enroll                .              .              .              enroll",
    ),
]
