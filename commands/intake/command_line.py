"""`kindling import`: its commands. They import what they need when they run, so that help is quick."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from commands.intake.options import (
    Dates,
    Decimal,
    Delimiter,
    Encoding,
    Format,
    Mapping,
    Restore,
    parsed,
    parsed_all,
)
from commands.options import Json, Triggers
from runtime.permissions import needs


class ContactMode(StrEnum):
    """How contacts of a file are written."""

    merge = "merge"
    put = "put"
    add_tags = "add_tags"


class DealMode(StrEnum):
    """How deals of a file are written."""

    merge = "merge"
    put = "put"


class _EventsByDefault(TyperGroup):
    """`kindling import FILE` imports events."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and args[0] not in ctx.help_option_names:
            args = ["events", *args]
        rest: list[str] = super().parse_args(ctx, args)
        return rest


app = typer.Typer(cls=_EventsByDefault, no_args_is_help=True)


@app.callback()
@needs("operate")
def import_() -> None:
    """Import a file of events (kindling import FILE), of contacts or of deals (kindling import contacts FILE)."""


@app.command()
@needs("operate")
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
            help="E-mail address, for contacts that have none. Default: email.",
        ),
    ] = None,
    event_type: Annotated[
        str | None, typer.Option("--type", metavar="NAME", help="Type of all events, such as purchase.")
    ] = None,
    type_column: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="Type of each event. Default: type.")
    ] = None,
    event_names: Annotated[
        list[str] | None,
        typer.Option(
            "--event-name",
            metavar="NAME=TYPE",
            help="The type that a name of the file stands for: 'Opened Mail=email.opened'. Repeatable.",
        ),
    ] = None,
    occurred_at: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="Date or time. Default: occurred_at or date.")
    ] = None,
    date_format: Dates = None,
    id_column: Annotated[
        str | None, typer.Option("--id", metavar="COLUMN", help="Event id. Default: by name and content.")
    ] = None,
    properties: Annotated[
        list[str] | None,
        typer.Option(
            "--property",
            metavar="NAME[=COLUMN][:TYPE]",
            help="A property; TYPE is number, text, boolean or date. Repeatable. Default: all other columns.",
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
        Triggers,
        typer.Option(
            help="fire: what is imported starts follow-ups, as events that are sent do; how many is said first."
        ),
    ] = Triggers.silent,
    silent: Annotated[bool, typer.Option("--silent", hidden=True)] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Count, and show the first rows as events; store nothing.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Start follow-ups without asking.")] = False,
    as_json: Json = False,
) -> None:
    """Import events. Bad rows are listed and left out; what an earlier file of this name had adds nothing."""
    from commands.intake import importing
    from services.intake.files.cell_values import NumberForm, number_columns
    from services.intake.files.dates import DateForms
    from services.intake.files.event_names import event_names as names_of_events
    from services.intake.files.import_columns import Columns, Property
    from services.intake.files.import_files import FORMATS, delimiter_of

    if silent and triggers is Triggers.fire:
        raise typer.BadParameter("--silent and --triggers fire cannot both be meant")
    if event_type is not None and type_column is not None:
        raise typer.BadParameter("--type and --type-column cannot both say what the events are")
    columns = Columns(
        contact=contact,
        type=event_type,
        type_column=type_column,
        occurred_at=occurred_at,
        id=id_column,
        properties=parsed_all("--property", lambda texts: [*map(Property.parse, texts)], properties) or None,
        email=email,
        numbers=parsed_all("--number", number_columns, numbers),
        form=parsed("--decimal", NumberForm.parse, decimal),
        dates=parsed_all("--date-format", DateForms.parse, date_format),
    )
    options = importing.EventOptions(
        format=None if file_format is None else FORMATS[f".{file_format}"],
        name=name,
        encoding=encoding,
        delimiter=parsed("--delimiter", delimiter_of, delimiter),
        names=parsed_all("--event-name", names_of_events, event_names),
    )
    raise typer.Exit(
        importing.run(
            file,
            columns,
            options,
            silent=triggers is Triggers.silent,
            dry_run=dry_run,
            yes=yes,
            as_json=as_json,
        )
    )


@app.command()
@needs("operate")
def contacts(
    file: Annotated[Path, typer.Argument(help="CSV with a header, or NDJSON with a contact per line.")],
    *,
    file_format: Format = None,
    mapping: Mapping = None,
    mode: Annotated[
        ContactMode,
        typer.Option(
            help="merge: create, or set what is given and add tags; put: replace; add_tags: only add tags to those "
            "that are there."
        ),
    ] = ContactMode.merge,
    tag: Annotated[
        list[str] | None, typer.Option(help="A tag for everybody in the file. Repeatable.")
    ] = None,
    date_format: Dates = None,
    decimal: Decimal = None,
    delimiter: Delimiter = None,
    encoding: Encoding = None,
    restore: Restore = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count, and show the first changes.")] = False,
    as_json: Json = False,
) -> None:
    """Import contacts, by key or e-mail address. Blank cells change nothing; bad rows are listed and left out."""
    from commands.intake import importing_records
    from services.records.bulk.bulk_items import Options

    how = importing_records.read_options(
        "contact", file_format, mapping, date_format, decimal, delimiter, encoding, restore=restore
    )
    options = Options(mode.value, dry_run, restore)
    raise typer.Exit(importing_records.run(file, how, options, tags=tag or [], as_json=as_json))


@app.command()
@needs("operate")
def deals(
    file: Annotated[Path, typer.Argument(help="CSV with a header, or NDJSON with a deal per line.")],
    *,
    file_format: Format = None,
    mapping: Mapping = None,
    mode: Annotated[
        DealMode,
        typer.Option(help="merge: create, or set what is given; put: replace all but the contact."),
    ] = DealMode.merge,
    date_format: Dates = None,
    decimal: Decimal = None,
    delimiter: Delimiter = None,
    encoding: Encoding = None,
    restore: Restore = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count, and show the first changes.")] = False,
    as_json: Json = False,
) -> None:
    """Import deals, by key. An unknown contact is created; blank cells change nothing; bad rows are left out."""
    from commands.intake import importing_records
    from services.records.bulk.bulk_items import Options

    how = importing_records.read_options(
        "deal", file_format, mapping, date_format, decimal, delimiter, encoding, restore=restore
    )
    options = Options(mode.value, dry_run, restore)
    raise typer.Exit(importing_records.run(file, how, options, tags=(), as_json=as_json))
