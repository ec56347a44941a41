"""From bin/up to the first page; what an idle Parley takes of memory and disk.

*Called by*: `__main__.py`. *Keeps true*: packages are installed already, everything else is as on a new machine: a
fresh data directory first, then the same one again; the throw-away services of this benchmark stay out of it.
"""

import csv
import os
import re
import signal
import subprocess
import sysconfig
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

from tests.bench import machine
from tests.bench.figures import Figure, tidy
from tests.databases import ROOT
from tests.stack import free_port

FOREIGN = ("DATABASE_", "REDIS_", "LOCAL_MODEL_", "PARLEY_", "SECRET_", "SEALING_", "STRIPE_", "DJANGO_")
SETTLE_SECONDS = 8


def run(*, quick: bool = False, sizes: list[int] | None = None) -> list[Figure]:
    figures = []
    with tempfile.TemporaryDirectory(prefix="parley-bench-") as folder:
        first = _start(Path(folder), settle=False)
        figures.append(Figure("first start: bin/up to first page", tidy(first[0]), "s"))
        later = [_start(Path(folder), settle=round_ == 0) for round_ in range(1 if quick else 3)]
    times = sorted(seconds for seconds, _ in later)
    figures.append(
        Figure(f"later start: bin/up to first page (n={len(times)}), p50", tidy(times[len(times) // 2]), "s", 5)
    )
    figures.append(Figure("later start: slowest", tidy(times[-1]), "s"))
    memory = later[0][1]
    for name, megabytes in memory.items():
        figures.append(Figure(f"idle memory (PSS), {name}", tidy(megabytes), "MB"))
    without = sum(megabytes for name, megabytes in memory.items() if name != "model")
    figures.append(Figure("idle memory (PSS), all without the model", tidy(without), "MB", 400))
    runtime, local = _installed_mb("requirements.txt"), _installed_mb("requirements-local.txt")
    figures.append(Figure("disk, packages that run Parley", tidy(runtime), "MB"))
    figures.append(Figure("disk, local PostgreSQL, Redis and model", tidy(local), "MB"))
    return [*figures, Figure("disk, both", tidy(runtime + local), "MB", 600)]


def _start(folder: Path, *, settle: bool) -> tuple[float, dict[str, float]]:
    """Start, wait for the first page, perhaps let it come to rest and weigh it, stop. Returns seconds and megabytes."""
    port = free_port()
    environment = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
    argv = [str(ROOT / "bin" / "up"), "--data", str(folder / "data"), "--port", str(port)]
    began = time.perf_counter()
    with (folder / "up.log").open("ab") as log:
        process = subprocess.Popen(argv, cwd=folder, env=environment, stdout=log, stderr=log)
    try:
        _wait_for_page(f"http://127.0.0.1:{port}/", process, folder / "up.log")
        took, memory = time.perf_counter() - began, {}
        if settle:
            time.sleep(SETTLE_SECONDS)
            memory = _weigh(process.pid)
        return took, memory
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(30)


def _wait_for_page(url: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.perf_counter() + 90
    while time.perf_counter() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=5) as response:
                assert b"<html" in response.read()
                return
        except (TimeoutError, urllib.error.URLError, ConnectionError):
            time.sleep(0.02)
    raise AssertionError(f"bin/up showed no page:\n{log.read_text()[-2000:]}")


def _weigh(pid: int) -> dict[str, float]:
    """Proportional memory of each part; a process that several share is counted in shares."""
    found: dict[str, float] = {}
    for one in machine.family(pid):
        line = machine.command_line(one)
        part = next((name for pattern, name in _PARTS if re.search(pattern, line)), "supervisor")
        found[part] = found.get(part, 0.0) + machine.pss_mb(one)
    return found


_PARTS = [
    (r"postgres", "postgres"),
    (r"redis-server", "redis"),
    (r"model_server", "model"),
    (r"config\.web", "web"),
    (r"celery", "worker"),
]


def _installed_mb(requirements: str) -> float:
    """What the packages of a requirements file take on disk, by their own records."""
    wanted = {_plain(name) for name in re.findall(r"^([A-Za-z0-9][\w.-]*)==", (ROOT / requirements).read_text(), re.M)}
    site = Path(sysconfig.get_path("purelib"))
    total = 0
    for record in site.glob("*.dist-info/RECORD"):
        if _plain(record.parent.name.split("-")[0]) in wanted:
            with record.open() as rows:
                files = [site / row[0] for row in csv.reader(rows)]
            total += sum(file.lstat().st_size for file in files if file.exists())
    return total / 2**20


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
