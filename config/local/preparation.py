"""What must be done to the stores before the application starts: static files, migrations, the catalog.

*Called by*: supervisor.py, checkup.py. *Keeps true*: a step whose sources have not changed since it last succeeded here
is skipped without importing Django; on a database that is not ours it always runs.
"""

import hashlib
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from config.local.child import read_reason
from config.local.data_dir import DataDir
from config.local.trouble import Trouble, say
from config.local.wheels import PYTHON, ROOT

# The catalog shows the operator's own model and reckons in the operator's credits.
CATALOG_VARIABLES = ("LOCAL_MODEL", "CREDIT_")


@dataclass
class Step:
    title: str
    argv: list[str]
    sources: list[str]
    variables: tuple[str, ...] = ()
    needs_database: bool = True


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
    ["requirements.txt", "catalog/**/*.*"],
    variables=CATALOG_VARIABLES,
)


def prepare(data: DataDir, environment: dict[str, str], steps: list[Step]) -> None:
    """Do the steps whose sources have changed, in order."""
    for step in steps:
        digest = _digest(step, data, environment)
        if data.recall(step.argv[0]) == digest and _is_ours(step, data):
            continue
        say(f"· {step.title}")
        _run(step, data.log / "prepare.log", environment)
        data.note(step.argv[0], digest)


def _run(step: Step, log: Path, environment: dict[str, str]) -> None:
    with log.open("ab") as out:
        argv = [str(PYTHON), "manage.py", *step.argv]
        nothing = subprocess.DEVNULL
        done = subprocess.run(argv, cwd=ROOT, env=environment, stdin=nothing, stdout=out, stderr=out, check=False)
    if done.returncode:
        raise Trouble(f"{step.title} failed: {read_reason(log)} (more in {log})")


def _is_ours(step: Step, data: DataDir) -> bool:
    """Say whether what the step made can only have been lost together with our memory of it."""
    if step.needs_database:
        return not os.environ.get("DATABASE_URL")
    return (data.path / "static" / "staticfiles.json").exists()


def _digest(step: Step, data: DataDir, environment: dict[str, str]) -> str:
    """Sum up everything that the step reads, and which database it fills."""
    parts = [f"{name}={value}" for name, value in sorted(environment.items()) if name.startswith(step.variables)]
    cluster = data.path / "postgres" / "data" / "PG_VERSION"
    if step.needs_database and cluster.exists():
        parts.append(str(cluster.stat().st_mtime_ns))
    for source in step.sources:
        for file in sorted(path for path in ROOT.glob(source) if path.suffix != ".pyc" and path.is_file()):
            seen = file.stat()
            parts.append(f"{file.relative_to(ROOT)} {seen.st_size} {seen.st_mtime_ns}")
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
