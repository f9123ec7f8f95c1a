"""YAML text as plain values, with the line and column of each. Keys are texts as written: `on` stays `on`."""

import math
import re
from bisect import bisect
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, StreamMark, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from conditions.problems import Loc, Problem
from conditions.values import LARGEST_INTEGER

MOST_VALUES = 100_000
_TAG = "tag:yaml.org,2002:"
#: What separates documents; no value can hold such a line.
_SEPARATOR = re.compile(r"(?m)^(?:---|\.\.\.)(?=\s|$)")


@dataclass
class YamlDocument:
    """One document: its value, where each part stands, and what is wrong with it as YAML.

    `text`: what stands between the lines that separate it from others, which begins at `start` and ends at `end`.
    """

    value: Any = None
    places: dict[Loc, tuple[int, int]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    text: str = ""
    start: int = 0
    end: int = 0

    def place(self, loc: Loc) -> tuple[int, int]:
        """Line and column, from 1, of a part, or of the nearest part around it that is there."""
        while loc and loc not in self.places:
            loc = loc[:-1]
        return self.places.get(loc, (1, 1))


@dataclass(frozen=True)
class NotYaml(Exception):
    """Text that is not YAML, and where."""

    line: int
    column: int
    message: str


def read_yaml(text: str) -> Iterator[YamlDocument]:
    """The documents of a text that are not empty. Raises `NotYaml` where the text stops being YAML."""
    marks = [(mark.start(), mark.end()) for mark in _SEPARATOR.finditer(text)]
    try:
        for node in YAML(typ="safe", pure=True).compose_all(text):
            if node is not None and not _is_nothing(node):
                document = _Builder().build(node)
                place = bisect(marks, (node.start_mark.index, len(text)))
                document.start = marks[place - 1][1] if place else 0
                document.end = marks[place][0] if place < len(marks) else len(text)
                document.text = text[document.start : document.end]
                yield document
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        raise NotYaml(line, column, _plain(error)) from error
    except (YAMLError, ValueError) as error:
        raise NotYaml(1, 1, f"not readable as YAML: {str(error).splitlines()[0]}") from error
    except RecursionError:
        raise NotYaml(1, 1, "the document nests too deep") from None


def _plain(error: MarkedYAMLError) -> str:
    problem = str(error.problem or "not readable as YAML")
    if "'\\t'" in problem or "\\t" in problem:
        return "a tab cannot indent YAML; use spaces"
    if "mapping values are not allowed" in problem:
        return 'a colon is not possible here; put a text with ": " in it in quotes'
    if "found undefined alias" in problem:
        return f"{problem}; a text that begins with * needs quotes"
    context = f" ({error.context})" if error.context else ""
    return f"not valid YAML: {problem}{context}"


def _is_nothing(node: Node) -> bool:
    return isinstance(node, ScalarNode) and node.tag == f"{_TAG}null"


class _Builder:
    def __init__(self) -> None:
        self._document = YamlDocument()
        self._values = 0

    def build(self, node: Node) -> YamlDocument:
        self._document.places[()] = _at(node.start_mark)
        self._document.value = self._value(node, ())
        return self._document

    def _problem(self, loc: Loc, message: str) -> None:
        self._document.problems.append(Problem(loc, message))

    def _value(self, node: Node, loc: Loc) -> Any:
        self._values += 1
        if self._values > MOST_VALUES:
            raise NotYaml(*_at(node.start_mark), f"more than {MOST_VALUES} values, counting aliases")
        if isinstance(node, MappingNode):
            return self._mapping(node, loc)
        if isinstance(node, SequenceNode):
            items = []
            for index, item in enumerate(node.value):
                self._document.places[*loc, index] = _at(item.start_mark)
                items.append(self._value(item, (*loc, index)))
            return items
        return self._scalar(node, loc)

    def _mapping(self, node: MappingNode, loc: Loc) -> dict[str, Any]:
        mapping: dict[str, Any] = {}
        for key_node, value_node in node.value:
            here = (*loc, str(key_node.value) if isinstance(key_node, ScalarNode) else "?")
            line, column = _at(key_node.start_mark)
            if not isinstance(key_node, ScalarNode):
                self._document.places.setdefault(here, (line, column))
                self._problem(here, "a key is a text")
            elif key_node.tag == f"{_TAG}merge":
                self._document.places.setdefault(here, (line, column))
                self._problem(here, "merge keys (<<) are not supported; write the keys out")
            elif key_node.value in mapping:
                first = self._document.places[here][0]
                self._document.places[*here, "again"] = (line, column)
                self._problem((*here, "again"), f'"{key_node.value}" is there twice, first in line {first}')
            else:
                self._document.places[here] = (line, column)
                mapping[key_node.value] = self._value(value_node, here)
        return mapping

    def _scalar(self, node: Node, loc: Loc) -> Any:
        text, kind = str(node.value), str(node.tag).removeprefix(_TAG)
        if kind == "null":
            return None
        if kind == "bool":
            return text.lower() in ("true", "yes", "on")
        if kind in ("int", "float"):
            return self._number(text, kind, loc)
        if kind not in ("str", "timestamp"):
            self._problem(loc, f"the tag {node.tag} is not supported; write plain values")
        if any(sign == "\0" or "\ud800" <= sign <= "\udfff" for sign in text):
            self._problem(loc, "NUL and lone surrogates are not characters of a text")
        return text

    def _number(self, text: str, kind: str, loc: Loc) -> int | float | str:
        plain = text.replace("_", "").lower()
        try:
            if kind == "int":
                whole = int(plain, 0 if plain.lstrip("+-").startswith(("0x", "0o", "0b")) else 10)
                if abs(whole) > LARGEST_INTEGER:
                    self._problem(loc, "whole numbers go up to 2^53; put longer ones in quotes")
                return whole
            number = float(plain.replace(".inf", "inf").replace(".nan", "nan"))
        except ValueError:
            return text
        if not math.isfinite(number):
            self._problem(loc, f"{text} is not a number that counts; write a finite one")
            return 0
        return number


def _at(mark: StreamMark) -> tuple[int, int]:
    return mark.line + 1, mark.column + 1
