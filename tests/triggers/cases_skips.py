"""What else keeps a record out: paused, depth, exit_when, silent changes; and what the storm limit does not."""

from tests.triggers.case import Case

HOT = {"filters": {"score": {"greater_or_equal": 50}}}
ENTRY = {**HOT, "fires": "on_entry"}
ONCE = {**HOT, "reentry": "once"}
CALM = {**HOT, "while_running": "skip"}
LATEST = {**HOT, "while_running": "replace"}
CUSTOMER = {"contact.stage": {"equal": "customer"}}

PAUSED: list[Case] = [
    Case(
        "paused: what would enroll is skipped, what would not is not",
        HOT,
        "pause  60           40  70           resume  80",
        "       skip:paused  .   skip:paused          enroll",
    ),
    Case(
        "paused on entry: a crossing then is not made up for",
        ENTRY,
        "pause  60           resume  70  40  80",
        "       skip:paused          .   .   enroll",
    ),
    Case(
        "paused: a skip is no start, so once is still to come",
        ONCE,
        "pause  60           resume  70      80",
        "       skip:paused          enroll  skip:reentry",
    ),
    Case(
        "paused: those that run go on, so they still count when it resumes",
        CALM,
        "50      pause  resume  60",
        "enroll                 skip:running",
    ),
    Case(
        "paused: what rearm asks for is reached meanwhile",
        {**ENTRY, "rearm": {"less": 40}},
        "50      pause  30  resume  60",
        "enroll         .           enroll",
    ),
    Case(
        "paused with rearm: the skipped crossing is no enrollment, so nothing has to be reached anew",
        {**ENTRY, "rearm": {"less": 40}},
        "50      30  pause  60           resume  45  60",
        "enroll  .          skip:paused          .   enroll",
    ),
]

DEPTH: list[Case] = [
    Case(
        "depth: up to 5 enrolls, past it is skipped",
        HOT,
        "50(depth:1)  60(depth:4)  70(depth:5)  80(depth:6)  90(depth:7)",
        "enroll       enroll       enroll       skip:depth   skip:depth",
    ),
    Case(
        "depth: what does not hold is not skipped",
        HOT,
        "40(depth:6)  49(depth:9)",
        ".            .",
    ),
    Case(
        "depth: the next change that no step made enrolls",
        HOT,
        "50(depth:6)  60",
        "skip:depth   enroll",
    ),
    Case(
        "depth on entry: a crossing too deep is not made up for",
        ENTRY,
        "60(depth:6)  70  40  80",
        "skip:depth   .   .   enroll",
    ),
    Case(
        "depth: a skip is no start, so once is still to come",
        ONCE,
        "60(depth:6)  70",
        "skip:depth   enroll",
    ),
    Case(
        "depth: a skip replaces nothing",
        LATEST,
        "50      60(depth:6)  end  70",
        "enroll  skip:depth        enroll",
    ),
    Case(
        "depth of a change that a field made",
        HOT,
        "50(attribute,depth:5)  60(attribute,depth:6)  70(attribute)",
        "enroll                 skip:depth             enroll",
    ),
]

EXIT: list[Case] = [
    Case(
        "exit: already true at the start, no enrollment",
        HOT,
        [{"score": 60, "contact.stage": "customer"}, {"score": 70, "contact.stage": "demo"}],
        "skip:exit                                   enroll",
        exit_when=CUSTOMER,
    ),
    Case(
        "exit: true, but the filters do not hold",
        HOT,
        [{"score": 40, "contact.stage": "customer"}],
        ".",
        exit_when=CUSTOMER,
    ),
    Case(
        "exit: on the score that the change reached",
        {},
        "10         30      5          20",
        "skip:exit  enroll  skip:exit  enroll",
        exit_when={"score": {"less": 20}},
    ),
    Case(
        "exit: on the band that the change reached",
        {},
        "10      60         49",
        "enroll  skip:exit  enroll",
        exit_when={"band": {"equal": "hot"}},
    ),
    Case(
        "exit: nested, and true for an empty field",
        HOT,
        [{"score": 60}, {"score": 70, "contact.owner": "ben"}, {"score": 80, "contact.stage": "customer"}],
        "skip:exit       enroll                                 skip:exit",
        exit_when={"any": [{"contact.owner": {"empty": True}}, CUSTOMER]},
    ),
    Case(
        "exit: an event that ends follow-ups keeps nobody from starting",
        HOT,
        "60      70",
        "enroll  enroll",
        exit_when={"event": "deal.won"},
    ),
    Case(
        "exit: a skip is no start, so once is still to come",
        ONCE,
        [{"score": 60, "contact.stage": "customer"}, {"score": 70, "contact.stage": "demo"}, {"score": 80}],
        "skip:exit                                   enroll                                  skip:reentry",
        exit_when=CUSTOMER,
    ),
    Case(
        "exit on entry: a crossing then is not made up for",
        ENTRY,
        [{"score": 60, "contact.stage": "customer"}, {"score": 70, "contact.stage": "demo"}, "40 80"],
        "skip:exit                                   .                                       . enroll",
        exit_when=CUSTOMER,
    ),
    Case(
        "exit: a score of another profile",
        HOT,
        [{"score": 60, "scores.q": 9}, {"score": 70, "scores.q": 5}],
        "skip:exit                     enroll",
        exit_when={"scores.q": {"greater": 5}},
    ),
]

SILENT: list[Case] = [
    Case(
        "silent: enrolls nobody; the next change that is not silent does",
        HOT,
        "60(silent)  70(silent)  80",
        ".           .           enroll",
    ),
    Case(
        "silent: nothing is skipped either, whatever else would skip it",
        HOT,
        "60(silent,depth:6)  pause  70(silent)  80",
        ".                          .           skip:paused",
    ),
    Case(
        "silent: no start, so once is still to come",
        ONCE,
        "60(silent)  70      80",
        ".           enroll  skip:reentry",
    ),
    Case(
        "silent: replaces nothing",
        LATEST,
        "50      60(silent)  70",
        "enroll  .           replace",
    ),
    Case(
        "silent: the value before the next change is the silent one",
        {"filters": {"previous_score": {"equal": 60}}},
        "40  60(silent)  70      80",
        ".   .           enroll  .",
    ),
    Case(
        "silent in the middle of a batch",
        HOT,
        "[50      60(silent)  70]",
        "enroll   .           enroll",
    ),
    Case(
        "silent: an event",
        HOT,
        "60(event,silent)  70(event)",
        ".                 enroll",
    ),
    Case(
        "silent is how a publish is unless it fires",
        HOT,
        "60(publish,silent)  70(publish)  80(publish,silent)",
        ".                   enroll       .",
    ),
    Case(
        "silent to empty: nobody; the first score after it is one",
        {"filters": {"previous_score": {"empty": True}}},
        "5       -(silent)  6",
        "enroll  .          enroll",
    ),
]

STORM: list[Case] = [
    Case(
        "enrollments beyond the storm limit are enrollments too, queued for later",
        {**HOT, "max_starts": {"times": 1, "per": "day"}},
        "[50      60      70]      80",
        "enroll   enroll  enroll   enroll",
    ),
    Case(
        "one that waits in the queue counts as running",
        {**CALM, "max_starts": {"times": 1, "per": "day"}},
        "50      60            end  70      80",
        "enroll  skip:running       enroll  skip:running",
    ),
]

SKIPS: list[Case] = [*PAUSED, *DEPTH, *EXIT, *SILENT, *STORM]
