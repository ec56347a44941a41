"""Payments that do not go through: what stays, what does not come, and how it ends."""

from datetime import timedelta
from uuid import uuid4

import pytest

from billing import plan_changes, subscriptions
from billing.models import Invoice
from billing.stripe_refusals import CardDeclined
from tests.billing.stripe.conftest import SAVES_THEN_DECLINES, Till, use_card

MONTH = 32


def test_a_card_that_declines_later_leaves_what_was_granted_and_brings_nothing(till: Till) -> None:
    till.stand_in.set_options(after_retries="cancel")
    till.subscribed("team", seats=4)
    use_card(till, SAVES_THEN_DECLINES)

    till.stand_in.advance(days=MONTH)
    till.hear()

    assert (till.row.status, till.account.plan_id) == ("past_due", "team")
    assert till.lots() == [("starter", 100), ("plan", 2_200)]
    open_invoice = Invoice.objects.get(org=till.org, status="open")
    assert open_invoice.page_url and open_invoice.due_again_at


def test_an_overdue_payment_that_is_made_brings_the_month(till: Till) -> None:
    till.subscribed("team", seats=4)
    use_card(till, SAVES_THEN_DECLINES)
    till.stand_in.advance(days=MONTH)
    till.hear()
    with pytest.raises(CardDeclined):
        plan_changes.pay(till.who.ana, key=str(uuid4()))
    use_card(till, "pm_card_visa")

    row = plan_changes.pay(till.who.ana, key=str(uuid4()))

    assert row.status == "active"
    assert till.lots() == [("starter", 100), ("plan", 2_200), ("plan", 2_200)]


def test_after_the_last_try_the_organization_is_on_starter(till: Till) -> None:
    till.stand_in.set_options(after_retries="cancel")
    till.subscribed("team", seats=4)
    use_card(till, SAVES_THEN_DECLINES)
    till.stand_in.advance(days=MONTH)
    till.hear()

    till.stand_in.advance(days=MONTH)
    till.hear()

    assert (till.row.status, till.account.plan_id) == ("canceled", "starter")
    assert till.lots() == [("starter", 100), ("plan", 2_200), ("starter", 100)]


def test_what_is_left_unpaid_is_starter_too(till: Till) -> None:
    till.stand_in.set_options(after_retries="unpaid")
    till.subscribed("team", seats=4)
    use_card(till, SAVES_THEN_DECLINES)
    till.stand_in.advance(days=MONTH)
    till.stand_in.advance(days=MONTH)
    till.hear()

    # What was paid lasts by our own clock, which did not move.
    subscriptions.settle_due(till.row.paid_until + timedelta(seconds=1))

    assert (till.row.status, till.account.plan_id) == ("unpaid", "starter")
