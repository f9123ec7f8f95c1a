"""The sandbox that templates run in: what a part of one may touch, and what touching it costs."""

from collections.abc import Callable, Mapping
from contextvars import ContextVar
from typing import Any

from jinja2 import StrictUndefined, Undefined, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from automations.templates.filters import FILTERS, LARGEST, PER_CHARACTER, TemplateFailed
from automations.templates.syntax import LARGEST_NUMBER, METHODS, Method, depth_problems, filtered, size
from automations.templates.work import spend, spend_all, weight

#: Filters of our own around parts of a template; names with a blank cannot be written in one.
_LOOPABLE, KEEP, _WEIGHED, _PIECE, _CALLED = "loop over", "keep it", "weigh it", "as text", "no method"
_KEYED, _SEARCHED = "as key", "search it"
#: The values of the expressions that `KEEP` is around.
KEPT: ContextVar[list[Any]] = ContextVar("kept")
_LONGEST_LOOP = 200


class Environment(ImmutableSandboxedEnvironment):
    """Fields by name only, never a method or attribute of the value behind them; null is no text."""

    intercepted_binops = frozenset({"+", "-", "*", "/", "//", "%"})

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        numbers = all(isinstance(side, int | float) for side in (left, right))
        if numbers and not all(abs(side) < LARGEST_NUMBER for side in (left, right)):
            raise TemplateFailed(f"{operator} needs two numbers of moderate size")
        if not numbers and operator in "*%":
            raise TemplateFailed(f"{operator} needs two numbers")
        if operator == "+":
            _grow(left, right)
        return super().call_binop(context, operator, left, right)

    def getattr(self, obj: Any, attribute: str) -> Any:
        if isinstance(obj, str) and attribute in METHODS:
            return Method(
                attribute, super().getattr(obj, attribute), lambda more: _pay_method(attribute, obj, more)
            )
        return self.getitem(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        if isinstance(obj, Undefined):
            return obj
        if isinstance(obj, Method):
            raise _uncalled(obj)
        if not isinstance(argument, slice):
            _keyed(argument)
        if obj is None or isinstance(obj, OpenFields):
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
            for operand in compared.ops:
                if operand.op in ("in", "notin"):
                    operand.expr = filtered(operand.expr, _SEARCHED)
        for pair in tree.find_all(nodes.Pair):
            pair.key = filtered(pair.key, _KEYED)
        for test in tree.find_all(nodes.Test):
            if test.name not in ("defined", "undefined"):
                test.node = filtered(test.node, _WEIGHED)
                test.args = [filtered(argument, _WEIGHED) for argument in test.args]
        for loop in tree.find_all(nodes.For):
            parts = (*loop.body, *loop.else_, *([loop.test] if loop.test else []))
            loop.iter = filtered(loop.iter, _LOOPABLE, sum(map(size, parts)))
        _refuse_uncalled(tree)
        return tree


def _refuse_uncalled(tree: nodes.Template) -> None:
    """Around whatever could come out as a method: it may be called and nothing else."""
    called = {id(call.node) for call in tree.find_all(nodes.Call)}
    for node in list(tree.find_all(nodes.Node)):
        for name, part in node.iter_fields():
            if isinstance(part, list):
                setattr(node, name, [_no_method(child, called) for child in part])
            else:
                setattr(node, name, _no_method(part, called))


def _no_method(node: Any, called: set[int]) -> Any:
    uncalled = isinstance(node, nodes.Getattr) and node.attr in METHODS and id(node) not in called
    return filtered(node, _CALLED) if uncalled else node


def _pay_method(name: str, text: str, arguments: tuple[Any, ...]) -> None:
    """Stripping looks for each character of the text among those to be stripped."""
    if name.endswith("strip"):
        spend(sum(len(text) * len(part) // 64 for part in arguments if isinstance(part, str)))
    _grow(text, *arguments)


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
    spend_all(value)
    return value


def _keyed(value: Any) -> Any:
    """What an entry is looked for by: hashing a list in a list touches all that is in it, whoever asks."""
    if not (value is None or isinstance(value, str | int | float | Undefined)):
        raise TemplateFailed("an entry is found by a text or a number")
    return value


def _searched(value: Any) -> Any:
    """A text that another is looked for in: what is nearly there is compared again and again."""
    if isinstance(value, str):
        spend(len(value) // 8)
    return value


def _not_a_method(value: Any) -> Any:
    if isinstance(value, Method):
        raise _uncalled(value)
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
        str(value)  # raises, as it would anywhere else in a template; or is an `if` without `else`
        value = None
    KEPT.get().append(_weighed(value))
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


class OpenFields(dict[str, Any]):
    """A record or event: a field it does not have prints as nothing, since custom fields vary."""


def _is_loop_variable(obj: Any, argument: Any) -> bool:
    return type(obj).__name__ == "LoopContext" and argument in ("index", "index0", "first", "last", "length")


def _costly(filter_: Callable[..., Any], per_character: float) -> Callable[..., Any]:
    """A filter that pays for what it reads, and where it works character by character for each of those too."""

    def apply(value: Any, *arguments: Any, **options: Any) -> Any:
        for part in (value, *arguments, *options.values()):
            if isinstance(part, Method):
                raise _uncalled(part)
            if not isinstance(part, Undefined):
                spend_all(part)
        if per_character and isinstance(value, str):
            spend(int(len(value.encode(errors="replace")) * per_character))
        return filter_(value, *arguments, **options)

    return apply


def make_environment() -> Environment:
    """The sandbox, with filters that count what they do."""
    environment = Environment(
        undefined=StrictUndefined, finalize=_printed, autoescape=False, keep_trailing_newline=True
    )
    environment.globals.clear()
    environment.filters = {
        **{name: _costly(filter_, PER_CHARACTER.get(name, 0)) for name, filter_ in FILTERS.items()},
        _LOOPABLE: _loopable,
        KEEP: _keep,
        _WEIGHED: _weighed,
        _PIECE: _piece,
        _CALLED: _not_a_method,
        _KEYED: _keyed,
        _SEARCHED: _searched,
    }
    return environment
