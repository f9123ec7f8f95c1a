"""What routes answer with is declared by use cases, in `services/**/answers.py`: shapes have one place."""

from collections.abc import Iterator
from types import NoneType, UnionType
from typing import Any, get_args, get_type_hints

import pytest
from fastapi.routing import APIRoute
from starlette.responses import Response

from api.app import ROUTERS

ROUTES = [route for router in ROUTERS for route in router.routes if isinstance(route, APIRoute)]


def answers(route: APIRoute) -> Iterator[Any]:
    """The models of a route's answers, of a page its items' too; none of what goes out as it is, or empty."""
    returned = get_type_hints(route.endpoint)["return"]
    declared = [answer["model"] for answer in route.responses.values() if "model" in answer]
    if not (isinstance(returned, type) and issubclass(returned, (Response, NoneType))):
        declared.append(route.response_model)
    for model in (
        one for each in declared for one in (get_args(each) if isinstance(each, UnionType) else [each])
    ):
        generic = getattr(model, "__pydantic_generic_metadata__", {"origin": None, "args": ()})
        yield generic["origin"] or model
        yield from generic["args"]


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{','.join(route.methods)} {route.path}")
def test_a_route_answers_with_what_a_use_case_declares(route: APIRoute) -> None:
    elsewhere = [str(model) for model in answers(route) if not model.__module__.startswith("services.")]
    assert elsewhere == []
