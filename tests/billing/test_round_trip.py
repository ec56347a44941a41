"""A call of the ledger past the driver's cursors: in the same transaction, with the same errors, counted like the others."""

from uuid import uuid4

import pytest
from django.db import DatabaseError, DataError, connection, transaction
from django.db.transaction import TransactionManagementError
from django.test.utils import CaptureQueriesContext

from billing import ledger
from billing.models import Hold, Lot

from .conftest import CREDIT, Desk


def test_a_call_that_is_the_first_of_a_transaction_is_undone_with_it(committed_desk: Desk) -> None:
    with transaction.atomic():
        assert ledger.grant(committed_desk.org.pk, kind="topup", amount_ucr=CREDIT, source_key="undone")
        transaction.set_rollback(True)

    assert not Lot.objects.filter(source_key="undone").exists()


def test_a_call_outside_a_transaction_is_one_of_its_own(committed_desk: Desk) -> None:
    held = committed_desk.hold(CREDIT, durable=False)

    connection.close()

    assert Hold.objects.get(pk=held.id).amount_ucr == CREDIT


def test_what_the_database_refuses_is_an_error_of_django(committed_desk: Desk) -> None:
    with pytest.raises(DatabaseError):
        committed_desk.grant(-CREDIT)
    assert committed_desk.free == 100 * CREDIT

    with transaction.atomic():
        with pytest.raises(DatabaseError), transaction.atomic():
            committed_desk.grant(0)
        committed_desk.grant(CREDIT)
    assert committed_desk.free == 101 * CREDIT


def test_a_call_goes_on_after_the_driver_has_dropped_what_it_had_prepared(committed_desk: Desk) -> None:
    committed_desk.grant(CREDIT)
    for _ in range(5):
        assert Lot.objects.exists()  # prepared by the driver, which drops all of it with the next rollback

    with transaction.atomic():
        with transaction.atomic():
            committed_desk.grant(CREDIT)
            transaction.set_rollback(True)
        committed_desk.grant(CREDIT)

    assert committed_desk.free == 102 * CREDIT


def test_in_a_transaction_that_has_failed_nothing_more_is_called(desk: Desk) -> None:
    with transaction.atomic():
        connection.set_rollback(True)

        with pytest.raises(TransactionManagementError):
            desk.grant(CREDIT)


def test_text_that_postgresql_cannot_store_is_refused_rather_than_cut(desk: Desk) -> None:
    with pytest.raises(DataError, match="NUL"):
        desk.grant(CREDIT, key="topup:\x00more")


def test_what_comes_back_is_the_same_whether_somebody_counts_or_not(desk: Desk) -> None:
    plain = desk.hold(CREDIT, "reply:plain", member_id=uuid4())
    with CaptureQueriesContext(connection) as counted:
        told = desk.hold(CREDIT, "reply:plain")
        alerts = desk.spend(60 * CREDIT).alerts_percent

    assert [query["sql"].split("(")[0] for query in counted] == [
        "SELECT * FROM ledger_hold",
        "SELECT * FROM ledger_hold",
        "SELECT * FROM ledger_settle",
    ]
    assert (told.id, told.amount_ucr, told.expires_at) == (plain.id, plain.amount_ucr, plain.expires_at)
    assert alerts == (50,)
    assert desk.spend(25 * CREDIT).alerts_percent == (80,)


def test_behind_a_pooler_that_cannot_prepare_nothing_is_prepared(
    committed_desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection.close()
    connection.close_pool()  # type: ignore[attr-defined]
    monkeypatch.setitem(connection.settings_dict["OPTIONS"], "prepare_threshold", None)

    committed_desk.spend(CREDIT)

    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_prepared_statements")
        assert cursor.fetchone() == (0,)
    connection.close()
    connection.close_pool()  # type: ignore[attr-defined]


def test_an_amount_beyond_what_is_stored_is_refused(desk: Desk) -> None:
    for amount_ucr in (2**63, -(2**63) - 1, 2**63 - 1):
        with pytest.raises(DatabaseError), transaction.atomic():
            desk.grant(amount_ucr)

    assert desk.free == 100 * CREDIT
