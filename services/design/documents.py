"""Definitions as documents: read from a request, stored, compared."""

from collections.abc import Collection, Mapping
from typing import Any, TypeVar

import orjson
from pydantic import BaseModel, ValidationError

from automations.model import Automation, definition
from automations.smart_list import SmartList
from conditions import limits
from conditions.messages import plain_errors
from conditions.problems import Problem
from scoring.profile import ScoreProfile, bands_in_order
from services.design.authorship import Authorship
from services.names import unstorable
from services.resources import BadParameter, Invalid

#: What the API shows beside a definition's own content, and passes over when it is sent back.
READ_ONLY = (
    "status",
    "version",
    "latest_version",
    "unpublished_changes",
    "publishing",
    "published_at",
    "updated_at",
    "warnings",
    "difference",
    "enrolled",
    "follow_ups_paused",
    "follow_ups_resumed",
)


Model = TypeVar("Model", bound=BaseModel)


def read_model(
    model: type[Model],
    body: Any,
    key: str,
    kind: str,
    *,
    also: Collection[str] = (),
    own: Collection[str] = (),
) -> Model:
    """The document in a request as a model; raises Invalid with every mistake.

    What only we write is passed over: `also` names more of it, `own` what is the document's own all the same.
    """
    if not isinstance(body, dict):
        raise Invalid(
            [Problem((), f"send the {kind.replace('_', ' ')} as an object, as in its YAML document")]
        )
    if problems := limits.definition_problems(body):
        raise Invalid(problems)
    problems = limits.listed(unstorable(body))
    for name, wanted in (("key", key), ("kind", kind)):
        if body.get(name, wanted) != wanted:
            problems.append(Problem((name,), f'"{name}" should be "{wanted}" here, or be left out'))
    if any(len(problem.loc) > 1 for problem in problems):
        raise Invalid(problems)
    passed = (*(name for name in READ_ONLY if name not in {*model.model_fields, *own}), *also)
    given = {name: body[name] for name in body if name not in passed and body[name] is not None}
    raw = given | {"kind": kind, "key": key}
    try:
        document = model.model_validate({"kind": kind, "key": key} | raw)
    except ValidationError as error:
        raise Invalid([*problems, *plain_errors(error, raw)]) from None
    if problems:
        raise Invalid(problems)
    return document


def profile_document(profile: ScoreProfile) -> dict[str, Any]:
    """A profile in the form that is stored and compared."""
    return {"kind": profile.kind, **definition(profile)}


def with_bands_in_order(document: Mapping[str, Any]) -> dict[str, Any]:
    """A stored document as people read it: databases keep keys in an order of their own."""
    bands = document.get("bands")
    return {**document, "bands": bands_in_order(bands)} if isinstance(bands, Mapping) else dict(document)


def automation_document(automation: Automation) -> dict[str, Any]:
    """An automation in the form that is stored and compared."""
    return {"kind": automation.kind, **definition(automation)}


def same_profile(document: Mapping[str, Any], other: Mapping[str, Any] | None) -> bool:
    """Whether two profiles score alike; name and description apply without a publish."""
    return other is not None and _content(ScoreProfile, document, _NAMING) == _content(
        ScoreProfile, other, _NAMING
    )


def same_automation(document: Mapping[str, Any], other: Mapping[str, Any] | None) -> bool:
    """Whether two automations are one and the same, however much of it is written out."""
    return other is not None and _content(Automation, document) == _content(Automation, other)


def smart_list_document(smart_list: SmartList) -> dict[str, Any]:
    """A smart list in the form that is stored and compared."""
    return {"kind": smart_list.kind, **definition(smart_list)}


def same_smart_list(document: Mapping[str, Any], other: Mapping[str, Any] | None) -> bool:
    """Whether two lists ask and say the same, however much of it is written out."""
    return other is not None and _content(SmartList, document) == _content(SmartList, other)


def _content(model: type[BaseModel], document: Mapping[str, Any], without: Collection[str] = ()) -> bytes:
    """The whole content with its defaults, as comparable text: true is not 1 there."""
    whole = model.model_validate(document).model_dump(mode="json", by_alias=True)
    shown = {name: value for name, value in whole.items() if name not in without}
    return orjson.dumps(shown, option=orjson.OPT_SORT_KEYS)


_NAMING = ("name", "description")


def read_rollback(body: Any) -> tuple[int, Authorship]:
    """The `version` that a rollback names, and who wants it and why."""
    given = dict(body) if isinstance(body, dict) else {}
    version = given.pop("version", None)
    if not isinstance(version, int) or isinstance(version, bool) or not 1 <= version <= 1_000_000:
        raise Invalid([Problem(("version",), 'send the version to go back to, such as {"version": 3}')])
    return version, read_authorship(given)


def read_authorship(body: Any) -> Authorship:
    """Who makes a version, and why; raises Invalid."""
    try:
        return Authorship.model_validate(body)
    except ValidationError as error:
        raise Invalid(plain_errors(error, body)) from None


def read_silent(triggers: str | None, *, default: bool) -> bool:
    """`silent` or `fire`, as calls that move scores take it."""
    if triggers is None:
        return default
    if triggers not in ("silent", "fire"):
        raise BadParameter("triggers", f'"triggers" is "silent" or "fire", not "{triggers[:40]}"')
    return triggers == "silent"
