"""A database and a Redis number for each test process.

*Called by*: pytest, as a plugin that is loaded before Django (pyproject.toml), and tests/bench. *Keeps true*: tests
connect as the application's own role, so what they may do is what the product may do; only the superuser empties
tables.
"""

import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg

ROOT = Path(__file__).resolve().parent.parent
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "main")
NAME = f"test_{WORKER}"
# What migrations load, and the tests' own small catalog: everything else is emptied after a committed test.
PRICES = {"billing_plan", "billing_planprice", "billing_pack", "billing_packprice"}
KEPT = {"django_migrations", "django_content_type", *PRICES}
DEADLOCKS = 5


def renamed(url: str, path: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=path))


def name_environment() -> None:
    """Point the settings at this process's own database and Redis number."""
    if "DATABASE_SUPERUSER_URL" not in os.environ:
        raise SystemExit("Tests need services of their own: run them with bin/test.")
    for variable in ("DATABASE_URL", "DATABASE_OWNER_URL"):
        os.environ[variable] = renamed(os.environ[variable], f"/{NAME}")
    number = 1 + int(WORKER.removeprefix("gw")) if WORKER.startswith("gw") else 0
    os.environ["REDIS_URL"] = renamed(os.environ["REDIS_URL"], f"/{number}")
    os.environ.setdefault("SECRET_KEY", "tests")


def create() -> None:
    """Make the database anew and migrate it as its owner."""
    with psycopg.connect(os.environ["DATABASE_SUPERUSER_URL"], autocommit=True) as admin:
        admin.execute(f'DROP DATABASE IF EXISTS "{NAME}" WITH (FORCE)')
        admin.execute(f'CREATE DATABASE "{NAME}" OWNER parley_owner')
    subprocess.run([sys.executable, str(ROOT / "manage.py"), "migrate", "--verbosity", "0"], check=True, env=os.environ)


def empty() -> None:
    """Empty all tables but KEPT, the append-only ones too, which only a superuser can."""
    with psycopg.connect(renamed(os.environ["DATABASE_SUPERUSER_URL"], f"/{NAME}"), autocommit=True) as admin:
        tables = [
            row[0]
            for row in admin.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
            if row[0] not in KEPT
        ]
        admin.execute("SET session_replication_role = replica")
        admin.execute("SET lock_timeout = '20s'")
        named = ", ".join(f'"{table}"' for table in tables)
        for left in reversed(range(DEADLOCKS)):
            try:
                admin.execute(f"TRUNCATE {named} RESTART IDENTITY CASCADE")
                break
            except psycopg.errors.DeadlockDetected:  # with a process that still runs: one of the two has to give way
                if not left:
                    raise


if "pytest" in sys.modules:
    name_environment()
