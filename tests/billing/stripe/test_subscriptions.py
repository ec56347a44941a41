"""Subscriptions: from Checkout to credits, through every change, to the end."""

from billing import plan_changes
from tests.billing.stripe.conftest import Till


def test_whoever_returns_from_checkout_is_on_the_plan_at_once(till: Till) -> None:
    session = till.subscribe("team", seats=5)

    plan_changes.finish(till.org, session)

    assert (till.account.plan_id, till.account.seats, till.account.grants_by_calendar) == ("team", 5, False)
    assert till.lots() == [("starter", 100), ("plan", 2_500)]
    assert till.row.status == "active"


def test_the_events_of_a_first_payment_bring_nothing_twice(till: Till) -> None:
    till.subscribed("team", seats=5)

    till.hear()
    till.hear()

    assert till.lots() == [("starter", 100), ("plan", 2_500)]


def test_events_alone_bring_the_plan_too(till: Till) -> None:
    till.subscribe("business", seats=4)

    till.hear()

    assert till.account.plan_id == "business"
    assert till.lots() == [("starter", 100), ("plan", 8_200)]
