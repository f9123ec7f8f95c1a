"""Filters of lists as they stand on a command line or in an address."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from automations.list_filters import FILTERS, RecordFilter
from conditions.messages import plain_errors
from services.records.kinds import Kind
from services.resources import BadParameter


def filter_of(kind: Kind, texts: Mapping[str, str]) -> RecordFilter:
    """The filter of texts by name; raises BadParameter."""
    values: dict[str, Any] = dict(texts)
    for name in ("score_gte", "score_lte"):
        if name in values:
            try:
                values[name] = int(values[name])
            except ValueError:
                raise BadParameter(name, f'"{name}" is a whole number, not "{values[name]}"') from None
    try:
        return FILTERS[kind].model_validate(values)
    except ValidationError as error:
        problem = plain_errors(error, values)[0]
        raise BadParameter(".".join(map(str, problem.loc)), problem.message) from None
