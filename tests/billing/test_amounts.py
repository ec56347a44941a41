"""Amounts that are none: too many, less than nothing, fractions, no number at all. Refused wherever they come in."""

from decimal import Decimal
from io import StringIO
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, transaction

from billing import credits, ledger
from billing.models import Account

from .conftest import CREDIT, Desk

NOT_STORED = [2**63, -(2**63) - 1, 10**40, 1.5, float("nan"), float("inf"), Decimal("0.1"), "1e3", "ten", ""]


@pytest.mark.parametrize("amount_ucr", [0, -1, *NOT_STORED])
def test_no_such_amount_is_granted(desk: Desk, amount_ucr: Any) -> None:
    with pytest.raises(DatabaseError), transaction.atomic():
        ledger.grant(desk.org.pk, kind="topup", amount_ucr=amount_ucr, source_key="odd")

    assert desk.free == 100 * CREDIT


@pytest.mark.parametrize("amount_ucr", NOT_STORED)
def test_no_such_amount_is_revoked_or_a_limit(desk: Desk, amount_ucr: Any) -> None:
    key, member = desk.grant(CREDIT), uuid4()

    with pytest.raises(DatabaseError), transaction.atomic():
        ledger.revoke(desk.org.pk, source_key=key, total_ucr=amount_ucr)
    with pytest.raises(DatabaseError), transaction.atomic():
        ledger.cap(desk.org.pk, scope="member", scope_id=member, limit_ucr=amount_ucr)
    with pytest.raises(DatabaseError), transaction.atomic():
        ledger.cap(desk.org.pk, scope="member", scope_id=member, limit_ucr=-1)

    assert ledger.revoke(desk.org.pk, source_key=key, total_ucr=-CREDIT) == (0, 0)
    assert desk.free == 101 * CREDIT


def test_a_pool_that_would_hold_more_than_can_be_counted_is_left_as_it_is(desk: Desk) -> None:
    with pytest.raises(DatabaseError), transaction.atomic():
        desk.grant(2**63 - 1)

    assert desk.free == 100 * CREDIT


@pytest.mark.parametrize("sizes", [(-1, 10), (10, -1)])
def test_nothing_is_held_for_less_than_no_tokens(desk: Desk, sizes: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="less than no tokens"):
        desk.ask("pro", *sizes)

    assert desk.held == 0


@pytest.mark.parametrize("tokens", [-5, 2**63, 10**40])
def test_figures_of_a_provider_that_cannot_be_are_cut_and_called_odd(desk: Desk, tokens: int) -> None:
    desk.ask("nano", 100, 100, "reply:odd")

    settled = desk.bill("reply:odd", desk.used("nano", tokens, tokens))

    assert 0 <= settled.charged_ucr + settled.writeoff_ucr <= 20_000_000
    assert settled.writeoff_ucr == 0


@pytest.mark.parametrize(
    "text",
    [
        "1e400",
        "1e999999999",
        "-1e999999999",
        "9223372036854.775808",
        "NaN",
        "sNaN",
        "inf",
        "0.0000001",
        "1.2.3",
        "",
        "ten",
    ],
)
def test_no_such_text_is_a_number_of_credits(text: str) -> None:
    with pytest.raises(ValueError, match="is not a number of credits"):
        credits.parse(text)


def test_the_most_that_can_be_stored_is_read_exactly() -> None:
    assert credits.parse("9,223,372,036,854.775807") == 2**63 - 1
    assert credits.parse("-0.000001") == -1


@pytest.mark.parametrize(
    "options",
    [
        ["--credits", "1e999999999"],
        ["--credits", "9223372036854"],
        ["--credits", "5", "--days", "0"],
        ["--credits", "5", "--days", "-3"],
        ["--credits", "5", "--days", "99999999999"],
    ],
)
def test_the_operator_is_told_what_cannot_be_granted(desk: Desk, options: list[str]) -> None:
    with pytest.raises(CommandError):
        call_command("grant", "--org", desk.org.slug, "--note", "x", *options)

    assert desk.free == 100 * CREDIT


@pytest.mark.parametrize("seats", ["0", "-1", "100001", str(2**63)])
def test_the_operator_is_told_which_seats_there_cannot_be(juniper: Any, seats: str) -> None:
    with pytest.raises(CommandError):
        call_command("plan", "--org", juniper.org.slug, "--plan", "team", "--seats", seats, stdout=StringIO())

    assert Account.objects.get(org=juniper.org).plan_id == "business"
