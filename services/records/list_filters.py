"""What lists of contacts and of deals are filtered by: the one model of the API's parameters and of smart lists."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from conditions.definition import Definition, TagName, Text, WholeNumber
from conditions.fields import DealStatus
from conditions.messages import plain_errors
from services.records.kinds import Kind
from services.resources import BadParameter


class RecordFilter(Definition):
    """All that is given must hold. `score_gte`, `score_lte` and `band` need to know whose scores."""

    score_gte: WholeNumber | None = None
    """The score is at least."""
    score_lte: WholeNumber | None = None
    """The score is at most."""
    band: Text | None = None
    """The band of the score."""
    stage: Text | None = None
    """The stage."""
    owner: Text | None = None
    """The owner."""
    q: Text | None = None
    """A text in key, name or e-mail, in whatever case and composition."""

    @property
    def of_score(self) -> list[str]:
        """The names of what is given and asks for a score."""
        return [name for name in ("score_gte", "score_lte", "band") if getattr(self, name) is not None]

    @property
    def columns(self) -> dict[str, Any]:
        """What is given that a column of the record has to equal."""
        apart = {"score_gte", "score_lte", "band", "q", "tag", "contact"}
        return {name: value for name, value in self if name not in apart and value is not None}


class ContactFilter(RecordFilter):
    """Of contacts."""

    tag: TagName | None = None
    """A tag that it has."""
    email: Text | None = None
    """The e-mail address, in whatever case and composition."""
    phone: Text | None = None
    """The telephone number."""


class DealFilter(RecordFilter):
    """Of deals."""

    contact: Text | None = None
    """Key of the contact whose deal it is."""
    pipeline: Text | None = None
    """The pipeline."""
    status: DealStatus | None = None
    """How it stands."""
    currency: Text | None = None
    """The currency."""


FILTERS: Mapping[Kind, type[RecordFilter]] = {"contact": ContactFilter, "deal": DealFilter}


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


FILTER_NAMES = frozenset(name for model in FILTERS.values() for name in model.model_fields)


def other_filters(kind: Kind) -> frozenset[str]:
    """The names that only the other kind's filters have."""
    return FILTER_NAMES - FILTERS[kind].model_fields.keys()
