"""What lists of contacts and of deals are filtered by: the one model of the API's parameters and of smart lists."""

from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Annotated, Any, Literal, get_args

from conditions.definition import Definition, TagName, Text, WholeNumber
from conditions.fields import DealStatus
from conditions.limits import TESTS, test_count
from conditions.problems import Problem, suggestion

Sort = Literal["created_at", "-created_at", "score", "-score"]
SORTS: tuple[Sort, ...] = get_args(Sort)


class Tested(Enum):
    """What a filter is held against, where that is no column of its name which has to equal it."""

    BY_SCORE = "the score under the profile that is asked for"
    APART = "what `services/records/lists.py` says"


class RecordFilter(Definition):
    """All that is given must hold. `score_gte`, `score_lte` and `band` need to know whose scores."""

    score_gte: Annotated[WholeNumber | None, Tested.BY_SCORE] = None
    """The score is at least."""
    score_lte: Annotated[WholeNumber | None, Tested.BY_SCORE] = None
    """The score is at most."""
    band: Annotated[Text | None, Tested.BY_SCORE] = None
    """The band of the score."""
    stage: Text | None = None
    """The stage."""
    owner: Text | None = None
    """The owner."""
    tag: Annotated[TagName | None, Tested.APART] = None
    """A tag that it has."""
    q: Annotated[Text | None, Tested.APART] = None
    """A text in key, name or e-mail, in whatever case and composition."""

    @property
    def of_score(self) -> list[str]:
        """The names of what is given and asks for a score."""
        return [name for name, _ in self._given(Tested.BY_SCORE)]

    @property
    def columns(self) -> dict[str, Any]:
        """What is given that a column of the record has to equal."""
        return dict(self._given(None))

    def _given(self, tested: Tested | None) -> Iterator[tuple[str, Any]]:
        for name, field in type(self).model_fields.items():
            how = next((each for each in field.metadata if isinstance(each, Tested)), None)
            if how is tested and (value := getattr(self, name)) is not None:
                yield name, value


class ContactFilter(RecordFilter):
    """Of contacts."""

    email: Text | None = None
    """The e-mail address, in whatever case and composition."""
    phone: Text | None = None
    """The telephone number."""


class DealFilter(RecordFilter):
    """Of deals."""

    contact: Annotated[Text | None, Tested.APART] = None
    """Key of the contact whose deal it is."""
    pipeline: Text | None = None
    """The pipeline."""
    status: DealStatus | None = None
    """How it stands."""
    currency: Text | None = None
    """The currency."""


FILTERS: Mapping[Literal["contact", "deal"], type[RecordFilter]] = {
    "contact": ContactFilter,
    "deal": DealFilter,
}


FILTER_NAMES = frozenset(name for model in FILTERS.values() for name in model.model_fields)


def other_filters(kind: Literal["contact", "deal"]) -> frozenset[str]:
    """The names that only the other kind's filters have."""
    return FILTER_NAMES - FILTERS[kind].model_fields.keys()


def query_problems(
    record_filter: RecordFilter, profile: str | None, filters: Mapping[str, Any], sort: str
) -> Iterator[Problem]:
    """What of a list cannot be asked: too many tests, and what asks for a score and does not say whose."""
    if (tests := test_count(filters)) > TESTS.most:
        yield TESTS.problem(("filters",), tests)
    if sort not in SORTS:
        yield Problem(("sort",), f'cannot sort by "{sort}"{suggestion(sort, SORTS)}')
    if profile is None:
        for name in record_filter.of_score:
            yield Problem(("filter", name), f'"{name}" needs to know whose scores: add profile=<key>')
        if sort.endswith("score"):
            yield Problem(("sort",), "sorting by score needs to know whose: add profile=<key>")
