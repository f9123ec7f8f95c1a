"""Options that the commands of `kindling import` share. They import what they need when they run."""

from collections.abc import Callable, Iterable
from typing import Annotated, TypeVar

import typer

from commands.options import FileFormat

Format = Annotated[FileFormat | None, typer.Option("--format", help="Default: by the file's name.")]
Decimal = Annotated[
    str | None, typer.Option(metavar="SIGN", help="The decimal sign of all numbers, a comma or a point.")
]
Delimiter = Annotated[
    str | None, typer.Option(metavar="SIGN", help="What is between cells, such as ; or tab. Default: found.")
]
Encoding = Annotated[
    str | None, typer.Option(metavar="NAME", help="Such as cp1252. Default: UTF-8, or by the file's mark.")
]
Dates = Annotated[
    list[str] | None,
    typer.Option(
        "--date-format",
        metavar="[COLUMN=]FORM",
        help="How dates are written, such as dd.mm.yyyy, in all columns of dates or in this one. Repeatable.",
    ),
]
Mapping = Annotated[
    list[str] | None,
    typer.Option(
        "--map",
        metavar="COLUMN=FIELD[:TYPE]",
        help="What a column is: a field that every record has, such as key, name or stage, or one of your own; - "
        "leaves it out. TYPE is number, text, boolean or date. Repeatable. Default: by its name.",
    ),
]
Restore = Annotated[
    bool,
    typer.Option(
        "--restore",
        help="As an export has them: new ones were created at created_at, and changes emit no events. For an "
        "installation that gets the exported events, too.",
    ),
]

T = TypeVar("T")


def parsed(option: str, parse: Callable[[str], T], text: str | None) -> T | None:
    """What the text of an option means, None without one; raises BadParameter that names the option."""
    if text is None:
        return None
    return parsed_all(option, lambda texts: [parse(each) for each in texts], [text])[0]


def parsed_all(option: str, parse: Callable[[Iterable[str]], T], texts: Iterable[str] | None) -> T:
    """The same of an option that may be repeated."""
    try:
        return parse(texts or ())
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint=option) from None
