"""What must be done before the application starts: words, static files, migrations, the catalog.

*Called by*: supervisor.py, checkup.py. *Keeps true*: a step whose sources have not changed since it last succeeded here
is skipped without importing Django; on a database that is not ours it always runs.
"""

import hashlib
import os
import subprocess
from dataclasses import dataclass
from typing import Any

from config.local.child import read_reason, tie_to_parent
from config.local.data_dir import DataDir
from config.local.trouble import Trouble, say
from config.local.wheels import PYTHON, ROOT

# The catalog shows the operator's own model, reckons in the operator's credits, and switches on who has a key.
CATALOG_VARIABLES = ("LOCAL_MODEL", "CREDIT_")
KEY_ENDINGS = ("KEY", "KEY_ID", "TOKEN", "SECRET")


@dataclass
class Step:
    title: str
    argv: list[str]
    sources: list[str]
    variables: tuple[str, ...] = ()
    needs_database: bool = True
    is_due_always: bool = False


WORDS = Step(
    "Compiling the translations",
    ["words", "--compile"],
    ["requirements.txt", "locale/**/*.po", "workspace/wording.py"],
    needs_database=False,
)
COLLECT = Step(
    "Collecting static files",
    ["collectstatic", "--noinput", "--clear", "-v", "0"],
    ["requirements.txt", "config/settings.py", "static/**/*"],
    needs_database=False,
)
MIGRATE = Step(
    "Bringing the database up to date",
    ["migrate", "--noinput", "-v", "1"],
    ["requirements.txt", "*/migrations/**/*.py"],
)
CATALOG = Step(
    "Loading the catalog of models",
    ["load_catalog"],
    ["requirements.txt", "catalog/**/*.*", "billing/prices.py", "chat/management/commands/load_catalog.py"],
    variables=CATALOG_VARIABLES,
)
# What it fills is not this database.
STRIPE = Step("Putting plans and packs on sale", ["stripe_setup"], [], is_due_always=True)


class Preparation:
    """One step on its way, or nothing where its sources are as they were: `Preparation(...).finish()`."""

    def __init__(self, step: Step, data: DataDir, environment: dict[str, str]) -> None:
        self.step, self.data = step, data
        self.digest = _digest(step, data, environment)
        self.log = data.log / f"{step.argv[0]}.log"
        self.process: subprocess.Popen[bytes] | None = None
        if step is WORDS and _are_compiled():
            return
        if data.recall(step.argv[0]) == self.digest and _is_ours(step, data) and not step.is_due_always:
            return
        say(f"· {step.title}")
        piped: dict[str, Any] = {"stdin": subprocess.DEVNULL, "cwd": ROOT, "env": environment}
        with self.log.open("wb") as out:
            argv = [str(PYTHON), "manage.py", *step.argv]
            self.process = subprocess.Popen(argv, stdout=out, stderr=out, preexec_fn=tie_to_parent, **piped)

    def finish(self) -> None:
        """Wait for it, and remember what it was done with."""
        if self.process is None:
            return
        if self.process.wait():
            raise Trouble(f"{self.step.title} failed: {read_reason(self.log)} (more in {self.log})")
        self.data.note(self.step.argv[0], self.digest)


def _are_compiled() -> bool:
    """Say whether every catalog is younger than its source. They lie in the clone, for all data directories."""
    sources = list(ROOT.glob("locale/*/LC_MESSAGES/*.po"))
    made = [source.with_suffix(".mo") for source in sources] + list(ROOT.glob("static/words/*.js"))
    newest = max(source.stat().st_mtime_ns for source in [*sources, ROOT / "workspace" / "wording.py"])
    return len(made) >= 2 * len(sources) and all(path.exists() and path.stat().st_mtime_ns >= newest for path in made)


def _is_ours(step: Step, data: DataDir) -> bool:
    """Say whether what the step made can only have been lost together with our memory of it."""
    if step.needs_database:
        return not os.environ.get("DATABASE_URL")
    return (data.path / "static" / "staticfiles.json").exists()


def _digest(step: Step, data: DataDir, environment: dict[str, str]) -> str:
    """Sum up everything that the step reads, and which database it fills."""
    parts = [f"{name}={value}" for name, value in sorted(environment.items()) if name.startswith(step.variables)]
    if step.variables:
        parts += [name for name, value in sorted(environment.items()) if value and name.endswith(KEY_ENDINGS)]
    cluster = data.path / "postgres" / "data" / "PG_VERSION"
    if step.needs_database and cluster.exists():
        parts.append(str(cluster.stat().st_mtime_ns))
    for source in step.sources:
        for file in sorted(path for path in ROOT.glob(source) if path.suffix != ".pyc" and path.is_file()):
            seen = file.stat()
            parts.append(f"{file.relative_to(ROOT)} {seen.st_size} {seen.st_mtime_ns}")
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
