"""`kindling bench`: how fast Kindling runs on this machine, each measurement beside a floor of the same run."""


def main(names: list[str] | None, *, as_json: bool, scale: float = 1.0) -> int:
    """Measure what `names` lists (default: everything) and print it; `scale` makes the amounts smaller or larger.

    With `as_json` stdout gets a list of `{name, value, unit, floor, ratio, target, met}`, sometimes several
    for a measurement. Returns 0 also when a target is missed, 1 when a measurement failed, 2 for an unknown name.
    """
    from bench.command import run  # noqa: PLC0415 (the floor's workflows are in this package and must import fast)

    return run(names, as_json=as_json, scale=scale)
