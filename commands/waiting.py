"""Waiting for what workers do."""

import time
from collections.abc import Callable

from commands.output import note
from services.application import Application

#: Seconds between two looks.
PAUSE = 0.1


def until_over(application: Application, goes_on: Callable[[], bool], idle: str) -> bool:
    """Look again and again until it does not go on any more; False, having said `idle`, where no worker runs."""
    while goes_on():
        if not application.status.read(temporal_up=True).workers:
            note(idle)
            return False
        time.sleep(PAUSE)
    return True
