"""A real SMTP server for tests: it keeps what it accepts, and refuses what it is told to."""

from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import Message
from typing import Any

from aiosmtpd.controller import Controller

from runtime.ports import free_port


class Mailbox:
    """`answers` are given first, one for each message; then every message is accepted."""

    def __init__(self) -> None:
        self.accepted: list[Message] = []
        self.tries: list[str] = []
        self.answers: list[str] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        message = message_from_bytes(envelope.content)
        self.tries.append(str(message["Message-ID"]))
        if self.answers:
            return self.answers.pop(0)
        self.accepted.append(message)
        return "250 OK"


@contextmanager
def mail_server() -> Iterator[tuple[str, Mailbox]]:
    """A server's address and its mailbox."""
    mailbox = Mailbox()
    controller = Controller(mailbox, hostname="127.0.0.1", port=free_port())
    controller.start()
    try:
        yield f"smtp://127.0.0.1:{controller.port}", mailbox
    finally:
        controller.stop()
