"""A database beside the tests' own, whose clock a test sets, and whose ledger a test may break.

*Called by*: test_pool_story.py, test_broken_ledger.py. *Keeps true*: the functions are the product's, word for word;
what differs is where they look up `clock_timestamp`. The product has no such schema, so nothing there can set a clock.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from unittest import mock

import psycopg
from django.db import connection, connections
from django.utils import timezone

from tests import databases

NAME = f"{databases.NAME}_story"
FILES = ("lots.sql", "ledger.sql", "caps.sql")
SCHEMA = """
    CREATE SCHEMA story;
    GRANT USAGE ON SCHEMA story TO PUBLIC;
    CREATE FUNCTION story.clock_timestamp() RETURNS timestamptz LANGUAGE sql AS $$
        SELECT coalesce(nullif(current_setting('story.now', true), '')::timestamptz, pg_catalog.clock_timestamp()) $$;
    CREATE FUNCTION story.statement_timestamp() RETURNS timestamptz LANGUAGE sql AS 'SELECT story.clock_timestamp()';
"""
OTHER_CLOCK = """
    DO $$ DECLARE f regprocedure; BEGIN
        FOR f IN SELECT oid FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND prosecdef AND proname ~ '^ledger_' LOOP
            EXECUTE format('ALTER FUNCTION %s SET search_path = story, pg_catalog, public, pg_temp', f);
        END LOOP;
    END $$
"""


class Scratch:
    """The scratch database, as the owner of its tables."""

    def __init__(self, owner: psycopg.Connection) -> None:
        self.owner = owner

    def mend(self) -> None:
        """Put every function back as the product has it, on the story's clock."""
        for name in FILES:
            self.owner.execute(_text(name))  # type: ignore[call-overload]
        self.owner.execute(OTHER_CLOCK)  # type: ignore[call-overload]

    def break_in(self, name: str, before: str, after: str) -> None:
        """Replace words of one file of the ledger; that they stand there is part of the test."""
        text = _text(name)
        assert before in text, f"{name} does not say {before!r} any more"
        self.owner.execute(text.replace(before, after))  # type: ignore[call-overload]
        self.owner.execute(OTHER_CLOCK)  # type: ignore[call-overload]


@contextmanager
def database() -> Iterator[Scratch]:
    """Copy the tests' database and let Django work on the copy."""
    home = connection.settings_dict["NAME"]
    _leave()
    with psycopg.connect(os.environ["DATABASE_SUPERUSER_URL"], autocommit=True) as admin:
        admin.execute(f'DROP DATABASE IF EXISTS "{NAME}" WITH (FORCE)')
        admin.execute(f'CREATE DATABASE "{NAME}" TEMPLATE "{home}" OWNER parley_owner')
        admin.execute(f'ALTER ROLE parley_app IN DATABASE "{NAME}" SET search_path = story, pg_catalog, public')
        connection.settings_dict["NAME"] = NAME
        try:
            with psycopg.connect(
                databases.renamed(os.environ["DATABASE_OWNER_URL"], f"/{NAME}"), autocommit=True
            ) as owner:
                owner.execute(SCHEMA)  # type: ignore[call-overload]
                scratch = Scratch(owner)
                scratch.mend()
                yield scratch
        finally:
            _leave()
            connection.settings_dict["NAME"] = home
            admin.execute(f'DROP DATABASE IF EXISTS "{NAME}" WITH (FORCE)')


class Clock:
    """The time of a story, for the database and for Python alike; it stands still until it is set."""

    now: datetime

    def set(self, now: datetime) -> None:
        self.now = now
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('story.now', %s, false)", [now.isoformat()])

    @contextmanager
    def running(self) -> Iterator[None]:
        with mock.patch.object(timezone, "now", lambda: self.now):
            yield
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('story.now', '', false)")


def _text(name: str) -> str:
    return (Path(databases.ROOT) / "billing" / name).read_text()


def _leave() -> None:
    for each in connections.all(initialized_only=True):
        each.close()
        each.close_pool()  # type: ignore[attr-defined]
