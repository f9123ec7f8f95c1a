"""Templates in messages, tasks and webhooks: sandboxed Jinja2 of expressions, `if` and `for`.

What a template can compute is bounded: no assignments, macros or imports, at most two loops in each other,
only harmless filters and methods, at most 64 KiB of output, and one budget of work for each rendering.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from contextvars import ContextVar
from functools import lru_cache
from typing import Any, cast

from jinja2 import StrictUndefined, Template, TemplateError, Undefined, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from automations.template_filters import FILTERS, LARGEST, TemplateFailed
from automations.template_names import OPEN, name_problems, names_read, secret_problems
from automations.template_syntax import LONGEST, METHODS, Method, depth_problems, filtered, forbidden, size
from automations.template_work import deep_weight, one_budget, spend, weight

_COMPUTING = (ArithmeticError, TypeError, ValueError, LookupError, AttributeError)
#: Filters of our own around parts of a template; names with a blank cannot be written in one.
_LOOPABLE, _KEEP, _WEIGHED, _PIECE = "loop over", "keep it", "weigh it", "as text"
_KEPT: ContextVar[list[Any]] = ContextVar("kept")
_LONGEST_LOOP = 200


class _Environment(ImmutableSandboxedEnvironment):
    """Fields by name only, never a method or attribute of the value behind them; null is no text."""

    intercepted_binops = frozenset({"+", "*", "%"})

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        if operator == "+":
            _grow(left, right)
            return super().call_binop(context, operator, left, right)
        if not all(isinstance(side, int | float) and abs(side) < 1e15 for side in (left, right)):
            raise TemplateFailed(f"{operator} needs two numbers of moderate size")
        return super().call_binop(context, operator, left, right)

    def getattr(self, obj: Any, attribute: str) -> Any:
        if isinstance(obj, str) and attribute in METHODS:
            return Method(attribute, super().getattr(obj, attribute), lambda more: _grow(obj, *more))
        return self.getitem(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        if isinstance(obj, Undefined):
            return obj
        if isinstance(obj, Method):
            raise _uncalled(obj)
        if obj is None or isinstance(obj, _OpenFields):
            return None if obj is None else obj.get(argument)
        if isinstance(obj, Mapping):
            return obj[argument] if argument in obj else self.undefined(obj=obj, name=argument)
        if isinstance(obj, str | list | tuple) and isinstance(argument, int | slice):
            if isinstance(argument, slice):
                spend(weight(obj))
                return obj[argument]
            return obj[argument] if -len(obj) <= argument < len(obj) else None
        return getattr(obj, argument) if _is_loop_variable(obj, argument) else None

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        tree = super()._parse(source, name, filename)
        if depth_problems(tree):
            return tree  # refused, before anything walks it by recursion
        for joined in tree.find_all(nodes.Concat):
            joined.nodes = [filtered(part, _PIECE) for part in joined.nodes]
        for compared in tree.find_all(nodes.Compare):
            compared.expr = filtered(compared.expr, _WEIGHED)
            for operand in compared.ops:
                operand.expr = filtered(operand.expr, _WEIGHED)
        for test in tree.find_all(nodes.Test):
            if test.name not in ("defined", "undefined"):
                test.node = filtered(test.node, _WEIGHED)
                test.args = [filtered(argument, _WEIGHED) for argument in test.args]
        for loop in tree.find_all(nodes.For):
            loop.iter = filtered(loop.iter, _LOOPABLE, sum(map(size, (*loop.body, *loop.else_))))
        return tree


def _grow(*values: Any) -> None:
    """Before texts or lists become one, or one is taken apart."""
    long = [value for value in values if isinstance(value, str | list | tuple)]
    if sum(map(len, long)) > LARGEST:
        raise TemplateFailed("a text or list in the template is longer than 64 KiB")
    spend(sum(map(weight, long)) + sum(len(value) for value in long if isinstance(value, str)) // 16)


def _uncalled(method: Method) -> TemplateFailed:
    return TemplateFailed(f".{method.name} is a method of texts; call it: .{method.name}()")


def _weighed(value: Any) -> Any:
    if isinstance(value, Method):
        raise _uncalled(value)
    spend(deep_weight(value))
    return value


def _loopable(value: Any, body: int) -> Any:
    if not (value is None or isinstance(value, list | tuple)):
        raise TemplateFailed("loops need a list")
    if value is not None and len(value) > _LONGEST_LOOP:
        raise TemplateFailed(f"loops go over at most {_LONGEST_LOOP} entries")
    spend(len(value or []) * (body + 1))
    return value or []


def _keep(value: Any) -> str:
    if isinstance(value, Undefined):
        str(value)  # raises, as it would anywhere else in a template
    _KEPT.get().append(_weighed(value))
    return ""


def _piece(value: Any) -> str:
    if value is None:
        return ""
    text = str(_weighed(value))
    spend(weight(text))
    return text


def _printed(value: Any) -> Any:
    """Null prints as nothing. A printed text is weighed; others become one."""
    if isinstance(value, Undefined):
        return value
    return _piece(value)


class _OpenFields(dict[str, Any]):
    """A record or event: a field it does not have prints as nothing, since custom fields vary."""


def _is_loop_variable(obj: Any, argument: Any) -> bool:
    return type(obj).__name__ == "LoopContext" and argument in ("index", "index0", "first", "last", "length")


def _costly(filter_: Callable[..., Any]) -> Callable[..., Any]:
    """A filter that pays for what it reads."""

    def apply(value: Any, *arguments: Any, **options: Any) -> Any:
        for part in (value, *arguments, *options.values()):
            if isinstance(part, Method):
                raise _uncalled(part)
            if not isinstance(part, Undefined):
                spend(deep_weight(part))
        return filter_(value, *arguments, **options)

    return apply


def _environment() -> _Environment:
    environment = _Environment(
        undefined=StrictUndefined, finalize=_printed, autoescape=False, keep_trailing_newline=True
    )
    environment.globals.clear()
    environment.filters = {
        **{name: _costly(filter_) for name, filter_ in FILTERS.items()},
        _LOOPABLE: _loopable,
        _KEEP: _keep,
        _WEIGHED: _weighed,
        _PIECE: _piece,
    }
    return environment


_ENVIRONMENT = _environment()


def check_template(text: str, further: Mapping[str, Collection[str] | None] | None = None) -> list[str]:
    """What is wrong with a template: its syntax, what it may not do, and the names it does not know.

    `further`: names known here beside the usual ones, each with its attributes; None: any.
    """
    if "{" not in text:
        return []
    try:
        tree = _parsed(text)
        problems = forbidden(tree) or name_problems(tree, further or {}) or secret_problems(tree)
        if not problems:
            _compiled(text)
    except TemplateError as error:
        line = getattr(error, "lineno", None)
        return [f"line {line}: {error.message}" if line else str(error)]
    return problems


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


def fields_in_template(text: str) -> list[str]:
    """The fields that a valid template reads: `contact.name`."""
    if "{" not in text:
        return []
    try:
        return names_read(_parsed(text))
    except TemplateError:
        return []


@lru_cache(maxsize=2048)
def _single(text: str) -> Template | None:
    """A template that keeps the value of the one expression that the text is; None if it is more than that."""
    tree = _parsed(text)
    output = tree.body[0] if len(tree.body) == 1 else None
    if not isinstance(output, nodes.Output) or forbidden(tree):
        return None
    parts = [part for part in output.nodes if not isinstance(part, nodes.TemplateData) or part.data.strip()]
    if len(parts) != 1 or isinstance(parts[0], nodes.TemplateData):
        return None
    output.nodes = [cast("nodes.Expr", filtered(parts[0], _KEEP))]
    return Template.from_code(_ENVIRONMENT, _ENVIRONMENT.compile(tree), _ENVIRONMENT.make_globals(None))


@lru_cache(maxsize=2048)
def _compiled(text: str) -> tuple[Template, int]:
    """The template, and what carrying it out costs besides loops."""
    tree = _parsed(text)
    if problems := forbidden(tree):
        raise TemplateFailed(problems[0])
    return _ENVIRONMENT.from_string(text), size(tree)


def render(text: str, context: Mapping[str, Any]) -> str:
    """The template filled in, in one pass: what a field holds is never read as a template.

    Names that the context lacks are errors, except contact, deal, event and their fields. Raises
    `TemplateFailed`, whose text holds no data of the record.
    """
    if "{" not in text:
        return text

    def fill(values: Mapping[str, Any]) -> str:
        template, cost = _compiled(text)
        spend(cost)
        return _limited(template.generate(values))

    filled: str = _guarded(fill, context)
    return filled


def render_value(text: str, context: Mapping[str, Any]) -> Any:
    """The same, but where the text is one expression and nothing else, the value of it, as JSON."""

    def evaluate(values: Mapping[str, Any]) -> Any:
        single = _single(text) if "{{" in text else None
        if single is None:
            return render(text, context)
        token = _KEPT.set([])
        try:
            for _ in single.generate(values):
                pass
            return _KEPT.get()[0]
        finally:
            _KEPT.reset(token)

    return _guarded(evaluate, context)


def _guarded(work: Callable[[Mapping[str, Any]], Any], context: Mapping[str, Any]) -> Any:
    values = {**context, **{name: _opened(context.get(name) or {}) for name in OPEN}}
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


def _opened(value: Any) -> Any:
    if isinstance(value, Mapping):
        return _OpenFields({key: _opened(inner) for key, inner in value.items()})
    return [_opened(inner) for inner in value] if isinstance(value, list) else value


def render_tree(value: Any, context: Mapping[str, Any]) -> Any:
    """The same for every text in a JSON value, such as a webhook's body. Keys stay as they are.

    A text that is one expression becomes that expression's value: a number, a list, null.
    """
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
    "render",
    "render_tree",
    "render_value",
]
