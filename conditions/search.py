"""How searches compare texts: without regard to case, composed or not."""

import re
from hashlib import sha256
from unicodedata import normalize

from conditions.values import BLANK, is_empty

#: Characters of an address in an index, of up to four bytes each; PostgreSQL takes 2,704 bytes.
_LONGEST = 500
_DOTTED = re.compile("i\u0307+")


def folded(text: str) -> str:
    """The text as searches compare it. Texts that read alike have one and the same.

    Unicode's compatibility caseless matching: full case folding (`ß` is `SS`), composed and decomposed forms alike,
    also those of compatibility (ligatures, full-width letters). With and without a dot, `i` and `I` are one letter:
    nobody knows whether a name in capitals was Turkish. Accents count. It is decomposed, so that what is part of a
    text is part of its folded form.
    """
    if text.isascii():
        return text.lower()
    folding = normalize("NFKD", normalize("NFD", text).casefold())
    folding = normalize("NFKD", folding.casefold())
    return _DOTTED.sub("i", folding.replace("\u0131", "i"))


def folded_address(text: str | None) -> str | None:
    """An e-mail address as it is compared: folded, blanks around it left out; None where there is none.

    Much longer than addresses are, it is known by its beginning and a digest: no index takes all of it.
    """
    if text is None or is_empty(text):
        return None
    address = folded(text.strip(BLANK))
    if len(address) <= _LONGEST:
        return address
    return f"{address[:_LONGEST]}…{sha256(address.encode()).hexdigest()}"
