"""Templates in messages, tasks and webhooks: sandboxed Jinja2 of expressions, `if` and `for`.

What a template can compute is bounded: no assignments, macros or imports, at most two loops in each other,
only harmless filters and methods, at most 64 KiB of output, and one budget of work for each rendering.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from functools import lru_cache
from typing import Any, cast

from jinja2 import Template, TemplateError, nodes

from automations.templates.addresses import unencoded
from automations.templates.environment import KEEP, KEPT, OpenFields, make_environment
from automations.templates.filters import LARGEST, TemplateFailed
from automations.templates.names import OPEN, name_problems, names_read, secret_problems
from automations.templates.syntax import LONGEST, depth_problems, filtered, forbidden, size
from automations.templates.work import one_budget, spend

_COMPUTING = (ArithmeticError, TypeError, ValueError, LookupError, AttributeError)
#: What each text costs besides what is in it.
_EACH = 10
_ENVIRONMENT = make_environment()


Further = Mapping[str, Collection[str] | None]


def check_template(text: str, further: Further | None = None) -> list[str]:
    """What is wrong with a template: its syntax, what it may not do, and the names it does not know.

    `further`: names known here beside the usual ones, each with its attributes; None: any. What was found is kept: who
    checks again while others wait for a lock need not compile.
    """
    if "{" not in text:
        return []
    names = frozenset(
        (name, None if known is None else frozenset(known)) for name, known in (further or {}).items()
    )
    return list(_checked(text, names))


@lru_cache(maxsize=8192)
def _checked(text: str, names: frozenset[tuple[str, frozenset[str] | None]]) -> tuple[str, ...]:
    try:
        tree = _parsed(text)
        problems = forbidden(tree) or name_problems(tree, dict(names)) or secret_problems(tree)
        if not problems:
            _compiled(text)
    except TemplateError as error:
        line = getattr(error, "lineno", None)
        return (f"line {line}: {error.message}" if line else str(error),)
    except (
        SyntaxError
    ) as error:  # what Jinja lets through and Python does not, such as an argument named twice
        return (f"it cannot be compiled: {error.msg}",)
    return tuple(problems)


@lru_cache(maxsize=8192)
def operations(text: str) -> int:
    """How many operations a template has; 0 for one that cannot be read, which `check_template` says."""
    if "{" not in text:
        return 0
    try:
        tree = _parsed(text)
    except TemplateError:
        return 0
    return 0 if depth_problems(tree) else size(tree)


def _parsed(text: str) -> nodes.Template:
    """The template's tree; raises TemplateError for whatever cannot be one."""
    if len(text) > LONGEST:
        raise TemplateFailed(f"it has {len(text):,} characters; a template has at most {LONGEST:,}")
    try:
        return _ENVIRONMENT.parse(text)
    except TemplateError:
        raise
    except RecursionError:
        raise TemplateFailed("it is nested too deep") from None
    except Exception as error:
        number = isinstance(error, ValueError) and "digits" in str(error)
        raise TemplateFailed(
            "it has a number of too many digits" if number else f"it cannot be read ({type(error).__name__})"
        ) from None


@lru_cache(maxsize=8192)
def fields_in_template(text: str) -> tuple[str, ...]:
    """The fields that a valid template reads: `contact.name`."""
    tree = _valid_tree(text)
    return () if tree is None else tuple(names_read(tree))


@lru_cache(maxsize=2048)
def unencoded_in(address: str) -> tuple[str, ...]:
    """What a valid template of an address puts into it as it is, by name: `contact.email`."""
    tree = _valid_tree(address)
    return () if tree is None else tuple(dict.fromkeys(unencoded(tree)))


def _valid_tree(text: str) -> nodes.Template | None:
    """The template, parsed; None for a text without expressions, or with mistakes."""
    if "{" not in text:
        return None
    try:
        tree = _parsed(text)
    except TemplateError:
        return None
    return None if forbidden(tree) else tree


@lru_cache(maxsize=2048)
def _single(text: str) -> tuple[Template, int] | None:
    """A template that keeps the value of the one expression that the text is, and its cost; None if it is more."""
    tree = _parsed(text)
    output = tree.body[0] if len(tree.body) == 1 else None
    if not isinstance(output, nodes.Output) or forbidden(tree):
        return None
    parts = [part for part in output.nodes if not isinstance(part, nodes.TemplateData) or part.data.strip()]
    if len(parts) != 1 or isinstance(parts[0], nodes.TemplateData):
        return None
    cost = size(tree)
    output.nodes = [cast("nodes.Expr", filtered(parts[0], KEEP))]
    code = _ENVIRONMENT.compile(tree)
    return Template.from_code(_ENVIRONMENT, code, _ENVIRONMENT.make_globals(None)), cost


@lru_cache(maxsize=2048)
def _compiled(text: str) -> tuple[Template, int]:
    """The template, and what carrying it out costs besides loops."""
    tree = _parsed(text)
    if problems := forbidden(tree):
        raise TemplateFailed(problems[0])
    cost = size(tree)
    code = _ENVIRONMENT.compile(tree)
    return Template.from_code(_ENVIRONMENT, code, _ENVIRONMENT.make_globals(None)), cost


def render(text: str, context: Mapping[str, Any]) -> str:
    """The template filled in, in one pass: what a field holds is never read as a template.

    Names that the context lacks are errors, except contact, deal, event and their fields. Raises
    `TemplateFailed`, whose text holds no data of the record.
    """
    if "{" not in text:
        return text

    def fill(values: Mapping[str, Any]) -> str:
        template, cost = _compiled(text)
        spend(_EACH + cost)
        return _limited(template.generate(values))

    filled: str = _guarded(fill, context)
    return filled


def render_value(text: str, context: Mapping[str, Any]) -> Any:
    """The same, but where the text is one expression and nothing else, the value of it, as JSON."""

    def evaluate(values: Mapping[str, Any]) -> Any:
        single = _single(text) if "{{" in text else None
        if single is None:
            return render(text, values)
        template, cost = single
        spend(_EACH + cost)
        token = KEPT.set([])
        try:
            for _ in template.generate(values):
                pass
            return KEPT.get()[0]
        finally:
            KEPT.reset(token)

    return _guarded(evaluate, context)


def _guarded(work: Callable[[Mapping[str, Any]], Any], context: Mapping[str, Any]) -> Any:
    values = opened(context)
    try:
        with one_budget():
            return work(values)
    except TemplateFailed:
        raise
    except TemplateError as error:
        raise TemplateFailed(error.message) from error
    except ZeroDivisionError as error:
        raise TemplateFailed("the template divides by zero") from error
    except _COMPUTING as error:
        raise TemplateFailed("the template computes with a value of the wrong type") from error
    except Exception as error:
        raise TemplateFailed(f"the template failed unexpectedly ({type(error).__name__})") from error


def _limited(parts: Iterable[str]) -> str:
    kept: list[str] = []
    length = 0
    for part in parts:
        length += len(part.encode())
        if length > LARGEST:
            raise TemplateFailed("the text is longer than 64 KiB")
        kept.append(part)
    return "".join(kept)


class _Opened(dict[str, Any]):
    """What templates know, made ready for them."""


def opened(context: Mapping[str, Any], **further: Any) -> Mapping[str, Any]:
    """What templates know, made ready once for many of them: it costs as much as there is in it."""
    if isinstance(context, _Opened):
        return _Opened({**context, **further}) if further else context
    return _Opened({**context, **further, **{name: _opened(context.get(name) or {}) for name in OPEN}})


def _opened(value: Any) -> Any:
    if isinstance(value, Mapping):
        return OpenFields({key: _opened(inner) for key, inner in value.items()})
    return [_opened(inner) for inner in value] if isinstance(value, list) else value


def render_tree(value: Any, context: Mapping[str, Any]) -> Any:
    """The same for every text in a JSON value, such as a webhook's body. Keys stay as they are.

    A text that is one expression becomes that expression's value: a number, a list, null.
    """
    context = opened(context)
    with one_budget():
        if isinstance(value, str):
            return render_value(value, context)
        if isinstance(value, Mapping):
            return {key: render_tree(inner, context) for key, inner in value.items()}
        return [render_tree(inner, context) for inner in value] if isinstance(value, list) else value


__all__ = [
    "TemplateFailed",
    "check_template",
    "fields_in_template",
    "one_budget",
    "opened",
    "operations",
    "render",
    "render_tree",
    "render_value",
    "unencoded_in",
]
