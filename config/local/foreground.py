"""Run one command in the foreground, with our terminal, and outlive it so that its services can be stopped.

*Called by*: command.py, checkup.py, bench.py. *Keeps true*: an interrupt reaches the command before its services go.
"""

import ctypes
import os
import signal
import subprocess
import sys

from config.local.child import PR_SET_PDEATHSIG
from config.local.wheels import ROOT

GRACE_SECONDS = 10.0


def run(argv: list[str], environment: dict[str, str]) -> int:
    """Run it to its end and return its exit code; when interrupted, end it and raise KeyboardInterrupt."""
    process = subprocess.Popen(argv, cwd=ROOT, env=environment, preexec_fn=_tie)
    try:
        code = process.wait()
    except KeyboardInterrupt:
        _end(process)
        raise
    return code if code >= 0 else 128 - code


def _tie() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)


def _end(process: "subprocess.Popen[bytes]") -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if not os.isatty(0):  # a terminal has told it already
        process.terminate()
    try:
        process.wait(GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
