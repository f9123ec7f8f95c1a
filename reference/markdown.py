"""Markdown: tables, code and alternatives."""

from collections.abc import Iterable, Sequence


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table with a line break at its end."""
    lines = [columns, ["---"] * len(columns), *rows]
    return "".join("| " + " | ".join(_cell(cell) for cell in line) + " |\n" for line in lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ").strip()


def code(text: object) -> str:
    """Text as code."""
    return f"`{text}`"


def either(texts: Iterable[object]) -> str:
    """`a`, `b` or `c`."""
    shown = [code(text) for text in texts]
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} or {shown[-1]}"
