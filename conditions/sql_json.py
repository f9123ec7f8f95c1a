"""JSON in SQL: one construct per question, spelled by each dialect in its own way.

A value is addressed by two clauses: the document (a JSON or JSONB column), and `Whole`, `Plain(name)` or
`Exact(name)`.
"""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement


class Whole(FunctionElement[Any]):
    """The document itself."""

    inherit_cache = True


class Plain(FunctionElement[Any]):
    """The member of that name, which needs no escape in a JSON path or in JSON text."""

    inherit_cache = True


class Exact(FunctionElement[Any]):
    """The member of that name, which SQLite must look up: it compares paths with escaped names."""

    inherit_cache = True


class JsonKind(FunctionElement[str]):
    """'text', 'number', 'true', 'false', 'array', 'object', 'null'; NULL where there is no such value."""

    type = sa.Text()
    inherit_cache = True


class JsonText(FunctionElement[str]):
    """A text value's text."""

    type = sa.Text()
    inherit_cache = True


class JsonNumber(FunctionElement[float]):
    """A number value's number. Ask only where the kind is 'number'."""

    type = sa.Double()
    inherit_cache = True


class JsonLength(FunctionElement[int]):
    """How many elements a list has; 0 or NULL for anything else."""

    type = sa.Integer()
    inherit_cache = True


class JsonHas(FunctionElement[bool]):
    """Whether a list has a scalar. Further clauses: its kind, its SQL value, its JSON text."""

    type = sa.Boolean()
    inherit_cache = True


class JsonMentions(FunctionElement[bool]):
    """Whether some text in a list contains a text, the third clause."""

    type = sa.Boolean()
    inherit_cache = True


class AsJson(FunctionElement[str]):
    """A text or a number as JSON text."""

    type = sa.Text()
    inherit_cache = True


class CodePoints(FunctionElement[str]):
    """A text that orders by code point."""

    type = sa.Text()
    inherit_cache = True


def _parts(element: FunctionElement[Any], compiler: Any) -> list[str]:
    """The clauses as SQL, without the address."""
    return [compiler.process(clause) for clause in list(element.clauses)[2:]]


def _sqlite_address(element: FunctionElement[Any], compiler: Any) -> str:
    """The document and a JSON path, as the arguments of SQLite's JSON functions."""
    document, place = list(element.clauses)[:2]
    source = compiler.process(document)
    if isinstance(place, Whole):
        return f"{source}, '$'"
    name = compiler.process(next(iter(place.clauses)))
    if isinstance(place, Plain):
        return f"""{source}, '$."' || {name} || '"'"""
    return f"{source}, (SELECT fullkey FROM json_each({source}) WHERE key = {name})"  # noqa: S608


def _sqlite_kind(json_type: str) -> str:
    return f"replace(replace({json_type}, 'integer', 'number'), 'real', 'number')"


def _sqlite_some(element: FunctionElement[Any], compiler: Any, test: str) -> str:
    address = _sqlite_address(element, compiler)
    some = f"EXISTS (SELECT 1 FROM json_each({address}) AS item WHERE {test})"  # noqa: S608
    return f"(coalesce(json_type({address}) = 'array', 0) AND {some})"


@compiles(JsonKind, "sqlite")
def _sqlite_json_kind(element: JsonKind, compiler: Any, **_kw: Any) -> str:
    return _sqlite_kind(f"json_type({_sqlite_address(element, compiler)})")


@compiles(JsonText, "sqlite")
@compiles(JsonNumber, "sqlite")
def _sqlite_json_scalar(element: FunctionElement[Any], compiler: Any, **_kw: Any) -> str:
    return f"json_extract({_sqlite_address(element, compiler)})"


@compiles(JsonLength, "sqlite")
def _sqlite_json_length(element: JsonLength, compiler: Any, **_kw: Any) -> str:
    return f"json_array_length({_sqlite_address(element, compiler)})"


@compiles(JsonHas, "sqlite")
def _sqlite_json_has(element: JsonHas, compiler: Any, **_kw: Any) -> str:
    kind, value, _ = _parts(element, compiler)
    return _sqlite_some(element, compiler, f"{_sqlite_kind('item.type')} = {kind} AND item.value = {value}")


@compiles(JsonMentions, "sqlite")
def _sqlite_json_mentions(element: JsonMentions, compiler: Any, **_kw: Any) -> str:
    [text] = _parts(element, compiler)
    return _sqlite_some(element, compiler, f"item.type = 'text' AND instr(item.value, {text}) > 0")


@compiles(CodePoints, "sqlite")
def _sqlite_code_points(element: CodePoints, compiler: Any, **_kw: Any) -> str:
    return str(compiler.process(next(iter(element.clauses))))


@compiles(AsJson, "sqlite")
def _sqlite_as_json(element: AsJson, compiler: Any, **_kw: Any) -> str:
    return f"json_quote({compiler.process(next(iter(element.clauses)))})"


def _jsonb(element: FunctionElement[Any], compiler: Any) -> str:
    """The value in PostgreSQL. The cast costs nothing where the column is jsonb already."""
    document, place = list(element.clauses)[:2]
    source = f"CAST({compiler.process(document)} AS jsonb)"
    if isinstance(place, Whole):
        return source
    name = compiler.process(next(iter(place.clauses)))
    return f"({source} -> CAST({name} AS text))"


def _jsonb_array(element: FunctionElement[Any], compiler: Any) -> str:
    value = _jsonb(element, compiler)
    return f"CASE WHEN jsonb_typeof({value}) = 'array' THEN {value} ELSE '[]' END"


@compiles(JsonKind, "postgresql")
def _postgresql_json_kind(element: JsonKind, compiler: Any, **_kw: Any) -> str:
    value = _jsonb(element, compiler)
    named = f"WHEN 'string' THEN 'text' WHEN 'boolean' THEN {value} #>> '{{}}' ELSE jsonb_typeof({value})"
    return f"CASE jsonb_typeof({value}) {named} END"


@compiles(JsonText, "postgresql")
def _postgresql_json_text(element: JsonText, compiler: Any, **_kw: Any) -> str:
    return f"({_jsonb(element, compiler)} #>> '{{}}')"


@compiles(JsonNumber, "postgresql")
def _postgresql_json_number(element: JsonNumber, compiler: Any, **_kw: Any) -> str:
    return f"CAST({_jsonb(element, compiler)} #>> '{{}}' AS double precision)"


@compiles(JsonLength, "postgresql")
def _postgresql_json_length(element: JsonLength, compiler: Any, **_kw: Any) -> str:
    return f"jsonb_array_length({_jsonb_array(element, compiler)})"


@compiles(JsonHas, "postgresql")
def _postgresql_json_has(element: JsonHas, compiler: Any, **_kw: Any) -> str:
    scalar = _parts(element, compiler)[2]
    return f"({_jsonb_array(element, compiler)} @> CAST({scalar} AS jsonb))"


@compiles(JsonMentions, "postgresql")
def _postgresql_json_mentions(element: JsonMentions, compiler: Any, **_kw: Any) -> str:
    [text] = _parts(element, compiler)
    items = f"jsonb_array_elements({_jsonb_array(element, compiler)}) AS item(value)"
    test = f"jsonb_typeof(item.value) = 'string' AND strpos(item.value #>> '{{}}', {text}) > 0"
    return f"EXISTS (SELECT 1 FROM {items} WHERE {test})"  # noqa: S608


@compiles(AsJson, "postgresql")
def _postgresql_as_json(element: AsJson, compiler: Any, **_kw: Any) -> str:
    return f"CAST(to_json({compiler.process(next(iter(element.clauses)))}) AS text)"


@compiles(CodePoints, "postgresql")
def _postgresql_code_points(element: CodePoints, compiler: Any, **_kw: Any) -> str:
    return f'(CAST({compiler.process(next(iter(element.clauses)))} AS text) COLLATE "C")'
