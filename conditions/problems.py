"""What is wrong with a definition, and where."""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

Loc = tuple[str | int, ...]


@dataclass(frozen=True)
class Problem:
    """One mistake. `loc` is the path of the value in the document, as written by its author."""

    loc: Loc
    message: str

    @property
    def pointer(self) -> str:
        """The path as a JSON pointer (RFC 6901): `/steps/3/if/score`."""
        return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in self.loc)


def suggestion(word: object, known: Iterable[str], *, certain: bool = False) -> str:
    """What to add about an unknown word: `; did you mean "greater"?`, or a short list to choose from.

    `certain`: only a word that is hardly meant otherwise, and never a list.
    """
    names = list(dict.fromkeys(known))
    close = get_close_matches(str(word), names, n=1, cutoff=0.8 if certain else 0.6)
    if close:
        return f'; did you mean "{close[0]}"?'
    if certain:
        return ""
    return f"; known: {', '.join(names)}" if 0 < len(names) <= 16 else ""
