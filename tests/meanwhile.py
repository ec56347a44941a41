"""Two at once, in a known order: one verb is begun while another has not committed yet.

*Called by*: tests of races. *Keeps true*: nobody sleeps and hopes: the database says who waits for whom.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db import connection, connections, transaction

from workspace.errors import Refused

PATIENCE_SECONDS = 20
_WAITING = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"


@contextmanager
def meanwhile(verb: Callable[[], object]) -> Iterator[list[str]]:
    """In a transaction, let the body do something; then begin the verb on another connection, and commit once it is
    through or waits for us. What is given holds its outcome in the end: "done", or the code of the refusal.
    """
    outcome: list[str] = []
    other = threading.Thread(target=_run, args=[verb, outcome])
    try:
        with transaction.atomic():
            yield outcome
            other.start()
            assert until(lambda: not other.is_alive() or is_waited_for())
    finally:
        if other.ident:
            other.join()


def until(is_so: Callable[[], bool]) -> bool:
    """Ask again and again; whether it came true in time."""
    end = time.monotonic() + PATIENCE_SECONDS
    while not is_so():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True


def is_waited_for() -> bool:
    """Whether somebody waits for a lock in this database."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")  # a transaction knows only who was there when it first looked
        cursor.execute(_WAITING)
        return cursor.fetchone() is not None


def _run(verb: Callable[[], object], outcome: list[str]) -> None:
    try:
        verb()
        outcome.append("done")
    except Refused as refusal:
        outcome.append(refusal.code)
    finally:
        connections.close_all()
