"""The Portal: its configuration, and what one does on its page."""

import urllib.request
from typing import Any

import pytest

from tests.config.stripe_stand_in.conftest import Shop
from tests.doubles.stripe import StripeStandIn


@pytest.fixture
def subscription(client: Any, shop: Shop, ana: str, save_card: Any) -> Any:
    save_card(ana)
    items = [{"price": shop.team}, {"price": shop.seat, "quantity": 3}]
    return client.subscriptions.create({"customer": ana, "items": items})


def read(url: str) -> str:
    with urllib.request.urlopen(url, timeout=10) as response:
        return str(response.read().decode())


def test_a_subscription_is_cancelled_and_resumed(
    client: Any, stand_in: StripeStandIn, subscription: Any, ana: str
) -> None:
    session = client.billing_portal.sessions.create({"customer": ana, "return_url": "http://127.0.0.1:9/billing"})

    stand_in.submit(session.url, what="cancel", subscription=subscription.id)
    ends = client.subscriptions.retrieve(subscription.id).cancel_at_period_end
    stand_in.submit(session.url, what="resume", subscription=subscription.id)

    assert (ends, client.subscriptions.retrieve(subscription.id).cancel_at_period_end) == (True, False)
    assert 'href="http://127.0.0.1:9/billing"' in read(session.url)


def test_a_card_is_changed_and_pays_from_then_on(
    client: Any, stand_in: StripeStandIn, subscription: Any, ana: str
) -> None:
    session = client.billing_portal.sessions.create({"customer": ana})

    refused = stand_in.submit(session.url, what="card", number="4000 0000 0000 0002")
    _, challenge, _ = stand_in.submit(session.url, what="card", number="4000 0025 0000 3155")
    stand_in.submit(stand_in.url + challenge, outcome="complete")

    assert (refused[0], "Your card was declined." in refused[2]) == (402, True)
    default = client.customers.retrieve(ana, {"expand": ["invoice_settings.default_payment_method"]})
    assert default.invoice_settings.default_payment_method.card.last4 == "3155"
    stand_in.advance(days=32)
    assert client.invoices.list({"customer": ana}).data[0].status == "paid"


def test_what_is_not_allowed_is_neither_shown_nor_done(
    client: Any, stand_in: StripeStandIn, subscription: Any, ana: str
) -> None:
    configuration = client.billing_portal.configurations.create({"features": {"invoice_history": {"enabled": True}}})
    session = client.billing_portal.sessions.create({"customer": ana, "configuration": configuration.id})

    page = read(session.url)
    refused = stand_in.submit(session.url, what="cancel", subscription=subscription.id)

    assert "Cancel subscription" not in page and "Invoices" in page
    assert (refused[0], client.subscriptions.retrieve(subscription.id).cancel_at_period_end) == (402, False)


def test_another_customers_subscription_is_left_alone(client: Any, stand_in: StripeStandIn, subscription: Any) -> None:
    other = client.customers.create({"email": "bo@example.org"}).id
    session = client.billing_portal.sessions.create({"customer": other})

    stand_in.submit(session.url, what="cancel", subscription=subscription.id)

    assert client.subscriptions.retrieve(subscription.id).cancel_at_period_end is False


def test_more_seats_come_at_once_and_fewer_at_the_end_of_the_period(
    client: Any, stand_in: StripeStandIn, subscription: Any, ana: str, shop: Shop
) -> None:
    seat = client.prices.retrieve(shop.seat)
    update = {
        "enabled": True,
        "default_allowed_updates": ["quantity"],
        "products": [{"product": seat.product, "prices": [shop.seat]}],
        "proration_behavior": "always_invoice",
        "schedule_at_period_end": {"conditions": [{"type": "decreasing_item_amount"}]},
    }
    configuration = client.billing_portal.configurations.create({"features": {"subscription_update": update}})
    session = client.billing_portal.sessions.create({"customer": ana, "configuration": configuration.id})
    field = f"quantity-{subscription['items'].data[1].id}"
    seats = []

    for quantity in ("5", "2"):
        stand_in.submit(session.url, what="change", subscription=subscription.id, **{field: quantity})
        seats.append(client.subscriptions.retrieve(subscription.id)["items"].data[1].quantity)
    stand_in.advance(days=32)
    seats.append(client.subscriptions.retrieve(subscription.id)["items"].data[1].quantity)

    assert seats == [5, 5, 2]
    assert client.invoices.list({"customer": ana}).data[0].total == 2400 + 2 * 900


def test_a_flow_leads_back_to_the_shop(client: Any, stand_in: StripeStandIn, subscription: Any, ana: str) -> None:
    flow = {
        "type": "subscription_cancel",
        "subscription_cancel": {"subscription": subscription.id},
        "after_completion": {"type": "redirect", "redirect": {"return_url": "http://127.0.0.1:9/bye"}},
    }
    session = client.billing_portal.sessions.create({"customer": ana, "flow_data": flow})

    assert stand_in.submit(session.url, what="cancel", subscription=subscription.id)[:2] == (
        303,
        "http://127.0.0.1:9/bye",
    )


def test_the_first_page_shows_what_there_is_and_moves_the_clock(
    client: Any, stand_in: StripeStandIn, subscription: Any, ana: str
) -> None:
    stand_in.submit(stand_in.url, what="advance", step="month")
    charge = client.charges.list().data[0].id
    stand_in.submit(stand_in.url, what="dispute", charge=charge)

    page = read(stand_in.url)

    assert client.invoices.list({"customer": ana}).data[0].billing_reason == "subscription_cycle"
    for words in ("Ana", "3 × Team (at $9.00 / month)", "customer.subscription.created", "disputed: needs response"):
        assert words in page
