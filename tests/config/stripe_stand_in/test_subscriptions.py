"""Subscriptions: payment, changes with proration to the second, schedules, trials, endings."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
import stripe

from tests.config.stripe_stand_in.conftest import Shop
from tests.doubles.stripe import StripeStandIn

DAY = 86_400


def at(*when: int) -> int:
    return int(datetime(*when, tzinfo=UTC).timestamp())  # type: ignore[misc, arg-type]


@pytest.fixture
def cleo(client: Any) -> tuple[str, str]:
    """A customer with a card and a clock of her own, at noon of 1 June 2027, and that clock."""
    clock = client.test_helpers.test_clocks.create({"frozen_time": at(2027, 6, 1, 12)}).id
    customer = client.customers.create({"test_clock": clock, "name": "Cleo"}).id
    method = client.payment_methods.attach("pm_card_visa", {"customer": customer})
    client.customers.update(customer, {"invoice_settings": {"default_payment_method": method.id}})
    return customer, clock


@pytest.fixture
def begin(client: Any, shop: Shop, cleo: tuple[str, str]) -> Callable[..., Any]:
    """Team with three seats, for $24.00 + 3 × $9.00 a month."""

    def create(**more: Any) -> Any:
        items = [{"price": shop.team}, {"price": shop.seat, "quantity": 3}]
        return client.subscriptions.create({"customer": cleo[0], "items": items, **more})

    return create


def totals(client: Any, customer: str) -> list[tuple[str, int, str]]:
    found = client.invoices.list({"customer": customer}).data
    return [(invoice.billing_reason, invoice.total, invoice.status) for invoice in reversed(found)]


def test_more_seats_in_the_middle_cost_their_share_to_the_second(
    client: Any, begin: Callable[..., Any], cleo: tuple[str, str]
) -> None:
    subscription = begin()
    seats = subscription["items"].data[1].id
    client.test_helpers.test_clocks.advance(cleo[1], {"frozen_time": at(2027, 6, 11, 12)})

    client.subscriptions.update(
        subscription.id, {"items": [{"id": seats, "quantity": 5}], "proration_behavior": "always_invoice"}
    )

    # June has 30 days; 20 are left: 3 × 900 × 2/3 = 1800 back, 5 × 900 × 2/3 = 3000 asked.
    invoice = client.invoices.list({"customer": cleo[0]}).data[0]
    assert [line.amount for line in invoice.lines.data] == [-1800, 3000]
    assert [line.parent.subscription_item_details.proration for line in invoice.lines.data] == [True, True]
    assert (invoice.billing_reason, invoice.total, invoice.status) == ("subscription_update", 1200, "paid")


def test_a_share_is_rounded_to_the_cent_by_its_seconds(
    client: Any, begin: Callable[..., Any], cleo: tuple[str, str]
) -> None:
    subscription = begin()
    seats = subscription["items"].data[1].id
    moment = at(2027, 6, 7, 3, 21) + 17

    preview = client.invoices.create_preview(
        {
            "subscription": subscription.id,
            "subscription_details": {
                "items": [{"id": seats, "quantity": 4}],
                "proration_behavior": "always_invoice",
                "proration_date": moment,
            },
        }
    )

    left, whole = at(2027, 7, 1, 12) - moment, 30 * DAY
    assert [line.amount for line in preview.lines.data] == [-round(2700 * left / whole), round(3600 * left / whole)]
    assert client.subscriptions.retrieve(subscription.id)["items"].data[1].quantity == 3
    assert len(client.invoices.list({"customer": cleo[0]}).data) == 1


def test_prorations_wait_for_the_next_invoice_when_nothing_else_is_said(
    client: Any, begin: Callable[..., Any], cleo: tuple[str, str]
) -> None:
    subscription = begin()
    client.test_helpers.test_clocks.advance(cleo[1], {"frozen_time": at(2027, 6, 16, 12)})

    client.subscriptions.update(subscription.id, {"items": [{"id": subscription["items"].data[1].id, "quantity": 4}]})
    client.test_helpers.test_clocks.advance(cleo[1], {"frozen_time": at(2027, 7, 1, 14)})

    assert totals(client, cleo[0]) == [
        ("subscription_create", 5100, "paid"),
        ("subscription_cycle", 2400 + 4 * 900 + 450, "paid"),
    ]


def test_a_change_to_a_year_starts_anew_and_gives_back_what_is_left(
    client: Any, begin: Callable[..., Any], cleo: tuple[str, str], shop: Shop
) -> None:
    subscription = begin()
    base, seats = (item.id for item in subscription["items"].data)
    client.test_helpers.test_clocks.advance(cleo[1], {"frozen_time": at(2027, 6, 16, 12)})

    items = [{"id": base, "price": shop.team_yearly}, {"id": seats, "deleted": True}]
    changed = client.subscriptions.update(subscription.id, {"items": items})

    assert totals(client, cleo[0])[-1] == ("subscription_update", 24000 - 2550, "paid")
    assert changed["items"].data[0].current_period_end == at(2028, 6, 16, 12)


@pytest.mark.parametrize(
    ("behavior", "quantity", "status"),
    [("error_if_incomplete", 3, "active"), ("pending_if_incomplete", 3, "active"), ("allow_incomplete", 9, "past_due")],
)
def test_a_declined_change_leaves_what_its_behaviour_says(
    client: Any,
    begin: Callable[..., Any],
    cleo: tuple[str, str],
    save_card: Callable[..., str],
    behavior: str,
    quantity: int,
    status: str,
) -> None:
    subscription = begin()
    save_card(cleo[0], "pm_card_chargeCustomerFail")
    given = {
        "items": [{"id": subscription["items"].data[1].id, "quantity": 9}],
        "proration_behavior": "always_invoice",
        "payment_behavior": behavior,
    }

    if behavior == "error_if_incomplete":
        with pytest.raises(stripe.CardError):
            client.subscriptions.update(subscription.id, given)
    else:
        client.subscriptions.update(subscription.id, given)

    found = client.subscriptions.retrieve(subscription.id)
    assert (found["items"].data[1].quantity, found.status) == (quantity, status)
    assert bool(found.pending_update) == (behavior == "pending_if_incomplete")


def test_a_pending_change_happens_when_its_invoice_is_paid(
    client: Any, begin: Callable[..., Any], cleo: tuple[str, str], save_card: Callable[..., str]
) -> None:
    subscription = begin()
    save_card(cleo[0], "pm_card_chargeCustomerFail")
    items = [{"id": subscription["items"].data[1].id, "quantity": 9}]
    given = {"items": items, "proration_behavior": "always_invoice", "payment_behavior": "pending_if_incomplete"}
    changed = client.subscriptions.update(subscription.id, given)

    client.invoices.pay(changed.latest_invoice, {"payment_method": save_card(cleo[0])})

    found = client.subscriptions.retrieve(subscription.id)
    assert (found["items"].data[1].quantity, found.pending_update) == (9, None)


@pytest.mark.parametrize("behavior", ["allow_incomplete", "default_incomplete"])
def test_a_first_payment_that_fails_or_waits_makes_it_incomplete_until_it_is_paid(
    client: Any, begin: Callable[..., Any], cleo: tuple[str, str], save_card: Callable[..., str], behavior: str
) -> None:
    save_card(cleo[0], "pm_card_chargeCustomerFail")

    subscription = begin(payment_behavior=behavior, expand=["latest_invoice.confirmation_secret"])

    assert subscription.status == "incomplete"
    assert subscription.latest_invoice.confirmation_secret.client_secret.startswith("pi_")
    client.invoices.pay(subscription.latest_invoice.id, {"payment_method": save_card(cleo[0])})
    assert client.subscriptions.retrieve(subscription.id).status == "active"


def test_a_first_payment_that_never_comes_expires_the_subscription(
    client: Any, begin: Callable[..., Any], cleo: tuple[str, str]
) -> None:
    subscription = begin(payment_behavior="default_incomplete")

    client.test_helpers.test_clocks.advance(cleo[1], {"frozen_time": at(2027, 6, 2, 12)})

    assert client.subscriptions.retrieve(subscription.id).status == "incomplete_expired"
    assert totals(client, cleo[0]) == [("subscription_create", 5100, "void")]


def test_error_if_incomplete_leaves_nothing(
    client: Any, begin: Callable[..., Any], cleo: tuple[str, str], save_card: Callable[..., str]
) -> None:
    save_card(cleo[0], "pm_card_chargeCustomerFail")

    with pytest.raises(stripe.CardError):
        begin(payment_behavior="error_if_incomplete")

    assert client.subscriptions.list({"customer": cleo[0], "status": "all"}).data == []


def test_a_downgrade_waits_for_the_end_of_the_period_in_a_schedule(
    client: Any, begin: Callable[..., Any], cleo: tuple[str, str], shop: Shop
) -> None:
    subscription = begin()
    schedule = client.subscription_schedules.create({"from_subscription": subscription.id})
    now = schedule.phases[0]
    phases = [
        {
            "items": [{"price": item.price, "quantity": item.quantity} for item in now["items"]],
            "start_date": now.start_date,
            "end_date": now.end_date,
        },
        {"items": [{"price": shop.team, "quantity": 1}, {"price": shop.seat, "quantity": 1}]},
    ]

    client.subscription_schedules.update(schedule.id, {"phases": phases, "end_behavior": "release"})

    assert client.subscriptions.retrieve(subscription.id)["items"].data[1].quantity == 3
    client.test_helpers.test_clocks.advance(cleo[1], {"frozen_time": at(2027, 7, 1, 14)})
    assert totals(client, cleo[0])[-1] == ("subscription_cycle", 3300, "paid")
    renewed = client.invoices.list({"customer": cleo[0]}).data[0]
    assert [line.amount for line in renewed.lines.data] == [2400, 900]
    client.test_helpers.test_clocks.advance(cleo[1], {"frozen_time": at(2027, 8, 1, 14)})
    found = client.subscriptions.retrieve(subscription.id)
    assert (found.schedule, client.subscription_schedules.retrieve(schedule.id).status) == (None, "released")
    assert totals(client, cleo[0])[-1] == ("subscription_cycle", 3300, "paid")


def test_a_cancellation_at_the_end_is_taken_back_or_happens(
    client: Any, begin: Callable[..., Any], cleo: tuple[str, str]
) -> None:
    subscription = begin()

    ends = client.subscriptions.update(subscription.id, {"cancel_at_period_end": True})
    resumed = client.subscriptions.update(subscription.id, {"cancel_at_period_end": False})
    client.subscriptions.update(subscription.id, {"cancel_at_period_end": True})
    client.test_helpers.test_clocks.advance(cleo[1], {"frozen_time": at(2027, 7, 1, 14)})

    assert (ends.status, ends.cancel_at, resumed.cancel_at) == ("active", at(2027, 7, 1, 12), None)
    found = client.subscriptions.retrieve(subscription.id)
    assert (found.status, found.ended_at) == ("canceled", at(2027, 7, 1, 12))
    assert len(totals(client, cleo[0])) == 1
    with pytest.raises(stripe.InvalidRequestError) as caught:
        client.subscriptions.cancel(subscription.id)
    assert caught.value.http_status == 404


def test_a_trial_ends_in_a_payment(
    client: Any, begin: Callable[..., Any], cleo: tuple[str, str], told: Callable[[], list[str]]
) -> None:
    subscription = begin(trial_period_days=14)
    told()

    client.test_helpers.test_clocks.advance(cleo[1], {"frozen_time": at(2027, 6, 15, 14)})

    assert client.subscriptions.retrieve(subscription.id).status == "active"
    assert totals(client, cleo[0]) == [("subscription_create", 0, "paid"), ("subscription_cycle", 5100, "paid")]
    assert told()[0] == "customer.subscription.trial_will_end"


def test_a_trial_without_a_card_ends_as_its_settings_say(client: Any, shop: Shop) -> None:
    clock = client.test_helpers.test_clocks.create({"frozen_time": at(2027, 6, 1)}).id
    customer = client.customers.create({"test_clock": clock}).id
    ends = {"end_behavior": {"missing_payment_method": "cancel"}}
    given = {"customer": customer, "items": [{"price": shop.team}], "trial_period_days": 7, "trial_settings": ends}
    subscription = client.subscriptions.create(given)

    client.test_helpers.test_clocks.advance(clock, {"frozen_time": at(2027, 6, 9)})

    assert client.subscriptions.retrieve(subscription.id).status == "canceled"


def test_a_coupon_for_once_is_for_the_first_invoice_only(
    client: Any, begin: Callable[..., Any], cleo: tuple[str, str]
) -> None:
    coupon = client.coupons.create({"amount_off": 1000, "currency": "usd", "duration": "once"})

    begin(discounts=[{"coupon": coupon.id}])
    client.test_helpers.test_clocks.advance(cleo[1], {"frozen_time": at(2027, 7, 1, 14)})

    assert [total for _, total, _ in totals(client, cleo[0])] == [4100, 5100]


def test_one_customer_has_one_currency(client: Any, begin: Callable[..., Any]) -> None:
    begin()

    with pytest.raises(stripe.InvalidRequestError, match="cannot combine currencies"):
        begin(currency="eur")


def test_a_customer_without_a_card_cannot_be_charged(client: Any, shop: Shop, ana: str) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="no attached payment source"):
        client.subscriptions.create({"customer": ana, "items": [{"price": shop.team}]})


def test_what_is_owed_to_a_customer_pays_first(client: Any, begin: Callable[..., Any], cleo: tuple[str, str]) -> None:
    client.customers.balance_transactions.create(cleo[0], {"amount": -2000, "currency": "usd"})

    subscription = begin(expand=["latest_invoice"])

    invoice = subscription.latest_invoice
    assert (invoice.total, invoice.amount_due, invoice.amount_paid, invoice.ending_balance) == (5100, 3100, 3100, 0)
    assert client.customers.retrieve(cleo[0]).balance == 0


def test_the_page_of_an_invoice_is_paid_and_its_pdf_opens(
    client: Any, stand_in: StripeStandIn, begin: Callable[..., Any], tmp_path: Any
) -> None:
    import urllib.request

    import pypdfium2

    subscription = begin(payment_behavior="default_incomplete", expand=["latest_invoice"])
    invoice = subscription.latest_invoice

    stand_in.submit(invoice.hosted_invoice_url)

    assert client.invoices.retrieve(invoice.id).status == "paid"
    with urllib.request.urlopen(invoice.invoice_pdf, timeout=10) as response:
        document = pypdfium2.PdfDocument(response.read())
    assert invoice.number in document[0].get_textpage().get_text_bounded()
    document.close()
