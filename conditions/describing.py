"""Conditions in words, and what came of each of their tests."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from conditions.activity import activity_of
from conditions.operands import operand_field
from conditions.operators import OPERATORS, Operator
from conditions.times import Micros
from conditions.tree import NESTED, Leaf, Lookup, leaves
from conditions.values import Value, is_empty


@dataclass(frozen=True)
class Verdict:
    """How one test came out: "score is at least 50", the field's actual value, and whether it held."""

    field: str
    text: str
    actual: Value
    holds: bool


def explain(raw: Mapping[str, Any], lookup: Lookup, now: Micros) -> list[Verdict]:
    """How each test comes out, in the order written. One under `not` is judged without the `not`."""
    return [
        Verdict(
            field=leaf.field,
            text=_explained(leaf, lookup),
            actual=lookup(leaf.field),
            holds=leaf.holds(lookup, now),
        )
        for leaf in leaves(raw)
    ]


def _explained(leaf: Leaf, lookup: Lookup) -> str:
    text = describe_test(leaf.field, leaf.operator, leaf.operand)
    if leaf.other is None:
        return text
    value = lookup(leaf.other)
    return f"{text} ({'empty' if is_empty(value) else leaf.operator.operand.words(value)})"


def describe(raw: Mapping[str, Any]) -> str:
    """The tree in plain words: "score is at least 50 and contact tags has partner"; empty, "always"."""
    return _describe(raw, " and ") or "always"


def _describe(raw: Mapping[str, Any], joint: str) -> str:
    parts: list[str] = []
    for key, part in raw.items():
        if key == "not":
            parts.append(f"not ({describe(part)})")
        elif key in NESTED:
            inner = (" and " if key == "all" else " or ").join(_grouped(condition) for condition in part)
            parts.append(inner if len(part) == 1 or len(raw) == 1 else f"({inner})")
        else:
            parts += [describe_test(key, OPERATORS[name], operand) for name, operand in part.items()]
    return joint.join(parts)


def _grouped(raw: Mapping[str, Any]) -> str:
    return f"({describe(raw)})" if len(list(leaves(raw))) > 1 else describe(raw)


def describe_test(field: str, row: Operator, operand: Any) -> str:
    """One test in plain words: "contact stage is one of lead, demo"."""
    words = field_words(field)
    if row.emptiness is not None:
        return f"{words} is {'' if operand is row.emptiness else 'not '}empty"
    other = operand_field(operand)
    return f"{words} {row.label} {row.operand.words(operand) if other is None else field_words(other)}"


def field_words(field: str) -> str:
    """A field name in plain words: `scores.engagement` is "engagement score"."""
    if (activity := activity_of(field)) is not None:
        return activity.words
    owner, _, name = field.partition(".")
    if name and owner in ("scores", "bands"):
        return f"{name} {owner[:-1]}"
    return field.replace(".", " ").replace("_", " ")
