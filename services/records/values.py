"""What callers may set of contacts and deals: the values in a body, checked."""

from collections.abc import Collection, Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from conditions.activity import ACTIVITY_NAMES
from conditions.limits import listed, record_problems
from conditions.messages import plain_errors
from conditions.problems import Problem, suggestion
from services.names import LONGEST_NAME, unstorable
from services.resources import Invalid

_EXAMPLES = {
    "contact": '{"name": "Ada", "tags": ["partner"]}',
    "deal": '{"contact": "ada", "name": "Renewal", "value": 5000}',
}


def read_values(
    model: type[BaseModel], body: Any, kind: str, taken: Collection[str], empty: Mapping[str, Any]
) -> dict[str, Any]:
    """The values that a body gives; raises Invalid with every mistake.

    `taken`: names that free fields may not have; `empty`: what null stands for, where it is not null.
    """
    if not isinstance(body, dict):
        raise Invalid([Problem((), f"a {kind} is an object such as {_EXAMPLES[kind]}")])
    problems = []
    given = None
    try:
        given = model.model_validate(body)
    except ValidationError as error:
        problems = [_pointing_to_fields(problem, model) for problem in plain_errors(error, body)]
    fields = body.get("fields")
    if isinstance(fields, dict):
        problems += [
            problem for name, value in fields.items() for problem in _field_problems(name, value, kind, taken)
        ]
    if problems or given is None:
        raise Invalid(problems)
    refuse_too_large(body)
    return {
        name: empty.get(name) if (value := getattr(given, name)) is None else value
        for name in type(given).model_fields
        if name in given.model_fields_set
    }


def _pointing_to_fields(problem: Problem, model: type[BaseModel]) -> Problem:
    """Whoever sets a field of their own beside those that every record has learns where it belongs."""
    name = problem.loc[0] if len(problem.loc) == 1 else None
    if not isinstance(name, str) or name in model.model_fields:
        return problem
    close = suggestion(name, model.model_fields)
    if not close.endswith("?"):
        close = f'; a field of your own stands under "fields": {{"fields": {{"{name}": ...}}}}'
    return Problem(problem.loc, f'unknown key "{name}"{close}')


def refuse_too_large(values: Mapping[str, Any]) -> None:
    """Raise Invalid for custom fields and tags that are more than is kept."""
    if problems := record_problems(values):
        raise Invalid(problems)


def without_nulls(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Free fields as they are kept: null removes one."""
    return {name: value for name, value in fields.items() if value is not None}


def _field_problems(name: str, value: Any, kind: str, taken: Collection[str]) -> list[Problem]:
    """What is wrong with a free field; rules and filters could not read it otherwise."""
    loc = ("fields", name)
    if name in ACTIVITY_NAMES[kind]:
        return [
            Problem(
                loc, f'"{kind}.{name}" means something else in conditions; choose another name for the field'
            )
        ]
    if name in taken:
        return [
            Problem(
                loc, f'"{name}" is a field of every {kind}; set it beside "fields", or choose another name'
            )
        ]
    if not 1 <= len(name) <= LONGEST_NAME or not name.isprintable() or not name.strip():
        return [Problem(loc, "a field's name has 1 to 200 characters, not blank, no control characters")]
    if any(character in name for character in '."\\'):
        return [Problem(loc, "a field's name cannot hold dots, quotes or backslashes")]
    parts = value if isinstance(value, list) else [value]
    if any(isinstance(part, dict | list) for part in parts):
        return [
            Problem(loc, "a field holds a text, a number, true, false or a list of these; use more fields")
        ]
    return listed(unstorable(value, loc))
