"""`kindling duplicates`: contacts that share an e-mail address."""

from commands.output import note, note_rest, print_json, say
from commands.session import session
from services.records.answers import Contact


def duplicates(*, limit: int, as_json: bool) -> int:
    """List addresses that several contacts have, with these."""
    with session() as opened:
        page = opened.application.duplicates.find(cursor=None, limit=limit)
    if as_json:
        print_json(page.items)
        return 0
    if not page.items:
        say("No two contacts share an e-mail address.")
        return 0
    for shared in page.items:
        say(shared.address)
        for contact in shared.contacts:
            say(f"  {_line(contact)}")
        if shared.count > len(shared.contacts):
            say(f"  ... {shared.count:,} in all", "dim")
    note("POST /v1/contacts/{key}/merge gives everything of one contact to another.")
    note_rest(page.next, limit, "first")
    return 0


def _line(contact: Contact) -> str:
    told = [text for text in (contact.name, contact.email) if text and text != contact.key]
    return f"{contact.key}  {', '.join(told)}".rstrip()
