"""Who did what, on the command line."""

from collections.abc import Mapping

from commands.output import note_rest, print_json, print_table, say, shown_moment
from commands.session import session
from conditions.moments import moment_from
from services.access.audit import AuditQuery
from services.resources import BadParameter


def audit(
    filters: Mapping[str, str | None], since: str | None, until: str | None, *, limit: int, as_json: bool
) -> int:
    """List who did what, the newest first."""
    with session() as opened:
        now, zone = opened.application.resources.clock(), opened.settings.time_zone

        def moment(name: str, text: str | None) -> int | None:
            try:
                return None if text is None else moment_from(text, now, zone)
            except ValueError as error:
                raise BadParameter(name, f"--{name}: {error}") from None

        query = AuditQuery(**filters, since=moment("since", since), until=moment("until", until))
        page = opened.application.access.audit.find(query, cursor=None, limit=limit)
    if as_json:
        print_json(page.items)
        return 0
    if not page.items:
        say("Nothing.")
        return 0
    rows = [
        (shown_moment(one.at), one.by, one.action, f"{one.thing} {one.subject or '(erased)'}", one.address)
        for one in page.items
    ]
    print_table(("when", "who", "did", "what", "from"), rows)
    note_rest(page.next, limit)
    return 0
