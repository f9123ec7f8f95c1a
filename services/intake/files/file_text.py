"""The text of a file: which encoding its bytes are in, and where they are not."""

import codecs
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from io import TextIOWrapper
from itertools import chain
from typing import BinaryIO

from runtime.errors import ReadableError

UTF_8 = "utf-8"
_AT_A_TIME = 262_144
#: Characters that are looked at to find out what ends the lines.
_SAMPLE = 65_536
#: By the bytes with which a file begins; the longer ones first.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SEPARATORS = ' \t\r\n,;|"'


@dataclass(frozen=True)
class Undecodable:
    """The first place where bytes are no text of an encoding; `around` are those of the same word."""

    line: int
    around: bytes


def encoding_of(start: bytes, asked: str | None = None) -> str:
    """The encoding of a file that begins so: by its mark, else what the caller says, else UTF-8.

    Raises ReadableError for one that is not known.
    """
    for mark, encoding in _MARKS:
        if start.startswith(mark):
            return encoding
    if asked is None:
        return UTF_8
    try:
        "".encode(asked)
        return UTF_8 if codecs.lookup(asked).name == UTF_8 else asked
    except (LookupError, UnicodeError, ValueError):
        raise ReadableError(
            f'There is no encoding "{asked}"; such are utf-8, cp1252, iso-8859-15, cp1250, cp1251, mac_roman, utf-16'
        ) from None


def undecodable(chunks: Iterable[bytes], encoding: str) -> Undecodable | None:
    """Where the bytes are first no text of the encoding, or None."""
    decoder = codecs.getincrementaldecoder(encoding)()
    feeds, returns = 0, 0
    for chunk in chain(chunks, (b"",)):
        try:
            text = decoder.decode(chunk, not chunk)
        except UnicodeDecodeError as error:
            before = error.object[: error.start].decode(encoding, "replace")
            line = 1 + (feeds + before.count("\n") or returns + before.count("\r"))
            return Undecodable(line, _word(error.object, error.start))
        except UnicodeError:
            return Undecodable(1 + (feeds or returns), b"")
        feeds += text.count("\n")
        returns += text.count("\r")
    return None


def _word(text: bytes, at: int) -> bytes:
    first, last = at, at
    while first > max(0, at - 20) and chr(text[first - 1]) not in _SEPARATORS:
        first -= 1
    while last < min(len(text), at + 20) and chr(text[last]) not in _SEPARATORS:
        last += 1
    return text[first:last]


@dataclass(frozen=True)
class Decoding:
    """How a file's bytes become text. `lenient`: bytes that are no text become lone surrogates."""

    encoding: str
    lenient: bool

    @property
    def is_utf_8(self) -> bool:
        return self.encoding.startswith(UTF_8)

    def lines_of(self, file: BinaryIO, ends: Callable[[str], str], longest: int) -> Iterator[str]:
        """The lines of a file, from its start, with their ends, which `ends` finds in a sample of the text.

        Of one that is longer comes only so much, and one character more.
        """
        text = self._opened(file, "")
        newline = ends(text.read(_SAMPLE))
        text.detach()
        text = self._opened(file, newline)
        while line := text.readline(longest + 1):
            yield line
            while len(line) > longest and not line.endswith(newline):
                line = text.readline(longest)
                if not line:
                    return
        text.detach()

    def _opened(self, file: BinaryIO, newline: str) -> TextIOWrapper:
        file.seek(0)
        errors = "surrogateescape" if self.lenient else "strict"
        return TextIOWrapper(file, encoding=self.encoding, errors=errors, newline=newline)


def decoding_of(file: BinaryIO, name: str, asked: str | None = None) -> Decoding:
    """How the file is to be read. Raises ReadableError where it is not all text.

    That is looked at first, so that nothing is taken from a file that is not what it seems. Only who asks for UTF-8 by
    name gets the rest of a file with bytes that are none.
    """
    file.seek(0)
    start = file.read(4_096)
    encoding = encoding_of(start, asked)
    lenient = asked is not None and encoding.startswith(UTF_8)
    if not lenient:
        file.seek(0)
        bad_bytes = undecodable(iter(partial(file.read, _AT_A_TIME), b""), encoding)
        if bad_bytes is None and encoding == UTF_8 and _is_wide(start):
            bad_bytes = Undecodable(1, b"")
        if bad_bytes is not None:
            raise ReadableError(
                f"{name}:{bad_bytes.line}: it is not {_shown(encoding)}{_advice(bad_bytes, start, encoding)}"
            )
    file.seek(0)
    return Decoding(encoding, lenient)


def _is_wide(start: bytes) -> bool:
    """Whether a file that begins so has two bytes for each character."""
    return start.count(0) > len(start) // 4


def _shown(encoding: str) -> str:
    return encoding.upper() if encoding.startswith("utf") else encoding


def _advice(bad_bytes: Undecodable, start: bytes, encoding: str) -> str:
    """What the file may be, and what to do."""
    if not encoding.startswith(UTF_8):
        return "; name another encoding with --encoding, or save the file as UTF-8"
    if _is_wide(start):
        return f"; it looks like UTF-16: say --encoding {'utf-16-be' if start[0] == 0 else 'utf-16-le'}"
    try:
        word = bad_bytes.around.decode("cp1252")
    except UnicodeDecodeError:
        word = ""
    guess = (
        f' As cp1252 (Windows) it reads "{word}": if that is right, say --encoding cp1252; if not,'
        if word
        else ""
    )
    return (
        f".{guess or ' Say'} --encoding cp1250, cp1251, mac_roman or another one, or save the file as UTF-8. "
        "--encoding utf-8 imports it without such lines"
    )


def has_lost_bytes(text: str) -> bool:
    """Whether some of the text were bytes that its encoding does not know."""
    return not text.isascii() and any("\ud800" <= sign <= "\udfff" for sign in text)
