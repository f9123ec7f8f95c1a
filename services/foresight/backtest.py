"""A trigger run over what has been recorded: who would have entered, when and how often. Writes nothing."""

from typing import Annotated, Any

from pydantic import Field, ValidationError

from automations.model import Automation
from conditions.definition import Definition, WholeNumber
from conditions.messages import plain_errors
from conditions.times import micros_of
from engine.published import PublishedCache
from services.design.definitions import find_definition
from services.design.profile_cache import ProfileCache
from services.foresight.answers import BacktestResult
from services.foresight.past_run import PastRun
from services.resources import Invalid, NotFound, Resources
from store.connection import Connection, RowMapping
from store.design import definitions

_DAY = micros_of("1d")


class BacktestRequest(Definition):
    """How far to look back, and what: the draft, or a version."""

    days: Annotated[WholeNumber, Field(ge=1, le=3_650)] = 30
    version: Annotated[WholeNumber, Field(ge=1)] | None = Field(
        default=None, description="A published version; by default the draft"
    )


class Backtest:
    """Runs triggers over the past, with records' fields as they were then, as far as changes of them are kept."""

    def __init__(self, resources: Resources, profiles: ProfileCache) -> None:
        self._resources = resources
        self._profiles = profiles
        self._published = PublishedCache()

    def run(self, key: str, body: Any) -> BacktestResult:
        """Enrollments that the trigger would have made of the last days' changes, beside what has been enrolled."""
        try:
            request = BacktestRequest.model_validate({} if body is None else body)
        except ValidationError as error:
            raise Invalid(plain_errors(error, body)) from None
        with self._resources.database.read() as connection:
            row = find_definition(connection, definitions.AUTOMATIONS, key)
            automation = _definition(connection, row, request.version)
        result = self.look_back(automation, row["id"], request.days)
        result.automation, result.version = key, request.version
        return result

    def look_back(self, automation: Automation, automation_id: int, days: int) -> BacktestResult:
        """The same for any definition; `automation_id` is that of what it would replace, 0 when it is new."""
        since = self._resources.clock() - days * _DAY
        with self._resources.database.read() as connection:
            published = self._published.read(connection)
        run = PastRun(self._profiles, published, automation_id, automation, since)
        while run.more:
            with self._resources.database.read() as connection:
                run.step(connection)
        with self._resources.database.read() as connection:
            return run.told(connection, days)


def _definition(connection: Connection, row: RowMapping, version: int | None) -> Automation:
    if version is None:
        return Automation.model_validate(row["draft"])
    definition = definitions.version_definition(connection, definitions.AUTOMATIONS, row["id"], version)
    if definition is None:
        had = f"its versions are 1 to {row['latest']}" if row["latest"] else "it has not been published"
        raise NotFound(f'"{row["key"]}" has no version {version}; {had}')
    return Automation.model_validate(definition)
