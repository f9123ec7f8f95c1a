"""Imports that there were, and taking events back."""

from commands.output import counted, note, print_json, print_table, say, shown_moment
from commands.session import session
from runtime.errors import ReadableError


def revoke(events: list[str], import_name: str | None, *, silent: bool, as_json: bool) -> int:
    """Take events back, or all of an import."""
    if bool(events) == bool(import_name):
        raise ReadableError("Name the ids of events, or an import with --import NAME")
    with session() as opened:
        revocations = opened.application.revocations
        if import_name is not None:
            count = revocations.revoke_import(import_name, silent=silent, who=opened.by)
        else:
            for event_id in events:
                revocations.revoke(event_id, silent=silent, who=opened.by)
            count = len(events)
    if as_json:
        print_json({"revoked": count})
    else:
        say(f"{counted(count, 'event')} revoked. Scores follow within moments while a worker runs.")
        note(
            "Their ids stay known: sent or imported again, they are duplicates. The same file counts anew under "
            "another name (kindling import --name)."
        )
    return 0


def imports(*, as_json: bool) -> int:
    """List imports."""
    with session() as opened:
        known = opened.application.revocations.imports(cursor=None, limit=500).items
    if as_json:
        print_json(known)
    elif not known:
        say("No imports.")
    else:
        print_table(
            ("import", "events", "revoked", "last"),
            [
                (
                    one.name,
                    f"{one.events:,}",
                    f"{one.revoked:,}",
                    shown_moment(one.last_at),
                )
                for one in known
            ],
            right=("events", "revoked"),
        )
    return 0
