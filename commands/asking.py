"""Asking before something is done that is hard to undo."""

import sys

import typer

from runtime.errors import ReadableError


def ask(question: str, *, yes: bool, as_json: bool) -> None:
    """Ask, unless that has been answered; raises ReadableError, before anything is done, unless the answer is yes.

    Programs, which read JSON, have to say it before: there is nobody to ask.
    """
    if not yes and (as_json or not agreed(question)):
        raise ReadableError(f"{question} Nothing was done; say yes, or add --yes")


def agreed(question: str) -> bool:
    """Whether somebody says yes; nobody does where the input ends."""
    try:
        return typer.confirm(question, err=True)
    except typer.Abort:
        if sys.stdin.isatty():
            raise
        typer.echo(err=True)
        return False
