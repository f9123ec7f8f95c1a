"""One of many records in a call: how it is written, and what every item has."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from conditions.problems import Problem, suggestion
from conditions.times import Micros, parse_moment
from services.names import check_name
from services.records.kinds import Kind

Mode = Literal["merge", "put", "add_tags"]
#: What lists and exports show of a record besides what may be written: it may stand there, and says nothing.
SHOWN_ONLY = frozenset(("id", "created_at", "updated_at", "score", "band", "scores", "bands"))


EXAMPLES: Mapping[Kind, str] = {
    "contact": 'a contact is an object such as {"key": "ada", "name": "Ada"}',
    "deal": 'a deal is an object such as {"key": "d1", "contact": "ada", "name": "Renewal", "value": 5000}',
}


class Options(NamedTuple):
    """How many records are written.

    `restore`: as an export has them. New ones were created when it says, and changes emit no events, since those that
    were emitted then are restored by themselves. `brought_by`: with what others they come, see `runtime.beginnings`.
    """

    mode: Mode = "merge"
    dry_run: bool = False
    restore: bool = False
    brought_by: str | None = None


DEFAULT = Options()


@dataclass(frozen=True, kw_only=True)
class Wish:
    """One record to be written; `created_at`: when, if it is a new one that is restored."""

    place: int
    key: str | None
    mode: Mode
    values: dict[str, Any]
    created_at: Micros | None = None


class Checked:
    """What every item has: its mode, its key and its time, looked at; `problems` are their mistakes."""

    def __init__(self, item: Mapping[str, Any], options: Options, modes: Collection[Mode]) -> None:
        self.problems: list[Problem] = []
        self.body = {
            name: value
            for name, value in item.items()
            if name not in ("key", "mode") and name not in SHOWN_ONLY
        }
        self.mode: Mode = item.get("mode", options.mode)
        if self.mode not in modes:
            hint = suggestion(str(self.mode)[:40], modes)
            self.problems.append(Problem(("mode",), f'"mode" is one of {", ".join(modes)}{hint}'))
            self.mode = options.mode
        self.key: str | None = item.get("key")
        if self.key is not None and (told := key_problem(self.key)) is not None:
            self.problems.append(told)
        self.created_at = self._created_at(item) if options.restore else None

    def _created_at(self, item: Mapping[str, Any]) -> Micros | None:
        text = item.get("created_at")
        moment = parse_moment(text) if isinstance(text, str) else None
        if text is not None and moment is None:
            told = 'when it was created is a time such as "2026-05-15T09:00:00Z"'
            self.problems.append(Problem(("created_at",), told))
        return moment


def key_problem(key: Any) -> Problem | None:
    """What is wrong with a key, if anything is."""
    if not isinstance(key, str):
        return Problem(("key",), "a key is a text")
    try:
        check_name(key)
    except ValueError as error:
        return Problem(("key",), str(error))
    return None
