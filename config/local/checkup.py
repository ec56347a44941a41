"""bin/test: lint, import rules, types, migrations, tests, on services of their own that are thrown away afterwards.

*Called by*: `__main__.py`; `.ci/run` through bin/test. *Keeps true*: it never touches the services or the data of a
running Parley, nor a provider for which a key lies about in the environment.
"""

import contextlib
import fcntl
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from config.local import foreground, install
from config.local.data_dir import DataDir
from config.local.preparation import COLLECT, WORDS, Preparation
from config.local.stand_ins import StandIns
from config.local.supervisor import make_environment
from config.local.trouble import say
from config.local.wheels import PYTHON, VENV

PREFIX = "parley-test-"
TYPED = ["workspace", "billing", "gateway", "chat", "catalog", "config"]
CHECKS = {
    "lint": ["ruff", "check", "."],
    "format": ["ruff", "format", "--check", "."],
    "imports": ["lint-imports"],
    "types": ["mypy", *TYPED],
    "migrations": ["python", "manage.py", "makemigrations", "--check", "--dry-run"],
}
# A file goes to one process whole: its browser, and what it walked through, are made once. In the order of their
# names: the longest, tests/browser, come early, and nothing long is left for the end.
TESTS = ["python", "-m", "pytest", "-n", "2", "--dist", "loadfile", "--no-loadscope-reorder"]
USAGE = """Usage: bin/test [PYTEST ARGUMENTS]

Without arguments: lint, format, import rules, types, migrations, then all tests.
With arguments: only pytest, with these. The browser tests need Chromium: CHROMIUM names one; where this
user is root, bin/test installs Debian's."""


def run(arguments: list[str]) -> int:
    if arguments in (["-h"], ["--help"]):
        say(USAGE)
        return 0
    install.ensure([install.RUNTIME, install.STAND_INS, install.TESTS])
    named = [argument for argument in arguments if argument.startswith("tests/")]
    chromium = find_chromium() if not named or any("browser" in argument for argument in named) else ""
    began = time.monotonic()
    with own_services(durable=False) as environment:
        environment |= {"CHROMIUM": chromium} if chromium else {}
        failed = _run_all({"tests": [*TESTS, *arguments]} if arguments else CHECKS | {"tests": TESTS}, environment)
    if not chromium and not arguments:
        say("!! There is no Chromium here, so no browser test could pass. Install one, or name it in CHROMIUM.")
    verdict = f"FAILED: {', '.join(failed)}" if failed else "All is well"
    say(f"\n{verdict} ({time.monotonic() - began:.0f} s).")
    return 1 if failed else 0


@contextlib.contextmanager
def own_services(*, durable: bool) -> Iterator[dict[str, str]]:
    """Run stand-ins in a directory of their own, and yield the environment that names them."""
    _sweep()
    data = DataDir(Path(tempfile.mkdtemp(prefix=PREFIX)))
    data.create()
    data.lock("a test run")
    stand_ins = StandIns(data, durable=durable, environment={})
    try:
        stand_ins.start()
        assert stand_ins.postgres
        foreign = ("STRIPE_", "PARLEY_", "LOCAL_MODEL_", "CREDIT_", "EMAIL_", "DATABASE_", "REDIS_", "VAPID_", "PUSH_")
        environment = {name: value for name, value in make_environment().items() if not name.startswith(foreign)}
        environment = {name: value for name, value in environment.items() if not name.endswith("_API_KEY")}
        environment |= stand_ins.make_environment()
        environment["DATABASE_SUPERUSER_URL"] = stand_ins.postgres.url("postgres", "postgres")
        for step in (WORDS, COLLECT):
            Preparation(step, data, environment).finish()
        yield environment
    finally:
        stand_ins.stop()
        shutil.rmtree(data.path, ignore_errors=True)


def find_chromium() -> str:
    """Return a Chromium; on Debian, as root, get one where there is none. "" where there is none to be had."""
    names = (os.environ.get("CHROMIUM", ""), "chromium", "chromium-browser", "google-chrome")
    if found := next(filter(None, map(shutil.which, filter(None, names))), ""):
        return found
    if os.geteuid() == 0 and shutil.which("apt-get"):
        say("· Installing Chromium for the browser tests")
        quiet = {"stdout": subprocess.DEVNULL, "env": os.environ | {"DEBIAN_FRONTEND": "noninteractive"}}
        subprocess.run(["apt-get", "-qq", "update"], check=False, **quiet)  # type: ignore[call-overload]
        subprocess.run(["apt-get", "-qq", "install", "-y", "--no-install-recommends", "chromium"], check=False, **quiet)  # type: ignore[call-overload]
    return shutil.which("chromium") or ""


def _run_all(steps: dict[str, list[str]], environment: dict[str, str]) -> list[str]:
    """Run every step, whatever the others say; return the names of those that failed."""
    failed = []
    for name, argv in steps.items():
        say(f"\n== {name}: {' '.join(argv)}")
        program = PYTHON if argv[0] == "python" else VENV / "bin" / argv[0]
        if foreground.run([str(program), *argv[1:]], environment):
            failed.append(name)
    return failed


def _sweep() -> None:
    """Remove the directories of test runs that were killed: those of ours that nobody holds the lock of."""
    for path in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError):
            if path.stat().st_uid != os.geteuid():
                continue
            with (path / "lock").open() as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(path, ignore_errors=True)
