"""The keys of a document as rows of a table, read from the JSON Schema of its model."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any, NamedTuple

from pydantic import BaseModel

from conditions.definition import Key
from conditions.times import Duration
from conditions.values import LARGEST_INTEGER
from reference.markdown import code, either, table

Schema = Mapping[str, Any]

#: Models with a section of their own: their keys are not repeated inside others.
_APART = {"Conditions": "conditions", "Step": "steps", "Rule": "rules", "Trigger": "trigger"}


class DocumentedKey(NamedTuple):
    """One key: its path in the document, what it takes, its default, what it means."""

    path: str
    takes: str
    default: str
    meaning: str


def key_table(model: type[BaseModel], *, without: Collection[str] = ()) -> str:
    """A table of all keys of a model, those of the models in it included; `without` names paths to leave out."""
    keys = [
        key
        for key in dict.fromkeys(documented_keys(model))
        if key.path not in without and not _inside(key.path, without)
    ]
    return table(
        ("key", "takes", "default", "meaning"),
        ((code(key.path), key.takes, key.default, key.meaning) for key in keys),
    )


def _inside(path: str, without: Collection[str]) -> bool:
    return any(path.startswith(f"{outer}.") for outer in without)


def documented_keys(model: type[BaseModel]) -> list[DocumentedKey]:
    """The same as data."""
    schema = model.model_json_schema(by_alias=True)
    defs = schema.get("$defs", {})
    if "$ref" in schema:  # a model that can hold itself
        schema = defs[schema["$ref"].rpartition("/")[2]]
    return list(_keys(schema, defs, ""))


def _keys(schema: Schema, defs: Mapping[str, Schema], prefix: str) -> Iterator[DocumentedKey]:
    required = schema.get("required", ())
    for name, part in schema["properties"].items():
        meaning = part.get("description", "").removesuffix(".")
        if not meaning:
            raise LookupError(f'say in a docstring below the field what "{name}" of {schema["title"]} means')
        default = "required" if name in required or name == "kind" else _default(part.get("default"))
        yield DocumentedKey(prefix + name, _takes(part, defs), default, meaning)
        for inner, step in _models(part):
            if inner not in _APART:
                yield from _keys(defs[inner], defs, f"{prefix}{name}{step}.")


def _default(value: Any) -> str:
    if value in (None, "", [], {}):
        return ""
    return code(value)


def _models(part: Schema) -> Iterator[tuple[str, str]]:
    """The models that a value can be, with what stands between its key and theirs."""
    if "$ref" in part:
        yield part["$ref"].rpartition("/")[2], ""
    for way in (*part.get("anyOf", ()), *part.get("oneOf", ())):
        yield from _models(way)
    if isinstance(part.get("items"), Mapping):
        yield from ((inner, f"[]{step}") for inner, step in _models(part["items"]))
    if (values := _values(part)) is not None:
        yield from ((inner, f".<key>{step}") for inner, step in _models(values))


def _values(part: Schema) -> Schema | None:
    """What a mapping with keys of the author's own holds, where that is known."""
    patterned = next(iter(part.get("patternProperties", {}).values()), None)
    values: Schema | bool | None = patterned or part.get("additionalProperties")
    return values if isinstance(values, Mapping) else None


def _takes(part: Schema, defs: Mapping[str, Schema]) -> str:
    ways = [way for way in (*part.get("anyOf", ()), *part.get("oneOf", ())) if way.get("type") != "null"]
    if ways:
        return " or ".join(dict.fromkeys(_takes(way, defs) for way in ways))
    if "$ref" in part:
        name = part["$ref"].rpartition("/")[2]
        return _APART.get(name, "mapping")
    if "const" in part or "enum" in part:
        return either(part.get("enum", [part.get("const")]))
    if part.get("type") == "array":
        return f"list of {_many(_takes(part['items'], defs))}"
    if part.get("type") == "object":
        values = _values(part)
        return f"mapping of {_many(_takes(values, defs))}" if values is not None else "mapping"
    return _scalar(part)


def _scalar(part: Schema) -> str:
    if part.get("type") == "integer":
        low, high = part.get("minimum"), part.get("maximum")
        if high is None or high == LARGEST_INTEGER:
            return "whole number"
        return f"whole number from {low:,} to {high:,}"
    if part.get("type") == "string":
        return _PATTERNS.get(part.get("pattern", ""), "text")
    return "any value"


def _many(words: str) -> str:
    return words if words in ("conditions", "steps", "rules") else f"{words}s" if words[0] != "`" else words


class _Patterned(BaseModel):
    key: Key
    duration: Duration


_PATTERNS: Mapping[str, str] = {
    part["pattern"]: name for name, part in _Patterned.model_json_schema()["properties"].items()
}
