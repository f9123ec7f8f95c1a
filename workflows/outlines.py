"""The plan of a follow-up, also as earlier versions wrote it: what they began is carried on by this one."""

from typing import Any

Step = dict[str, Any]
"""`{path, kind, title, on_failure}`, `decides` and `branches: {name: {title, steps}}` where it has them."""

_DECIDING = frozenset({"if", "split", "wait", "wait_for", "stop"})


def led_over(steps: list[Step]) -> list[Step]:
    """The steps, those of an earlier version in today's form: it had a key of its own for each kind of branch."""
    return [
        _led_over(step) if step["kind"] in _DECIDING and "decides" not in step else step for step in steps
    ]


def _led_over(step: Step) -> Step:
    ways: list[tuple[str, str, list[Step]]] = []
    if step["kind"] == "if":
        further = [
            (f"elif.{index}", f"no, but {way['title']}", way["then"])
            for index, way in enumerate(step["elif"])
        ]
        ways = [("then", "yes", step["then"]), *further, ("else", "no", step["else"])]
    elif step["kind"] == "split":
        shares = [
            (f"split.{index}", share["title"], share["steps"]) for index, share in enumerate(step["split"])
        ]
        ways = [*shares, ("none", "none of them", [])]
    elif step["kind"] == "wait_for":
        ways = [("met", "it came about", []), ("timeout", "time is over", step["timeout"])]
    branches = {name: {"title": title, "steps": led_over(inner)} for name, title, inner in ways}
    return {**step, "decides": True} | ({"branches": branches} if branches else {})
