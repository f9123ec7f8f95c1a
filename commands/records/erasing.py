"""Erasing on the command line: contacts, and the list of those who were erased for good."""

import typer

from commands.output import counted, note, note_rest, print_json, print_table, say, shown_moment
from commands.session import session
from services.records.suppressions import REASON


def erase(key: str, *, suppress: bool, reason: str | None, yes: bool, as_json: bool) -> int:
    """Ask, and erase a contact; with `suppress` for good."""
    with session() as opened:
        contacts = opened.application.contacts
        contact = contacts.get(key)
        if not yes and not as_json:
            typer.confirm(f"Erase {contact.key} with all that is known about it?", abort=True)
        contacts.erase(key, suppress=(reason or REASON) if suppress or reason else None, who=opened.by)
    for_good = bool(suppress or reason)
    if as_json:
        print_json({"erased": contact.key, "suppressed": for_good})
        return 0
    say(f"{contact.key} is erased{' for good' if for_good else ''}.")
    if not for_good:
        note("What a sender sends again brings it back; --suppress keeps that out.")
    return 0


def suppressions(lift: list[str], *, limit: int, as_json: bool) -> int:
    """Lift suppressions, or list them."""
    with session() as opened:
        known = opened.application.suppressions
        for suppression_id in lift:
            known.lift(suppression_id, who=opened.by)
        page = known.find(cursor=None, limit=limit)
    if as_json:
        print_json({"lifted": len(lift)} if lift else page)
    elif lift:
        say(f"{counted(len(lift), 'suppression')} lifted.")
    elif not page.items:
        say("Nobody is suppressed.")
    else:
        print_table(
            ("id", "since", "reason", "met", "last"),
            [
                (
                    one.id,
                    shown_moment(one.created_at),
                    one.reason,
                    f"{one.met:,}",
                    shown_moment(one.last_met_at),
                )
                for one in page.items
            ],
            right=("met",),
            whole=("id",),
        )
        note_rest(page.next, limit)
    return 0
