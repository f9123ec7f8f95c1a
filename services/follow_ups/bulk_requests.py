"""What a bulk job is asked for: an action with what it takes, and who is meant."""

from collections.abc import Mapping
from typing import Annotated, Any, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, StrictBool, ValidationError

from conditions.definition import Key
from conditions.messages import plain_errors
from conditions.problems import Problem
from conditions.times import Duration
from conditions.values import is_empty
from runtime.statuses import BulkAction
from scoring.profile import Points
from services.follow_ups.tasks import NOBODY
from services.names import ShortText, Tag, unstorable
from services.resources import Invalid

#: Who is meant: one of these.
WAYS = ("smart_list", "contacts", "deals", "tasks")
_RECORDS = (
    "{which}: `filter`, `filters` and `profile` as in a smart list; `{{}}` for all. This, or another of smart_list, "
    "contacts, deals, tasks"
)


class BulkIn(BaseModel):
    """An action, what it takes, and who is meant."""

    model_config = ConfigDict(extra="forbid", strict=True)

    action: BulkAction
    tag: Tag | None = Field(default=None, description="Of `tag` and `untag`")
    owner: ShortText | None = Field(default=None, description="Of `owner`; null: nobody")
    stage: ShortText | None = Field(default=None, description="Of `stage`; null: none")
    profile: Key | None = Field(default=None, description="Of `adjust`: whose score")
    points: Points | None = Field(default=None, description="Of `adjust`: points to add; this or `set_to`")
    set_to: Points | None = Field(default=None, description="Of `adjust`: the score to reach")
    reason: ShortText | None = Field(
        default=None, description="Of `adjust`: people will read it beside the score"
    )
    author: ShortText | None = Field(default=None, description="Of `adjust` and `enroll`: who does it")
    expires_after: Duration | None = Field(default=None, description="Of `adjust`")
    automation: Key | None = Field(default=None, description="Of `enroll`")
    again: StrictBool = Field(
        default=False,
        description="Of `enroll`: also those who are in the automation now, or were enrolled within the last 7 days",
    )
    assign_to: ShortText | None = Field(
        default=None,
        description="Of `reassign_tasks`: a name, or `owner` for the owner of each contact or deal; null: nobody",
    )
    smart_list: Key | None = Field(
        default=None, description="Everybody on a smart list; for tasks: the open tasks of everybody on it"
    )
    contacts: dict[str, Any] | None = Field(default=None, description=_RECORDS.format(which="Which contacts"))
    deals: dict[str, Any] | None = Field(default=None, description=_RECORDS.format(which="Which deals"))
    tasks: dict[str, Any] | None = Field(
        default=None,
        description="Which tasks, by what their list is filtered by; open ones unless `status` is given",
    )
    dry_run: StrictBool = Field(default=False, description="Count only")
    request: Annotated[str, Field(min_length=1, max_length=100)] | None = Field(
        default=None, description="A name of your own for this call; calling again with it gives the same job"
    )


class _Takes(NamedTuple):
    """What an action takes. `empty`: what may be null."""

    needed: tuple[str, ...] = ()
    other: tuple[str, ...] = ()
    empty: tuple[str, ...] = ()


#: By action.
TAKES: Mapping[BulkAction, _Takes] = {
    "tag": _Takes(("tag",)),
    "untag": _Takes(("tag",)),
    "owner": _Takes(("owner",), empty=("owner",)),
    "stage": _Takes(("stage",), empty=("stage",)),
    "adjust": _Takes(("profile", "reason"), ("points", "set_to", "author", "expires_after")),
    "enroll": _Takes(("automation",), ("again", "author")),
    "reassign_tasks": _Takes(("assign_to",), empty=("assign_to",)),
    "close_tasks": _Takes(),
}
OF_TASKS: tuple[BulkAction, ...] = ("reassign_tasks", "close_tasks")
_EXAMPLE = (
    'send an action and who is meant, such as {"action": "tag", "tag": "hot", "smart_list": "warm-leads"}'
)


def read_bulk(body: Any) -> BulkIn:
    """The request in a body; raises Invalid with every mistake."""
    if not isinstance(body, dict):
        raise Invalid([Problem((), _EXAMPLE)])
    problems = list(unstorable(body))
    try:
        wanted = BulkIn.model_validate(body)
    except ValidationError as error:
        raise Invalid([*problems, *plain_errors(error, body)]) from None
    problems += _problems(wanted)
    if problems:
        raise Invalid(problems)
    return wanted


def parameters_of(wanted: BulkIn) -> dict[str, Any]:
    """What the action takes, as a job keeps it."""
    takes = TAKES[wanted.action]
    values = {name: getattr(wanted, name) for name in (*takes.needed, *takes.other)}
    return {
        name: None if name in takes.empty and is_empty(value) else value
        for name, value in values.items()
        if value is not None or name in takes.needed
    }


def _problems(wanted: BulkIn) -> list[Problem]:
    takes, given = TAKES[wanted.action], wanted.model_fields_set
    problems = [
        Problem((name,), f'"{wanted.action}" needs "{name}"')
        for name in takes.needed
        if name not in given or (getattr(wanted, name) is None and name not in takes.empty)
    ]
    known = {"action", *takes.needed, *takes.other, *WAYS, "dry_run", "request"}
    problems += [Problem((name,), f'"{wanted.action}" takes no "{name}"') for name in sorted(given - known)]
    ways = [name for name in WAYS if getattr(wanted, name) is not None]
    if len(ways) != 1:
        problems.append(Problem((), f"say who with one of {', '.join(WAYS)}"))
    elif ways == ["tasks"] and wanted.action not in OF_TASKS:
        problems.append(Problem(("tasks",), f'"{wanted.action}" acts on contacts or deals, not on tasks'))
    if wanted.action == "adjust" and (wanted.points is None) == (wanted.set_to is None):
        problems.append(Problem((), '"adjust" takes either "points" or "set_to"'))
    if wanted.reason is not None and not wanted.reason.strip():
        problems.append(Problem(("reason",), "say why: people will read it beside the score"))
    if wanted.assign_to == NOBODY:
        problems.append(Problem(("assign_to",), f'"{NOBODY}" is nobody: write null'))
    return problems
