"""The operators on the score: at which scores an automation enrolls, and what an empty score means to each."""

from tests.triggers.case import Case

OPERATORS: list[Case] = [
    Case(
        "equal: at that score only, never at an empty one",
        {"filters": {"score": {"equal": 5}}},
        "4  5       6  5       -",
        ".  enroll  .  enroll  .",
    ),
    Case(
        "equal 0: an empty score is not 0",
        {"filters": {"score": {"equal": 0}}},
        "0       3  -  0",
        "enroll  .  .  enroll",
    ),
    Case(
        "not equal: exactly the opposite of equal, so an empty score enrolls",
        {"filters": {"score": {"not_equal": 5}}},
        "5  4       5  -",
        ".  enroll  .  enroll",
    ),
    Case(
        "greater: above, not at",
        {"filters": {"score": {"greater": 5}}},
        "5  6       7       5  -",
        ".  enroll  enroll  .  .",
    ),
    Case(
        "greater than a negative number: an empty score is not above it although 0 is",
        {"filters": {"score": {"greater": -5}}},
        "3       -  -4      -5  0",
        "enroll  .  enroll  .   enroll",
    ),
    Case(
        "greater or equal, as in the seed product: 4 to 7 fires, and 7 to 8 again",
        {"filters": {"score": {"greater_or_equal": 5}}},
        "4  7       8       5       4",
        ".  enroll  enroll  enroll  .",
    ),
    Case(
        "greater or equal 0: an empty score is not 0",
        {"filters": {"score": {"greater_or_equal": 0}}},
        "0       -  -1  0",
        "enroll  .  .   enroll",
    ),
    Case(
        "less: below, not at; an empty score is not below",
        {"filters": {"score": {"less": 5}}},
        "5  4       -3      0       -",
        ".  enroll  enroll  enroll  .",
    ),
    Case(
        "less or equal: below and at; an empty score is neither",
        {"filters": {"score": {"less_or_equal": 5}}},
        "6  5       4       -  -9",
        ".  enroll  enroll  .  enroll",
    ),
    Case(
        "less or equal 0: an empty score is not 0",
        {"filters": {"score": {"less_or_equal": 0}}},
        "1  0       -  -1",
        ".  enroll  .  enroll",
    ),
    Case(
        "empty: when the score becomes empty, not when it becomes 0",
        {"filters": {"score": {"empty": True}}},
        "5  0  -       0",
        ".  .  enroll  .",
    ),
    Case(
        "not empty: every score but none, 0 and below included",
        {"filters": {"score": {"not_empty": True}}},
        "5       -  0       -6",
        "enroll  .  enroll  enroll",
    ),
    Case(
        "empty: false is not empty",
        {"filters": {"score": {"empty": False}}},
        "5       0       -",
        "enroll  enroll  .",
    ),
    Case(
        "not empty: false is empty",
        {"filters": {"score": {"not_empty": False}}},
        "5  0  -",
        ".  .  enroll",
    ),
    Case(
        "one of: any of the scores listed, never an empty one",
        {"filters": {"score": {"one_of": [5, 7]}}},
        "4  5       6  7       -",
        ".  enroll  .  enroll  .",
    ),
    Case(
        "two operators in one mapping both hold: a range",
        {"filters": {"score": {"greater_or_equal": 20, "less": 50}}},
        "19  20      49      50  30      -",
        ".   enroll  enroll  .   enroll  .",
    ),
    Case(
        "a range with a hole: three operators in one mapping all hold",
        {"filters": {"score": {"greater": 0, "less": 10, "not_equal": 5}}},
        "0  4       5  6       10  9",
        ".  enroll  .  enroll  .   enroll",
    ),
    Case(
        "a range that no score is in never fires",
        {"filters": {"score": {"greater": 10, "less": 5}}},
        "3  7  12  -",
        ".  .  .   .",
    ),
    Case(
        "equal beside a bound: both hold, so what the bound leaves out does not fire",
        {"filters": {"score": {"equal": 5, "greater_or_equal": 6}}},
        "5  6  4",
        ".  .  .",
    ),
    Case(
        "a bound may be a fraction although points are whole",
        {"filters": {"score": {"greater": 4.5, "less_or_equal": 6.5}}},
        "4  5       6       7",
        ".  enroll  enroll  .",
    ),
    Case(
        "numbers compare by size, not by their digits",
        {"filters": {"score": {"greater": 9}}},
        "10      9  100     -10",
        "enroll  .  enroll  .",
    ),
]

# Triggers that nobody can save: their types never compare, which is known without any record.
REFUSED: list[tuple[str, dict[str, object]]] = [
    ("a score is a number and never equals a text", {"filters": {"score": {"equal": "5"}}}),
    ("a score is a number and never equals a boolean", {"filters": {"score": {"equal": True}}}),
    ("a score is a number and contains nothing", {"filters": {"score": {"contains": "5"}}}),
    ("a score has nothing", {"filters": {"score": {"has": 5}}}),
    ("a score is not a date", {"filters": {"score": {"older_than": "30d"}}}),
    ("a change is a number", {"filters": {"change": {"greater": "5"}}}),
    ("another profile's score is a number", {"filters": {"scores.q": {"equal": "high"}}}),
    ("a band is a text", {"filters": {"band": {"equal": 5}}}),
    ("another profile's band is a text", {"filters": {"bands.q": {"greater": 5}}}),
    ("a cause is one of nine", {"filters": {"cause": {"equal": "expired"}}}),
    ("a stage is a text", {"filters": {"contact.stage": {"greater": 5}}}),
    ("a stage is a text and has no items", {"filters": {"contact.stage": {"has": "demo"}}}),
    ("tags are a list and equal nothing", {"filters": {"contact.tags": {"equal": "hot"}}}),
    ("a DND channel is one of four", {"filters": {"contact.dnd": {"has": "fax"}}}),
    ("a deal's value is a number", {"filters": {"deal.value": {"starts_with": "1"}}}),
    ("a deal's status is one of three", {"filters": {"deal.status": {"equal": "sold"}}}),
    ("nothing is older than what is no duration", {"filters": {"contact.since": {"older_than": "soon"}}}),
    ("a flag is true or false", {"filters": {"score": {"empty": 1}}}),
    ("deep inside as well", {"filters": {"any": [{"not": {"all": [{"score": {"less": "x"}}]}}]}}),
    ("in where as well", {"event": "pay", "where": {"contact.stage": {"greater": 5}}}),
    ("nothing is entered at an event", {"event": "pay", "fires": "on_entry"}),
    ("rearm is for on_entry", {"filters": {"score": {"greater": 5}}, "rearm": {"less": 3}}),
    ("an event has no score of its own", {"event": "pay", "filters": {"score": {"greater": 5}}}),
]
