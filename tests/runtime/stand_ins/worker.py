"""A worker that says when it is ready and writes down how it was stopped."""

import os
import signal
import sys
import threading
from pathlib import Path

from runtime.readiness import announce_ready

stopped = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: stopped.set())
announce_ready()
stopped.wait()
journal = Path(os.environ["KINDLING_HOME"]) / "journal"
with journal.open("a") as file:
    file.write("worker stopped\n")
sys.exit(0)
