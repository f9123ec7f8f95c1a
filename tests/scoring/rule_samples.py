"""Rules of every kind for tests: a sample of each, and a way to draw others. A kind without a row fails at import."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from scoring.profile import RULE_KINDS


@dataclass(frozen=True)
class Drawing:
    """Of what rules are drawn: event types, points, lengths of time and conditions.

    `times`: how many events a limit lets count. `percents` and `steps`: how entries decay.
    """

    types: Sequence[str]
    points: st.SearchStrategy[int]
    durations: Sequence[str]
    wheres: Sequence[Mapping[str, Any]]
    whiles: Sequence[Mapping[str, Any]]
    silences: Sequence[Sequence[str]]
    times: int
    percents: Sequence[int]
    steps: Sequence[str]


@dataclass(frozen=True)
class Sample:
    """`rule` gives its points to a contact of whom nothing is known, of one event `e` or of none, long ago."""

    rule: Mapping[str, Any]
    drawn: Callable[[Drawing], st.SearchStrategy[dict[str, Any]]]


def _on(of: Drawing) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {"on": st.sampled_from(of.types), "points": of.points, "where": st.sampled_from([{}, *of.wheres])},
        optional={
            "group": st.just("g"),
            "limit": st.fixed_dictionaries(
                {
                    "times": st.integers(1, of.times),
                    "per": st.sampled_from(["day", "week", "month", "ever"]),
                }
            ),
            "expires_after": st.sampled_from(of.durations),
            "decay": st.fixed_dictionaries(
                {"percent": st.sampled_from(of.percents), "every": st.sampled_from(of.steps)}
            ),
        },
    )


def _while(of: Drawing) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({"while": st.sampled_from(of.whiles), "points": of.points})


def _after_silence(of: Drawing) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {
            "after_silence": st.sampled_from(of.durations),
            "points": of.points,
            "of": st.sampled_from(of.silences),
        }
    )


#: By the key of a rule kind.
SAMPLES: Mapping[str, Sample] = {
    "on": Sample({"on": "e", "points": 3}, _on),
    "while": Sample({"while": {"owner": {"empty": True}}, "points": 3}, _while),
    "after_silence": Sample({"after_silence": "30d", "of": ["e"], "points": 3}, _after_silence),
}
_forgotten = {kind.key for kind in RULE_KINDS} ^ SAMPLES.keys()
assert not _forgotten, f"give a sample of each rule kind in {__name__}: {sorted(_forgotten)}"


def drawn(of: Drawing) -> dict[str, st.SearchStrategy[dict[str, Any]]]:
    """Rules by the key of their kind."""
    return {key: sample.drawn(of) for key, sample in SAMPLES.items()}
