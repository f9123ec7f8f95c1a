"""How cases are written: a trigger, what happens to one record, and what comes of each change.

A history and its outcomes stand one above the other, one outcome for each change:

    Case("the name says the rule", {"filters": {"score": {"greater_or_equal": 5}}}, "4  7       8", ".  enroll  enroll")

The record is the contact `ada`, the trigger looks at the profile `p` where it names nothing else, and all scores are
empty at first. A history is a text, or a list of texts and mappings.

In a text:
  `7`, `-3`, `-`         the score of `p` becomes that; `-` is empty
  `7(expiry)`            ... with this cause, where it is not an adjustment; `7(event)` is an event of the type `e`
  `7(silent)`            ... silently
  `7(depth:6)`           ... by a step, so deep in a chain; `7(publish,silent)` says several of these
  `[` ... `]`            what stands between is worked off in one batch; everything else has a batch of its own
  `+7d`                  time passes; the clock starts at 2026-01-01 00:00 UTC
  `end`                  the follow-ups that run come to their end
  `pause`, `resume`      the automation is paused, and goes on
  `publish`              the same automation is published again, as its next version

A mapping says what changes at once, each thing by the name under which filters read it: `score`, `cause`, `scores.q`,
`contact.<field>` (stays so), `event.type` and `event.<property>` (then an event is the cause), `deal.<field>` (the
event names a deal with these fields); also `silent` and `depth`. Without `score`, the score stays as it is.
`{"publish": {...}}` publishes the automation with another trigger.

An outcome is `.` (nothing), `enroll`, `replace` (enroll, and end those that run) or `skip:<reason>`.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

from conditions.times import Micros, from_iso, micros_of

START: Micros = from_iso("2026-01-01T00:00:00Z")
BANDS: Mapping[str, int | None] = {"cold": None, "warm": 20, "hot": 50}
OTHER_PROFILE = "q"
MISSING = object()
"""A field that is not there; `None` is one that holds null."""

History: TypeAlias = str | Sequence[str | Mapping[str, Any]]
_SCORE = re.compile(r"(-?[0-9]+|-)(?:\(([a-z0-9:,]+)\))?")
_MARKS = ("end", "pause", "resume", "publish")


class Step(NamedTuple):
    """One change or event; `number` counts them from 0."""

    number: int
    says: Mapping[str, Any]

    @property
    def scores(self) -> bool:
        """Whether the score of `p` becomes something."""
        return "score" in self.says

    @property
    def score(self) -> int | None:
        score: int | None = self.says["score"]
        return score

    @property
    def event_type(self) -> str | None:
        """The type of the event that it is, or that moves the score; `e` where the history does not say."""
        event_type: str | None = self.says.get(
            "event.type", "e" if self.says.get("cause") == "event" else None
        )
        return event_type

    @property
    def cause(self) -> str:
        return str(self.says.get("cause", "event" if self.event_type else "adjustment"))

    @property
    def silent(self) -> bool:
        return bool(self.says.get("silent", False))

    @property
    def depth(self) -> int:
        return int(self.says.get("depth", 0))

    def part(self, owner: str) -> dict[str, Any]:
        """What it says of `contact`, `deal`, `event` or `scores`, by the name behind the dot."""
        prefix = f"{owner}."
        named = {
            name.removeprefix(prefix): value for name, value in self.says.items() if name.startswith(prefix)
        }
        if owner == "event":
            named.pop("type", None)
        return {name: value for name, value in named.items() if value is not MISSING or owner == "contact"}


class Mark(NamedTuple):
    """Something else that happens: `wait` (`value` in microseconds), `end`, `pause`, `resume`, `publish`."""

    kind: str
    value: Any = None


Act: TypeAlias = list[Step] | Mark
"""A batch of steps, or what happens between batches."""


@dataclass(frozen=True)
class Case:
    """One row of the table. `exit_when` is the automation's; `bands` are those of both profiles."""

    name: str
    trigger: Mapping[str, Any]
    history: History
    outcomes: str
    exit_when: Mapping[str, Any] | None = None
    bands: Mapping[str, int | None] | None = None

    @property
    def expected(self) -> list[str]:
        return self.outcomes.split()

    def acts(self) -> list[Act]:
        """What happens, in order."""
        return parse(self.history)

    def steps(self) -> list[Step]:
        """All changes and events, in order."""
        return [step for act in self.acts() if isinstance(act, list) for step in act]


def of_profile(trigger: Mapping[str, Any]) -> dict[str, Any]:
    """The whole trigger: `profile: p` goes without saying where it looks at no event."""
    return dict(trigger) if "event" in trigger else {"profile": "p", **trigger}


def event(event_type: str, **properties: Any) -> dict[str, Any]:
    """What a mapping of a history says of an event."""
    return {"event.type": event_type} | {f"event.{name}": value for name, value in properties.items()}


def field(
    name: str, path: str, test: Mapping[str, Any], *, enroll: Sequence[Any] = (), nothing: Sequence[Any] = ()
) -> Case:
    """A case of one test on one field: which of its values enroll, and which do nothing.

    Each value comes with a change of the score, since a trigger looks at nothing else.
    """
    cause = {} if path.startswith("contact.") else event("e")
    history = [{"score": 1 + index, path: value} | cause for index, value in enumerate([*enroll, *nothing])]
    return Case(name, {"filters": {path: test}}, history, "enroll " * len(enroll) + ". " * len(nothing))


def parse(history: History) -> list[Act]:
    """A history as batches and marks."""
    acts: list[Act] = []
    open_batch: list[Step] | None = None
    count = 0
    for item in _items(history):
        if item == "[":
            open_batch = []
            acts.append(open_batch)
        elif item == "]":
            open_batch = None
        elif isinstance(item, Mark):
            acts.append(item)
        elif isinstance(item, Mapping):
            step = Step(count, item)
            count += 1
            if open_batch is None:
                acts.append([step])
            else:
                open_batch.append(step)
    return acts


def _items(history: History) -> list[str | Mark | Mapping[str, Any]]:
    items: list[str | Mark | Mapping[str, Any]] = []
    for part in [history] if isinstance(history, str) else history:
        if isinstance(part, str):
            items += [_item(token) for token in part.replace("[", " [ ").replace("]", " ] ").split()]
        elif "publish" in part:
            items.append(Mark("publish", part["publish"]))
        else:
            items.append(part)
    return items


def _item(token: str) -> str | Mark | Mapping[str, Any]:
    if token in ("[", "]"):
        return token
    if token in _MARKS:
        return Mark(token)
    if token.startswith("+"):
        return Mark("wait", micros_of(token[1:]))
    read = _SCORE.fullmatch(token)
    if read is None:
        raise ValueError(f'"{token}" means nothing in a history')
    says: dict[str, Any] = {"score": None if read[1] == "-" else int(read[1])}
    for word in (read[2] or "").split(","):
        if word == "silent":
            says["silent"] = True
        elif word.startswith("depth:"):
            says["depth"] = int(word.removeprefix("depth:"))
        elif word:
            says["cause"] = word
    return says
