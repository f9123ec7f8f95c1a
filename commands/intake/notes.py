"""What every import says besides its counts."""

import re
from collections.abc import Sequence

from commands.output import counted, errors, note
from services.intake.files.import_files import BadRow

#: How a reason names a date with dots that could not be read.
_DOTTED_DATE = re.compile(r'"[0-9]{1,2}\.[0-9]{1,2}\.[0-9]{4}[^"]*" is not a date')


def waiting(reason: str) -> None:
    """Why nothing happens for the moment."""
    note(f"The import waits, and goes on by itself: {reason}")


def print_bad(first: Sequence[BadRow], count: int, *, declared: bool) -> None:
    """The first of the rows that were left out. `declared`: how dates are written has been said."""
    for row in first:
        errors().print(str(row), style="red", markup=False)
    if count > len(first):
        note(f"... and {counted(count - len(first), 'more bad row')}")
    if not declared and any(_DOTTED_DATE.search(row.reason) for row in first):
        note("Dates written with the day first are read with --date-format dd.mm.yyyy")


def of_shared(count: int) -> list[str]:
    """That new contacts share so many addresses with others."""
    if not count:
        return []
    addresses = counted(count, "e-mail address", "e-mail addresses")
    return [f"New contacts share {addresses} with other contacts. kindling duplicates lists them."]
