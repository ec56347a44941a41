"""The door of the commands in bin/: installs what is missing, then runs the command that is named first.

*Called by*: bin/*, by path, with any Python from 3.11. *Keeps true*: a failure that a person can mend is one sentence.
*Why* the empty package: `config/__init__` loads Celery, absent before the first install, of no use here.
"""

import contextlib
import errno
import importlib
import signal
import sys
import types
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MENDABLE = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM}
COMMANDS = {"up": "supervisor", "manage": "command", "test": "checkup", "nightly": "nightly", "bench": "bench"}


def main(name: str, arguments: list[str]) -> int:
    sys.path.insert(0, str(ROOT))
    package = types.ModuleType("config")
    package.__path__ = [str(ROOT / "config")]
    sys.modules["config"] = package
    from config.local.trouble import Trouble, explain, say

    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    try:
        return int(importlib.import_module(f"config.local.{COMMANDS[name]}").run(arguments))
    except Trouble as trouble:
        say(f"Parley: {trouble}", file=sys.stderr)
        return 1
    except OSError as error:
        if error.filename is None and error.errno not in MENDABLE:
            raise
        say(f"Parley: {explain(error)}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _interrupt(number: int, _: object) -> None:
    raise KeyboardInterrupt(number)


if __name__ == "__main__":
    with contextlib.suppress(BrokenPipeError):
        sys.exit(main(sys.argv[1], sys.argv[2:]))
