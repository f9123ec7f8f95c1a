"""What would leave from workers, as far as another process can know it."""

from collections.abc import Sequence
from dataclasses import replace

from channels.outbound import LOG_ONLY, Outbound


def of_workers(outbound: Outbound, no_mail: Sequence[str | None]) -> Outbound:
    """The channels of the workers that are alive, by what each says of why it only records messages.

    Where there are none, those of this process speak for those to come.
    """
    if not no_mail:
        return outbound
    reason = next((reason for reason in no_mail if reason is not None), None)
    if reason is None or None in no_mail:
        return replace(outbound, elsewhere=True)
    if reason == LOG_ONLY:
        return Outbound(None, reason, None, reason, log_only=True)
    return replace(outbound, mailer=None, no_mail=reason)


class AnySecret(dict[str, str]):
    """Where this process is not told the secrets: each may be there, and none is known."""

    def __contains__(self, name: object) -> bool:
        return True

    def __missing__(self, name: str) -> str:
        return ""
