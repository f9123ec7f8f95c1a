"""What of a call with many items was not stored: as many mistakes as one answer lists, and how many items in all."""

from collections.abc import Iterable, Sequence

from conditions.limits import LISTED
from conditions.problems import Problem
from services.answers import Rejected, field_problems


class Rejections:
    """Tell it each item that is rejected."""

    def __init__(self, rejected: Iterable[tuple[int, Sequence[Problem]]] = ()) -> None:
        self.count = 0
        self._listed: list[Rejected] = []
        self._left = LISTED.most
        for place, problems in rejected:
            self.add(place, problems)

    def add(self, place: int, problems: Sequence[Problem]) -> None:
        """An item, by its place in the call, with what is wrong with it."""
        self.count += 1
        listed = problems[: self._left]
        self._left -= len(listed)
        if listed:
            self._listed.append(Rejected(index=place, errors=field_problems(listed)))

    def listed(self) -> list[Rejected]:
        """Those that are listed, in the order of their places."""
        return sorted(self._listed, key=lambda rejected: rejected.index)
