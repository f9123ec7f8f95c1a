"""The names that templates know."""

from collections.abc import Collection, Iterator, Mapping
from itertools import chain, islice

from jinja2 import meta, nodes

from conditions.fields import CONTACT_FIELDS, DEAL_FIELDS
from conditions.problems import suggestion

NAMES: Mapping[str, tuple[str, ...]] = {
    "contact": ("label", "id", *CONTACT_FIELDS),
    "deal": ("label", "id", *DEAL_FIELDS),
    "event": ("type",),
    "score": ("previous", "current", "now", "change"),
    "band": ("previous", "current", "now"),
    "automation": ("key", "name", "version"),
    "profile": ("key", "name"),
}
"""Each top-level name with the attributes that it always has."""

#: Mistakes that are looked for in one template: looking for what was meant takes its time.
MOST_PROBLEMS = 20
_STEPS = "it holds what webhooks before this step answered, by the key of their step"

OPEN = ("contact", "deal", "event", "steps")
"""Names with further attributes: custom fields, event properties, what webhooks answered."""


def name_problems(tree: nodes.Template, further: Mapping[str, Collection[str] | None]) -> list[str]:
    """Unknown top-level names, and unknown attributes of those that have no others.

    `further` names are known too, each with its attributes; None: any.
    """
    names: dict[str, Collection[str] | None] = {
        **{name: None if name in OPEN else attributes for name, attributes in NAMES.items()},
        **further,
    }
    unknown = meta.find_undeclared_variables(tree) - names.keys()
    problems = chain(_unknown_names(tree, unknown), _unknown_attributes(tree, names))
    return list(dict.fromkeys(islice(problems, MOST_PROBLEMS)))


def _unknown_names(tree: nodes.Template, unknown: set[str]) -> Iterator[str]:
    for node in tree.find_all(nodes.Name):
        if node.name in unknown and node.ctx == "load":
            yield f'line {node.lineno}: unknown name "{node.name}"{_suggested(node.name)}'


def _unknown_attributes(tree: nodes.Template, names: Mapping[str, Collection[str] | None]) -> Iterator[str]:
    for node in tree.find_all((nodes.Getattr, nodes.Getitem)):
        owner, attribute = _read(node)
        known = names.get(owner)
        if known is not None and attribute is not None and attribute not in known:
            hint = f"; {_STEPS}" if owner == "steps" else suggestion(attribute, known)
            yield f'line {node.lineno}: {owner} has no "{attribute}"{hint}'


def secret_problems(tree: nodes.Template) -> list[str]:
    """Secrets are put in at the moment of sending, so nothing can be computed with them before."""
    plain = set()
    for output in tree.find_all(nodes.Output):
        for node in output.nodes:
            encoded = isinstance(node, nodes.Filter) and node.name == "urlencode"
            inner = node.node if isinstance(node, nodes.Filter) and encoded else node
            plain.add(id(inner))
    return list(
        dict.fromkeys(
            f"line {node.lineno}: a secret stands for itself: {{{{ secret.name }}}}, or | urlencode in an address"
            for node in tree.find_all((nodes.Getattr, nodes.Getitem))
            if _read(node)[0] == "secret" and id(node) not in plain
        )
    )


def names_read(tree: nodes.Template) -> list[str]:
    """The attributes of top-level names that a template reads: `contact.name`."""
    reads = (_read(node) for node in tree.find_all((nodes.Getattr, nodes.Getitem)))
    return [f"{owner}.{attribute}" for owner, attribute in reads if owner and attribute is not None]


def _read(node: nodes.Node) -> tuple[str, str | None]:
    """What `score.now` and `score["now"]` read."""
    if not isinstance(node, nodes.Getattr | nodes.Getitem) or not isinstance(node.node, nodes.Name):
        return "", None
    if isinstance(node, nodes.Getattr):
        return node.node.name, node.attr
    return node.node.name, str(node.arg.value) if isinstance(node.arg, nodes.Const) else None


def _suggested(name: str) -> str:
    if name == "secret":
        return "; secrets can be used in webhooks only"
    if name == "steps":
        return f"; {_STEPS}"
    owner = next((owner for owner in ("contact", "score", "deal") if name in NAMES[owner]), None)
    return f'; did you mean "{owner}.{name}"?' if owner else suggestion(name, NAMES)
