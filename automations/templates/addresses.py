"""Values that a template puts into a web address without encoding them."""

from collections.abc import Iterator

from jinja2 import nodes

#: Filters after which a value is encoded, or a number.
_ENCODING = ("urlencode", "length", "round", "int", "float", "abs")
#: What holds numbers and keys of definitions alone, which are the same when they are encoded; and secrets, which are
#: whatever they are meant to be.
_PLAIN = ("score", "automation", "profile", "loop", "secret", "contact.id", "deal.id", "deal.value")


def unencoded(tree: nodes.Template) -> Iterator[str]:
    """What is printed as it is behind the host of an address, by name; `a value` for what has none.

    A value with which the address begins brings its host and perhaps a path along, and needs no encoding.
    """
    before = ""
    for output in tree.find_all(nodes.Output):
        for part in output.nodes:
            if isinstance(part, nodes.TemplateData):
                before += part.data
            elif not before.strip():
                before += "https://host/"
            elif any(mark in before.partition("://")[2] for mark in "/?#"):
                for value in _raw(part):
                    name = _name(value)
                    if name.partition(".")[0] not in _PLAIN and name not in _PLAIN:
                        yield name if "." in name else "a value"


def _raw(node: nodes.Node | None) -> Iterator[nodes.Node]:
    """The values that an expression prints as they are."""
    if isinstance(node, nodes.Filter):
        if node.name not in _ENCODING:
            yield from _raw(node.node)
            yield from (value for other in node.args if node.name == "default" for value in _raw(other))
    elif isinstance(node, nodes.CondExpr):
        yield from _raw(node.expr1)
        yield from _raw(node.expr2)
    elif isinstance(node, nodes.And | nodes.Or | nodes.Add):
        yield from _raw(node.left)
        yield from _raw(node.right)
    elif isinstance(node, nodes.Concat):
        yield from (value for part in node.nodes for value in _raw(part))
    elif isinstance(node, nodes.Call):
        yield from _raw(node.node.node if isinstance(node.node, nodes.Getattr) else node.node)
    elif isinstance(node, nodes.Name | nodes.Getattr | nodes.Getitem):
        yield node


def _name(node: nodes.Node) -> str:
    """What is read, as far as it can be written with dots: `contact.email`, also for `contact["email"]`."""
    if isinstance(node, nodes.Name):
        return node.name
    if isinstance(node, nodes.Getattr):
        return f"{_name(node.node)}.{node.attr}"
    if isinstance(node, nodes.Getitem):
        key = node.arg.value if isinstance(node.arg, nodes.Const) else None
        return f"{_name(node.node)}.{key}" if isinstance(key, str) else _name(node.node)
    return ""
