"""Many at once on the command line: counted, asked for, begun, watched, stopped."""

from collections.abc import Mapping, Sequence
from typing import Any

from commands.asking import ask
from commands.follow_ups.bulk_options import Options
from commands.output import counted, note, note_rest, print_json, progress_bar, say, shown_moment
from commands.session import Session, session
from commands.waiting import until_over
from runtime.errors import ReadableError
from runtime.statuses import BulkStatus
from services.follow_ups.answers import BulkCount, BulkJob
from services.follow_ups.tasks import NOBODY

_NUMBERS = ("score_gte", "score_lte")
_WORDS: Mapping[str, Any] = {"true": True, "false": False}


def unless_none(name: str) -> str | None:
    """Nobody, or nothing, by its word on the command line."""
    return None if name == NOBODY else name


def to_records(does: str, action: Mapping[str, Any], options: Options) -> int:
    """Do something to contacts or deals. `does`: what that is, in words, such as `Tag with hot`."""
    kind = "deals" if options.deals else "contacts"
    profile = {"profile": options.of_profile} if options.of_profile else {}
    return _start(does, {**action, **_meant(kind, options, profile)}, options)


def to_tasks(does: str, action: Mapping[str, Any], options: Options) -> int:
    """The same to tasks."""
    return _start(does, {**action, **_meant("tasks", options)}, options)


def _meant(kind: str, options: Options, also: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Who is meant, as the API takes it."""
    given = _filter(options.filters or ())
    if options.smart_list is not None:
        if given or also or options.every:
            raise ReadableError("--list says who; it goes with neither --filter, --of-profile nor --all")
        return {"smart_list": options.smart_list}
    if bool(given) == options.every:
        raise ReadableError(f"Say which {kind} with one of --list KEY, --filter NAME=VALUE and --all")
    return {kind: given if also is None else {"filter": given, **also}}


def _filter(filters: Sequence[str]) -> dict[str, Any]:
    given: dict[str, Any] = {}
    for text in filters:
        name, sign, value = text.partition("=")
        if not sign or not name or not value:
            raise ReadableError(f'"{text}" is no filter; write it as stage=lead')
        given[name] = _value(name, value)
    return given


def _value(name: str, value: str) -> Any:
    if name in _NUMBERS:
        try:
            return int(value)
        except ValueError:
            return value
    return _WORDS.get(value, value) if name == "overdue" else value


def _start(does: str, body: Mapping[str, Any], options: Options) -> int:
    """Count, ask, begin, and watch until it is over."""
    with session() as opened:
        bulk = opened.application.bulk
        count = bulk.start({**body, "dry_run": True})
        if options.dry_run:
            return _print_count(does, count, as_json=options.as_json)
        _confirm(does, count, yes=options.yes, as_json=options.as_json)
        job = bulk.start(dict(body), who=opened.by)
        if isinstance(job, BulkJob) and options.wait:
            job = _watch(opened, job)
    return _shown(job, as_json=options.as_json)


def find(*, limit: int, as_json: bool) -> int:
    """List jobs."""
    with session() as opened:
        page = opened.application.bulk.find(cursor=None, limit=limit)
    if as_json:
        print_json(page.items)
        return 0
    if not page.items:
        say("No bulk jobs.")
        return 0
    for job in page.items:
        since, of = shown_moment(job.created_at), counted(job.total, job.of)
        say(f"{since}  {_does(job)}, {of}: {job.status}, {job.done:,} done")
        say(f"  {job.id}", "dim")
    note_rest(page.next, limit)
    return 0


def show(job_id: str, *, as_json: bool) -> int:
    """Show one job."""
    with session() as opened:
        job = opened.application.bulk.get(job_id)
    return _shown(job, as_json=as_json)


def stop(job_id: str, *, as_json: bool) -> int:
    """Stop one job."""
    with session() as opened:
        job = opened.application.bulk.stop(job_id, who=opened.by)
    return _shown(job, as_json=as_json)


def _shown(job: BulkJob | BulkCount, *, as_json: bool) -> int:
    if as_json:
        print_json(job)
    elif isinstance(job, BulkJob):
        _print(job)
    return 1 if isinstance(job, BulkJob) and job.status is BulkStatus.FAILED else 0


def _print_count(does: str, count: BulkJob | BulkCount, *, as_json: bool) -> int:
    if as_json:
        print_json(count)
    else:
        say(f"{does}: {counted(count.total, count.of)}. Nothing was done.")
    return 0


def _confirm(does: str, count: BulkJob | BulkCount, *, yes: bool, as_json: bool) -> None:
    if count.total:
        ask(f"{does}: {counted(count.total, count.of)}?", yes=yes, as_json=as_json)


def _watch(opened: Session, job: BulkJob) -> BulkJob:
    """Until the job is over, or nobody works on it. Ctrl-C leaves it running."""
    application = opened.application
    try:
        with progress_bar(_does(job), job.total) as bar:

            def goes_on() -> bool:
                nonlocal job
                job = application.bulk.get(job.id)
                bar(job.done)
                return job.status is BulkStatus.RUNNING

            idle = "No worker is running: it begins as soon as one does (kindling up)."
            until_over(application, goes_on, idle)
    except KeyboardInterrupt:
        note(f"It goes on by itself; kindling bulk stop {job.id} stops it.")
        raise
    return job


def _print(job: BulkJob) -> None:
    of = counted(job.total, job.of)
    say(f"{_does(job)}, {of}: {job.status}, {job.done:,} done", "bold")
    for name, number in (("changed", job.changed), ("unchanged", job.unchanged), ("gone", job.gone)):
        if number:
            say(f"  {number:,} {name}")
    for reason, number in job.skipped.items():
        say(f"  {number:,} skipped: {reason}")
    if job.error:
        say(f"  {job.error}", "red")
    say(f"  {job.id}", "dim")


def _does(job: BulkJob) -> str:
    values = [
        str(job.parameters[name])
        for name in ("tag", "owner", "stage", "profile", "automation", "assign_to")
        if job.parameters.get(name) is not None
    ]
    return " ".join([job.action.replace("_", " "), *values])
