"""Time: renewals from the anchor, dunning, and everybody's clock."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from config.local.stripe_stand_in import periods
from tests.config.stripe_stand_in.conftest import Shop
from tests.doubles.stripe import StripeStandIn


def at(year: int, month: int, day: int, hour: int = 0) -> int:
    return int(datetime(year, month, day, hour, tzinfo=UTC).timestamp())


@pytest.fixture
def begin(client: Any, shop: Shop) -> Callable[..., tuple[str, str, str]]:
    """A subscription that begins at a moment: customer, clock, subscription."""

    def create(moment: int, **more: Any) -> tuple[str, str, str]:
        clock = client.test_helpers.test_clocks.create({"frozen_time": moment}).id
        customer = client.customers.create({"test_clock": clock}).id
        method = client.payment_methods.attach("pm_card_visa", {"customer": customer})
        client.customers.update(customer, {"invoice_settings": {"default_payment_method": method.id}})
        items = [{"price": shop.team}]
        return customer, clock, client.subscriptions.create({"customer": customer, "items": items, **more}).id

    return create


def test_periods_are_counted_from_the_anchor_through_short_months(
    client: Any, begin: Callable[..., tuple[str, str, str]]
) -> None:
    _, clock, subscription = begin(at(2027, 1, 31, 9))
    ends = []

    for month in range(2, 6):
        ends.append(client.subscriptions.retrieve(subscription)["items"].data[0].current_period_end)
        client.test_helpers.test_clocks.advance(clock, {"frozen_time": at(2027, month, 28, 9) + 4 * 86_400})

    assert ends == [at(2027, 2, 28, 9), at(2027, 3, 31, 9), at(2027, 4, 30, 9), at(2027, 5, 31, 9)]


@pytest.mark.parametrize(
    ("anchor", "interval", "count", "n", "moment"),
    [
        (at(2028, 2, 29), "year", 1, 1, at(2029, 2, 28)),
        (at(2028, 2, 29), "year", 1, 4, at(2032, 2, 29)),
        (at(2027, 11, 30), "month", 3, 1, at(2028, 2, 29)),
        (at(2027, 12, 31), "month", 1, 1, at(2028, 1, 31)),
        (at(2027, 3, 27), "week", 2, 1, at(2027, 4, 10)),
        (at(2027, 3, 31), "month", 1, -1, at(2027, 2, 28)),
    ],
)
def test_the_nth_period_ends_where_the_calendar_says(
    anchor: int, interval: str, count: int, n: int, moment: int
) -> None:
    assert periods.nth(anchor, interval, count, n) == moment


@pytest.mark.parametrize("interval", ["day", "week", "month", "year"])
def test_the_next_boundary_is_the_first_that_is_later(interval: str) -> None:
    anchor = at(2024, 1, 31, 7)
    boundaries = [periods.nth(anchor, interval, 1, n) for n in range(60)]

    for before, after in zip(boundaries, boundaries[1:], strict=False):
        assert periods.next_after(anchor, interval, 1, before) == after
        assert periods.next_after(anchor, interval, 1, after - 1) == after


def test_a_renewal_is_a_draft_for_an_hour_and_then_paid(
    client: Any, begin: Callable[..., tuple[str, str, str]], told: Callable[[], list[str]]
) -> None:
    customer, clock, _ = begin(at(2027, 6, 1))
    told()

    client.test_helpers.test_clocks.advance(clock, {"frozen_time": at(2027, 7, 1) + 600})
    draft = client.invoices.list({"customer": customer}).data[0]
    client.test_helpers.test_clocks.advance(clock, {"frozen_time": at(2027, 7, 1, 2)})

    assert (draft.status, draft.billing_reason, draft.number) == ("draft", "subscription_cycle", None)
    assert draft.lines.data[0].period.to_dict() == {"start": at(2027, 7, 1), "end": at(2027, 8, 1)}
    assert client.invoices.retrieve(draft.id).status == "paid"
    happened = [each for each in told() if each.startswith(("invoice.", "customer.subscription"))]
    assert happened[:3] == ["invoice.upcoming", "invoice.created", "customer.subscription.updated"]
    assert happened[-1] == "invoice.payment_succeeded"


@pytest.mark.parametrize(("after", "status"), [("cancel", "canceled"), ("unpaid", "unpaid"), ("past_due", "past_due")])
def test_a_declined_renewal_is_tried_again_and_then_ends_as_chosen(
    client: Any,
    stand_in: StripeStandIn,
    begin: Callable[..., tuple[str, str, str]],
    save_card: Callable[..., str],
    after: str,
    status: str,
) -> None:
    stand_in.set_options(after_retries=after)
    customer, clock, subscription = begin(at(2027, 6, 1))
    save_card(customer, "pm_card_chargeCustomerFail")
    seen = []

    for day in (1, 4, 9, 16):
        client.test_helpers.test_clocks.advance(clock, {"frozen_time": at(2027, 7, day, 2)})
        invoice = client.invoices.list({"customer": customer, "status": "open"}).data[0]
        seen.append((invoice.attempt_count, invoice.next_payment_attempt))

    assert seen == [(1, at(2027, 7, 4, 1)), (2, at(2027, 7, 9, 1)), (3, at(2027, 7, 16, 1)), (4, None)]
    assert client.subscriptions.retrieve(subscription).status == status


def test_a_renewal_that_was_declined_and_is_paid_later_makes_it_active_again(
    client: Any, begin: Callable[..., tuple[str, str, str]], save_card: Callable[..., str]
) -> None:
    customer, clock, subscription = begin(at(2027, 6, 1))
    save_card(customer, "pm_card_chargeCustomerFail")
    client.test_helpers.test_clocks.advance(clock, {"frozen_time": at(2027, 7, 1, 2)})
    overdue = client.subscriptions.retrieve(subscription).status

    save_card(customer)
    client.test_helpers.test_clocks.advance(clock, {"frozen_time": at(2027, 7, 4, 2)})

    assert (overdue, client.subscriptions.retrieve(subscription).status) == ("past_due", "active")
    assert client.customers.retrieve(customer).delinquent is False


def test_a_renewal_with_a_card_that_asks_for_its_owner_is_paid_on_the_page(
    client: Any,
    stand_in: StripeStandIn,
    begin: Callable[..., tuple[str, str, str]],
    save_card: Callable[..., str],
    told: Callable[[], list[str]],
) -> None:
    customer, clock, subscription = begin(at(2027, 6, 1))
    save_card(customer, "pm_card_authenticationRequired")
    told()
    client.test_helpers.test_clocks.advance(clock, {"frozen_time": at(2027, 7, 1, 2)})
    invoice = client.invoices.list({"customer": customer, "status": "open"}).data[0]

    _, challenge, _ = stand_in.submit(invoice.hosted_invoice_url, number="4000 0027 6000 3184")
    stand_in.submit(stand_in.url + challenge, outcome="complete")

    assert "invoice.payment_action_required" in told()
    assert client.invoices.retrieve(invoice.id).status == "paid"
    assert client.subscriptions.retrieve(subscription).status == "active"


def test_everybodys_clock_moves_and_many_months_happen_in_their_order(
    client: Any, stand_in: StripeStandIn, shop: Shop, ana: str, save_card: Callable[..., str]
) -> None:
    save_card(ana)
    client.subscriptions.create({"customer": ana, "items": [{"price": shop.team}]})
    before = stand_in.now()

    stand_in.advance(days=100)

    assert 100 * 86_400 <= stand_in.now() - before < 100 * 86_400 + 60
    assert [invoice.total for invoice in client.invoices.list({"customer": ana}).data] == [2400] * 4
    stamps = [event.created for event in client.events.list({"limit": 100}).auto_paging_iter()]
    assert stamps == sorted(stamps, reverse=True)


def test_a_clock_does_not_run_backwards(client: Any) -> None:
    clock = client.test_helpers.test_clocks.create({"frozen_time": at(2027, 6, 1)}).id

    with pytest.raises(Exception, match="later than the current time"):
        client.test_helpers.test_clocks.advance(clock, {"frozen_time": at(2027, 5, 1)})
