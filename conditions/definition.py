"""The base of everything people define: frozen, without unknown keys, and with errors in plain words."""

from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ModelWrapValidatorHandler, model_validator
from pydantic_core import ErrorDetails, InitErrorDetails, PydanticCustomError, ValidationError

from conditions.problems import Problem, suggestion
from conditions.values import LARGEST_INTEGER

_YAML_TRUE = ("true", "True", "TRUE", "yes", "Yes", "YES", "y", "On", "ON")
_KEY_PATTERN = "^[a-z0-9][a-z0-9_-]{0,62}$"


def invalid(*problems: Problem) -> ValidationError:
    """An error for validators to raise: each problem's `loc` is taken from the validated value on."""
    return ValidationError.from_exception_data(
        "definition", [_line(problem.loc, problem.message) for problem in problems]
    )


def _line(loc: tuple[int | str, ...], message: str, kind: str = "definition") -> InitErrorDetails:
    return InitErrorDetails(
        type=PydanticCustomError(kind, "{reason}", {"reason": message}), loc=loc, input=None
    )


class Definition(BaseModel):
    """A frozen part of a document. An unknown key is an error that names the nearest known one."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    @model_validator(mode="wrap")
    @classmethod
    def _suggest_keys(cls, data: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        try:
            return handler(data)
        except ValidationError as error:
            details = error.errors(include_url=False)
            if not any(_is_unknown_key(detail) for detail in details):
                raise
            known = [field.alias or name for name, field in cls.model_fields.items()]
            raise ValidationError.from_exception_data(
                error.title, [_suggested(detail, known) for detail in details]
            ) from None


def _is_unknown_key(detail: ErrorDetails) -> bool:
    return detail["type"] == "extra_forbidden" and len(detail["loc"]) == 1


def _suggested(detail: ErrorDetails, known: list[str]) -> InitErrorDetails:
    if _is_unknown_key(detail):
        return _line(detail["loc"], unknown_key(str(detail["loc"][0]), known), "unknown_key")
    if detail["type"] in ("definition", "unknown_key", "conditions", "duration", "key"):
        return _line(detail["loc"], detail["msg"], detail["type"])
    again = InitErrorDetails(type=detail["type"], loc=detail["loc"], input=detail["input"])
    if "ctx" in detail:
        again["ctx"] = detail["ctx"]
    return again


def unknown_key(key: str, known: list[str]) -> str:
    """What to say about a key that is not known where it stands; `known` is empty when nobody knows."""
    if key in _YAML_TRUE and ("on" in known or not known):
        return f'unknown key "{key}"; write "on" in quotes: YAML 1.1 reads an unquoted on as true'
    return f'unknown key "{key}"{suggestion(key, known)}'


def _check_tag(tag: str) -> str:
    if not tag.strip():
        raise PydanticCustomError("tag", "a tag is not blank")
    return tag.strip()


def _check_key(key: str) -> str:
    first, rest = key[:1], key.replace("-", "a").replace("_", "a")
    if not (key.isascii() and rest.isalnum() and rest == rest.lower() and first.isalnum() and len(key) <= 63):
        raise PydanticCustomError(
            "key", "a key has up to 63 lower-case letters, digits, - and _, and starts with a letter or digit"
        )
    return key


Key = Annotated[str, AfterValidator(_check_key), Field(json_schema_extra={"pattern": _KEY_PATTERN})]
"""The name by which documents refer to each other, and a step's own key."""

WholeNumber = Annotated[int, Field(strict=True, ge=-LARGEST_INTEGER, le=LARGEST_INTEGER)]
"""A whole number; neither a boolean nor a text with digits."""

Text = Annotated[str, Field(min_length=1, max_length=200)]
TagName = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_check_tag)]
"""A tag; blanks around it are no part of it."""
LongText = Annotated[str, Field(max_length=20_000)]
