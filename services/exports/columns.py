"""The columns of lists as CSV: their names, which imports understand, and what stands in them."""

from collections.abc import Callable, Iterable, Sequence
from operator import attrgetter
from typing import Any, NamedTuple

from services.exports.cells import cell, list_cell
from services.records.kinds import Kind

_PLAIN: dict[Kind, Sequence[str]] = {
    "contact": ("key", "name", "email", "phone", "stage", "owner"),
    "deal": ("key", "contact", "name", "pipeline", "stage", "status", "value", "currency", "owner"),
}
_LISTS: dict[Kind, Sequence[str]] = {"contact": ("tags", "dnd"), "deal": ("tags",)}


class Column(NamedTuple):
    """A column, and how its cells come of what is listed."""

    name: str
    cell: Callable[[Any], str]


def record_columns(kind: Kind, fields: Iterable[str], scores: Iterable[str]) -> list[Column]:
    """Of contacts or deals: what all have, the callers' own `fields`, and the scores and bands of these profiles."""
    return [
        *map(_plain, _PLAIN[kind]),
        *map(_list, _LISTS[kind]),
        *map(_own, fields),
        *(_by_profile(of, profile) for profile in scores for of in ("scores", "bands")),
        *map(_plain, ("created_at", "updated_at")),
    ]


def plain_columns(*names: str) -> list[Column]:
    """Of what is listed, by the names of its attributes; `event.type` is one of its event, if it has one."""
    return [_inner(name) if "." in name else _plain(name) for name in names]


def _plain(name: str) -> Column:
    read = attrgetter(name)
    return Column(name, lambda listed: cell(read(listed)))


def _inner(name: str) -> Column:
    outer, _, inner = name.partition(".")
    return Column(name, lambda listed: cell(getattr(getattr(listed, outer), inner, None)))


def _list(name: str) -> Column:
    read = attrgetter(name)
    return Column(name, lambda listed: list_cell(read(listed)))


def _own(name: str) -> Column:
    return Column(f"fields.{name}", lambda listed: cell(listed.fields.get(name), own=True))


def _by_profile(of: str, profile: str) -> Column:
    return Column(f"{of}.{profile}", lambda listed: cell(getattr(listed, of).get(profile)))
