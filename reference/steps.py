"""The steps, each with its keys and an example."""

from automations.steps.base import BaseStep
from automations.steps.kinds import STEPS
from reference.examples import STEP_EXAMPLES
from reference.keys import documented_keys
from reference.markdown import code, table

#: A step's own key where the keys within it say more.
_OWN = "What it does"
_COLUMNS = ("key", "takes", "default", "meaning")


def common_keys() -> str:
    """The keys that every step can have."""
    keys = [key for key in documented_keys(STEPS["stop"]) if key.path in BaseStep.model_fields]
    return table(_COLUMNS, ((code(key.path), key.takes, key.default, key.meaning) for key in keys))


def all_steps() -> str:
    """One section per step."""
    return "\n".join(_step(kind) for kind in STEP_EXAMPLES)


def _step(kind: str) -> str:
    own_keys = [
        key
        for key in documented_keys(STEPS[kind])
        if key.path not in BaseStep.model_fields and (key.path != kind or key.meaning != _OWN)
    ]
    keys = table(_COLUMNS, ((code(key.path), key.takes, key.default, key.meaning) for key in own_keys))
    return f"### `{kind}`\n\n{STEPS[kind].__doc__}\n\n{keys}\n```yaml\n{STEP_EXAMPLES[kind]}```\n"
