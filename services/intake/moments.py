"""The moment that a sent text names, fast: most of an intake's work is in this."""

import re
from datetime import UTC, datetime
from functools import lru_cache

from conditions.times import SECOND, Micros, from_iso

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_USUAL_FORM = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.(?:[0-9]{3}|[0-9]{6}))?Z"
)


@lru_cache(maxsize=4096)  # an import asks twice for each of a batch
def moment_of(text: str) -> Micros:
    """The same as `from_iso`, several times faster for the usual form."""
    if _USUAL_FORM.fullmatch(text):
        try:
            age = datetime.fromisoformat(text) - _EPOCH
        except ValueError:
            return from_iso(text)
        return (age.days * 86_400 + age.seconds) * SECOND + age.microseconds
    return from_iso(text)
