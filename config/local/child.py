"""A child process of the supervisor: started in a session of its own, ended by its id.

*Called by*: supervisor.py, stand_ins.py, checkup.py. *Keeps true*: a child never outlives the process that started it
(the kernel signals it when that dies, even by kill -9), and Ctrl-C reaches the supervisor only.
"""

import ctypes
import os
import pwd
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from config.local import unprivileged
from config.local.trouble import Trouble

PR_SET_PDEATHSIG = 1
LOG_BYTES_MAX = 5_000_000


@dataclass
class Child:
    name: str
    argv: list[str]
    log: Path
    environment: dict[str, str] = field(default_factory=lambda: dict(os.environ))
    is_ready: Callable[[], bool] = lambda: True
    folder: Path | None = None
    account: pwd.struct_passwd | None = None
    stdin: bytes = b""
    stop_signal: int = signal.SIGTERM
    death_signal: int = signal.SIGKILL
    grace_seconds: float = 4.0
    niceness: int = 0
    before_start: Callable[[], None] = lambda: None
    process: "subprocess.Popen[bytes] | None" = None
    started: float = 0.0
    failures: int = 0

    def start(self) -> None:
        """Start it, with its output in its log. Only from the main thread: it is tied to the thread that made it."""
        self.before_start()
        self.started = time.monotonic()
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.argv,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                env=self.environment,
                start_new_session=True,
                preexec_fn=self._enter,
            )
        assert self.process.stdin
        try:
            self.process.stdin.write(self.stdin)
            self.process.stdin.close()
        except BrokenPipeError:
            pass  # It is gone already; whoever waits for it will see that.

    @property
    def pid(self) -> int:
        assert self.process
        return self.process.pid

    @property
    def has_ended(self) -> bool:
        return self.process is None or self.process.poll() is not None

    def _enter(self) -> None:
        os.nice(self.niceness)
        if self.account:
            unprivileged.become(self.account)
        tie_to_parent(self.death_signal)  # last, because a change of user clears it


def tie_to_parent(number: int = signal.SIGTERM) -> None:
    """In a fresh fork: ask the kernel for this signal when the parent dies, however it dies."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, number, 0, 0, 0)


def rotate(log: Path) -> None:
    """Put a log that has grown large aside; the one before it is dropped."""
    if log.exists() and log.stat().st_size > LOG_BYTES_MAX:
        log.replace(log.with_suffix(".log.1"))


def wait_for(children: Iterable[Child], *, timeout_seconds: float) -> None:
    """Wait until each answers; one that ends or stays silent is Trouble."""
    waiting, deadline = list(children), time.monotonic() + timeout_seconds
    while waiting := [child for child in waiting if not child.is_ready()]:
        for child in waiting:
            if child.has_ended:
                raise Trouble(f"{child.name} did not start: {read_reason(child.log)} (more in {child.log})")
        if time.monotonic() > deadline:
            silent = waiting[0]
            raise Trouble(f"{silent.name} did not answer within {timeout_seconds:.0f} s; its log is {silent.log}")
        time.sleep(0.03)


def end(children: Iterable[Child]) -> None:
    """Ask all of them to stop at once, and kill what is still there when its grace is over."""
    running = [child for child in children if not child.has_ended]
    for child in running:
        _signal(child, child.stop_signal)
    asked = time.monotonic()
    while running := [child for child in running if not child.has_ended]:
        for child in running:
            if time.monotonic() - asked > child.grace_seconds:
                _signal(child, signal.SIGKILL)
        time.sleep(0.02)


def read_reason(log: Path) -> str:
    """Return the line of a log that most likely says why it ends: the last that tells of a failure, else the last."""
    try:
        lines = [line.strip() for line in log.read_bytes()[-4000:].decode(errors="replace").splitlines()]
    except OSError:
        lines = []
    telling = [line for line in lines if re.search(r"(?i)fatal|error|could not|cannot|no space", line)]
    return next(iter([*telling[-1:], *[line for line in lines[::-1] if line], "it left no word"]))[:300]


def _signal(child: Child, number: int) -> None:
    try:
        if number == signal.SIGKILL:
            os.killpg(child.pid, number)  # with whatever it has started itself
        else:
            os.kill(child.pid, number)
    except ProcessLookupError:
        pass
