"""`kindling import`: its options. Commands import what they need when they run, so that help is quick."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from commands.options import Triggers

Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]


class FileFormat(StrEnum):
    """Formats that can be imported."""

    csv = "csv"
    ndjson = "ndjson"


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


class Mode(StrEnum):
    """How contacts of a file are written."""

    merge = "merge"
    put = "put"
    add_tags = "add_tags"


class _EventsByDefault(TyperGroup):
    """`kindling import FILE` imports events."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and args[0] not in ctx.help_option_names:
            args = ["events", *args]
        rest: list[str] = super().parse_args(ctx, args)
        return rest


app = typer.Typer(cls=_EventsByDefault, no_args_is_help=True)


@app.callback()
def import_() -> None:
    """Import a file of events (kindling import FILE) or of contacts (kindling import contacts FILE)."""


@app.command()
def events(
    file: Annotated[Path, typer.Argument(help="CSV with a header, or NDJSON with an event per line.")],
    *,
    file_format: Format = None,
    contact: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="Contact's key. Default: contact, customer or email.")
    ] = None,
    email: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN",
            help="E-mail address, for contacts that have none. Default: the contact's column, if it is email.",
        ),
    ] = None,
    event_type: Annotated[
        str | None, typer.Option("--type", metavar="NAME", help="Type of all events, such as purchase.")
    ] = None,
    type_column: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="Type of each event. Default: type.")
    ] = None,
    occurred_at: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="Date or time. Default: occurred_at or date.")
    ] = None,
    id_column: Annotated[
        str | None, typer.Option("--id", metavar="COLUMN", help="Event id. Default: by name and content.")
    ] = None,
    properties: Annotated[
        list[str] | None,
        typer.Option(
            "--property",
            metavar="NAME[=COLUMN][:TYPE]",
            help="A property; TYPE is number, text or boolean. Repeatable. Default: all other columns.",
        ),
    ] = None,
    numbers: Annotated[
        list[str] | None,
        typer.Option(
            "--number",
            metavar="COLUMN[=EXAMPLE]",
            help="A column of numbers, written as in the example, such as amount=1.234,56. Repeatable.",
        ),
    ] = None,
    decimal: Decimal = None,
    delimiter: Delimiter = None,
    encoding: Encoding = None,
    name: Annotated[
        str | None, typer.Option(help="Stands for the file's name: rows that were there under it are known.")
    ] = None,
    triggers: Annotated[
        Triggers, typer.Option(help="fire: what is imported starts follow-ups, as events that are sent do.")
    ] = Triggers.silent,
    silent: Annotated[bool, typer.Option("--silent", hidden=True)] = False,
    as_json: Json = False,
) -> None:
    """Import events. Bad rows are listed and left out; what an earlier file of this name had adds nothing."""
    from commands.intake import importing
    from services.intake.cell_values import NumberForm
    from services.intake.import_columns import Columns, Property
    from services.intake.imports import FORMATS, delimiter_of

    if silent and triggers is Triggers.fire:
        raise typer.BadParameter("--silent and --triggers fire cannot both be meant")
    if event_type is not None and type_column is not None:
        raise typer.BadParameter("--type and --type-column cannot both say what the events are")
    try:
        named = None if properties is None else [Property.parse(text) for text in properties]
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--property") from None
    forms: dict[str, NumberForm | None] = {}
    option = "--number"
    try:
        for text in numbers or []:
            column, equals, example = text.rpartition("=") if "=" in text else (text, "", "")
            forms[column] = NumberForm.parse(example) if equals else None
        option = "--decimal"
        form = None if decimal is None else NumberForm.parse(decimal)
        option = "--delimiter"
        sign = None if delimiter is None else delimiter_of(delimiter)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint=option) from None
    columns = Columns(
        contact=contact,
        type=event_type,
        type_column=type_column,
        occurred_at=occurred_at,
        id=id_column,
        properties=named,
        email=email,
        numbers=forms,
        form=form,
    )
    kind = None if file_format is None else FORMATS[f".{file_format}"]
    raise typer.Exit(
        importing.run(
            file,
            columns,
            format=kind,
            name=name,
            encoding=encoding,
            delimiter=sign,
            silent=triggers is Triggers.silent,
            as_json=as_json,
        )
    )


@app.command()
def contacts(
    file: Annotated[Path, typer.Argument(help="CSV with a header, or NDJSON with a contact per line.")],
    *,
    file_format: Format = None,
    mapping: Annotated[
        list[str] | None,
        typer.Option(
            "--map",
            metavar="COLUMN=FIELD[:TYPE]",
            help="What a column is: key, email, name, first_name, last_name, phone, stage, owner, tags, dnd, or a "
            "field of your own; - leaves it out. TYPE is number, text or boolean. Repeatable. Default: by its name.",
        ),
    ] = None,
    mode: Annotated[
        Mode,
        typer.Option(
            help="merge: create, or set what is given and add tags; put: replace; add_tags: only add tags to those "
            "that are there."
        ),
    ] = Mode.merge,
    tag: Annotated[
        list[str] | None, typer.Option(help="A tag for everybody in the file. Repeatable.")
    ] = None,
    decimal: Decimal = None,
    delimiter: Delimiter = None,
    encoding: Encoding = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count, and show the first changes.")] = False,
    as_json: Json = False,
) -> None:
    """Import contacts, by key or e-mail address. Blank cells change nothing; bad rows are listed and left out."""
    from commands.intake import importing
    from services.intake.cell_values import NumberForm
    from services.intake.contact_columns import ContactColumns, parse_mapping
    from services.intake.imports import FORMATS, delimiter_of

    option = "--map"
    try:
        given = dict(parse_mapping(text) for text in mapping or [])
        option = "--decimal"
        form = None if decimal is None else NumberForm.parse(decimal)
        option = "--delimiter"
        sign = None if delimiter is None else delimiter_of(delimiter)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint=option) from None
    raise typer.Exit(
        importing.run_contacts(
            file,
            ContactColumns(given, form),
            mode=mode.value,
            tags=tag or [],
            file_format=None if file_format is None else FORMATS[f".{file_format}"],
            encoding=encoding,
            delimiter=sign,
            dry_run=dry_run,
            as_json=as_json,
        )
    )
