"""An API that is ready for everything and writes down how it was stopped."""

import os
import signal
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any


class Ready(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        pass


def stop(*_: Any) -> None:
    journal = Path(os.environ["KINDLING_HOME"]) / "journal"
    with journal.open("a") as file:
        file.write("api stopped\n")
    sys.exit(0)


signal.signal(signal.SIGTERM, stop)
HTTPServer(("127.0.0.1", int(os.environ["KINDLING_PORT"])), Ready).serve_forever()
