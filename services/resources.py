"""What every use case works with, made once per process by its composition root."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

from conditions.problems import Problem
from conditions.times import Micros
from runtime.settings import Settings
from store.database import Database


class Signals(Protocol):
    """Wakes shard workflows after a commit; never fails, never waits."""

    def request(self, shards: Iterable[int]) -> None: ...


@dataclass(frozen=True)
class Resources:
    """`shards`: how many shards the installation has."""

    settings: Settings
    database: Database
    clock: Callable[[], Micros]
    wakes: Signals
    shards: int


class NotFound(Exception):
    """There is no such thing; the message names it and says how to find or make it."""


class Conflict(Exception):
    """The thing's present state forbids the call; the message says what would be possible."""


class Suppressed(Exception):
    """What is sent is about somebody who was erased for good: nothing was stored. `ids`: of the suppressions."""

    def __init__(self, ids: Iterable[str]) -> None:
        self.ids = sorted(ids)
        super().__init__(
            "this is about somebody who was erased for good; nothing was stored. GET /v1/suppressions lists them"
        )


class Invalid(Exception):
    """The input is wrong in the listed places; nothing was changed."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = list(problems)
        super().__init__(
            "; ".join(f"{problem.pointer or 'the body'}: {problem.message}" for problem in self.problems)
        )


class BadParameter(Exception):
    """A parameter of a list is wrong; the message names it."""

    def __init__(self, name: str, message: str) -> None:
        self.name = name
        super().__init__(message)


class Busy(Exception):
    """Too much is asked for at once; the message says when it may work. `seconds`: after how many."""

    def __init__(self, message: str, seconds: float) -> None:
        self.seconds = max(1, round(seconds))
        super().__init__(message)


class NotSignedIn(Exception):
    """Who calls could not be recognised; the message says what to send."""
