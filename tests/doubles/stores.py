"""A Redis and a PostgreSQL of one test's own, to be stopped, emptied and brought back.

*Called by*: the flows. *Keeps true*: the stores that other tests use are never touched; a store comes back under the
same address; what is started is ended.
"""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import dj_database_url
import redis

from config.local.child import Child, end, wait_for
from config.local.postgres import Postgres
from config.local.redis_server import RedisServer
from tests.databases import ROOT

READY_SECONDS = 60.0


class OwnRedis:
    def __init__(self, folder: Path) -> None:
        self._server = RedisServer(folder / "redis", folder / "redis.log")
        self.url = self._server.url
        self._child: Child | None = None

    def start(self) -> None:
        self._child = self._server.make_child()
        self._child.start()
        wait_for([self._child], timeout_seconds=READY_SECONDS)

    def stop(self) -> None:
        """It keeps nothing: what comes back is empty."""
        if self._child:
            self.thaw()
            end([self._child])
        self._child = None

    def restart(self) -> None:
        self.stop()
        self.start()

    def freeze(self) -> None:
        """It takes what is sent to it and answers nothing."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def empty(self) -> None:
        with redis.Redis.from_url(self.url) as client:
            client.flushall()

    def calls_waiting(self) -> int:
        """Wake-up calls that no worker has taken yet."""
        with redis.Redis.from_url(self.url) as client:
            return int(client.llen("celery"))  # type: ignore[arg-type]

    def _signal(self, number: signal.Signals) -> None:
        assert self._child
        os.kill(self._child.pid, number)


class OwnPostgres:
    """With Parley's roles and tables."""

    def __init__(self, folder: Path) -> None:
        self._server = Postgres(folder / "postgres", folder / "postgres.log", durable=False)
        self._child: Child | None = None
        urls = {"DATABASE_URL": "parley_app", "DATABASE_OWNER_URL": "parley_owner"}
        self.environment = {name: self._server.url(role) for name, role in urls.items()}

    def create(self) -> None:
        self._server.prepare()
        self.start()
        self._server.make_roles()
        argv = [sys.executable, str(ROOT / "manage.py"), "migrate", "--verbosity", "0"]
        subprocess.run(argv, check=True, env=os.environ | self.environment)

    def start(self) -> None:
        self._child = self._server.make_child()
        self._child.start()
        wait_for([self._child], timeout_seconds=READY_SECONDS)

    def stop(self) -> None:
        """At once, as after a crash: what is open is lost, what is committed is not. Our own connection goes first."""
        if self._child:
            _hang_up()
            os.kill(self._child.pid, signal.SIGQUIT)
            end([self._child])
        self._child = None

    def leave(self) -> None:
        self.stop()
        self._server.leave()

    @contextlib.contextmanager
    def as_ours(self) -> Iterator[None]:
        """Let this process, too, speak to this database."""
        from django.db import connections

        before = connections.settings["default"]
        _turn_to({**before, **dj_database_url.parse(self.environment["DATABASE_URL"], conn_health_checks=True)})
        yield
        _turn_to(before)


def _turn_to(settings: dict) -> None:
    from django.db import connections

    _hang_up()
    del connections["default"]
    connections.settings["default"] = {**settings, "OPTIONS": connections.settings["default"]["OPTIONS"]}


def _hang_up() -> None:
    from django.db import connections

    connections["default"].close()
    connections["default"].close_pool()  # type: ignore[attr-defined]
