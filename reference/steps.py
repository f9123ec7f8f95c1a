"""The steps, each with its keys and an example."""

from automations.steps.base import BaseStep
from automations.steps.kinds import STEPS
from reference.examples import STEP_EXAMPLES
from reference.keys import key_rows
from reference.markdown import code, table

#: A step's own key where the keys within it say more.
_OWN = "What it does"
_COLUMNS = ("key", "takes", "default", "meaning")


def common_keys() -> str:
    """The keys that every step can have."""
    rows = [row for row in key_rows(STEPS["stop"]) if row.path in BaseStep.model_fields]
    return table(_COLUMNS, ((code(row.path), row.takes, row.default, row.meaning) for row in rows))


def all_steps() -> str:
    """One section per step."""
    return "\n".join(_step(kind) for kind in STEP_EXAMPLES)


def _step(kind: str) -> str:
    rows = [
        row
        for row in key_rows(STEPS[kind])
        if row.path not in BaseStep.model_fields and (row.path != kind or row.meaning != _OWN)
    ]
    keys = table(_COLUMNS, ((code(row.path), row.takes, row.default, row.meaning) for row in rows))
    return f"### `{kind}`\n\n{STEPS[kind].__doc__}\n\n{keys}\n```yaml\n{STEP_EXAMPLES[kind]}```\n"
