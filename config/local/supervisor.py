"""bin/up: starts all of Parley, keeps it running, stops all of it.

*Called by*: `__main__.py`. *Keeps true*: whatever ends this process, by Ctrl-C, SIGTERM or kill -9, takes along what it
started and nothing else; a child that dies by itself is started again, and a line says so.
"""

import argparse
import os
import subprocess
import time
from pathlib import Path
from typing import NoReturn

from config.local import install, ports, survivors
from config.local.child import Child, end, read_reason, wait_for
from config.local.data_dir import DataDir, write_json
from config.local.preparation import CATALOG, COLLECT, MIGRATE, STRIPE, WORDS, Preparation
from config.local.stand_ins import StandIns, missing_from
from config.local.trouble import Trouble, say
from config.local.wheels import PYTHON, ROOT

READY_SECONDS = 60.0
LOOPBACK = {"127.0.0.1", "::1", "localhost"}
MODEL_SECONDS = 10.0
STEADY_SECONDS = 60.0
PAUSE_SECONDS_MAX = 30.0
SAVING_SECONDS = 7.0
WORKER = ["-m", "celery", "-A", "config", "worker", "--pool", "threads", "--concurrency", "2"]
WORKER += ["--without-gossip", "--without-mingle", "--loglevel", "WARNING"]


def run(arguments: list[str]) -> int:
    options = _parse(arguments)
    install.ensure([install.RUNTIME] + ([install.STAND_INS] if missing_from(os.environ) else []))
    data = DataDir(options.data)
    data.create()
    if not data.lock("bin/up"):
        raise Trouble(f"The data directory {data.path} is in use by {data.read_holder()}.")
    try:
        if ports.is_taken(options.host, options.port):
            raise Trouble(f"Port {options.port} on {options.host} is in use; choose another with --port.")
    except OSError as error:
        raise Trouble(f"This machine cannot listen on {options.host} port {options.port}: {error.strerror}.") from None
    return Supervisor(options, data).run()


def make_environment() -> dict[str, str]:
    """Return this process's environment for a child of ours: as it is, but with compiled bytecode kept."""
    left_out = {"PYTHONDONTWRITEBYTECODE", "PYTHONHOME", "PYTHONPATH"}
    return {name: value for name, value in os.environ.items() if name not in left_out}


class Supervisor:
    def __init__(self, options: argparse.Namespace, data: DataDir) -> None:
        self.options, self.data = options, data
        shown = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(options.host, options.host)
        self.shown_host = f"[{shown}]" if ":" in shown else shown
        self.url = os.environ.get("PARLEY_URL") or self._here

    @property
    def _here(self) -> str:
        """Where this machine reaches the web server, whatever others call it."""
        return f"http://{self.shown_host}:{self.options.port}"

    def run(self) -> int:
        self.data.handed_out.unlink(missing_ok=True)
        if left := survivors.end_all(self.data.children):
            say(f"· Ended what the last run left behind: {', '.join(left)}")
        self.stand_ins = StandIns(self.data, stripe_for=self._here if self.options.with_stripe_stand_in else "")
        try:
            self._start()
            self._announce()
            self._watch()
        except KeyboardInterrupt:
            say("\nStopping.")
            return 0
        finally:
            self.data.handed_out.unlink(missing_ok=True)
            self.stand_ins.stop()
            say("Stopped.")

    def _start(self) -> None:
        names = ", ".join(sorted(missing_from(os.environ)))
        say(f"· Starting {names}" if names else "· Using the services that the environment names")
        handed = self.stand_ins.make_environment() | {"PARLEY_URL": self.url}
        environment = make_environment() | handed
        Preparation(WORDS, self.data, environment).finish()  # some of them are static files
        collecting = Preparation(COLLECT, self.data, environment)  # meanwhile
        self.stand_ins.start()
        for step in (MIGRATE, CATALOG, *([STRIPE] if self.stand_ins.stripe else [])):
            Preparation(step, self.data, environment).finish()
        collecting.finish()
        write_json(self.data.handed_out, handed)
        say("· Starting the web server and the worker")
        for child in self._make_processes(environment):
            self.stand_ins.add(child)
        self._wait()

    def _wait(self) -> None:
        """Wait until everything answers. The local model is waited for, but its trouble stops nobody from talking."""
        model = [child for child in self.stand_ins.children if child.name == "model"]
        wait_for([child for child in self.stand_ins.children if child not in model], timeout_seconds=READY_SECONDS)
        try:
            wait_for(model, timeout_seconds=MODEL_SECONDS)
        except Trouble as trouble:
            say(f"! {trouble}")

    def _make_processes(self, environment: dict[str, str]) -> list[Child]:
        address = ["--host", self.options.host, "--port", str(self.options.port)]
        logs = self.data.log
        web = Child("web", [str(PYTHON), "-m", "config.web", *address], logs / "web.log", environment)
        # At Ctrl-C answers get a moment to end, and then the time to save what there is.
        grace = environment.get("WORKER_GRACE_SECONDS", "3")
        environment = environment | {"PARLEY_BEAT": "1", "WORKER_GRACE_SECONDS": grace}
        worker = Child("worker", [str(PYTHON), *WORKER], logs / "worker.log", environment)
        worker.grace_seconds = float(grace) + SAVING_SECONDS
        web.is_ready = lambda: ports.get_status(self.shown_host.strip("[]"), self.options.port, "/readyz") == 200
        for child in (web, worker):
            child.folder = ROOT
        return [web, worker]

    def _announce(self) -> None:
        say(f"\nParley is ready: {self.url}\n")
        if self.options.demo:
            environment = make_environment() | self.stand_ins.make_environment() | {"PARLEY_URL": self.url}
            subprocess.run([str(PYTHON), "manage.py", "demo"], cwd=ROOT, env=environment, check=False)
        else:
            say(f"  Make the first account: {self.url}/accounts/signup/")
        if self.stand_ins.stripe:
            say(f"  Stripe stand-in: {self.stand_ins.stripe.url} (its clock, its events, test cards; no money moves)")
        if self.options.host not in LOOPBACK and "PARLEY_URL" not in os.environ:
            say("  Other machines reach it when PARLEY_URL is the address that they type (docs/settings.md).")
        say(f"  Logs: {self.data.log}\n  Ctrl-C stops everything.\n")

    def _watch(self) -> NoReturn:
        """Start again whatever ends, after a pause that grows while it keeps ending."""
        due: dict[str, float] = {}
        while True:
            for child in self.stand_ins.children:
                if child.has_ended and child.name not in due:
                    due[child.name] = time.monotonic() + self._note_end(child)
                elif child.has_ended and time.monotonic() > due[child.name]:
                    del due[child.name]
                    child.start()
                    survivors.remember(self.data.children, self.stand_ins.children)
            time.sleep(0.3)

    def _note_end(self, child: Child) -> float:
        assert child.process
        child.failures = 1 if time.monotonic() - child.started > STEADY_SECONDS else child.failures + 1
        pause = min(0.25 * 2**child.failures, PAUSE_SECONDS_MAX)
        end([child])
        code, word = child.process.returncode, read_reason(child.log)
        say(f"{child.name} ended (exit code {code}) and is started again in {pause:g} s. Its log says: {word}")
        return pause


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser("bin/up", description="Run all of Parley on this machine, until Ctrl-C.")
    parser.add_argument("--port", type=int, default=8000, help="where the web server listens (8000)")
    parser.add_argument("--host", default="127.0.0.1", help="the address it listens on (127.0.0.1)")
    parser.add_argument("--data", type=Path, default=ROOT / "var", help="where everything is kept (var)")
    parser.add_argument("--demo", action="store_true", help="add an example organization and say how to sign in")
    parser.add_argument(
        "--with-stripe-stand-in", action="store_true", help="sell plans and packs through a stand-in for Stripe"
    )
    options = parser.parse_args(arguments)
    if options.with_stripe_stand_in and os.environ.get("STRIPE_SECRET_KEY"):
        parser.error("STRIPE_SECRET_KEY names a Stripe already; unset it, or leave out --with-stripe-stand-in")
    if not 0 < options.port < 65536:
        parser.error("--port is a number from 1 to 65535")
    return options
