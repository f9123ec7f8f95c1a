"""What a reader reads: texts, numbers and moments in their language."""

import io
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, tzinfo
from functools import lru_cache
from gettext import GNUTranslations, NullTranslations
from importlib import resources

from babel import Locale, dates, negotiate_locale, numbers
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from conditions.times import Micros, from_iso, to_iso

#: By code, as each calls itself. Texts are written in the first one.
LANGUAGES: Mapping[str, str] = {"en": "English", "de": "Deutsch", "es": "Español"}
SOURCE = "en"
#: Not offered: every text of ours stands in marks, so that a test finds those that nobody can translate.
PSEUDO = "en-x-pseudo"
_FIGURE_DASH, _MINUS = "\N{EN DASH}", "\N{MINUS SIGN}"


class _Pseudo(NullTranslations):
    """Marks instead of a translation."""

    def gettext(self, message: str) -> str:
        return f"⟦{message}⟧"

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return f"⟦{msgid1 if n == 1 else msgid2}⟧"


@lru_cache
def translations(language: str) -> NullTranslations:
    """The texts of a language, from its catalog in the package."""
    if language == PSEUDO:
        return _Pseudo()
    if language == SOURCE:
        return NullTranslations()
    catalog = resources.files("console").joinpath("locale", f"{language}.po").read_bytes()
    compiled = io.BytesIO()
    write_mo(compiled, read_po(io.BytesIO(catalog), locale=language))
    compiled.seek(0)
    return GNUTranslations(compiled)


def choose(chosen: str | None, accepted: str) -> str:
    """The language of a page: the reader's choice, or the best of the browser's `Accept-Language`."""
    if chosen in LANGUAGES or chosen == PSEUDO:
        return chosen or SOURCE
    wanted = sorted(map(_weighed, accepted.split(",")), key=lambda one: -one[1])
    codes = [code.replace("-", "_") for code, weight in wanted if code and weight > 0]
    return negotiate_locale(codes, list(LANGUAGES)) or SOURCE


def _weighed(part: str) -> tuple[str, float]:
    code, _, weight = part.strip().partition(";q=")
    try:
        return code.strip(), float(weight) if weight else 1.0
    except ValueError:
        return "", 0.0


class Speech:
    """Texts, numbers and moments of one language, as of `now`. Moments come as the API gives them, in ISO 8601."""

    def __init__(self, language: str, zone: tzinfo, now: Micros) -> None:
        self.language = language
        self.zone = zone
        self.now = now
        self._locale = Locale.parse("en_GB" if language in (SOURCE, PSEUDO) else language)
        texts = translations(language)
        self.gettext, self.ngettext = texts.gettext, texts.ngettext

    def number(self, value: float | None) -> str:
        """A number with its groups: `1,204`; a dash for nothing."""
        if value is None:
            return _FIGURE_DASH
        return str(numbers.format_decimal(value, locale=self._locale)).replace("-", _MINUS)

    def signed(self, value: float) -> str:
        """Points as they are added: `+5`, `0`, and a true minus before what is taken away."""
        return f"+{self.number(value)}" if value > 0 else self.number(value)

    def moment(self, moment: str) -> str:
        """Day and time: `12 Nov, 10:02`; with the year where it is another one."""
        local = self._local(moment)
        return f"{self._day(local, short=True)}, {dates.format_time(local, 'HH:mm', locale=self._locale)}"

    def day(self, moment: str) -> str:
        """The day: `17 December`; with the year where it is another one."""
        return self._day(self._local(moment), short=False)

    def short_day(self, moment: str) -> str:
        """The day: `17 Dec`."""
        return self._day(self._local(moment), short=True)

    def month(self, moment: str) -> str:
        """The month: `Dec`."""
        return str(dates.format_date(self._local(moment), "LLL", locale=self._locale))

    def clock(self, moment: str) -> str:
        """The time of day: `10:02`."""
        return str(dates.format_time(self._local(moment), "HH:mm", locale=self._locale))

    def full(self, moment: str) -> str:
        """All of it, for those who ask: `Thursday, 12 November 2026 at 10:02:14 CET`."""
        return str(dates.format_datetime(self._local(moment), "full", locale=self._locale))

    def away(self, moment: str) -> str:
        """How far it is from now: `in 3 days`, `2 hours ago`."""
        apart = timedelta(microseconds=from_iso(moment) - self.now)
        return str(dates.format_timedelta(apart, add_direction=True, threshold=1.2, locale=self._locale))

    def span(self, since: str, until: str) -> str:
        """How long something took: `3 days`."""
        apart = timedelta(microseconds=from_iso(until) - from_iso(since))
        return str(dates.format_timedelta(apart, threshold=1.2, locale=self._locale))

    def listed(self, texts: Sequence[str]) -> str:
        """Texts in a row: `a, b and c`."""
        from babel.lists import format_list  # noqa: PLC0415 - shadows the built-in elsewhere

        return str(format_list(list(texts), locale=self._locale))

    def is_over(self, moment: str) -> bool:
        """Whether it lies behind us."""
        return from_iso(moment) <= self.now

    @property
    def today(self) -> str:
        """Now, as other moments are given."""
        return to_iso(self.now)

    def _local(self, moment: str) -> datetime:
        return datetime.fromisoformat(moment).astimezone(self.zone)

    def _day(self, local: datetime, *, short: bool) -> str:
        this_year = datetime.fromisoformat(to_iso(self.now)).astimezone(self.zone).year
        skeleton = ("MMMd" if short else "MMMMd") if local.year == this_year else "yMMMd"
        return str(dates.format_skeleton(skeleton, local, locale=self._locale))
