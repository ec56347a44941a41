"""The data directory: its files, its lock, its secrets and what it remembers between starts.

*Called by*: supervisor.py, command.py, checkup.py, stand_ins.py.
*Keeps true*: one owner at a time, by a lock that the kernel drops with the process; secrets are made once and readable
by nobody else.
"""

import base64
import fcntl
import json
import os
import secrets
from pathlib import Path
from typing import Any

from config.local.trouble import Trouble, explain


class DataDir:
    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self.log = self.path / "log"
        self.children = self.path / "children.json"
        self.handed_out = self.path / "run.json"
        self._state = self.path / "state.json"
        self._lock: int | None = None

    def create(self) -> None:
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            self.log.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise Trouble(f"The data directory {self.path} cannot be made: {explain(error)}") from None

    def lock(self, what: str) -> bool:
        """Take the directory for one command; False where another has it."""
        try:
            self._lock = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise Trouble(f"The data directory {self.path} cannot be used: {explain(error)}") from None
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._lock)
            return False
        os.truncate(self._lock, 0)
        os.pwrite(self._lock, f"{what} (process {os.getpid()})".encode(), 0)
        return True

    def read_holder(self) -> str:
        """Say who has the lock."""
        return (self.path / "lock").read_text() or "another command"

    def read_secrets(self) -> dict[str, str]:
        """Return the keys of this installation, made at the first call.

        A file that cannot be read is never replaced: what the sealing key has sealed could not be opened again.
        """
        file = self.path / "secrets.json"
        try:
            known = dict(json.loads(file.read_text())) if file.exists() else {}
        except (OSError, ValueError) as error:
            raise Trouble(f"The keys in {file} cannot be read: {error}") from None
        made = {"SECRET_KEY": _make_key, "VAPID_PRIVATE_KEY": _make_push_key}
        if missing := [name for name in made if name not in known]:
            known |= {name: made[name]() for name in missing}
            write_json(file, known)
        return {name: known[name] for name in made}

    def recall(self, name: str) -> Any:
        return read_json(self._state).get(name)

    def note(self, name: str, value: Any) -> None:
        write_json(self._state, read_json(self._state) | {name: value})


def read_json(file: Path) -> dict[str, Any]:
    """Return the object in a file; a missing or broken one is empty, because each of these files can be made anew."""
    try:
        return dict(json.loads(file.read_text()))
    except (OSError, ValueError):
        return {}


def write_json(file: Path, value: dict[str, Any]) -> None:
    """Replace a file whole, readable by its owner only."""
    scratch = file.with_suffix(".new")
    descriptor = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with open(descriptor, "w") as out:
        json.dump(value, out, indent=1)
        out.flush()
        os.fsync(descriptor)
    scratch.replace(file)


def _make_key() -> str:
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()


def _make_push_key() -> str:
    """32 bytes below the order of the curve P-256: nearly all are, and the few that begin like it are not taken."""
    while (raw := secrets.token_bytes(32)).startswith(b"\xff" * 4):
        pass
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
