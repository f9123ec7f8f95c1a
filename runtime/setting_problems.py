"""What is wrong with the settings, said so that it can be mended; no secret in clear."""

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic.fields import FieldInfo

from runtime.errors import ReadableError


@dataclass(frozen=True)
class SettingProblem:
    """One setting that cannot be used."""

    variable: str
    mistake: str
    remedy: str


class SettingsError(ReadableError):
    """Settings that cannot be used: every problem with its remedy, no secret in clear."""

    def __init__(self, problems: Iterable[SettingProblem]) -> None:
        self.problems = tuple(problems)
        lines = (f"  {p.variable} {p.mistake}. {p.remedy}" for p in self.problems)
        super().__init__("\n".join(("These settings cannot be used:", *lines)))


def problem_of(mistake: Mapping[str, Any], fields: Iterable[FieldInfo]) -> SettingProblem:
    """A pydantic error as a problem of one of these settings."""
    by_variable = {variable_name(field): field for field in fields}
    variable = str(mistake["loc"][0])
    field = by_variable.get(variable)
    if field is None:
        return SettingProblem(variable, "is not a setting", _hint(variable, by_variable) or "Remove it")
    message = str(mistake["msg"]).removeprefix("Value error, ")
    if mistake["type"] != "value_error":
        message = "cannot be used: " + message[:1].lower() + message[1:]
    return SettingProblem(variable, message, f"{field.description}. Example: {variable}={example(field)}")


def unknown_variables(environ: Iterable[str], known: Iterable[str]) -> list[str]:
    """A sentence for each `KINDLING_` variable that is no setting, with the closest one that is."""
    names = tuple(known)
    unknown = sorted(name for name in set(environ) - set(names) if name.startswith("KINDLING_"))
    return [f"{name} is not a setting. {_hint(name, names)}".rstrip() for name in unknown]


def variable_name(field: FieldInfo) -> str:
    """The environment variable of a setting."""
    return str(field.validation_alias)


def example(field: FieldInfo) -> str:
    """A value that a setting could have."""
    return str(field.examples[0]) if field.examples else ""


def _hint(name: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(name, tuple(known), n=1)
    return f"Did you mean {close[0]}?" if close else ""
