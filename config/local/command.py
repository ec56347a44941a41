"""bin/manage: a command of manage.py, in the environment of bin/up.

*Called by*: `__main__.py`. *Keeps true*: it borrows the services of a running bin/up; where none runs it starts
PostgreSQL and Redis for its own time. Standard output carries the command's output only.
"""

import contextlib
import os
import sys
import time
from pathlib import Path

from config.local import foreground, install, survivors
from config.local.data_dir import DataDir, read_json
from config.local.stand_ins import StandIns, missing_from
from config.local.supervisor import make_environment
from config.local.trouble import Trouble
from config.local.wheels import PYTHON, ROOT

WAIT_SECONDS = 60.0


def run(arguments: list[str]) -> int:
    folder, rest = _split(arguments)
    with contextlib.redirect_stdout(sys.stderr):
        install.ensure([install.RUNTIME] + ([install.STAND_INS] if missing_from(os.environ) else []))
    data = DataDir(folder)
    data.create()
    argv = [str(PYTHON), str(ROOT / "manage.py"), *rest]
    if borrowed := _take(data):
        os.execve(argv[0], argv, make_environment() | borrowed)
    survivors.end_all(data.children)
    stand_ins = StandIns(data)
    try:
        stand_ins.start(with_model=False)
        return foreground.run(argv, make_environment() | stand_ins.make_environment())
    finally:
        stand_ins.stop()


def _split(arguments: list[str]) -> tuple[Path, list[str]]:
    """Take `--data DIR` off the front; all else is the command's."""
    if arguments[:1] == ["--data"] and len(arguments) > 1:
        return Path(arguments[1]), arguments[2:]
    if arguments and arguments[0].startswith("--data="):
        return Path(arguments[0].removeprefix("--data=")), arguments[1:]
    return ROOT / "var", arguments


def _take(data: DataDir) -> dict[str, str]:
    """Lock the directory and return {}, or return the environment that its running bin/up hands out."""
    deadline = time.monotonic() + WAIT_SECONDS
    while not data.lock("bin/manage"):
        if handed := read_json(data.handed_out):
            return handed
        if time.monotonic() > deadline:
            raise Trouble(f"The data directory {data.path} is in use by {data.read_holder()}.")
        time.sleep(0.1)
    return {}
