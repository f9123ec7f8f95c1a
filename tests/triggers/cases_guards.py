"""How often a record may enter, and what happens while a follow-up of it still runs."""

from tests.triggers.case import Case

HOT = {"filters": {"score": {"greater_or_equal": 50}}}
ENTRY = {**HOT, "fires": "on_entry"}
ONCE = {**HOT, "reentry": "once"}
WEEKLY = {**HOT, "reentry": {"after": "7d"}}
CALM = {**HOT, "while_running": "skip"}
LATEST = {**HOT, "while_running": "replace"}

REENTRY: list[Case] = [
    Case(
        "every time is the default, in the same moment as well",
        {**HOT, "reentry": "every_time"},
        "50      60      +1d  70",
        "enroll  enroll       enroll",
    ),
    Case(
        "once: never again, however long ago",
        ONCE,
        "50      60            +400d  40  70",
        "enroll  skip:reentry         .   skip:reentry",
    ),
    Case(
        "once: within one batch",
        ONCE,
        "[40  50      60            70]",
        ".    enroll  skip:reentry  skip:reentry",
    ),
    Case(
        "once: the follow-up that ended still counts",
        ONCE,
        "50      end  60",
        "enroll       skip:reentry",
    ),
    Case(
        "once: counted over all versions",
        ONCE,
        "50      publish  60            publish  70",
        "enroll           skip:reentry           skip:reentry",
    ),
    Case(
        "once: enrollments of an earlier version with another trigger count",
        {"filters": {"score": {"greater": 5}}},
        ["7 8", {"publish": ONCE}, "60"],
        "enroll enroll skip:reentry",
    ),
    Case(
        "every time in a new version: what an earlier one allowed once is over",
        ONCE,
        ["50 60", {"publish": HOT}, "70 80"],
        "enroll skip:reentry enroll enroll",
    ),
    Case(
        "once on entry: the second crossing is skipped, a change above is not even looked at",
        {**ENTRY, "reentry": "once"},
        "50      60  40  70",
        "enroll  .   .   skip:reentry",
    ),
    Case(
        "after: too early, until the whole time has passed since the last start",
        WEEKLY,
        "50      60            +6d  70            +1d  80",
        "enroll  skip:reentry       skip:reentry       enroll",
    ),
    Case(
        "after: one second before the end, and exactly at it",
        WEEKLY,
        "50      +604799s  60            +1s  70",
        "enroll            skip:reentry       enroll",
    ),
    Case(
        "after seconds",
        {**HOT, "reentry": {"after": "90s"}},
        "50      +89s  60            +1s  70      +2m  80",
        "enroll        skip:reentry       enroll       enroll",
    ),
    Case(
        "after: counts from the last start, so each start begins it anew",
        WEEKLY,
        "50      +8d  60      +6d  70            +1d  80",
        "enroll       enroll       skip:reentry       enroll",
    ),
    Case(
        "after: a skip does not begin it anew",
        WEEKLY,
        "50      +5d  60            +2d  70",
        "enroll       skip:reentry       enroll",
    ),
    Case(
        "after: counts from the start, not from the end of the follow-up",
        WEEKLY,
        "50      +6d  end  60            +1d  70",
        "enroll            skip:reentry       enroll",
    ),
    Case(
        "after: within one batch there is one time",
        WEEKLY,
        "[50      60            70]           +7d  [80      90]",
        "enroll   skip:reentry  skip:reentry       enroll   skip:reentry",
    ),
    Case(
        "after: counted over all versions, with the time that the newest gives",
        WEEKLY,
        ["50", "+3d", {"publish": {**HOT, "reentry": {"after": "4d"}}}, "60", "+1d", "70"],
        "enroll skip:reentry enroll",
    ),
    Case(
        "after on entry: a crossing that came too early is not made up for",
        {**ENTRY, "reentry": {"after": "7d"}},
        "50      40  +1d  60            +7d  70  40  80",
        "enroll  .        skip:reentry       .   .   enroll",
    ),
]

RUNNING: list[Case] = [
    Case(
        "start is the default: several run at once",
        {**HOT, "while_running": "start"},
        "50      60      70",
        "enroll  enroll  enroll",
    ),
    Case(
        "skip: while one runs, and no longer",
        CALM,
        "50      60            70            end  80      90",
        "enroll  skip:running  skip:running       enroll  skip:running",
    ),
    Case(
        "skip: time does not end a follow-up",
        CALM,
        "50      +90d  60",
        "enroll        skip:running",
    ),
    Case(
        "skip: within one batch",
        CALM,
        "[50      60]           end  [70      80]",
        "enroll   skip:running       enroll   skip:running",
    ),
    Case(
        "skip: the one that runs may be of an earlier version",
        CALM,
        "50      publish  60            end  70",
        "enroll           skip:running       enroll",
    ),
    Case(
        "skip on entry: a crossing while one runs is not made up for when it ends",
        {**ENTRY, "while_running": "skip"},
        "60      40  70            end  80  40  90",
        "enroll  .   skip:running       .   .   enroll",
    ),
    Case(
        "replace: the one that runs ends, and the new one takes its place",
        LATEST,
        "50      60       70       end  80",
        "enroll  replace  replace       enroll",
    ),
    Case(
        "replace: within one batch",
        LATEST,
        "[50      60       70]",
        "enroll   replace  replace",
    ),
    Case(
        "replace: all that run, also those of an earlier version",
        HOT,
        ["50 60", {"publish": LATEST}, "70 80"],
        "enroll enroll replace replace",
    ),
    Case(
        "replace: what does not hold replaces nothing",
        LATEST,
        "50      40  -  60",
        "enroll  .   .  replace",
    ),
    Case(
        "replace with once: the skipped one replaces nothing",
        {**LATEST, "reentry": "once"},
        "50      60            end  70",
        "enroll  skip:reentry       skip:reentry",
    ),
    Case(
        "replace with after: early ones are skipped, later ones replace",
        {**LATEST, "reentry": {"after": "7d"}},
        "50      60            +7d  70",
        "enroll  skip:reentry       replace",
    ),
    Case(
        "skip with after: time is over but it still runs",
        {**CALM, "reentry": {"after": "7d"}},
        "50      +7d  60            end  70",
        "enroll       skip:running       enroll",
    ),
    Case(
        "skip in a new version: those that started side by side have to end first",
        HOT,
        ["50 60", {"publish": CALM}, "70", "end", "80"],
        "enroll enroll skip:running enroll",
    ),
]

GUARDS: list[Case] = [*REENTRY, *RUNNING]
