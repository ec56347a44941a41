"""Where the files of the local stand-ins lie inside the installed wheels.

*Called by*: postgres.py, redis_server.py, local_model.py. *Keeps true*: the wheels are never imported here; only the
files in them are used.
"""

import sys
from pathlib import Path

from config.local.trouble import Trouble

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"


def find(path: str) -> Path:
    """Return the file or directory at that path below site-packages."""
    for packages in VENV.glob("lib/python3*/site-packages"):
        if (found := packages / path).exists():
            return found
    machine = f"{sys.platform}, {VENV}"
    raise Trouble(f"{path} is missing from the installed packages ({machine}); delete that directory and start again.")
