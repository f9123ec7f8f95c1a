"""HTTP connections of the API: bounded heads, and no patience with clients that stop in the middle of a request."""

import asyncio
from http import HTTPStatus

import httptools
import orjson
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from conditions.limits import HEAD, SILENCE


class Connection(HttpToolsProtocol):
    """uvicorn's own connection with two limits that it has not: `limits.HEAD` and `limits.SILENCE`."""

    _head = 0
    _in_head = True
    _in_request = False
    _refused = False
    _alarm: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        self._unwatch()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if not self._refused:
            super().data_received(data)
            self._received(len(data))

    def _received(self, size: int) -> None:
        """After the parser has told what it could of that many bytes."""
        if self._refused or self.transport.is_closing():
            self._unwatch()
        elif self._in_request:
            self._watch()
            if self._in_head:
                self._head += size  # a line that does not end is not told until it does
                if self._head > HEAD.most:
                    self._refuse_head()
        else:
            self._unwatch()

    def on_message_begin(self) -> None:
        self._head, self._in_head, self._in_request = 0, True, True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        size = len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)
        if size > HEAD.most:
            self._refuse(
                HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, f"the head is larger than {HEAD}; {HEAD.remedy}"
            )
            raise httptools.HttpParserCallbackError
        self._in_head = False
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._in_request = False
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        if not self._refused:
            self._refuse(HTTPStatus.BAD_REQUEST, f"{msg.rstrip('.').lower()}; send HTTP/1.1")

    def _answering(self) -> bool:
        """Whether an answer has begun, into which no other can be written."""
        return not self._in_head and self.cycle.response_started

    def _refuse_head(self) -> None:
        self._refuse(
            HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, f"the head is larger than {HEAD}; {HEAD.remedy}"
        )

    def _watch(self) -> None:
        self._unwatch()
        self._alarm = self.loop.call_later(SILENCE.most, self._silent)

    def _unwatch(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None

    def _silent(self) -> None:
        """Nothing came for too long. While we do not read ourselves, the client is not to blame."""
        if self.flow.read_paused:
            self._watch()
        elif self._in_request and not self._answering():
            self._refuse(HTTPStatus.REQUEST_TIMEOUT, f"nothing came for {SILENCE}; send the request again")
        else:
            self.transport.close()

    def _refuse(self, status: HTTPStatus, detail: str) -> None:
        self._refused = True
        self._unwatch()
        content = {"type": "about:blank", "title": status.phrase, "status": int(status), "detail": detail}
        body = orjson.dumps(content)
        head = (
            f"HTTP/1.1 {int(status)} {status.phrase}\r\nContent-Type: application/problem+json\r\n"
            f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        )
        self.transport.write(head.encode() + body)
        self.transport.close()
