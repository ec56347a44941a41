"""The audit: quiet when all is well, and loud about each thing that can be wrong."""

import json
import os
from io import StringIO
from uuid import uuid4

import psycopg
import pytest
from django.core.management import CommandError, call_command

from billing import books, ledger
from tests import databases
from workspace.models import AuditLine

from .conftest import CREDIT, Desk

# What to break, as a superuser with the guards off, and the check that must see it.
BREAKAGES = [
    ("UPDATE billing_pool SET free_ucr = free_ucr + 1", "a pool has what its lots have"),
    ("DELETE FROM billing_pool", "a pool has what its lots have"),
    ("UPDATE billing_move SET amount_ucr = amount_ucr + 1 WHERE kind = 'release'", "each bucket of a lot"),
    ("DELETE FROM billing_move WHERE kind = 'grant'", "each bucket of a lot"),
    ("UPDATE billing_lot SET is_drained = true", "a lot accounts for all"),
    ("UPDATE billing_hold SET state = 'released' WHERE state = 'open'", "what is held is what open calls hold"),
    ("UPDATE billing_holdpart SET amount_ucr = amount_ucr + 1", "a hold is the sum of its parts"),
    ("UPDATE billing_hold SET charged_ucr = charged_ucr + 1 WHERE state = 'settled'", "what a call was charged"),
    ("UPDATE billing_hold SET amount_ucr = amount_ucr + 1 WHERE state = 'open'", "what went into held"),
    ("UPDATE billing_usageevent SET charge_ucr = charge_ucr + 1, list_ucr = list_ucr + 1", "delivered usage is"),
    ("UPDATE billing_usageevent SET is_delivered = false", "a failed or empty attempt"),
    ("UPDATE billing_hold SET expires_at = now() - interval '3 minutes' WHERE state = 'open'", "an open call has"),
    ("UPDATE billing_lot SET expires_at = now() - interval '11 minutes'", "nothing is free in a lot"),
    ("UPDATE billing_cap SET used_ucr = used_ucr + 1", "a cap counts"),
    ("UPDATE billing_cap SET limit_ucr = 1, outset_ucr = 0", "a cap is passed only by"),
    ("UPDATE billing_cap SET limit_ucr = limit_ucr + 1 WHERE is_default", "a cap made from the default"),
    ("DELETE FROM billing_cap WHERE is_default", "under a default every member"),
    ("UPDATE billing_pool SET is_capped = false", "a pool knows"),
    ("UPDATE billing_pool SET period_spent_ucr = 0", "a period counts"),
    ("UPDATE billing_move SET kind = 'gift' WHERE kind = 'grant'", "every move is of a known kind"),
    ("UPDATE billing_lot SET org_id = gen_random_uuid()", "every row of the books belongs"),
    (
        "INSERT INTO billing_move (org_id, lot_id, hold_id, kind, src, dst, amount_ucr) SELECT org_id, lot_id, hold_id,"
        " kind, src, dst, amount_ucr FROM billing_move WHERE kind = 'spend'",
        "a call is charged once",
    ),
]


@pytest.fixture
def busy_desk(committed_desk: Desk, somebody):  # type: ignore[no-untyped-def]
    """One settled call, one that is open, a cap on who asked for both, and a default that somebody else has.

    What a test breaks is undone at its end.
    """
    desk = committed_desk
    ledger.cap_default(desk.org.pk, limit_ucr=20 * CREDIT)
    desk.spend(CREDIT, member_id=uuid4())
    ledger.cap(desk.org.pk, scope="member", scope_id=somebody, limit_ucr=50 * CREDIT)
    desk.settle(desk.hold(3 * CREDIT, member_id=somebody).call, 2 * CREDIT)
    desk.hold(4 * CREDIT, member_id=somebody)
    yield desk
    databases.empty()


def superuser() -> psycopg.Connection:
    url = databases.renamed(os.environ["DATABASE_SUPERUSER_URL"], f"/{databases.NAME}")
    return psycopg.connect(url, autocommit=True)


def audit(*arguments: str) -> tuple[int, str]:
    out = StringIO()
    try:
        call_command("audit_ledger", *arguments, stdout=out)
    except SystemExit as ended:
        return int(str(ended.code)), out.getvalue()
    return 0, out.getvalue()


def test_books_in_order_pass(busy_desk: Desk) -> None:
    assert audit() == (0, audit()[1])
    assert "The ledger adds up." in audit()[1]


@pytest.mark.parametrize(("breakage", "question"), BREAKAGES)
def test_each_breakage_is_found(busy_desk: Desk, breakage: str, question: str) -> None:
    assert not books.breaches()

    with superuser() as admin:
        admin.execute("SET session_replication_role = replica")
        assert admin.execute(breakage).rowcount > 0

    assert [finding for finding in books.breaches() if finding.name.startswith(question)]


def test_a_breach_ends_the_command_with_1_and_names_the_row(busy_desk: Desk) -> None:
    with superuser() as admin:
        admin.execute("UPDATE billing_pool SET free_ucr = free_ucr + 1")

    status, text = audit()
    assert status == 1
    assert str(busy_desk.org.pk) in text
    status, text = audit("--json")
    assert status == 1
    assert [check["examples"] for check in json.loads(text)["checks"] if check["breaches"]] == [[str(busy_desk.org.pk)]]


def test_the_operator_grants_credits_by_hand_once_a_key(desk: Desk) -> None:
    arguments = ["--org", desk.org.slug, "--credits", "2.5", "--note", "Sorry for the outage", "--key", "outage"]

    call_command("grant", *arguments, stdout=StringIO())
    with pytest.raises(CommandError, match="before"):
        call_command("grant", *arguments)

    assert desk.free == 102_500_000
    line = AuditLine.objects.get(action="credits.granted")
    assert (line.subject, line.details) == ("2.50", {"note": "Sorry for the outage"})


@pytest.mark.parametrize("credits", ["0", "-3", "ten", "0.0000001", "NaN"])
def test_a_grant_of_nothing_sensible_is_refused(desk: Desk, credits: str) -> None:
    with pytest.raises(CommandError):
        call_command("grant", "--org", desk.org.slug, "--credits", credits, "--note", "x")

    assert desk.free == 100 * CREDIT
