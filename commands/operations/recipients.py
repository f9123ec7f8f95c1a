"""Whether messages reach recipients."""

from commands.output import note, print_json, say
from commands.session import session


def test_message(recipient: str, *, as_json: bool) -> int:
    """Send a test message by every channel of a recipient; 1 if one failed."""
    with session() as opened:
        test = opened.application.recipient_tests.send(recipient)
    status = 1 if any(channel.outcome == "failed" for channel in test.channels) else 0
    if as_json:
        print_json(test)
        return status
    for channel in test.channels:
        said = f"{channel.outcome} only" if channel.outcome == "recorded" else channel.outcome
        reason = f": {channel.reason}" if channel.reason else ""
        say(f"{channel.channel}  {said}{reason}", "red" if channel.outcome == "failed" else None)
    if not test.channels:
        note(f"{recipient} has no channels: its messages are only recorded.")
    return status
