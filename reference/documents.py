"""The keys of profiles, automations, recipients and smart lists."""

from automations.model import Automation, Recipient
from automations.smart_list import SmartList
from reference.keys import key_table
from scoring.profile import Rule, ScoreProfile
from triggers.model import Trigger


def profile_keys() -> str:
    """All keys of a score profile but its rules'."""
    return key_table(ScoreProfile)


def rule_keys() -> str:
    """All keys of a scoring rule."""
    return key_table(Rule)


def automation_keys() -> str:
    """All keys of an automation but its trigger's and steps'."""
    return key_table(Automation)


def trigger_keys() -> str:
    """All keys of a trigger."""
    return key_table(Trigger)


def recipient_keys() -> str:
    """All keys of a recipient."""
    return key_table(Recipient)


def smart_list_keys() -> str:
    """All keys of a smart list."""
    return key_table(SmartList)
