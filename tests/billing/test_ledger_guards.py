"""SQL written by hand: what the database itself refuses, to the application's role and to the owner of the tables."""

import os
from collections.abc import Iterator

import psycopg
import pytest
from django.db import DatabaseError, connection, transaction
from psycopg import errors

from billing.models import Alert, Lot, Move, Pool

from .conftest import CREDIT, Desk

BOOKS = [
    "billing_pool",
    "billing_lot",
    "billing_hold",
    "billing_holdpart",
    "billing_move",
    "billing_usageevent",
    "billing_price",
    "billing_cap",
]


def forbidden(statement: str) -> bool:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    except DatabaseError as error:
        return isinstance(error.__cause__, errors.InsufficientPrivilege)
    return False


@pytest.mark.parametrize("table", BOOKS)
def test_the_application_may_read_the_books_and_not_write_them(desk: Desk, table: str) -> None:
    desk.spend(CREDIT)
    column = connection.introspection.get_primary_key_column(connection.cursor(), table)
    if table in ("billing_holdpart", "billing_usageevent"):
        column = "hold_id"

    assert not forbidden(f"SELECT * FROM {table}")
    assert forbidden(f"UPDATE {table} SET {column} = {column}")
    assert forbidden(f"DELETE FROM {table}")
    assert forbidden(f"TRUNCATE {table} CASCADE")
    assert forbidden(f"INSERT INTO {table} SELECT * FROM {table}")


def test_saving_a_lot_through_its_model_is_refused(desk: Desk) -> None:
    lot = Lot.objects.get()
    lot.free_ucr += CREDIT

    with pytest.raises(DatabaseError), transaction.atomic():
        lot.save()
    with pytest.raises(DatabaseError), transaction.atomic():
        Pool.objects.update(free_ucr=10 * CREDIT)

    assert desk.free == 100 * CREDIT


@pytest.mark.parametrize("function", ["ledger_burn", "ledger_close", "ledger_record", "ledger_tidy", "ledger_alert"])
def test_the_inner_functions_are_not_for_the_application(desk: Desk, function: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), bool_or(has_function_privilege(oid, 'EXECUTE')) FROM pg_proc WHERE proname = %s",
            [function],
        )
        assert cursor.fetchone() == (1, False)


def test_a_temporary_table_cannot_stand_in_for_the_books(desk: Desk) -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE billing_pool AS SELECT * FROM billing_pool")
        cursor.execute("UPDATE pg_temp.billing_pool SET free_ucr = 0, due_at = 'infinity'")

    assert desk.hold(60 * CREDIT).free_ucr == 40 * CREDIT

    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE pg_temp.billing_pool")


def test_the_application_cannot_make_functions_beside_the_ledgers(desk: Desk) -> None:
    assert forbidden("CREATE FUNCTION public.ledger_more() RETURNS int LANGUAGE sql AS 'SELECT 1'")


def test_that_an_alert_was_mailed_may_be_noted_and_nothing_else(desk: Desk) -> None:
    desk.spend(50 * CREDIT)

    assert Alert.objects.update(sent_at="2026-01-01T00:00Z") == 1
    assert forbidden("UPDATE billing_alert SET threshold_percent = 1")


@pytest.fixture
def owner(committed_desk: Desk) -> Iterator[psycopg.Connection]:
    """The role that owns the tables and runs migrations."""
    committed_desk.spend(CREDIT)
    committed_desk.hold(CREDIT, "reply:open")
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"], autocommit=True) as connected:
        yield connected


@pytest.mark.parametrize("table", ["billing_move", "billing_usageevent", "billing_price"])
@pytest.mark.parametrize("statement", ["UPDATE {} SET {} = {}", "DELETE FROM {}", "TRUNCATE {} CASCADE"])
def test_moves_usage_and_prices_only_grow_even_for_their_owner(
    owner: psycopg.Connection, table: str, statement: str
) -> None:
    column = "offer_id" if table == "billing_price" else "org_id"

    with pytest.raises(errors.RestrictViolation, match="append-only"):
        owner.execute(statement.format(table, column, column))


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE billing_lot SET free_ucr = free_ucr + 1",
        "UPDATE billing_lot SET free_ucr = free_ucr - 200000000, held_ucr = held_ucr + 200000000",
        "UPDATE billing_pool SET free_ucr = -1",
        "UPDATE billing_hold SET amount_ucr = -1",
        "UPDATE billing_holdpart SET amount_ucr = 0",
        "INSERT INTO billing_move (org_id, lot_id, kind, src, dst, amount_ucr)"
        " SELECT org_id, id, 'grant', 'free', 'free', 1 FROM billing_lot",
        "INSERT INTO billing_move (org_id, lot_id, kind, src, dst, amount_ucr)"
        " SELECT org_id, id, 'grant', 'issued', 'free', 0 FROM billing_lot",
    ],
)
def test_no_row_can_hold_what_does_not_add_up(owner: psycopg.Connection, change: str) -> None:
    with pytest.raises(errors.CheckViolation):
        owner.execute(change)


def test_a_pool_with_open_holds_or_a_history_cannot_be_deleted(owner: psycopg.Connection, committed_desk: Desk) -> None:
    with pytest.raises(errors.RestrictViolation, match="open holds"):
        owner.execute("DELETE FROM billing_pool")
    with pytest.raises((errors.ForeignKeyViolation, errors.RestrictViolation)):
        owner.execute("DELETE FROM workspace_org")

    committed_desk.settle("reply:open", 0)

    with pytest.raises(errors.RestrictViolation, match="history"):
        owner.execute("DELETE FROM billing_pool")
    assert Move.objects.exists()
