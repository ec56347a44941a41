"""The children that a killed supervisor left behind: known by id and start time, ended at the next start.

*Called by*: supervisor.py and command.py. *Keeps true*: a process that this did not start is never signalled, even when
the system has given it the id of one that it did.
"""

import json
import os
import signal
import subprocess
import time
from pathlib import Path

from config.local.child import Child
from config.local.trouble import Trouble

WAIT_SECONDS = 6.0


def remember(file: Path, children: list[Child]) -> None:
    """Write down who runs now."""
    rows = [[child.name, child.pid, read_start(child.pid), child.stop_signal] for child in children if child.process]
    scratch = file.with_suffix(".new")
    scratch.write_text(json.dumps(rows))
    scratch.replace(file)


def end_all(file: Path) -> list[str]:
    """End what the last run left, gently and then not; return the names."""
    try:
        rows = json.loads(file.read_text())
    except (OSError, ValueError):
        return []
    left = [(name, pid, start, stop) for name, pid, start, stop in rows if start and read_start(pid) == start]
    for _, pid, _, stop in left:
        _signal(pid, stop)
    deadline = time.monotonic() + WAIT_SECONDS
    while alive := [(pid, start) for _, pid, start, _ in left if read_start(pid) == start]:
        if time.monotonic() > deadline + 2:
            raise Trouble(f"Process {alive[0][0]}, which the last run left behind, does not end.")
        if time.monotonic() > deadline:
            for pid, _ in alive:
                _signal(pid, signal.SIGKILL)
        time.sleep(0.05)
    file.unlink(missing_ok=True)
    return [name for name, *_ in left]


def read_start(pid: int) -> str:
    """Return when a process began, in a form that no later process of that id shares; "" where there is none."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        if fields[0] == "Z":
            return ""  # dead; only its parent has not noticed
        return f"{Path('/proc/sys/kernel/random/boot_id').read_text().strip()}:{fields[19]}"
    except OSError:
        if Path("/proc/self").exists():
            return ""
    shown = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return shown.stdout.strip()


def _signal(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass
