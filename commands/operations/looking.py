"""The state of the installation, and the secrets that sign webhooks."""

import webbrowser
from collections.abc import Sequence

import httpx2

from commands.mail_words import only_recorded
from commands.output import counted, print_json, say, shown_moment
from commands.session import session
from runtime.settings import Settings, load_settings
from services.operations.answers import Loop, LostDigest, Mail
from services.operations.signing import signing_secrets

#: Digests that failed, of which each gets a line.
MOST_LOST = 5


def webhook_secret() -> int:
    """Print the secrets that sign webhooks, one a line."""
    with session() as opened:
        secrets = signing_secrets(opened.application.resources)
    for secret in secrets:
        say(secret)
    return 0


def open_console() -> int:
    """Open the console in a browser; 1 where nothing answers there, or there is no browser."""
    settings = load_settings()
    address = f"{settings.public_url or settings.base_url}/"
    try:
        httpx2.get(f"{settings.base_url}/healthz", timeout=5)
    except httpx2.HTTPError:
        say(f"Nothing answers at {settings.base_url}. Start it with kindling up, then open {address}")
        return 1
    if not webbrowser.open(address):
        say(f"No browser can be opened here. The console is at {address}")
        return 1
    say(f"The console is at {address}")
    return 0


def status(*, as_json: bool) -> int:
    """Show what is pending, running and done, and who works."""
    with session() as opened:
        state = opened.application.status.read(temporal_up=opened.link.up)
    if as_json:
        print_json(state)
        return 0
    workers = [f"{worker.host} (pid {worker.pid})" for worker in state.workers]
    pending = counted(state.pending_events, "item")
    if state.pending_events:
        pending += f", the oldest for {state.oldest_pending_seconds:.0f} s"
    follow_ups = ", ".join(f"{count:,} {name}" for name, count in state.follow_ups.items())
    if state.starts_later:
        follow_ups += f"; of those queued {state.starts_later:,} start later on purpose"
    duplicates = (
        f"{counted(state.shared_addresses, 'e-mail address', 'e-mail addresses')} of several contacts"
    )
    if state.shared_addresses:
        duplicates += "; kindling duplicates lists them"
    lines = [
        ("Pending", pending),
        ("Follow-ups", follow_ups),
        ("New starts", "held back; kindling release resumes them" if state.held else "not held back"),
        ("Messages", _messages(opened.settings, state.mail)),
        *[("", line) for line in _lost(state.lost_digests)],
        ("Quarantined", counted(state.quarantined, "event")),
        ("Loops", _loops(state.loops)),
        ("Duplicates", duplicates),
        ("Suppressed", counted(state.suppressions, "person", "persons")),
        ("Publishing", counted(state.publishing, "profile")),
        ("Bulk jobs", f"{state.bulk_jobs:,} running"),
        ("Temporal", f"{state.temporal}, UI {state.temporal_ui}"),
        ("Workers", ", ".join(workers) or "none; start one with: kindling up"),
    ]
    for name, text in lines:
        say(f"{name + ':' if name else '':<13}{text}")
    return 0


def _messages(settings: Settings, mail: Mail) -> str:
    """Whether they go out."""
    recorded = only_recorded(settings, mail)
    if mail.state == "unknown" and recorded is None:
        return "not known while no worker runs"
    return recorded or "sent by e-mail"


def _lost(digests: Sequence[LostDigest]) -> list[str]:
    """The digests of the last days that failed for good."""
    lines = [
        f"the digest of {counted(digest.held, 'message')} to {digest.recipient}, due {shown_moment(digest.due_at)}, "
        f"failed: {digest.reason}"
        for digest in digests[:MOST_LOST]
    ]
    more = len(digests) - MOST_LOST
    return [*lines, f"and {counted(more, 'digest')} more of the last 7 days"] if more > 0 else lines


def _loops(loops: Sequence[Loop]) -> str:
    """Which automations were stopped in the last day for enrolling a record too often."""
    if not loops:
        return "none stopped in the last day"
    stopped = [
        f"{loop.automation} ({loop.skipped:,} skipped for {counted(loop.contacts, 'contact')})"
        for loop in loops[:3]
    ]
    more = f" and {len(loops) - 3} more automations" if len(loops) > 3 else ""
    return f"stopped in the last day: {', '.join(stopped)}{more}"
