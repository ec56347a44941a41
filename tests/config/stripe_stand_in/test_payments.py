"""Saved cards, payments off session, refunds, disputes."""

from collections.abc import Callable
from typing import Any

import pytest
import stripe

from tests.doubles.stripe import StripeStandIn


@pytest.fixture
def charge(client: Any, ana: str) -> Callable[..., Any]:
    def pay(method: str, **more: Any) -> Any:
        given = {"amount": 1200, "currency": "usd", "customer": ana, "payment_method": method, "confirm": True, **more}
        return client.payment_intents.create({"off_session": True, **given, "expand": ["latest_charge"]})

    return pay


def test_a_saved_card_is_charged_without_its_owner(
    charge: Callable[..., Any], save_card: Callable[..., str], ana: str, told: Callable[[], list[str]]
) -> None:
    method = save_card(ana)
    told()

    intent = charge(method, metadata={"org": "7"})

    assert (intent.status, intent.amount_received, intent.latest_charge.paid) == ("succeeded", 1200, True)
    assert told() == ["payment_intent.created", "charge.succeeded", "payment_intent.succeeded"]


@pytest.mark.parametrize(
    ("card", "code", "decline"),
    [
        ("pm_card_chargeCustomerFail", "card_declined", "generic_decline"),
        ("pm_card_authenticationRequired", "authentication_required", "authentication_required"),
    ],
)
def test_a_decline_is_answered_with_the_intent_inside(
    client: Any,
    charge: Callable[..., Any],
    save_card: Callable[..., str],
    ana: str,
    told: Callable[[], list[str]],
    card: str,
    code: str,
    decline: str,
) -> None:
    method = save_card(ana, card)
    told()

    with pytest.raises(stripe.CardError) as caught:
        charge(method)

    error: Any = caught.value.error
    assert (caught.value.http_status, error.code, error.decline_code) == (402, code, decline)
    assert error.payment_method.id == method
    intent = client.payment_intents.retrieve(error.payment_intent.id)
    assert (intent.status, intent.last_payment_error.code) == ("requires_payment_method", code)
    assert told() == ["payment_intent.created", "charge.failed", "payment_intent.payment_failed"]


def test_a_card_that_was_set_up_with_its_owner_is_charged_without_later(
    client: Any, stand_in: StripeStandIn, charge: Callable[..., Any], ana: str
) -> None:
    session = {"mode": "setup", "customer": ana, "currency": "usd", "success_url": "http://127.0.0.1:9/"}
    session = client.checkout.sessions.create(session)
    _, challenge, _ = stand_in.submit(session.url, number="4000 0025 0000 3155")
    stand_in.submit(stand_in.url + challenge, outcome="complete")
    method = client.payment_methods.list({"customer": ana}).data[0]

    assert charge(method.id).status == "succeeded"


@pytest.mark.parametrize(("outcome", "status"), [("complete", "succeeded"), ("fail", "requires_payment_method")])
def test_an_intent_on_session_sends_its_owner_to_the_bank_and_back(
    client: Any, stand_in: StripeStandIn, charge: Callable[..., Any], outcome: str, status: str
) -> None:
    intent = charge(
        "pm_card_threeDSecure2Required", off_session=False, return_url="http://127.0.0.1:9/back", customer=""
    )

    _, where, _ = stand_in.submit(intent.next_action.redirect_to_url.url, outcome=outcome)

    assert intent.status == "requires_action"
    assert where.startswith(f"http://127.0.0.1:9/back?payment_intent={intent.id}")
    assert client.payment_intents.retrieve(intent.id).status == status


def test_another_customers_card_is_refused(
    client: Any, charge: Callable[..., Any], save_card: Callable[..., str]
) -> None:
    other = client.customers.create({"email": "bo@example.org"}).id

    with pytest.raises(stripe.InvalidRequestError, match="does not belong to the Customer"):
        charge(save_card(other))


def test_a_card_that_was_detached_is_charged_no_more(
    client: Any, charge: Callable[..., Any], save_card: Callable[..., str], ana: str
) -> None:
    method = save_card(ana)

    client.payment_methods.detach(method)

    assert client.customers.retrieve(ana).invoice_settings.default_payment_method is None
    with pytest.raises(stripe.InvalidRequestError, match="may not be used again"):
        charge(method)


def test_an_intent_that_was_canceled_or_has_succeeded_is_canceled_no_more(
    client: Any, charge: Callable[..., Any]
) -> None:
    waiting = client.payment_intents.create({"amount": 500, "currency": "usd"})

    assert client.payment_intents.cancel(waiting.id).status == "canceled"

    for intent in (waiting.id, charge("pm_card_visa", customer="").id):
        with pytest.raises(stripe.InvalidRequestError) as caught:
            client.payment_intents.cancel(intent)
        assert caught.value.code == "payment_intent_unexpected_state"


def test_no_more_is_refunded_than_was_paid(
    client: Any, charge: Callable[..., Any], save_card: Callable[..., str], ana: str, told: Callable[[], list[str]]
) -> None:
    intent = charge(save_card(ana))
    told()

    client.refunds.create({"payment_intent": intent.id, "amount": 500, "reason": "requested_by_customer"})

    with pytest.raises(
        stripe.InvalidRequestError, match=r"\(\$8.00\) is greater than unrefunded amount on charge \(\$7.00\)"
    ):
        client.refunds.create({"payment_intent": intent.id, "amount": 800})
    client.refunds.create({"payment_intent": intent.id})
    with pytest.raises(stripe.InvalidRequestError) as caught:
        client.refunds.create({"payment_intent": intent.id})
    assert caught.value.code == "charge_already_refunded"
    paid = client.charges.retrieve(intent.latest_charge.id, {"expand": ["refunds"]})
    assert (paid.amount_refunded, paid.refunded, [each.amount for each in paid.refunds.data]) == (
        1200,
        True,
        [700, 500],
    )
    assert told() == ["refund.created", "charge.refunded"] * 2


@pytest.mark.parametrize("won", [True, False])
def test_a_dispute_is_made_and_ends(
    client: Any, stand_in: StripeStandIn, charge: Callable[..., Any], told: Callable[[], list[str]], won: bool
) -> None:
    intent = charge("pm_card_visa", customer="")
    told()

    dispute = stand_in.dispute(payment_intent=intent.id, reason="fraudulent")
    with pytest.raises(stripe.InvalidRequestError) as caught:
        client.refunds.create({"payment_intent": intent.id})
    stand_in.end_dispute(dispute["id"], won=won)

    assert caught.value.code == "charge_disputed"
    assert client.disputes.retrieve(dispute["id"]).status == ("won" if won else "lost")
    happened = [each for each in told() if each.startswith("charge.dispute")]
    reinstated = ["charge.dispute.funds_reinstated"] if won else []
    assert happened == [
        "charge.dispute.created",
        "charge.dispute.funds_withdrawn",
        *reinstated,
        "charge.dispute.closed",
    ]


def test_a_number_that_is_no_test_card_is_refused(client: Any) -> None:
    with pytest.raises(stripe.CardError) as caught:
        client.payment_methods.create(
            {"type": "card", "card": {"number": "4111111111111112", "exp_month": 1, "exp_year": 2034}}
        )

    assert caught.value.code == "incorrect_number"
