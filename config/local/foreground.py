"""Run one command in the foreground, with our terminal, and outlive it so that its services can be stopped.

*Called by*: command.py, checkup.py, bench.py. *Keeps true*: an interrupt reaches the command before its
services go, and processes that it left behind are ended too: they come to us, because we ask the kernel for them.
"""

import ctypes
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from config.local.child import tie_to_parent
from config.local.wheels import ROOT

PR_SET_CHILD_SUBREAPER = 36
GRACE_SECONDS = 10.0
ORPHAN_SECONDS = 3.0


def run(argv: list[str], environment: dict[str, str]) -> int:
    """Run it to its end and return its exit code; when interrupted, end it and raise KeyboardInterrupt."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    ours = _list_children()
    process = subprocess.Popen(argv, cwd=ROOT, env=environment, preexec_fn=tie_to_parent)
    try:
        code = process.wait()
    except KeyboardInterrupt as interrupt:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        _end(process, is_told=os.isatty(0) and not interrupt.args)
        raise
    finally:
        _end_orphans(ours)
    return code if code >= 0 else 128 - code


def _end(process: "subprocess.Popen[bytes]", *, is_told: bool) -> None:
    """Interrupt it, unless the terminal did: pytest takes a second interrupt as leave to skip the teardown."""
    if not is_told:
        process.send_signal(signal.SIGINT)
    try:
        process.wait(GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _end_orphans(ours: set[int]) -> None:
    began = time.monotonic()
    while left := _list_children() - ours:
        for pid in left:
            try:
                os.kill(pid, signal.SIGKILL if time.monotonic() - began > ORPHAN_SECONDS else signal.SIGTERM)
                os.waitpid(pid, os.WNOHANG)
            except (ProcessLookupError, ChildProcessError):
                pass
        time.sleep(0.05)


def _list_children() -> set[int]:
    children = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            if int(stat.read_text().rpartition(")")[2].split()[1]) == os.getpid():
                children.add(int(stat.parent.name))
        except OSError:
            pass  # it ended meanwhile
    return children
