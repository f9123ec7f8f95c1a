"""The filters of templates. Null passes through, and no result is longer than 64 KiB."""

import inspect
import json
import math
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, Self
from urllib.parse import quote

from jinja2 import TemplateError, Undefined

LARGEST = 64 * 1024


class TemplateFailed(TemplateError, ValueError):
    """A template that cannot be filled in, and why."""

    def __str__(self) -> str:
        return self.message or "the template failed"


class Opaque(str):
    """Stands for a text that is not known yet; `urlencoded` for the same, encoded for an address."""

    __slots__ = ("urlencoded",)
    urlencoded: str

    def __new__(cls, text: str, urlencoded: str) -> Self:
        made = super().__new__(cls, text)
        made.urlencoded = urlencoded
        return made


def _urlencode(value: Any) -> str:
    return value.urlencoded if isinstance(value, Opaque) else quote(str(value), safe="")


def bounded(filter_: Callable[..., Any]) -> Callable[..., Any]:
    """The filter for values that are there, refusing what grows too long."""

    @wraps(filter_)
    def apply(value: Any, *arguments: Any, **options: Any) -> Any:
        if value is None or isinstance(value, Undefined):
            return value
        sized = [part for part in (value, *arguments) if isinstance(part, str | list)]
        if sum(map(len, sized)) > LARGEST:
            raise TemplateFailed("a text in the template is longer than 64 KiB")
        return filter_(value, *arguments, **options)

    return apply


def argument_mistake(name: str, count: int, keywords: list[str]) -> str | None:
    """What is wrong with the number or the names of a filter's arguments; None if nothing is."""
    try:
        inspect.signature(FILTERS[name]).bind(None, *[None] * count, **dict.fromkeys(keywords))
    except TypeError as error:
        return f"the filter {name}: {error}"
    except ValueError:
        return f"the filter {name} takes no arguments" if count or keywords else None
    return None


def _default(value: Any, other: Any = "", _blank_too: Any = None) -> Any:
    """Null and blank texts are missing, so that Jinja's second argument adds nothing."""
    missing = value is None or isinstance(value, Undefined) or (isinstance(value, str) and not value.strip())
    return other if missing else value


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def _replace(value: Any, old: str, new: str) -> str:
    text, grown = str(value), str(new)
    if not old or len(text) + text.count(old) * len(grown) > LARGEST:
        raise TemplateFailed("replace needs a text to look for, and a result of at most 64 KiB")
    return text.replace(old, grown)


def _join(value: Any, separator: str = ", ") -> str:
    items = [_text(item) for item in value]
    if sum(map(len, items)) + len(items) * len(separator) > LARGEST:
        raise TemplateFailed("join makes a text longer than 64 KiB")
    return separator.join(items)


def _truncate(value: Any, length: int = 80) -> str:
    text = str(value)
    return text if len(text) <= length else f"{text[: max(length - 1, 0)]}…"


def _round(value: Any, digits: int = 0) -> Any:
    rounded = round(value, max(-15, min(digits, 15)))
    return int(rounded) if digits <= 0 else rounded


def _whole(value: Any) -> int:
    return int(_float(value))


def _float(value: Any) -> float:
    number = float(str(value)[:32])
    if not math.isfinite(number):
        raise TemplateFailed("float needs a finite number")
    return number


FILTERS: Mapping[str, Callable[..., Any]] = {
    "default": _default,
    "text": _text,
    "length": bounded(len),
    "first": bounded(lambda value: next(iter(value), None)),
    "last": bounded(lambda value: value[-1] if value else None),
    "join": bounded(_join),
    "sort": bounded(sorted),
    "upper": bounded(lambda value: str(value).upper()),
    "lower": bounded(lambda value: str(value).lower()),
    "title": bounded(lambda value: str(value).title()),
    "capitalize": bounded(lambda value: str(value).capitalize()),
    "trim": bounded(lambda value: str(value).strip()),
    "replace": bounded(_replace),
    "truncate": bounded(_truncate),
    "round": bounded(_round),
    "int": bounded(_whole),
    "float": bounded(_float),
    "abs": bounded(abs),
    "urlencode": bounded(_urlencode),
    "tojson": lambda value: json.dumps(value, ensure_ascii=False),
}
#: What filters that go through a text one by one cost besides, for each byte of it.
PER_CHARACTER: Mapping[str, float] = {"sort": 1, "join": 1, "urlencode": 0.2, "replace": 0.125}
