"""The machine that figures were taken on, and how busy it was.

*Called by*: every benchmark here, `__main__.py`. *Keeps true*: processor time is read from the kernel, so that it
compares between a quiet machine and a busy one; "other" is what processes that are not ours took meanwhile.
"""

import os
import platform
import subprocess
import time
from pathlib import Path
from typing import Any

from tests.databases import ROOT

_TICKS = os.sysconf("SC_CLK_TCK")
# The command that started the throw-away services and this process: its children are all that is ours.
_FAMILY = os.getppid()


def describe() -> dict[str, Any]:
    names = [line.split(":", 1)[1].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")]
    memory = next((line.split()[1] for line in _lines("/proc/meminfo") if line.startswith("MemTotal")), "0")
    return {
        "cpus": os.cpu_count(),
        "cpu": names[0] if names else platform.machine(),
        "memory_gb": round(int(memory) / 2**20, 1),
        "python": platform.python_version(),
        "kernel": platform.release(),
    }


def commit() -> str:
    """The commit that this was taken on; a plus says that the tree differs from it."""
    try:
        name = subprocess.check_output(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, text=True).strip()
        changed = subprocess.check_output(["git", "status", "--porcelain", "-uno"], cwd=ROOT, text=True).strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return f"{name}+" if changed else name


class Load:
    """Processor time between its making and `stop`: ours, one process's, and that of others, in percent of one core."""

    def __init__(self, **pids: int) -> None:
        self.pids = pids
        self._began = time.perf_counter()
        self._all, self._ours = _busy_seconds(), _family_seconds()
        self._before = {name: cpu_seconds(pid) for name, pid in pids.items()}
        self.seconds = self.ours_percent = self.other_percent = 0.0
        self.cpu: dict[str, float] = {}

    def stop(self) -> "Load":
        self.seconds = time.perf_counter() - self._began
        self.cpu = {name: cpu_seconds(pid) - self._before[name] for name, pid in self.pids.items()}
        ours, everything = _family_seconds() - self._ours, _busy_seconds() - self._all
        self.ours_percent = 100 * ours / self.seconds
        self.other_percent = max(100 * (everything - ours) / self.seconds, 0.0)
        return self

    @property
    def share_of_what_was_left(self) -> float:
        """How much of what others left of the processors was ours: near 1, the machine had no more to give."""
        left = 100 * (os.cpu_count() or 1) - self.other_percent
        return min(self.ours_percent / left, 1.0) if left > 0 else 1.0


def cpu_seconds(pid: int) -> float:
    """Processor time of a process and of the children it has waited for."""
    fields = _stat(pid)
    return sum(int(field) for field in fields[11:15]) / _TICKS if fields else 0.0


def pss_mb(pid: int) -> float:
    """Memory of a process, with what it shares counted in shares."""
    for line in _lines(f"/proc/{pid}/smaps_rollup"):
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    return 0.0


def family(pid: int) -> list[int]:
    """A process and all its descendants."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (fields := _stat(int(entry.name))):
            children.setdefault(int(fields[1]), []).append(int(entry.name))
    found = [pid]
    for one in found:
        found += children.get(one, [])
    return found


def command_line(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""


def pin(pid: int, cpus: set[int]) -> None:
    """Keep every thread of a process on these processors. Harmless where there is only one."""
    if len(os.sched_getaffinity(0)) > 1:
        for task in Path(f"/proc/{pid}/task").iterdir():
            os.sched_setaffinity(int(task.name), cpus)


def _family_seconds() -> float:
    return sum(cpu_seconds(pid) for pid in family(_FAMILY))


def _busy_seconds() -> float:
    """User, nice, system, interrupts and steal of the whole machine; idle and waiting left out."""
    fields = [int(field) for field in _lines("/proc/stat")[0].split()[1:9]]
    return (sum(fields) - fields[3] - fields[4]) / _TICKS


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat after the name, which may hold anything."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text().splitlines()
    except OSError:
        return []
