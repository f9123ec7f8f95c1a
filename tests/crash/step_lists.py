"""Random lists of steps, and a plain interpreter that says what they come to."""

from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

TAGS = ("a", "b", "c")
STAGES = ("new", "demo", "won")
#: The automation that `start` starts; it adds this tag.
OTHER, STARTED = "other", "started"
REFUSED, TAKEN = "/refused", "/taken"
MOST_STEPS = 40

_tag = st.sampled_from(TAGS)
_conditions = st.one_of(
    st.builds(lambda tag: {"contact.tags": {"has": tag}}, _tag),
    st.builds(lambda stage: {"contact.stage": {"equal": stage}}, st.sampled_from(STAGES)),
    st.builds(lambda stage: {"not": {"contact.stage": {"equal": stage}}}, st.sampled_from(STAGES)),
    st.just({"event.size": {"greater": 5}}),
    st.just({}),
)


def _leaves(url: str) -> st.SearchStrategy[dict[str, Any]]:
    return st.one_of(
        st.builds(lambda tag: {"add_tag": tag}, _tag),
        st.builds(lambda tag: {"remove_tag": tag}, _tag),
        st.builds(lambda stage: {"update": {"stage": stage}}, st.sampled_from(STAGES)),
        st.just({"update": {"fields": {"size": "{{ event.size }}"}}}),
        st.just({"create_task": {"title": "In stage {{ contact.stage }}"}}),
        st.just({"notify": {"to": "sales", "message": "Tags: {{ contact.tags | sort | join }}"}}),
        st.just({"adjust_score": {"profile": "engagement", "points": 1}}),
        st.just({"wait": "1s"}),
        st.just({"wait_for": {"event": "ping"}}),
        st.just({"start": OTHER}),
        st.just({"stop": "enough"}),
        st.builds(
            lambda path, go_on: {"webhook": {"url": url + path, "body": {}}, "on_failure": go_on},
            st.sampled_from((TAKEN, TAKEN, TAKEN, REFUSED)),
            st.sampled_from(("continue", "stop")),
        ),
    )


def _nested(inner: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    some = st.lists(inner, max_size=3)
    return st.one_of(
        st.builds(
            lambda first, then, second, elif_, else_: {
                "if": first,
                "then": then,
                "elif": [{"if": second, "then": elif_}],
                "else": else_,
            },
            _conditions,
            some,
            _conditions,
            some,
            some,
        ),
        st.builds(
            lambda whole, steps, rest: {
                "split": [
                    {"percent": 100 * whole, "steps": steps},
                    {"percent": 100 - 100 * whole, "steps": rest},
                ]
            },
            st.integers(0, 1),
            some,
            some,
        ),
        st.builds(lambda steps: {"wait_for": {"event": "never", "timeout": "1s", "on_timeout": steps}}, some),
        st.builds(
            lambda conditions, steps: {
                "wait_for": {"filters": conditions, "timeout": "1s", "on_timeout": steps}
            },
            _conditions,
            some,
        ),
    )


def step_lists(url: str) -> st.SearchStrategy[list[dict[str, Any]]]:
    """Lists of steps whose webhooks call a server at `url`, which takes `/taken` and refuses `/refused`."""
    step = st.recursive(_leaves(url), _nested, max_leaves=12)
    return st.lists(step, min_size=1, max_size=10).filter(lambda steps: _count(steps) <= MOST_STEPS)


def _count(value: Any) -> int:
    if isinstance(value, list):
        return sum(_count(part) for part in value)
    return 1 + sum(_count(part) for part in value.values()) if isinstance(value, dict) else 0


@dataclass
class Plain:
    """What has become of one contact. `outcomes` are the paths of the steps that were done, in order."""

    size: int
    tags: set[str] = field(default_factory=set)
    stage: str | None = None
    fields: dict[str, Any] = field(default_factory=dict)
    tasks: list[str] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)
    adjustments: int = 0
    calls: int = 0
    started: int = 0
    tagged: int = 0
    outcomes: list[str] = field(default_factory=list)
    status: str = "running"

    def run(self, steps: list[dict[str, Any]], prefix: str = "") -> bool:
        """Do the steps; whether what comes after them is reached."""
        return all(self._step(step, f"{prefix}{index}") for index, step in enumerate(steps))

    def _step(self, step: dict[str, Any], path: str) -> bool:
        self.outcomes.append(path)
        kind = next(key for key in step if key not in ("on_failure", "then", "elif", "else"))
        goes_on: bool = getattr(self, f"_{kind}")(step[kind], step, path)
        return goes_on

    def _add_tag(self, tag: str, _step: Any, _path: str) -> bool:
        self.tagged += tag not in self.tags
        self.tags.add(tag)
        return True

    def _remove_tag(self, tag: str, _step: Any, _path: str) -> bool:
        self.tags.discard(tag)
        return True

    def _update(self, update: dict[str, Any], _step: Any, _path: str) -> bool:
        self.stage = update.get("stage", self.stage)
        if "fields" in update:
            self.fields["size"] = str(self.size)
        return True

    def _create_task(self, _task: Any, _step: Any, _path: str) -> bool:
        self.tasks.append(f"In stage {self.stage or ''}")
        return True

    def _notify(self, _notify: Any, _step: Any, _path: str) -> bool:
        self.messages.append(f"Tags: {', '.join(sorted(self.tags))}")
        return True

    def _adjust_score(self, _adjust: Any, _step: Any, _path: str) -> bool:
        self.adjustments += 1
        return True

    def _wait(self, _wait: Any, _step: Any, _path: str) -> bool:
        return True

    def _wait_for(self, wait: dict[str, Any], _step: Any, path: str) -> bool:
        met = wait.get("event") == "ping" or ("filters" in wait and self._holds(wait["filters"]))
        return met or self.run(wait.get("on_timeout", []), f"{path}.timeout.")

    def _start(self, _key: str, _step: Any, _path: str) -> bool:
        self.started += 1
        return True

    def _stop(self, _reason: str, _step: Any, _path: str) -> bool:
        self.status = "completed"
        return False

    def _webhook(self, webhook: dict[str, Any], step: dict[str, Any], _path: str) -> bool:
        self.calls += 1
        if webhook["url"].endswith(TAKEN) or step["on_failure"] == "continue":
            return True
        self.status = "failed"
        return False

    def _if(self, condition: dict[str, Any], step: dict[str, Any], path: str) -> bool:
        if self._holds(condition):
            return self.run(step["then"], f"{path}.then.")
        for index, way in enumerate(step["elif"]):
            if self._holds(way["if"]):
                return self.run(way["then"], f"{path}.elif.{index}.")
        return self.run(step["else"], f"{path}.else.")

    def _split(self, shares: list[dict[str, Any]], _step: Any, path: str) -> bool:
        index = next(index for index, share in enumerate(shares) if share["percent"] == 100)
        return self.run(shares[index]["steps"], f"{path}.split.{index}.")

    def _holds(self, conditions: dict[str, Any]) -> bool:
        for name, test in conditions.items():
            if name == "not":
                if self._holds(test):
                    return False
            elif name == "contact.tags":
                if test["has"] not in self.tags:
                    return False
            elif name == "contact.stage":
                if self.stage != test["equal"]:
                    return False
            elif not self.size > test["greater"]:
                return False
        return True


def interpreted(steps: list[dict[str, Any]], size: int) -> Plain:
    """What a list of steps comes to for a fresh contact."""
    plain = Plain(size)
    if plain.run(steps):
        plain.status = "completed"
    return plain
