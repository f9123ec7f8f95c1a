"""A client that keeps an API process busy: `python -m bench.http_client ADDRESS FILE CONNECTIONS`.

Sends each line of FILE as the body of a `POST /v1/events`, over so many keep-alive connections, and prints
`{"seconds": ..., "accepted": ...}`. Only the standard library: it shares the machine with what it measures.
"""

import http.client
import json
import os
import sys
import threading
import time
from pathlib import Path
from queue import Empty, SimpleQueue

#: The variable with the key that is sent along, if it is set.
KEY = "KINDLING_BENCH_KEY"
_HEADERS = {"Content-Type": "application/json"}


#: How a kept connection ends that the API has let go: it does so with those that are idle for five seconds.
_LET_GO = (
    BrokenPipeError,
    ConnectionAbortedError,
    ConnectionResetError,
    http.client.CannotSendRequest,
    http.client.RemoteDisconnected,
    http.client.ResponseNotReady,
)


def send(connection: http.client.HTTPConnection, method: str, path: str, body: bytes) -> tuple[int, bytes]:
    """Send JSON; status and body of the answer. A connection that the API has let go meanwhile is opened anew, once.

    So a request may arrive twice: give an event an id where that matters.
    """
    try:
        return _sent(connection, method, path, body)
    except _LET_GO:
        connection.close()
        return _sent(connection, method, path, body)


def _sent(connection: http.client.HTTPConnection, method: str, path: str, body: bytes) -> tuple[int, bytes]:
    connection.request(method, path, body, _HEADERS)
    response = connection.getresponse()
    return response.status, response.read()


def post(connection: http.client.HTTPConnection, body: bytes) -> int:
    """Send a body of events; how many were accepted. Raises RuntimeError for any answer but 202."""
    status, text = send(connection, "POST", "/v1/events", body)
    if status != 202:
        raise RuntimeError(f"POST /v1/events answered {status}: {text[:300].decode(errors='replace')}")
    accepted: int = json.loads(text)["accepted"]
    return accepted


def send_all(address: str, bodies: list[bytes], connections: int) -> tuple[float, int]:
    """Send all bodies; the seconds from the first request to the last answer, and how many events were accepted."""
    waiting: SimpleQueue[bytes] = SimpleQueue()
    for body in bodies:
        waiting.put(body)
    accepted: list[int] = []
    failures: list[Exception] = []

    def work(connection: http.client.HTTPConnection) -> None:
        try:
            while not failures:
                accepted.append(post(connection, waiting.get_nowait()))
        except Empty:
            return
        except Exception as error:
            failures.append(error)

    opened = [http.client.HTTPConnection(address, timeout=60) for _ in range(connections)]
    for connection in opened:
        connection.connect()
    threads = [threading.Thread(target=work, args=(connection,)) for connection in opened]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - began
    for connection in opened:
        connection.close()
    if failures:
        raise failures[0]
    return seconds, sum(accepted)


if __name__ == "__main__":
    if KEY in os.environ:
        _HEADERS["Authorization"] = f"Bearer {os.environ[KEY]}"
    took, stored = send_all(sys.argv[1], Path(sys.argv[2]).read_bytes().splitlines(), int(sys.argv[3]))
    print(json.dumps({"seconds": took, "accepted": stored}))
