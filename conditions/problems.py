"""What is wrong with a definition, and where."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

Loc = tuple[str | int, ...]
_DIGITS = re.compile(r"\d+")
_BETWEEN = re.compile(r"[\s._-]+")


@dataclass(frozen=True)
class Problem:
    """One mistake. `loc` is the path of the value in the document, as written by its author."""

    loc: Loc
    message: str

    @property
    def pointer(self) -> str:
        """The path as a JSON pointer (RFC 6901): `/steps/3/if/score`."""
        return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in self.loc)


#: How much of two words is the same where one may be meant by the other.
_ALIKE = 0.66


def suggestion(word: object, known: Iterable[str], *, certain: bool = False) -> str:
    """What to add about an unknown word: `; did you mean "greater"?`, or a short list to choose from.

    `certain`: only a word that differs by a slip of the pen, and never a list. For words that anybody may make up, such
    as tags and event types: a new one is more likely than a wrong one.
    """
    names = list(dict.fromkeys(known))
    if certain:
        slip = nearest(str(word), names)
        return "" if slip is None else f'; did you mean "{slip}"?'
    close = get_close_matches(str(word), names, n=1, cutoff=_ALIKE)
    if close:
        return f'; did you mean "{close[0]}"?'
    return f"; known: {', '.join(names)}" if 0 < len(names) <= 16 else ""


def nearest(word: str, names: Iterable[str]) -> str | None:
    """The name that a slip of the pen or two makes this word; None when there is none.

    A slip is a letter too many, too few, wrong, or swapped with its neighbour. Words of up to nine letters have one,
    longer ones two, and those of up to three can only have letters swapped. Case and what stands between words do not
    count, and another number is another name.
    """
    plain = _plain(word)
    best, fewest = None, _slips_in(plain) + 1
    for name in names:
        known = _plain(name)
        if _DIGITS.findall(plain) != _DIGITS.findall(known):
            continue
        if len(plain) <= 3 and sorted(plain) != sorted(known):
            continue
        slips = _slips(plain, known, fewest)
        if slips < fewest:
            best, fewest = name, slips
    return best


def _plain(word: str) -> str:
    return _BETWEEN.sub(".", word.strip().casefold())


def _slips_in(word: str) -> int:
    return 1 if len(word) <= 9 else 2


def _slips(one: str, other: str, enough: int) -> int:
    """How many slips are between two words; `enough` where it is at least so many."""
    if abs(len(one) - len(other)) >= enough:
        return enough
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, left in enumerate(one, 1):
        above, row = row, [i]
        for j, right in enumerate(other, 1):
            slips = min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (left != right))
            if i > 1 and j > 1 and left == other[j - 2] and one[i - 2] == right:
                slips = min(slips, before[j - 2] + 1)
            row.append(slips)
        before = above
        if min(row) >= enough:
            return enough
    return min(row[-1], enough)
