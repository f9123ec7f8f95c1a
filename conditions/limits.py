"""How large what people send and define may be. One table: checks, messages and documentation come from it.

Limits hold where something is written. What an installation holds already stays readable.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

import orjson

from conditions.operators import OPERATORS
from conditions.problems import Loc, Problem


@dataclass(frozen=True)
class InputLimit:
    """What is limited, how much of it there may be, and what to do instead."""

    what: str
    most: int
    unit: str
    remedy: str

    def __str__(self) -> str:
        if self.unit == "bytes":
            size = f"{self.most // 1024:,} KiB" if self.most < 1024**2 else f"{self.most // 1024**2:,} MiB"
            return size if self.most % 1024 == 0 else f"{self.most:,} bytes"
        return f"{self.most:,}{f' {self.unit}' if self.unit else ''}"

    def problem(self, loc: Loc, actual: int) -> Problem:
        """What to say of something larger."""
        size = f"{actual:,}{f' {self.unit}' if self.unit else ''}"
        return Problem(loc, f"{self.what}: {size}, and at most {self} are taken; {self.remedy}")


HEAD = InputLimit("Address and headers of a request", 64 * 1024, "bytes", "send less in them")
BODY = InputLimit("Body of a call other than events", 1024**2, "bytes", "send less at once")
DEPTH = InputLimit("Lists and objects in each other in an event", 32, "levels", "flatten what is sent")
DEFINITION_DEPTH = InputLimit(
    "The same in a definition or another body", 40, "levels", "flatten what is sent"
)
EVENT = InputLimit(
    "Properties of an event, as JSON", 256 * 1024, "bytes", "send what rules and messages read"
)
EVENTS = InputLimit("Events in an array", 2_500, "events", "send several arrays, or NDJSON")
LINE = InputLimit("A line of NDJSON", 1_000_000, "bytes", "send one event per line")
FIELDS = InputLimit(
    "Custom fields of a contact or deal, as JSON", 64 * 1024, "bytes", "keep what rules and people read"
)
FIELD_COUNT = InputLimit(
    "Custom fields of a contact or deal", 500, "fields", "remove some by setting them to null"
)
TAGS = InputLimit("Tags of a contact", 500, "tags", "remove some")
DOCUMENT = InputLimit("A profile, automation or list, as JSON", 256 * 1024, "bytes", "divide it")
STEPS = InputLimit("Steps of an automation", 500, "steps", "divide it, and let one automation start another")
TESTS = InputLimit(
    "Conditions in a list, profile or automation", 500, "conditions", "use one_of, or a custom field"
)
SEARCHES = InputLimit(
    "Of them, those that look for a text in a text", 100, "conditions", "use a tag or a custom field"
)
OPERATIONS = InputLimit(
    "Operations of all its templates", 10_000, "operations", "divide it, or write shorter texts"
)
OPERANDS = InputLimit("Values in the lists of its conditions", 5_000, "values", "use a tag or a custom field")
FILE = InputLimit("A file of definitions", 4 * 1024**2, "bytes", "divide it")
LISTED = InputLimit("Mistakes that one answer lists", 100, "mistakes", "the others are counted")
PAGE = InputLimit(
    "Content of one page of a list", 4 * 1024**2, "bytes", "the page ends early, and `next` goes on"
)
BATCH = InputLimit("Content of one batch that is scored", 16 * 1024**2, "bytes", "the next batch goes on")
CONNECTIONS = InputLimit("Open connections of an API process", 1_000, "connections", "others get 503")
SILENCE = InputLimit("Silence of a client within a request", 30, "seconds", "its connection is closed")
PATIENCE = InputLimit("Time that a body other than NDJSON may take", 120, "seconds", "the answer is 408")
STATEMENT = InputLimit(
    "Time that one question to the database may take in a call",
    60,
    "seconds",
    "the answer is 503; ask for less",
)

LIMITS: tuple[InputLimit, ...] = (
    *(
        HEAD,
        BODY,
        DEPTH,
        DEFINITION_DEPTH,
        EVENT,
        EVENTS,
        LINE,
        FIELDS,
        FIELD_COUNT,
        TAGS,
        DOCUMENT,
        STEPS,
        TESTS,
        SEARCHES,
        OPERANDS,
        OPERATIONS,
    ),
    *(FILE, LISTED, PAGE, BATCH, CONNECTIONS, SILENCE, PATIENCE, STATEMENT),
)

#: Keys under which steps stand.
STEP_LISTS = ("steps", "then", "else", "on_timeout")


def deeper_than(value: Any, levels: int = DEPTH.most) -> bool:
    """Whether lists and objects nest deeper. Its own walk needs no recursion."""
    waiting = [(value, 0)]
    while waiting:
        part, level = waiting.pop()
        if isinstance(part, dict | list):
            if level >= levels:
                return True
            inner = part.values() if isinstance(part, dict) else part
            waiting += [(each, level + 1) for each in inner if isinstance(each, dict | list)]
    return False


def too_deep(loc: Loc = (), limit: InputLimit = DEFINITION_DEPTH) -> Problem:
    """What to say of what nests deeper."""
    return Problem(loc, f"it is nested too deeply: at most {limit}; {limit.remedy}")


def definition_problems(raw: Any) -> list[Problem]:
    """What of a definition, as it was sent or read from a file, is too large to be looked at any closer."""
    if deeper_than(raw, DEFINITION_DEPTH.most):
        return [too_deep()]
    try:
        size = len(orjson.dumps(raw, default=str, option=orjson.OPT_NON_STR_KEYS))
    except (TypeError, ValueError):
        return []  # what no JSON can hold, the models name with its place
    if size > DOCUMENT.most:
        return [DOCUMENT.problem((), size)]
    return list(_counted(raw))


def _counted(raw: Any) -> Iterator[Problem]:
    steps, tests, searches, operands = 0, 0, 0, 0
    for mapping in _mappings(raw):
        operators = [key for key in mapping if isinstance(key, str) and key in OPERATORS]
        tests += len(operators)
        searches += sum(OPERATORS[key].searches for key in operators)
        operands += sum(len(mapping[key]) for key in operators if isinstance(mapping[key], list))
        steps += sum(len(mapping[name]) for name in STEP_LISTS if isinstance(mapping.get(name), list))
    for limit, count in ((STEPS, steps), (TESTS, tests), (SEARCHES, searches), (OPERANDS, operands)):
        if count > limit.most:
            yield limit.problem((), count)


def test_count(filters: Any) -> int:
    """How many conditions a tree has."""
    return sum(key in OPERATORS for mapping in _mappings(filters) for key in mapping if isinstance(key, str))


def _mappings(value: Any) -> Iterator[Mapping[Any, Any]]:
    waiting = [value]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            yield part
            waiting += part.values()
        elif isinstance(part, list):
            waiting += part


def record_problems(values: Mapping[str, Any]) -> list[Problem]:
    """What of the values of a contact or deal is too large to be kept."""
    problems = []
    fields, tags = values.get("fields") or {}, values.get("tags") or []
    if len(fields) > FIELD_COUNT.most:
        problems.append(FIELD_COUNT.problem(("fields",), len(fields)))
    elif (size := len(orjson.dumps(fields))) > FIELDS.most:
        problems.append(FIELDS.problem(("fields",), size))
    if len(tags) > TAGS.most:
        problems.append(TAGS.problem(("tags",), len(tags)))
    return problems


def listed(problems: Iterator[Problem]) -> list[Problem]:
    """As many mistakes as are listed, and one more where there are others."""
    return list(islice(problems, LISTED.most + 1))
