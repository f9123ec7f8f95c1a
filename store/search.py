"""The columns by which records are searched. They hold folded texts, so that both databases compare bytes alone."""

from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy import ColumnElement
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from conditions.search import folded, folded_address

#: Between the texts in which `q` looks; none of them can hold it.
_BETWEEN = "\n"


class ContactSearch(NamedTuple):
    """What a contact is found by. `key_folded`: the key, where it is an e-mail address other than `email_folded`."""

    search: str
    email_folded: str | None
    key_folded: str | None


class DealSearch(NamedTuple):
    """What a deal is found by."""

    search: str


SEARCH_OF_CONTACT, SEARCH_OF_DEAL = ContactSearch._fields, DealSearch._fields
#: Of a contact that has been merged into another: nothing finds it.
NEVER_FOUND = ContactSearch("", None, None)


def contact_search(key: str, name: str | None = None, email: str | None = None) -> ContactSearch:
    """The columns of a contact with these texts."""
    address, of_key = folded_address(email), folded_address(key) if "@" in folded(key) else None
    other = of_key if of_key != address else None
    return ContactSearch(_joined(key, name, email), address, other)


def deal_search(key: str, name: str | None = None) -> DealSearch:
    """The columns of a deal with these texts."""
    return DealSearch(_joined(key, name))


def _joined(*texts: str | None) -> str:
    return _BETWEEN.join(folded(text) for text in texts if text)


def mentions(search: ColumnElement[Any], wanted: str) -> ColumnElement[bool]:
    """Whether some text that `search` is made of holds the text, however each of them is written."""
    looked_for = folded(wanted)
    if _BETWEEN in looked_for:
        return sa.false()
    return _Place(search, sa.literal(looked_for, sa.Text)) > 0


class _Place(FunctionElement[int]):
    """Where a text is in another; 0: nowhere. Unlike LIKE it takes a text of any length, and all of it as it is."""

    type = sa.Integer()
    inherit_cache = True


@compiles(_Place, "sqlite")
def _sqlite_place(element: _Place, compiler: Any, **_kw: Any) -> str:
    return f"instr({compiler.process(element.clauses)})"


@compiles(_Place, "postgresql")
def _postgresql_place(element: _Place, compiler: Any, **_kw: Any) -> str:
    return f"strpos({compiler.process(element.clauses)})"
