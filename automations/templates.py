"""Templates in messages, tasks and webhooks: sandboxed Jinja2 of expressions, `if` and `for`.

What a template can compute is bounded: no assignments, macros or imports, at most two loops in each other,
only harmless filters and methods, at most 64 KiB of output.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from contextvars import ContextVar
from functools import lru_cache
from typing import Any, cast

from jinja2 import StrictUndefined, Template, TemplateError, Undefined, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from automations.template_filters import FILTERS, LARGEST, TemplateFailed, argument_mistake
from automations.template_names import OPEN, name_problems, names_read, secret_problems
from conditions.problems import suggestion

_METHODS = frozenset({"strip", "lstrip", "rstrip", "lower", "upper", "title", "capitalize", "split"}) | {
    "startswith",
    "endswith",
    "splitlines",
}
_ALLOWED = (
    *(nodes.Template, nodes.Output, nodes.TemplateData, nodes.If, nodes.For, nodes.CondExpr),
    *(nodes.Name, nodes.Const, nodes.TemplateData, nodes.Tuple, nodes.List, nodes.Dict, nodes.Pair),
    *(nodes.Getattr, nodes.Getitem, nodes.Slice, nodes.Filter, nodes.Test, nodes.Call, nodes.Keyword),
    *(nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not, nodes.Concat, nodes.Neg, nodes.Pos),
    *(nodes.Add, nodes.Sub, nodes.Mul, nodes.Div, nodes.FloorDiv, nodes.Mod),
)
_COMPUTING = (ArithmeticError, TypeError, ValueError, LookupError, AttributeError, RecursionError)
_LOOPABLE = "loopable"
_KEEP = "keep"
_KEPT: ContextVar[list[Any]] = ContextVar("kept")
_DEEPEST_LOOP = 2
_LONGEST_LOOP = 200


class _Environment(ImmutableSandboxedEnvironment):
    """Fields by name only, never a method or attribute of the value behind them; null is no text."""

    intercepted_binops = frozenset({"*", "%"})

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        if not all(isinstance(side, int | float) and abs(side) < 1e15 for side in (left, right)):
            raise TemplateFailed(f"{operator} needs two numbers of moderate size")
        return super().call_binop(context, operator, left, right)

    def getattr(self, obj: Any, attribute: str) -> Any:
        if isinstance(obj, str) and attribute in _METHODS:
            return super().getattr(obj, attribute)
        return self.getitem(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        if isinstance(obj, Undefined):
            return obj
        if obj is None or isinstance(obj, _OpenFields):
            return None if obj is None else obj.get(argument)
        if isinstance(obj, Mapping):
            return obj[argument] if argument in obj else self.undefined(obj=obj, name=argument)
        if isinstance(obj, str | list | tuple) and isinstance(argument, int | slice):
            return obj[argument] if isinstance(argument, slice) or -len(obj) <= argument < len(obj) else None
        return getattr(obj, argument) if _is_loop_variable(obj, argument) else None

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        tree = super()._parse(source, name, filename)
        for joined in tree.find_all(nodes.Concat):
            joined.nodes = [_filtered(part, "text") for part in joined.nodes]
        for loop in tree.find_all(nodes.For):
            loop.iter = _filtered(loop.iter, _LOOPABLE)
        return tree


def _filtered(value: nodes.Node, name: str) -> nodes.Filter:
    return nodes.Filter(cast("nodes.Expr", value), name, [], [], None, None, lineno=value.lineno)


def _loopable(value: Any) -> Any:
    if not (value is None or isinstance(value, list | tuple)):
        raise TemplateFailed("loops need a list")
    if value is not None and len(value) > _LONGEST_LOOP:
        raise TemplateFailed(f"loops go over at most {_LONGEST_LOOP} entries")
    return value or []


def _keep(value: Any) -> str:
    if isinstance(value, Undefined):
        str(value)  # raises, as it would anywhere else in a template
    _KEPT.get().append(value)
    return ""


class _OpenFields(dict[str, Any]):
    """A record or event: a field it does not have prints as nothing, since custom fields vary."""


def _is_loop_variable(obj: Any, argument: Any) -> bool:
    return type(obj).__name__ == "LoopContext" and argument in ("index", "index0", "first", "last", "length")


def _environment() -> _Environment:
    environment = _Environment(
        undefined=StrictUndefined,
        finalize=lambda value: "" if value is None else value,
        autoescape=False,
        keep_trailing_newline=True,
    )
    environment.globals.clear()
    environment.filters = {**FILTERS, _LOOPABLE: _loopable, _KEEP: _keep}
    return environment


_ENVIRONMENT = _environment()


def check_template(text: str, further: Mapping[str, Collection[str] | None] | None = None) -> list[str]:
    """What is wrong with a template: its syntax, what it may not do, and the names it does not know.

    `further`: names known here beside the usual ones, each with its attributes; None: any.
    """
    try:
        tree = _ENVIRONMENT.parse(text)
        problems = _forbidden(tree) or name_problems(tree, further or {}) or secret_problems(tree)
        if not problems:
            _compiled(text)
    except TemplateError as error:
        line = getattr(error, "lineno", None)
        return [f"line {line}: {error.message}" if line else str(error)]
    return problems


def fields_in_template(text: str) -> list[str]:
    """The fields that a valid template reads: `contact.name`."""
    if "{" not in text:
        return []
    try:
        return names_read(_ENVIRONMENT.parse(text))
    except TemplateError:
        return []


def _forbidden(tree: nodes.Template) -> list[str]:
    problems = []
    for node in tree.find_all(nodes.Node):
        if not isinstance(node, (*_ALLOWED, nodes.Template)):
            problems.append(f"line {node.lineno}: {_spelled(node)} is not available in templates")
        if isinstance(node, nodes.For) and (node.recursive or _loops_within(node) > _DEEPEST_LOOP):
            problems.append(f"line {node.lineno}: loops nest at most {_DEEPEST_LOOP} deep")
        if isinstance(node, nodes.Call) and not _is_method(node):
            problems.append(f"line {node.lineno}: only text methods such as .strip() can be called")
        if isinstance(node, nodes.Filter) and node.name not in _ENVIRONMENT.filters:
            problems.append(
                f'line {node.lineno}: unknown filter "{node.name}"{suggestion(node.name, FILTERS)}'
            )
        elif isinstance(node, nodes.Filter) and node.name in FILTERS:
            keywords = [keyword.key for keyword in cast("list[nodes.Keyword]", node.kwargs)]
            if mistake := argument_mistake(node.name, len(node.args), keywords):
                problems.append(f"line {node.lineno}: {mistake}")
    return list(dict.fromkeys(problems))


def _loops_within(node: nodes.Node) -> int:
    inner = max((_loops_within(child) for child in node.iter_child_nodes()), default=0)
    return inner + isinstance(node, nodes.For)


def _is_method(node: nodes.Call) -> bool:
    return isinstance(node.node, nodes.Getattr) and node.node.attr in _METHODS


def _spelled(node: nodes.Node) -> str:
    return {"Pow": "**", "Assign": "set", "AssignBlock": "set"}.get(
        type(node).__name__, type(node).__name__.lower()
    )


@lru_cache(maxsize=2048)
def _single(text: str) -> Template | None:
    """A template that keeps the value of the one expression that the text is; None if it is more than that."""
    tree = _ENVIRONMENT.parse(text)
    output = tree.body[0] if len(tree.body) == 1 else None
    if not isinstance(output, nodes.Output) or _forbidden(tree):
        return None
    parts = [part for part in output.nodes if not isinstance(part, nodes.TemplateData) or part.data.strip()]
    if len(parts) != 1 or isinstance(parts[0], nodes.TemplateData):
        return None
    output.nodes = [cast("nodes.Expr", _filtered(parts[0], _KEEP))]
    return Template.from_code(_ENVIRONMENT, _ENVIRONMENT.compile(tree), _ENVIRONMENT.make_globals(None))


@lru_cache(maxsize=2048)
def _compiled(text: str) -> Template:
    if problems := _forbidden(_ENVIRONMENT.parse(text)):
        raise TemplateFailed(problems[0])
    return _ENVIRONMENT.from_string(text)


def render(text: str, context: Mapping[str, Any]) -> str:
    """The template filled in, in one pass: what a field holds is never read as a template.

    Names that the context lacks are errors, except contact, deal, event and their fields. Raises
    `TemplateFailed`, whose text holds no data of the record.
    """
    if "{" not in text:
        return text
    filled: str = _guarded(lambda values: _limited(_compiled(text).generate(values)), context)
    return filled


def render_value(text: str, context: Mapping[str, Any]) -> Any:
    """The same, but where the text is one expression and nothing else, the value of it, as JSON."""
    single = _single(text) if "{{" in text else None
    if single is None:
        return render(text, context)

    def evaluate(values: Mapping[str, Any]) -> Any:
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
        return work(values)
    except TemplateFailed:
        raise
    except TemplateError as error:
        raise TemplateFailed(error.message) from error
    except ZeroDivisionError as error:
        raise TemplateFailed("the template divides by zero") from error
    except _COMPUTING as error:
        raise TemplateFailed("the template computes with a value of the wrong type") from error


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
    if isinstance(value, str):
        return render_value(value, context)
    if isinstance(value, Mapping):
        return {key: render_tree(inner, context) for key, inner in value.items()}
    return [render_tree(inner, context) for inner in value] if isinstance(value, list) else value


__all__ = ["TemplateFailed", "check_template", "fields_in_template", "render", "render_tree", "render_value"]
