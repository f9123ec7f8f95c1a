"""The command: runs the measurements one after another and shows what came of them."""

import asyncio
import json
import signal
import sys
import time
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from difflib import get_close_matches
from typing import Any

from rich.console import Console
from rich.table import Table

from bench import (
    actions,
    automations,
    big_contact,
    follow_ups,
    hard_template,
    intake,
    keyed_intake,
    latency,
    lists,
    long_follow_up,
    publish,
    scoring,
    storm,
    waiting,
)
from bench.result import Result
from runtime.errors import ReadableError

MEASUREMENTS: dict[str, Callable[[float], Coroutine[Any, Any, list[Result]]]] = {
    "scoring": scoring.measure,
    "intake": intake.measure,
    "keyed_intake": keyed_intake.measure,
    "latency": latency.measure,
    "follow_ups": follow_ups.measure,
    "hard_template": hard_template.measure,
    "actions": actions.measure,
    "publish": publish.measure,
    "big_contact": big_contact.measure,
    "storm": storm.measure,
    "automations": automations.measure,
    "long_follow_up": long_follow_up.measure,
    "waiting": waiting.measure,
    "lists": lists.measure,
}


def run(names: list[str] | None, *, as_json: bool, scale: float) -> int:
    """What `bench.main` promises."""
    chosen = [name.replace("-", "_") for name in names or MEASUREMENTS]
    for name in chosen:
        if name not in MEASUREMENTS:
            close = get_close_matches(name, MEASUREMENTS, 1)
            hint = f"Did you mean {close[0]}?" if close else f"There are {', '.join(MEASUREMENTS)}"
            message = f'kindling bench: there is no measurement "{name}". {hint}'
            print(message, file=sys.stderr)
            if as_json:
                print(json.dumps({"error": message}))
            return 2
    with _cleaning_up_when_terminated():
        results, failures = _measure(list(dict.fromkeys(chosen)), scale)
    if as_json:
        print(json.dumps([result.as_json() for result in results], indent=2))
    else:
        _show(results)
    for failure in failures:
        print(f"kindling bench: {failure}", file=sys.stderr)
    return 1 if failures else 0


def _measure(names: Sequence[str], scale: float) -> tuple[list[Result], list[str]]:
    """What could be measured, and in words what could not."""
    results: list[Result] = []
    failures: list[str] = []
    progress = Console(stderr=True)
    for name in names:
        began = time.monotonic()
        try:
            with progress.status(f"measuring {name} ..."):
                results += asyncio.run(MEASUREMENTS[name](scale))
        except KeyboardInterrupt:
            failures.append(f"stopped while measuring {name}")
            break
        except ReadableError as error:
            failures.append(f"{name} could not be measured: {error}")
        except Exception as error:
            failures.append(f"{name} could not be measured: {type(error).__name__}: {error}")
        else:
            progress.print(f"measured {name} in {time.monotonic() - began:.0f} s", style="dim")
    return results, failures


@contextmanager
def _cleaning_up_when_terminated() -> Iterator[None]:
    """SIGTERM acts as Ctrl-C, after which asyncio lets every process and folder be cleaned up."""
    before = signal.signal(signal.SIGTERM, lambda _number, _frame: signal.raise_signal(signal.SIGINT))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _show(results: Sequence[Result]) -> None:
    table = Table(title="Kindling beside its floors, measured in this run")
    for heading in ("measurement", "value", "unit", "floor", "ratio", "target", "met"):
        table.add_column(heading, justify="right" if heading in {"value", "floor", "ratio"} else "left")
    for result in results:
        table.add_row(
            result.name,
            _number(result.value),
            result.unit,
            _number(result.floor),
            _number(result.ratio),
            result.target,
            "yes" if result.met else "[bold red]missed[/]",
        )
    console = Console()
    console.print(table)
    missed = [result.name for result in results if not result.met]
    if missed:
        console.print(
            f"Missed: {', '.join(missed)}. Other work on the machine weighs on both columns, not evenly."
        )


def _number(number: float | None) -> str:
    if number is None:
        return ""
    return f"{number:,.0f}" if number >= 1_000 else f"{number:.3g}"
