"""What is kept of a ledger between two scorings."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from conditions.times import Micros


@dataclass(slots=True)
class Standing:
    """What is kept of a ledger between two scorings, besides its entries.

    `live`: by group, what the entries were worth at the last scoring, and are until `due`, the next moment at which
    time may change an entry's worth (it may be early, never late). `worths`: the same by rule, and `living`, how
    many entries live; None where an earlier version of the product kept neither. `entries`: how many there are, live or
    expired.
    `active`: by inactivity rule, the last event that broke the silence. `fit`: the attribute rules that held.
    `refold`: the history has changed under it, for this cause, so that the ledger has to be folded anew.
    """

    live: dict[str, int] = field(default_factory=dict)
    due: Micros | None = None
    entries: int = 0
    active: dict[str, Micros] = field(default_factory=dict)
    fit: list[str] = field(default_factory=list)
    refold: str | None = None
    worths: dict[str, int] = field(default_factory=dict)
    living: dict[str, int] | None = field(default_factory=dict)

    def copied(self) -> "Standing":
        """One that can be changed by itself."""
        return replace(
            self,
            live={**self.live},
            active={**self.active},
            fit=[*self.fit],
            worths={**self.worths},
            living=None if self.living is None else {**self.living},
        )

    def as_json(self) -> dict[str, Any]:
        """As the store keeps it."""
        kept: dict[str, Any] = {
            "l": self.live,
            "d": self.due,
            "n": self.entries,
            "a": self.active,
            "f": self.fit,
        }
        if self.living is not None:
            kept["w"], kept["c"] = self.worths, self.living
        return kept if self.refold is None else {**kept, "r": self.refold}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Standing":
        """The same, read again."""
        return cls(
            live=data["l"],
            due=data["d"],
            entries=data["n"],
            active=data["a"],
            fit=data["f"],
            refold=data.get("r"),
            worths=data.get("w", {}),
            living=data.get("c", None if data["n"] else {}),
        )
