"""Whether messages go out, in words: for whoever starts Kindling, looks at it, or writes steps that notify."""

from channels.outbound import no_mail
from runtime.settings import Settings
from services.operations.answers import Mail


def only_recorded(settings: Settings, mail: Mail | None = None) -> str | None:
    """`only recorded: no mail server is configured`; None where messages are sent, or nobody says otherwise.

    `mail`: what the workers say. Where there are none, the settings of this command speak for those to come.
    """
    if mail is None or mail.state == "unknown":
        reason = no_mail(settings)
        return None if reason is None else f"only recorded: {reason}"
    if mail.state == "sent":
        return None
    who = "" if mail.state == "recorded" else " by some of the workers"
    return f"only recorded{who}: {mail.reason}"
