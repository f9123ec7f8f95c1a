"""Settings, HTTP calls, and what is to be seen in Temporal."""

import tempfile
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from api.app import create_app
from conditions.limits import LIMITS
from reference.markdown import code, either, table
from runtime.clock import now_micros
from runtime.registry import SEARCH_ATTRIBUTES, WORKFLOW_TYPES
from runtime.settings import load_settings, settings_table
from services.application import Application
from services.resources import Resources
from store.database import Database


def settings() -> str:
    """Every environment variable that is a setting."""
    rows = [
        (
            code(setting["variable"]),
            code(setting["default"]) if setting["default"] else "",
            setting["description"],
            code(setting["example"]),
        )
        for setting in settings_table()
    ]
    return table(("variable", "default", "meaning", "example"), rows)


def limits() -> str:
    """How large what is sent and defined may be."""
    rows = [(limit.what, str(limit), limit.remedy) for limit in LIMITS]
    return table(("what", "at most", "beyond it"), rows)


def workflows() -> str:
    """The workflow types."""
    rows = [
        (code(workflow_type.name), code(workflow_type.id_pattern), workflow_type.description)
        for workflow_type in WORKFLOW_TYPES
    ]
    return table(("workflow type", "workflow id", "does"), rows)


def search_attributes() -> str:
    """The search attributes."""
    rows = [
        (
            code(attribute.key.name),
            attribute.type,
            f"{attribute.description}: {either(attribute.values)}"
            if attribute.values
            else attribute.description,
        )
        for attribute in SEARCH_ATTRIBUTES
    ]
    return table(("search attribute", "type", "holds"), rows)


class _Nobody:
    """Wakes nothing: the application is only asked what it offers."""

    def request(self, shards: Iterable[int]) -> None:
        del shards


async def _down() -> bool:
    return False


@cache
def _openapi() -> dict[str, Any]:
    database = Database(f"sqlite:///{Path(tempfile.gettempdir()) / 'never-made.db'}")
    try:
        resources = Resources(load_settings(environ={}), database, now_micros, _Nobody(), 1)
        return create_app(Application(resources, lambda _: None), _down).openapi()
    finally:
        database.close()


def described_calls() -> list[tuple[str, str, dict[str, Any]]]:
    """Every call as (`GET /v1/contacts`, its subject, its description in the OpenAPI document)."""
    return [
        (f"{method.upper()} {path}", call["tags"][-1], call)
        for path, methods in _openapi()["paths"].items()
        for method, call in methods.items()
    ]


def calls() -> str:
    """Every call, by subject."""
    subjects: dict[str, list[tuple[str, str, str, str]]] = {}
    for name, subject, call in described_calls():
        query = (code(given["name"]) for given in call.get("parameters", ()) if _is_filter(given))
        subjects.setdefault(subject, []).append(
            (code(name), call["summary"], call["x-permission"], ", ".join(query))
        )
    return "\n".join(
        f"## {subject}\n\n{table(('call', 'does', 'needs', 'parameters'), of_subject)}"
        for subject, of_subject in subjects.items()
    )


def _is_filter(given: dict[str, Any]) -> bool:
    """Whether a parameter belongs to this call, unlike the path's and those of every list."""
    return given["in"] == "query" and given["name"] not in ("cursor", "limit")
