"""`kindling up` with stand-ins: prints its processes as JSON when they are ready."""

import asyncio
import json
import sys

from runtime.embedded import Stack
from runtime.errors import ReadableError
from runtime.foreground import stay
from runtime.settings import load_settings
from tests.runtime.conftest import API, WORKER


async def main() -> None:
    worker = (sys.executable, *sys.argv[1:]) if sys.argv[1:] else WORKER
    stack = Stack(load_settings(), report=lambda _: None, worker=worker, api=API)
    await stay(stack, started=lambda: print(json.dumps(stack.pids), flush=True))


try:
    asyncio.run(main())
except ReadableError as error:
    sys.exit(str(error))
