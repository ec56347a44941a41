"""Checkout: subscribing and paying on the hosted page, with cards that succeed, decline and ask for their owner."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.config.stripe_stand_in.conftest import Shop
from tests.doubles.stripe import StripeStandIn

URLS = {"success_url": "http://127.0.0.1:9/done?s={CHECKOUT_SESSION_ID}", "cancel_url": "http://127.0.0.1:9/no"}


@pytest.fixture
def subscribe(client: Any, shop: Shop, ana: str) -> Callable[..., Any]:
    def open_session(**more: Any) -> Any:
        lines = [{"price": shop.team, "quantity": 1}, {"price": shop.seat, "quantity": 3}]
        given = {"mode": "subscription", "customer": ana, "line_items": lines, **URLS, **more}
        return client.checkout.sessions.create(given)

    return open_session


@pytest.fixture
def buy(client: Any, shop: Shop, ana: str) -> Callable[..., Any]:
    def open_session(**more: Any) -> Any:
        lines = [{"price": shop.pack, "quantity": 1}]
        return client.checkout.sessions.create(
            {"mode": "payment", "customer": ana, "line_items": lines, **URLS, **more}
        )

    return open_session


def test_a_subscription_is_bought_on_the_page(
    client: Any, stand_in: StripeStandIn, subscribe: Callable[..., Any], told: Callable[[], list[str]]
) -> None:
    session = subscribe(client_reference_id="7", subscription_data={"metadata": {"org": "7"}})
    told()

    status, where, _ = stand_in.submit(session.url)

    assert (status, where) == (303, f"http://127.0.0.1:9/done?s={session.id}")
    session = client.checkout.sessions.retrieve(
        session.id, {"expand": ["subscription.latest_invoice.payments", "line_items"]}
    )
    assert (session.status, session.payment_status, session.amount_total) == ("complete", "paid", 5100)
    assert session.client_reference_id == "7"
    assert [line.quantity for line in session.line_items.data] == [1, 3]
    subscription = session.subscription
    assert (subscription.status, subscription.metadata.to_dict()) == ("active", {"org": "7"})
    invoice = subscription.latest_invoice
    assert (invoice.status, invoice.total, invoice.billing_reason) == ("paid", 5100, "subscription_create")
    intent = client.payment_intents.retrieve(
        invoice.payments.data[0].payment.payment_intent, {"expand": ["latest_charge"]}
    )
    assert (intent.status, intent.latest_charge.amount) == ("succeeded", 5100)
    happened = told()
    wanted = ["customer.subscription.created", "invoice.finalized", "charge.succeeded", "invoice.paid"]
    assert [each for each in happened if each in wanted] == wanted
    assert happened[-1] == "checkout.session.completed"


@pytest.mark.parametrize(
    ("number", "words"),
    [("4000 0000 0000 9995", "Your card has insufficient funds."), ("4000 0000 0000 0341", "Your card was declined.")],
)
def test_a_declined_card_leaves_the_session_open_and_makes_no_subscription(
    client: Any, stand_in: StripeStandIn, subscribe: Callable[..., Any], ana: str, number: str, words: str
) -> None:
    session = subscribe()

    status, _, page = stand_in.submit(session.url, number=number)

    assert (status, words in page) == (402, True)
    assert client.checkout.sessions.retrieve(session.id).status == "open"
    assert client.subscriptions.list({"customer": ana, "status": "all"}).data == []
    assert stand_in.submit(session.url)[0] == 303


@pytest.mark.parametrize(("outcome", "status"), [("complete", "complete"), ("fail", "open")])
def test_a_card_that_asks_for_its_owner_is_charged_once_the_owner_passed(
    client: Any, stand_in: StripeStandIn, buy: Callable[..., Any], outcome: str, status: str
) -> None:
    session = buy()

    _, challenge, _ = stand_in.submit(session.url, number="4000 0027 6000 3184")
    stand_in.submit(stand_in.url + challenge, outcome=outcome)

    session = client.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent"]})
    assert session.status == status
    assert (session.payment_intent.status if session.payment_intent else None) == (
        "succeeded" if status == "complete" else None
    )


def test_a_card_is_saved_for_later_when_the_session_says_so(
    client: Any, stand_in: StripeStandIn, buy: Callable[..., Any], ana: str
) -> None:
    session = buy(payment_intent_data={"setup_future_usage": "off_session", "metadata": {"pack": "1000"}})

    stand_in.submit(session.url)

    session = client.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent"]})
    assert session.payment_intent.metadata["pack"] == "1000"
    assert [method.id for method in client.customers.payment_methods.list(ana).data] == [
        session.payment_intent.payment_method
    ]


def test_a_promotion_code_and_the_tax_change_what_is_due(
    client: Any, stand_in: StripeStandIn, subscribe: Callable[..., Any]
) -> None:
    coupon = client.coupons.create({"percent_off": 50, "duration": "once"})
    client.promotion_codes.create({"promotion": {"type": "coupon", "coupon": coupon.id}, "code": "HALF"})
    session = subscribe(
        allow_promotion_codes=True, automatic_tax={"enabled": True}, customer_update={"address": "auto"}
    )

    refused = stand_in.submit(session.url, what="code", code="QUARTER")
    stand_in.submit(session.url, what="code", code="half")
    stand_in.submit(session.url, country="DE")

    assert "This code is invalid." in refused[2]
    session = client.checkout.sessions.retrieve(session.id, {"expand": ["invoice"]})
    assert (session.amount_subtotal, session.total_details.amount_discount, session.total_details.amount_tax) == (
        5100,
        2550,
        255,
    )
    assert (session.amount_total, session.invoice.total, session.invoice.amount_paid) == (2805, 2805, 2805)


def test_another_currency_is_chosen_on_the_page(
    client: Any, stand_in: StripeStandIn, subscribe: Callable[..., Any]
) -> None:
    session = subscribe()

    stand_in.submit(session.url, what="currency", currency="eur")
    stand_in.submit(session.url)

    session = client.checkout.sessions.retrieve(session.id, {"expand": ["invoice"]})
    assert (session.currency, session.amount_total, session.invoice.currency) == ("eur", 2200 + 3 * 850, "eur")


def test_a_trial_costs_nothing_today(client: Any, stand_in: StripeStandIn, subscribe: Callable[..., Any]) -> None:
    session = subscribe(subscription_data={"trial_period_days": 14})

    stand_in.submit(session.url)

    session = client.checkout.sessions.retrieve(session.id, {"expand": ["subscription", "invoice"]})
    assert (session.amount_total, session.subscription.status, session.invoice.total) == (0, "trialing", 0)


def test_a_session_expires_by_a_call_or_by_time(
    client: Any, stand_in: StripeStandIn, buy: Callable[..., Any], told: Callable[[], list[str]]
) -> None:
    called, waiting = buy(), buy()
    told()

    client.checkout.sessions.expire(called.id)
    stand_in.advance(days=1, seconds=1)

    assert client.checkout.sessions.retrieve(waiting.id).status == "expired"
    assert told() == ["checkout.session.expired"] * 2
    assert stand_in.submit(called.url)[0] == 410


def test_a_new_customer_is_made_of_what_is_typed(client: Any, stand_in: StripeStandIn, shop: Shop) -> None:
    lines = [{"price": shop.team, "quantity": 1}]
    session = client.checkout.sessions.create({"mode": "subscription", "line_items": lines, **URLS})

    stand_in.submit(session.url, email="bo@example.org", name="Bo")

    session = client.checkout.sessions.retrieve(session.id, {"expand": ["customer"]})
    assert (session.customer.email, session.customer.name) == ("bo@example.org", "Bo")


def test_a_card_is_saved_without_a_charge(client: Any, stand_in: StripeStandIn, ana: str) -> None:
    session = client.checkout.sessions.create({"mode": "setup", "customer": ana, "currency": "usd", **URLS})

    stand_in.submit(session.url)

    session = client.checkout.sessions.retrieve(session.id, {"expand": ["setup_intent"]})
    assert (session.setup_intent.status, session.payment_status) == ("succeeded", "no_payment_required")
    assert client.payment_methods.retrieve(session.setup_intent.payment_method).customer == ana
    assert client.charges.list().data == []


@pytest.mark.parametrize(
    ("account", "event", "payment", "status"),
    [
        ("000123456789", "checkout.session.async_payment_succeeded", "paid", "succeeded"),
        ("000222222227", "checkout.session.async_payment_failed", "unpaid", "requires_payment_method"),
    ],
)
def test_a_bank_account_pays_or_fails_days_later(
    client: Any,
    stand_in: StripeStandIn,
    buy: Callable[..., Any],
    told: Callable[[], list[str]],
    account: str,
    event: str,
    payment: str,
    status: str,
) -> None:
    session = buy(allowed_payment_method_types=["card", "us_bank_account"])
    told()

    stand_in.submit(session.url, what="bank", account=account)
    waiting = client.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent"]})
    before = told()
    stand_in.advance(days=4)

    assert (waiting.status, waiting.payment_status, waiting.payment_intent.status) == (
        "complete",
        "unpaid",
        "processing",
    )
    assert before[-1] == "checkout.session.completed" and "payment_intent.processing" in before
    session = client.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent.latest_charge"]})
    assert (session.payment_status, session.payment_intent.status) == (payment, status)
    assert session.payment_intent.latest_charge.paid is (payment == "paid")
    assert told()[-1] == event
