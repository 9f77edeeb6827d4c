"""Keeps one child process no longer than its own parent lives; runs as a program, with the standard library alone.

Usage: `python -I supervisor.py FOLDER COMMAND…`, with standard input a pipe that the parent holds open. The child is
ended when that pipe closes or the parent is gone, however it went; then FOLDER, the child's own, is removed. When the
child ends by itself, FOLDER stays for the parent to read `server.log`.
"""

import ctypes
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable

PATIENCE = 1.5
"""Seconds between asking the child to end and ending it."""

_PR_SET_PDEATHSIG = 1


def supervise(folder: str, command: list[str]) -> int:
    """Run `command` until it ends or the parent is gone; its exit code."""
    over = threading.Event()
    parent = os.getppid()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: over.set())
    with open(os.path.join(folder, "server.log"), "ab") as log:
        child = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=folder, preexec_fn=_die_with_supervisor()
        )
    threading.Thread(target=_watch_pipe, args=(over,), daemon=True).start()
    while not over.wait(0.1):
        if child.poll() is not None:
            return child.returncode
        if os.getppid() != parent:
            break
    _end(child)
    shutil.rmtree(folder, ignore_errors=True)
    return child.returncode


def _watch_pipe(over: threading.Event) -> None:
    while os.read(0, 1024):
        pass
    over.set()


def _end(child: "subprocess.Popen[bytes]") -> None:
    if child.poll() is None:
        child.terminate()
    try:
        child.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def _die_with_supervisor() -> Callable[[], object] | None:
    """What the child does first, on Linux: ask to be killed with the thread that started it, which is the main one."""
    if not sys.platform.startswith("linux"):
        return None
    libc = ctypes.CDLL(None)
    return lambda: libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(supervise(sys.argv[1], sys.argv[2:]))
