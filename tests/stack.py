"""Parley's own processes, as bin/up runs them, for flows, browser stories and benchmarks.

*Called by*: the `stack` fixture, tests/bench. *Keeps true*: what it starts it ends; a killed process can be started
again.
"""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

from tests.databases import ROOT

_READY = b"worker.ready"


class Stack:
    """Web and worker processes on the database and Redis that the environment names."""

    def __init__(self, folder: Path, *, provider_url: str = "", settings: dict[str, str] | None = None) -> None:
        self.folder = folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.environment = {
            **os.environ,
            "PARLEY_URL": self.url,
            "PARLEY_DATA": os.environ.get("PARLEY_DATA", str(folder)),
            "SCRIPTED_KEY": "scripted",
            "WORKER_GRACE_SECONDS": "1",
            "REPLY_LEASE_SECONDS": "3",
            **(settings or {}),
        }

    def start_web(self) -> None:
        argv = [sys.executable, "-m", "config.web", "--port", str(self.port)]
        self._start("web", argv)
        self._wait(lambda: _status(f"{self.url}/livez") == 200, "web")

    def start_worker(self, name: str = "worker") -> None:
        """Start a worker, and wait until one is heard from."""
        argv = [sys.executable, "-m", "celery", "-A", "config", "worker", "--pool", "threads", "--concurrency", "2"]
        quiet = ["--without-gossip", "--without-mingle", "--loglevel", "WARNING", "-n", f"{name}@%h"]
        before = self.log(name).count(_READY)
        self._start(name, argv + quiet)
        self._wait(lambda: self.log(name).count(_READY) > before, name)
        if "web" in self.processes:
            self._wait(lambda: _status(f"{self.url}/readyz") == 200, name)

    def kill(self, name: str, how: signal.Signals = signal.SIGKILL) -> None:
        self.processes[name].send_signal(how)
        if how not in (signal.SIGSTOP, signal.SIGCONT):
            self.processes.pop(name).wait(30)

    def log(self, name: str) -> bytes:
        """All that the process, and those of its name before it, have said."""
        file = self.folder / f"{name}.log"
        return file.read_bytes() if file.exists() else b""

    def stop(self) -> None:
        for process in self.processes.values():
            process.send_signal(signal.SIGCONT)
            process.terminate()
        for name, process in self.processes.items():
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(5)
                raise AssertionError(f"{name} did not stop when asked to") from None
        self.processes.clear()

    def _start(self, name: str, argv: list[str]) -> None:
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(argv, cwd=ROOT, env=self.environment, stdout=log, stderr=log)

    def _wait(self, is_ready: object, name: str) -> None:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            if is_ready():  # type: ignore[operator]
                return
            if self.processes[name].poll() is not None:
                break
            time.sleep(0.05)
        raise AssertionError(f"{name} did not start:\n{self.log(name).decode()[-3000:]}")


def _status(url: str) -> int:
    try:
        with urllib.request.urlopen(url, timeout=5) as response:
            return int(response.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
