"""The parameter `status` of lists."""

from conditions.problems import suggestion
from services.resources import BadParameter


def check_status(status: str | None, known: tuple[str, ...]) -> None:
    """Raise BadParameter for a status that there is not."""
    if status is not None and status not in known:
        raise BadParameter("status", f'"status" is never "{status}"{suggestion(status, known)}')
