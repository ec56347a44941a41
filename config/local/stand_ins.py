"""The local stand-ins of one data directory: whatever is not configured, and the environment that names all of it.

*Called by*: supervisor.py, command.py, checkup.py. *Keeps true*: a service named in the environment is used as it is,
never started, stopped or changed here.
"""

import os
import signal
from collections.abc import Mapping
from pathlib import Path

from config.local import survivors
from config.local.child import Child, end, rotate, wait_for
from config.local.data_dir import DataDir
from config.local.local_model import LocalModel
from config.local.postgres import Postgres
from config.local.redis_server import RedisServer
from config.local.stripe_server import StripeServer

READY_SECONDS = 30.0


class StandIns:
    def __init__(
        self,
        data: DataDir,
        *,
        durable: bool = True,
        environment: Mapping[str, str] = os.environ,
        stripe_for: str = "",
    ) -> None:
        """`stripe_for`: the address of the Parley that a Stripe stand-in is for; none without."""
        self.data, self.environment = data, environment
        self.children: list[Child] = []
        missing = missing_from(environment)
        self.model = self.redis = self.postgres = None
        if "model" in missing:
            self.model = LocalModel(self._log("model"), port=self._port("model"))
        if "redis" in missing:
            self.redis = RedisServer(data.path / "redis", self._log("redis"), port=self._port("redis"))
        if "postgres" in missing:
            self.postgres = Postgres(data.path / "postgres", self._log("postgres"), durable=durable)
        self.stripe = StripeServer(data, self._log("stripe"), parley_url=stripe_for) if stripe_for else None

    def start(self, *, with_model: bool = True) -> None:
        """Start them side by side, and return when they answer; the model may still be loading."""
        for service in (self.model if with_model else None, self.redis, self.stripe):
            if service:
                self.add(service.make_child())
                self.data.note(f"{self.children[-1].name}_port", service.port)
        if self.postgres:
            self.postgres.prepare()
            self.add(self.postgres.make_child())
        wait_for([child for child in self.children if child.name != "model"], timeout_seconds=READY_SECONDS)
        if self.postgres:
            self.postgres.make_roles()

    def add(self, child: Child) -> None:
        """Start a child and write down that it runs."""
        rotate(child.log)
        child.start()
        self.children.append(child)
        survivors.remember(self.data.children, self.children)

    def stop(self) -> None:
        """End the children in order, those that use a service before the service. Nothing interrupts it."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        stores, model = {"postgres", "redis"}, {"model"}
        for names in ({child.name for child in self.children} - stores - model, model, stores):
            end([child for child in self.children if child.name in names])
        if self.postgres:
            self.postgres.leave()
        self.data.children.unlink(missing_ok=True)

    def make_environment(self) -> dict[str, str]:
        """Return what tells the application where everything is."""
        named = self.data.read_secrets()
        named |= {name: self.environment[name] for name in named if self.environment.get(name)}
        named["PARLEY_DATA"] = str(self.data.path)
        if self.postgres:
            named["DATABASE_URL"] = self.postgres.url("parley_app")
            named["DATABASE_OWNER_URL"] = self.postgres.url("parley_owner")
        if self.redis:
            named["REDIS_URL"] = self.redis.url
        if self.model:
            named["LOCAL_MODEL_URL"] = self.model.url
        if self.stripe:
            named |= self.stripe.environment
        return named

    def _log(self, name: str) -> Path:
        return self.data.log / f"{name}.log"

    def _port(self, name: str) -> int:
        return int(self.data.recall(f"{name}_port") or 0)


def missing_from(environment: Mapping[str, str]) -> set[str]:
    """Name the services that nobody has configured."""
    missing = set()
    if not environment.get("DATABASE_URL"):
        missing.add("postgres")
    if not environment.get("REDIS_URL"):
        missing.add("redis")
    if not environment.get("LOCAL_MODEL_URL") and environment.get("PARLEY_LOCAL_MODEL", "").lower() != "off":
        missing.add("model")
    return missing
