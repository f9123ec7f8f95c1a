"""Changing a document's text where the document has changed: all else stays as its author wrote it, comments too."""

from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any

import orjson
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import CollectionNode, MappingNode, Node, SequenceNode

from services.design.yaml_writing import document_text, inline_text, place_of
from store.records.contacts import differ


def edited_text(text: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> str | None:
    """The text of a document that was `before` and is `after`; None where the text is no such document.

    What comes out has to be read again to know that it says `after`: anchors and rare forms are not gone into.
    """
    try:
        node = YAML(typ="safe", pure=True).compose(text)
    except (YAMLError, ValueError):
        return None
    if not isinstance(node, MappingNode) or node.flow_style:
        return None
    edits = _Edits(text)
    edits.mapping(node, before, after)
    return edits.result()


class _Edits:
    """Replacements in a text, collected and then made from the end."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._made: list[tuple[int, int, str]] = []

    def result(self) -> str:
        text = self._text
        ordered = sorted(enumerate(self._made), key=lambda made: (*made[1][:2], made[0]), reverse=True)
        for _, (start, end, new) in ordered:
            text = text[:start] + new + text[end:]
        return text

    def mapping(self, node: MappingNode, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
        """A block mapping: each key whose value differs, keys that are gone, and new ones where they belong."""
        entries = [(str(key.value), key, value) for key, value in node.value]
        names = [name for name, _, _ in entries]
        column = node.start_mark.column
        kept = [place for place, name in enumerate(names) if name in after]
        gone = [place for place, name in enumerate(names) if name not in after]
        if 0 in gone and self._behind_a_dash(node):
            self._made.append((entries[0][1].start_mark.index, entries[kept[0]][1].start_mark.index, ""))
            gone = [place for place in gone if place > kept[0]]
        for place in gone:
            _, key, value = entries[place]
            end = self._line_end(_entry_end(key, value, self._text))
            self._cut(self._line_start(key.start_mark.index), end)
        for place in kept:
            name, key, value = entries[place]
            if name in before and differ(before[name], after[name]):
                self._value((key, value), before[name], after[name], column)
        for name in sorted((name for name in after if name not in before), key=place_of):
            earlier = [place for place in kept if place_of(names[place]) < place_of(name)]
            _, key, value = entries[max(earlier, default=kept[-1])]
            end = self._line_end(_entry_end(key, value, self._text))
            self._add(end, document_text({name: after[name]}), column)

    def _sequence(self, node: SequenceNode, before: Sequence[Any], after: Sequence[Any]) -> None:
        """A block sequence; items with a key of their own are the same where they have the same."""
        column, items = node.start_mark.column, node.value
        steps = SequenceMatcher(
            None, [_identity(one) for one in before], [_identity(one) for one in after], autojunk=False
        )
        for _, first, last, new_first, new_last in steps.get_opcodes():
            pairs = min(last - first, new_last - new_first)
            for place in range(pairs):
                old, new = before[first + place], after[new_first + place]
                if differ(old, new):
                    self._item(items[first + place], old, new)
            for item in items[first + pairs : last]:
                self._cut(self._line_start(item.start_mark.index), self._line_end(_end(item, self._text)))
            at = first + pairs
            beside = items[max(at - 1, 0)]
            added = "".join(_item_text(new, beside) for new in after[new_first + pairs : new_last])
            if added and at:
                self._add(self._line_end(_end(beside, self._text)), added, column)
            elif added:
                start = self._line_start(beside.start_mark.index)
                self._made.append((start, start, _indented(added, column) + "\n"))

    def _item(self, node: Node, old: Any, new: Any) -> None:
        if self._goes_into(node, old, new):
            return None
        start, end = node.start_mark.index, _end(node, self._text)
        if end <= start:  # there is nothing behind the dash
            return self._made.append((end, end, f" {inline_text(new)}"))
        if not isinstance(new, dict) or (isinstance(node, CollectionNode) and node.flow_style):
            return self._made.append((start, end, inline_text(new)))
        inner = _indented(document_text(new).rstrip("\n"), node.start_mark.column)
        return self._made.append((start, end, inner.lstrip(" ")))

    def _value(self, entry: tuple[Node, Node], old: Any, new: Any, column: int) -> None:
        """The value of a key: as small a part of it as possible, in the form that it has."""
        key, node = entry
        if self._goes_into(node, old, new):
            return None
        colon = self._text.index(":", key.end_mark.index) + 1
        end = _entry_end(key, node, self._text)
        if not self._text[end : self._line_end(end)].strip():
            end = self._line_end(end)
        inline = not isinstance(new, dict | list) or not new
        if inline and not (isinstance(new, str) and "\n" in new):
            return self._made.append((colon, end, f" {inline_text(new)}"))
        if isinstance(node, CollectionNode) and node.flow_style:
            return self._made.append((colon, end, f" {inline_text(new)}"))
        if isinstance(new, str):
            written = document_text({"x": new}).removeprefix("x: ").rstrip("\n")
            return self._made.append((colon, end, f" {_indented(written, column).lstrip(' ')}"))
        text = document_text(new).rstrip("\n")
        if isinstance(new, list):
            text = _dedented(text)
        return self._made.append((colon, end, "\n" + _indented(text, column + 2)))

    def _goes_into(self, node: Node, old: Any, new: Any) -> bool:
        """Whether the parts of a value can be looked at one by one."""
        if isinstance(node, MappingNode) and isinstance(old, dict) and isinstance(new, dict) and new:
            names = {str(key.value) for key, _ in node.value}
            if not node.flow_style and names & new.keys():
                self.mapping(node, old, new)
                return True
            if old.keys() == new.keys() == names:
                for key, value in node.value:
                    name = str(key.value)
                    if differ(old[name], new[name]):
                        self._inline(value, old[name], new[name])
                return True
        if isinstance(node, SequenceNode) and isinstance(old, list) and isinstance(new, list) and new:
            if not node.flow_style and len(node.value) == len(old):
                self._sequence(node, old, new)
                return True
            if len(old) == len(new) == len(node.value):
                for item, one, other in zip(node.value, old, new, strict=True):
                    if differ(one, other):
                        self._inline(item, one, other)
                return True
        return False

    def _inline(self, node: Node, old: Any, new: Any) -> None:
        """A part of a value that stands in a line."""
        if not self._goes_into(node, old, new):
            self._made.append((node.start_mark.index, node.end_mark.index, inline_text(new)))

    def _behind_a_dash(self, node: Node) -> bool:
        """Whether a mapping begins in the line of the dash of its item."""
        start = node.start_mark.index
        return bool(self._text[self._line_start(start) : start].strip())

    def _cut(self, start: int, end: int) -> None:
        """Take lines out, with what ends the last."""
        rest = self._text[end : end + 2]
        self._made.append((start, end + (2 if rest == "\r\n" else 1 if rest[:1] == "\n" else 0), ""))

    def _add(self, at: int, text: str, column: int) -> None:
        """Put lines behind the one that ends here."""
        self._made.append((at, at, "\n" + _indented(text.rstrip("\n"), column)))

    def _line_start(self, index: int) -> int:
        return self._text.rfind("\n", 0, index) + 1

    def _line_end(self, index: int) -> int:
        end = self._text.find("\n", index)
        end = len(self._text) if end < 0 else end
        return end - 1 if end > index and self._text[end - 1] == "\r" else end


def _end(node: Node, text: str) -> int:
    """Where the last value in it ends; what its marks say of blocks goes up to what comes next."""
    if isinstance(node, CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return _entry_end(last[0], last[1], text) if isinstance(last, tuple) else _end(last, text)
    start, end = int(node.start_mark.index), int(node.end_mark.index)
    return start + len(text[start:end].rstrip()) if end > start else len(text[:start].rstrip())


def _entry_end(key: Node, value: Node, text: str) -> int:
    """Where the value of a key ends, which may be nothing."""
    if value.end_mark.index > value.start_mark.index:
        return _end(value, text)
    return text.index(":", key.end_mark.index) + 1


def _identity(item: Any) -> str:
    named = item.get("key") if isinstance(item, dict) else None
    return (
        f"key {named}" if isinstance(named, str) else orjson.dumps(item, option=orjson.OPT_SORT_KEYS).decode()
    )


def _item_text(item: Any, beside: Node) -> str:
    """An item of a sequence in the form of the one beside it."""
    if isinstance(beside, CollectionNode) and beside.flow_style:
        return f"- {inline_text(item)}\n"
    return _dedented(document_text([item]))


def _dedented(sequence: str) -> str:
    """Items of a sequence without the blanks before their dashes."""
    return "".join(line.removeprefix("  ") for line in sequence.splitlines(keepends=True))


def _indented(text: str, column: int) -> str:
    return "\n".join(" " * column + line if line else line for line in text.split("\n")).rstrip("\n ")
