"""API keys on the command line."""

from commands.output import note_rest, print_json, print_table, say, shown_moment
from commands.session import session
from services.access.answers import ApiKey


def add(name: str, permissions: list[str], ends: str | None, *, as_json: bool) -> int:
    """Make a key."""
    body = {"name": name, "permissions": permissions, "ends_at": ends}
    with session() as opened:
        made = opened.application.access.keys.add(body, opened.by)
    if as_json:
        print_json(made)
        return 0
    say(f"{name} may {', '.join(made.permissions)}. Its key, which is shown this once:")
    say(made.key, "bold")
    if made.announcement:
        say(f"{made.announcement}.", "yellow")
    return 0


def find(*, limit: int, as_json: bool) -> int:
    """List keys."""
    with session() as opened:
        page = opened.application.access.keys.find(cursor=None, limit=limit)
    if as_json:
        print_json(page.items)
        return 0
    if not page.items:
        say("No keys; kindling keys add makes one.")
        return 0
    rows = [
        (one.name, one.prefix, ", ".join(one.permissions), _state(one), shown_moment(one.last_used_at))
        for one in page.items
    ]
    print_table(("name", "begins with", "may", "", "last used"), rows)
    note_rest(page.next, limit)
    return 0


def revoke(key: str, *, as_json: bool) -> int:
    """Revoke a key."""
    with session() as opened:
        revoked = opened.application.access.keys.revoke(key, opened.by)
    if as_json:
        print_json(revoked)
    else:
        say(f"The key of {revoked.name}, {revoked.prefix}, opens nothing any more.")
    return 0


def _state(key: ApiKey) -> str:
    if key.revoked_at is not None:
        return f"revoked {shown_moment(key.revoked_at)}"
    return f"until {shown_moment(key.ends_at)}" if key.ends_at is not None else ""
