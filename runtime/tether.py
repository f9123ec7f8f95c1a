"""Runs a command that does not outlive its supervisor, not even one that is killed with SIGKILL.

    python tether.py SUPERVISOR_PID COMMAND...

On Linux the kernel is asked to kill this process when the supervisor ends, and the command takes its place.
Elsewhere this process stays, passes signals on, and kills the command when the supervisor is gone.
Standard library only: it runs before anything else of the child.
"""

import os
import signal
import subprocess
import sys
import time

PR_SET_PDEATHSIG = 1


def main() -> None:
    """Become the command, or watch it."""
    supervisor, command = int(sys.argv[1]), sys.argv[2:]
    if sys.platform == "linux":
        _die_with_parent(supervisor)
        try:
            os.execv(command[0], command)  # noqa: S606
        except OSError as error:
            sys.exit(f"{command[0]} cannot be run: {error.strerror}")
    sys.exit(_watch(supervisor, command))


def _die_with_parent(supervisor: int) -> None:
    import ctypes  # noqa: PLC0415 (only here)

    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) != 0:
        sys.exit("The kernel does not let this process end with its supervisor")
    if os.getppid() != supervisor:  # it ended before we asked
        sys.exit(1)


def _watch(supervisor: int, command: list[str]) -> int:
    child = subprocess.Popen(command)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda received, _frame: child.send_signal(received))
    while child.poll() is None:
        if os.getppid() != supervisor:
            child.kill()
        time.sleep(0.2)
    return child.returncode


if __name__ == "__main__":
    main()
