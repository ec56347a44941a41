"""One call of a function of the ledger: prepared once a connection, its arguments sent as they are, one row read back.

*Called by*: billing.ledger. *Keeps true*: it runs in the transaction that Django's own cursors would run in, and fails
with the errors of django.db. *Why* past the driver's cursors: what they do in Python for each of a dozen arguments and
columns costs more than the whole call does in the database; libpq's own function waits without holding the interpreter.
"""

import itertools
from collections.abc import Callable
from datetime import datetime
from functools import cache
from typing import Any

import psycopg
from django.db import DEFAULT_DB_ALIAS, connections
from psycopg import errors, pq

_numbers = itertools.count()


def call(sql: str, *arguments: Any) -> tuple[Any, ...]:
    """The one row of a SELECT, whose arguments stand as %s. Knows the types that the ledger's functions have."""
    database: Any = connections[DEFAULT_DB_ALIAS]
    database.close_if_health_check_failed()
    database.ensure_connection()
    connected = database.connection
    if database.queries_logged or database.execute_wrappers:
        # Somebody counts: a cursor tells them, and takes its time.
        cursor = psycopg.Cursor(connected)
        wrap = database.make_debug_cursor if database.queries_logged else database.make_cursor
        wrap(cursor).execute(sql, arguments)
        return cursor.fetchone() or ()
    database.validate_no_broken_transaction()
    with database.wrap_database_errors:
        if not connected.autocommit and connected.pgconn.transaction_status == pq.TransactionStatus.IDLE:
            connected.execute("SELECT")  # the driver begins a transaction with its first statement; libpq does not
        with connected.lock:
            return _row(_answer(database, sql, [None if a is None else _written(a) for a in arguments]))


def _answer(database: Any, sql: str, arguments: list[bytes | None]) -> Any:
    connected = database.connection
    libpq = connected.pgconn
    if database.settings_dict["OPTIONS"].get("prepare_threshold", 0) is None:
        answer = libpq.exec_params(_numbered(sql), arguments)  # a pooler that cannot prepare
    else:
        answer = libpq.exec_prepared(_prepared(connected, libpq, sql), arguments)
    if answer.status != pq.ExecStatus.TUPLES_OK:
        raise errors.error_from_result(answer, encoding="utf-8")
    return answer


def _prepared(connected: Any, libpq: Any, sql: str) -> bytes:
    """The name of this statement on this connection."""
    known: dict[str, bytes] | None = getattr(connected, "ledger_statements", None)
    if known is None:
        known = connected.ledger_statements = {}
        _forget_like(connected._prepared, known)
    if sql not in known:
        name = b"ledger_%d" % next(_numbers)
        answer = libpq.prepare(name, _numbered(sql))
        if answer.status != pq.ExecStatus.COMMAND_OK:
            raise errors.error_from_result(answer, encoding="utf-8")
        known[sql] = name
    return known[sql]


def _forget_like(driver: Any, known: dict[str, bytes]) -> None:
    """After a rollback the driver has the database drop all that was prepared on the connection, ours included."""
    drop = driver.clear

    def clear() -> bool:
        if is_dropping := drop():
            known.clear()
        return is_dropping

    driver.clear = clear


@cache
def _numbered(sql: str) -> bytes:
    first, *rest = sql.split("%s")
    return "".join([first, *(f"${number}{part}" for number, part in enumerate(rest, 1))]).encode()


def _written(value: Any) -> bytes:
    """The value as PostgreSQL reads it; what type it is there, the function says."""
    if isinstance(value, bool):
        return b"t" if value else b"f"
    if isinstance(value, list):
        return b"{%s}" % b",".join(b"NULL" if one is None else b"%d" % one for one in value)
    text = value.isoformat() if isinstance(value, datetime) else str(value)
    if "\x00" in text:
        raise psycopg.DataError("PostgreSQL text fields cannot contain NUL (0x00) bytes")
    return text.encode()


def _row(answer: Any) -> tuple[Any, ...]:
    if not answer.ntuples:
        return ()
    values = ((answer.get_value(0, column), answer.ftype(column)) for column in range(answer.nfields))
    return tuple(None if value is None else _READ.get(kind, bytes.decode)(value) for value, kind in values)


def _read_time(value: bytes) -> datetime:
    return datetime.fromisoformat(value.decode())


def _read_numbers(value: bytes) -> list[int]:
    return [int(part) for part in value[1:-1].split(b",") if part]


# By the number that PostgreSQL gives each type: bool, int8, int4, timestamptz, int4[].
_READ: dict[int, Callable[[bytes], Any]] = {
    16: b"t".__eq__,
    20: int,
    23: int,
    1184: _read_time,
    1007: _read_numbers,
}
