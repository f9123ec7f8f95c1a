"""What a template may be written with: expressions, `if` and `for`, to a depth that cannot hurt."""

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any, cast

from jinja2 import nodes

from automations.templates.filters import FILTERS, argument_mistake
from automations.templates.names import MOST_PROBLEMS, NAMES
from conditions.problems import suggestion

METHODS = frozenset({"strip", "lstrip", "rstrip", "lower", "upper", "title", "capitalize", "split"}) | {
    "startswith",
    "endswith",
    "splitlines",
}
#: Characters of one template, and operations: what checking and compiling it costs grows with them.
LONGEST, MOST_OPERATIONS = 16 * 1024, 2_000
#: Numbers are smaller: larger ones are as costly as long texts, and JSON does not keep them.
LARGEST_NUMBER = 1e15
_DEEPEST_LOOP = 2
#: Blocks in each other, and parts of an expression in each other: far below what Python can compile.
_DEEPEST_BLOCK, _DEEPEST = 20, 100
_ALLOWED = (
    *(nodes.Template, nodes.Output, nodes.TemplateData, nodes.If, nodes.For, nodes.CondExpr),
    *(nodes.Name, nodes.Const, nodes.TemplateData, nodes.Tuple, nodes.List, nodes.Dict, nodes.Pair),
    *(nodes.Getattr, nodes.Getitem, nodes.Slice, nodes.Filter, nodes.Test, nodes.Call, nodes.Keyword),
    *(nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not, nodes.Concat, nodes.Neg, nodes.Pos),
    *(nodes.Add, nodes.Sub, nodes.Mul, nodes.Div, nodes.FloorDiv, nodes.Mod),
)
#: Names whose attributes have none of their own; properties of an event may.
_PLAIN = frozenset(NAMES) - {"event"}


def forbidden(tree: nodes.Template) -> list[str]:
    """What a template may not do, in sentences with lines: the first of it."""
    problems = depth_problems(tree)
    if problems:
        return problems
    if (operations := size(tree)) > MOST_OPERATIONS:
        return [f"it has {operations:,} operations; a template has at most {MOST_OPERATIONS:,}"]
    return list(dict.fromkeys(islice(_forbidden(tree), MOST_PROBLEMS)))


def _forbidden(tree: nodes.Template) -> Iterator[str]:
    called = {id(call.node) for call in tree.find_all(nodes.Call)}
    owners = {id(part.node) for part in tree.find_all(nodes.Getattr)}
    for node in tree.find_all(nodes.Node):
        if not isinstance(node, (*_ALLOWED, nodes.Template)):
            yield f"line {node.lineno}: {_spelled(node)} is not available in templates"
        if isinstance(node, nodes.For) and (node.recursive or _loops_within(node) > _DEEPEST_LOOP):
            yield f"line {node.lineno}: loops nest at most {_DEEPEST_LOOP} deep"
        if isinstance(node, nodes.Call) and not _is_method(node):
            yield f"line {node.lineno}: only text methods such as .strip() can be called"
        if isinstance(node, nodes.Getattr) and id(node) not in called and _is_text_method(node):
            yield f"line {node.lineno}: .{node.attr} is a method of texts; call it: .{node.attr}()"
        if isinstance(node, nodes.Name) and node.name == "loop" and id(node) not in owners:
            yield f"line {node.lineno}: loop is no value; it has .index, .first and .last"
        if isinstance(node, nodes.Const) and _too_large(node.value):
            yield f"line {node.lineno}: numbers are smaller than 1,000,000,000,000,000"
        if isinstance(node, nodes.Filter):
            yield from _filter_problems(node)


def depth_problems(tree: nodes.Template) -> list[str]:
    """Whether it is nested deeper than may be compiled. Its own walk needs no recursion."""
    waiting: list[tuple[nodes.Node, int, int]] = [(tree, 0, 0)]
    while waiting:
        node, blocks, depth = waiting.pop()
        blocks += isinstance(node, nodes.If | nodes.For)
        if blocks > _DEEPEST_BLOCK:
            return [f"line {node.lineno}: if and for nest at most {_DEEPEST_BLOCK} deep"]
        if depth > _DEEPEST:
            return [f"line {node.lineno}: expressions nest at most {_DEEPEST} deep"]
        waiting += [(child, blocks, depth + 1) for child in node.iter_child_nodes()]
    return []


def size(node: nodes.Node) -> int:
    """How many operations carrying out a part of a template is at most, each loop in it gone through once."""
    return 1 + sum(map(size, node.iter_child_nodes()))


def filtered(value: nodes.Node, name: str, *arguments: int) -> nodes.Filter:
    """The value with a filter of ours around it, whose name has a blank."""
    constants: list[nodes.Expr] = [nodes.Const(argument, lineno=value.lineno) for argument in arguments]
    return nodes.Filter(cast("nodes.Expr", value), name, constants, [], None, None, lineno=value.lineno)


def _filter_problems(node: nodes.Filter) -> list[str]:
    if " " in node.name:
        return []
    if node.name not in FILTERS:
        return [f'line {node.lineno}: unknown filter "{node.name}"{suggestion(node.name, FILTERS)}']
    keywords = [keyword.key for keyword in cast("list[nodes.Keyword]", node.kwargs)]
    mistake = argument_mistake(node.name, len(node.args), keywords)
    return [f"line {node.lineno}: {mistake}"] if mistake else []


def _too_large(value: Any) -> bool:
    return isinstance(value, int | float) and not abs(value) < LARGEST_NUMBER


def _loops_within(node: nodes.Node) -> int:
    inner = max((_loops_within(child) for child in node.iter_child_nodes()), default=0)
    return inner + isinstance(node, nodes.For)


def _is_method(node: nodes.Call) -> bool:
    return isinstance(node.node, nodes.Getattr) and node.node.attr in METHODS


def _is_text_method(node: nodes.Getattr) -> bool:
    """Whether this is a method of something that is certainly a text; a custom field may be called `title`."""
    if node.attr not in METHODS:
        return False
    owner = node.node
    if isinstance(owner, nodes.Const | nodes.Concat | nodes.Call):
        return True
    return (
        isinstance(owner, nodes.Getattr) and isinstance(owner.node, nodes.Name) and owner.node.name in _PLAIN
    )


def _spelled(node: nodes.Node) -> str:
    return {"Pow": "**", "Assign": "set", "AssignBlock": "set"}.get(
        type(node).__name__, type(node).__name__.lower()
    )


class Method:
    """A method of a text, which can be called and nothing else."""

    __slots__ = ("_method", "_name", "_spend")

    def __init__(
        self, name: str, method: Callable[..., Any], spend: Callable[[tuple[Any, ...]], None]
    ) -> None:
        self._name = name
        self._method = method
        self._spend = spend

    def __call__(self, *arguments: Any) -> Any:
        self._spend(arguments)
        return self._method(*arguments)

    @property
    def name(self) -> str:
        """How it is written in a template."""
        return self._name
