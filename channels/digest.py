"""The e-mail in place of those that the hourly limit held back."""

from collections.abc import Mapping

from conditions.times import Micros, to_iso


def subject(held: int) -> str:
    """What a recipient sees in the list of messages."""
    return f"and {held} more like this"


def text(automations: Mapping[str, int], opened_at: Micros, due_at: Micros, base_url: str) -> str:
    """How many were held back, because of which automations, and where they are."""
    held = sum(automations.values())
    by_number = sorted(automations.items(), key=lambda item: (-item[1], item[0]))
    lines = "\n".join(f"- {count} from the automation {key}" for key, count in by_number)
    return (
        f"You have got as many e-mails within an hour as one recipient gets. {held} more "
        f"{'was' if held == 1 else 'were'} held back, from {_minute(opened_at)} to {_minute(due_at)} UTC:\n\n"
        f"{lines}\n\n"
        f"Each is recorded; GET {base_url}/v1/notifications?status=recorded lists them.\n"
        "KINDLING_ALERTS_PER_HOUR is the limit."
    )


def _minute(moment: Micros) -> str:
    return to_iso(moment)[:16].replace("T", " ")
