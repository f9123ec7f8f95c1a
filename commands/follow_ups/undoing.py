"""`kindling undo`: what a publish, an import, a list or a call has started, all at once."""

from typing import Any

from commands.asking import ask
from commands.output import counted, note, note_rest, print_json, print_table, say, shown_moment
from commands.session import session
from services.follow_ups.answers import Started, Undone


def started(*, limit: int, as_json: bool) -> int:
    """List what has started follow-ups, the newest first."""
    with session() as opened:
        page = opened.application.undoing.recent(limit)
    if as_json:
        print_json(page.items)
        return 0
    if not page.items:
        say("No publish, import or list has started follow-ups, and no call several.")
        return 0
    print_table(
        ("what", "follow-ups", "open", "last"),
        [
            (" ".join(_arguments(one)), f"{one.follow_ups:,}", f"{one.open:,}", shown_moment(one.last_at))
            for one in page.items
        ],
        right=("follow-ups", "open"),
        whole=("what",),
    )
    note("kindling undo with what stands on the left shows what would be undone, and asks.")
    note_rest(page.next, limit)
    return 0


def undo(wanted: dict[str, Any], *, dry_run: bool, yes: bool, as_json: bool) -> int:
    """Show what would be undone, ask, and undo it."""
    named = {name: value for name, value in wanted.items() if value is not None}
    with session() as opened:
        undoing = opened.application.undoing
        undone = undoing.undo(named)
        if not as_json:
            _print(undone)
        if not dry_run and (undone.cancelled or undone.tasks or undone.tags):
            ask("Undo this?", yes=yes, as_json=as_json)
            undone = undoing.undo(named | {"dry_run": False}, who=opened.by)
            if not as_json:
                say(f"Undone: {_sums(undone)}.", "green")
    if as_json:
        print_json(undone)
    return 0


def _print(undone: Undone) -> None:
    started_by = undone.started
    over = [f"{count:,} {status}" for status, count in undone.over.items()]
    follow_ups = counted(started_by.follow_ups, "follow-up")
    say(
        f"{_words(started_by)} started {follow_ups} from {shown_moment(started_by.first_at)} to "
        f"{shown_moment(started_by.last_at)}{': ' if over else ''}{', '.join(over)}",
        "bold",
    )
    say(f"  to undo: {_sums(undone)}")
    if undone.tasks_kept or undone.tags_kept:
        kept = f"{counted(undone.tasks_kept, 'task')} and {counted(undone.tags_kept, 'tag')}"
        say(f"  {kept} stay: somebody has touched them since")
    if undone.sent:
        say(f"  {counted(undone.sent, 'message')} went out and cannot be taken back", "yellow")
    if undone.pending_events:
        events = counted(undone.pending_events, "event")
        say(f"  {events} of it still to be looked at may start more; undo again after that", "yellow")


def _sums(undone: Undone) -> str:
    return (
        f"{counted(undone.cancelled, 'follow-up')} to end, {counted(undone.tasks, 'open task')} to close, "
        f"{counted(undone.tags, 'tag')} to remove"
        if undone.dry_run
        else f"{counted(undone.cancelled, 'follow-up')} ended, {counted(undone.tasks, 'task')} closed, "
        f"{counted(undone.tags, 'tag')} removed"
    )


def _arguments(one: Started) -> list[str]:
    """What to say to `kindling undo`."""
    if one.kind == "publish":
        return ["publish", one.name, "--version", str(one.version)]
    if one.kind == "list":
        return ["list", one.name, "--request", one.request or ""]
    return ["import" if one.kind == "import" else "request", one.name]


def _words(one: Started) -> str:
    """What it is, at the beginning of a sentence."""
    if one.kind == "publish":
        return f"Version {one.version} of {one.name}"
    if one.kind == "list":
        return f"Enrolling the list {one.name}"
    return f"The {'import' if one.kind == 'import' else 'request'} {one.name}"
