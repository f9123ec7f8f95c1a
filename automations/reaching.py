"""Whom a notification goes to, of those that its step names."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from automations.addresses import NoAddress, mailbox, mailto


@dataclass(frozen=True)
class Candidate:
    """One that a step names. `who` that is for this record: None where it is nobody. `source`: where each of the
    channels was found, as a reason begins that says what is wrong with one.
    """

    name: str
    who: str | None = None
    channels: Sequence[str] = ()
    source: str = ""


@dataclass(frozen=True)
class Choice:
    """The first that can be written to, or that has no address at all and is only told in records.

    `candidate` is None where there is none. `targets`: its e-mail addresses, as channels. `passed`: why others, or
    some of its own addresses, were passed over. `empty`: those before it that are nobody.
    """

    candidate: Candidate | None
    targets: list[str] = field(default_factory=list)
    passed: list[str] = field(default_factory=list)
    empty: list[str] = field(default_factory=list)


def choose(candidates: Iterable[Candidate]) -> Choice:
    """Of several, the first that is not empty and has no address that is none."""
    passed: list[str] = []
    empty: list[str] = []
    for candidate in candidates:
        if candidate.who is None:
            empty.append(candidate.name)
            continue
        targets, wrong = _sorted_out(candidate)
        passed += wrong
        if targets or not wrong:
            return Choice(candidate, targets, passed, empty)
    return Choice(None, [], passed, empty)


def _sorted_out(candidate: Candidate) -> tuple[list[str], list[str]]:
    """The channels that are e-mail and have an address, and what is wrong with those that have none."""
    targets: list[str] = []
    wrong: list[str] = []
    for channel in candidate.channels:
        address = mailto(channel)
        if address is None:
            continue
        try:
            mailbox(address)
        except NoAddress as error:
            wrong.append(f"{candidate.source} {error}")
        else:
            targets.append(channel)
    return targets, wrong
