"""Header lines of e-mail, so that whoever decodes them reads what was written.

Python 3.11 and 3.12 fold encoded words so that blanks between them are lost: RFC 2047 has readers drop what stands
between two encoded words. Here every blank is inside of one.
"""

import base64
import re
from collections.abc import Iterator

from automations.addresses import Mailbox

#: RFC 2047: a line with an encoded word; an encoded word.
_LINE, _WORD = 76, 75
_Q, _B, _END = "=?utf-8?q?", "=?utf-8?b?", "?="
_SAFE = re.compile(r"[A-Za-z0-9!*+/-]")
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?: [A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_BREAKS = re.compile(r"\s*[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]\s*")


def one_line(text: str) -> str:
    """The text without line breaks: each is a blank, with the blanks around it, and nothing at either end.

    Other blanks stay as they are.
    """
    parts = _BREAKS.split(text)
    if len(parts) > 1:
        parts = [part for index, part in enumerate(parts) if part or 0 < index < len(parts) - 1]
    return " ".join(parts)


def text_header(name: str, text: str) -> str:
    """A header of free text, in lines that end with CRLF."""
    text = one_line(text)
    if _is_plain(text) and text == text.strip() and len(name) + 2 + len(text) <= _LINE:
        return f"{name}: {text}\r\n"
    return _folded(name, _encoded(text, len(name) + 2))


def address_header(name: str, mailbox: Mailbox) -> str:
    """A header with one address; ASCII, apart from what is before the address's @.

    Blanks in a row within the name are one, as readers of names have it.
    """
    shown = " ".join(mailbox.name.split())
    if not shown:
        return f"{name}: {mailbox.address}\r\n"
    parts = [shown]
    if not _ATOMS.fullmatch(shown) or not _is_plain(shown):
        parts = ['"' + re.sub(r'(["\\])', r"\\\1", shown) + '"']
    if not _is_plain(shown) or len(parts[0]) > _LINE - len(name) - 2:
        parts = list(_encoded(shown, len(name) + 2))
    address = f"<{mailbox.address}>"
    if len(parts) == 1 and len(name) + 2 + len(parts[0]) + 1 + len(address) <= _LINE:
        parts = [f"{parts[0]} {address}"]
    else:
        parts.append(address)
    return _folded(name, parts)


def _is_plain(text: str) -> bool:
    """Whether it can stand as it is, and no reader takes a part of it for an encoded word."""
    return text.isascii() and text.isprintable() and "=?" not in text


def _folded(name: str, parts: Iterator[str] | list[str]) -> str:
    return f"{name}: " + "\r\n ".join(parts) + "\r\n"


def _encoded(text: str, indent: int) -> Iterator[str]:
    """Encoded words of whole characters, each of which fits on its line; the first begins at `indent`."""
    readable = sum(len(_quoted(char)) for char in text) <= len(base64.b64encode(_bytes(text)))
    room = min(_LINE - indent, _WORD)
    word = ""
    for char in text:
        if word and len(_word(word + char, readable=readable)) > room:
            yield _word(word, readable=readable)
            word, room = "", _WORD
        word += char
    yield _word(word, readable=readable)


def _word(text: str, *, readable: bool) -> str:
    if readable:
        return _Q + "".join(map(_quoted, text)) + _END
    return _B + base64.b64encode(_bytes(text)).decode() + _END


def _quoted(char: str) -> str:
    if char == " ":
        return "_"
    return char if _SAFE.fullmatch(char) else "".join(f"={byte:02X}" for byte in _bytes(char))


def _bytes(text: str) -> bytes:
    return text.encode(errors="replace")
