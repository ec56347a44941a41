"""The port to Stripe: the only importer of its package. Each verb is one wish; facts go in and come out.

*Called by*: billing.events, subscriptions, purchases, recharges, invoices, storefront. *Keeps true*: every write has an
idempotency key, so that what is sent again happens once; what Stripe refuses is one of our sentences.
*Why* nothing of it is believed from an event: https://docs.stripe.com/webhooks#event-ordering
"""

import json
import logging
import time
from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import cache
from operator import attrgetter
from typing import Any
from uuid import uuid4

import stripe
from django.conf import settings

from billing import stripe_facts as facts
from billing.stripe_refusals import CardDeclined, Forged, NeedsCardholder, StripeAway, StripeOff, StripeSaidNo

log = logging.getLogger(__name__)

TIMEOUTS = (5.0, 20.0)  # to connect, to answer
RETRIES = 2
OLDEST_SECONDS = 300
AUTHENTICATION = {
    *("authentication_required", "subscription_payment_intent_requires_action"),
    *("payment_intent_authentication_failure", "authentication_not_handled"),
}
PAID_BY: dict[str, Any] = {"expand": ["latest_charge"]}
WITH_PAYMENTS: dict[str, Any] = {"expand": ["payments"]}


def is_on() -> bool:
    return bool(settings.STRIPE_SECRET_KEY)


def is_live() -> bool:
    return "_live_" in str(settings.STRIPE_SECRET_KEY)


# --- customers, Checkout and the Portal -------------------------------------------------------


def add_customer(org_id: str, *, name: str, email: str) -> str:
    """Returns the id of the organization's customer; asked again within a day it is the same one."""
    key = f"customer:{org_id}:{email}:{name}"[:255]
    made = ask("customers.create", key=key, name=name[:256], email=email, metadata={"org": org_id})
    return str(made["id"])


def update_customer(customer_id: str, *, name: str, email: str) -> None:
    ask("customers.update", customer_id, key=once(), name=name[:256], email=email)


def open_checkout(
    customer_id: str,
    *,
    mode: str,
    prices: Iterable[tuple[str, int]],
    currency: str,
    metadata: dict[str, str],
    done_url: str,
    back_url: str,
    trial_days: int = 0,
    key: str,
) -> facts.SessionFacts:
    """A page on which the customer pays. `prices` are ids and quantities; `mode` is "subscription" or "payment".

    The metadata goes on to the subscription or the payment, which is what later events are about.
    """
    wanted: dict[str, Any] = {
        "mode": mode,
        "customer": customer_id,
        "client_reference_id": metadata["org"],
        "line_items": [{"price": price, "quantity": quantity} for price, quantity in prices],
        "currency": currency,
        "metadata": metadata,
        "success_url": done_url,
        "cancel_url": back_url,
        "allow_promotion_codes": True,
        "locale": "auto",
    }
    if settings.STRIPE_TAX:
        wanted |= {"automatic_tax": {"enabled": True}, "tax_id_collection": {"enabled": True}}
        wanted["customer_update"] = {"address": "auto", "name": "auto"}
    if mode == "subscription":
        wanted["subscription_data"] = {"metadata": metadata}
        if trial_days:
            wanted["subscription_data"]["trial_period_days"] = trial_days
    else:
        wanted["payment_intent_data"] = {"metadata": metadata, "setup_future_usage": "off_session"}
        wanted["invoice_creation"] = {"enabled": True, "invoice_data": {"metadata": metadata}}
    return facts.session(ask("checkout.sessions.create", key=key, **wanted))


def checkout(session_id: str) -> facts.SessionFacts:
    return facts.session(ask("checkout.sessions.retrieve", session_id))


def close_checkouts(customer_id: str) -> None:
    """Close the pages that are still open for a subscription, so that two of them cannot both be paid."""
    for found in pages("checkout.sessions.list", customer=customer_id, status="open", limit=100):
        if found["mode"] == "subscription":
            ask("checkout.sessions.expire", found["id"], key=f"expire:{found['id']}")


def open_portal(customer_id: str, *, back_url: str, configuration: str) -> str:
    wanted = {"customer": customer_id, "return_url": back_url}
    if configuration:
        wanted["configuration"] = configuration
    return str(ask("billing_portal.sessions.create", key=once(), **wanted)["url"])


# --- subscriptions ----------------------------------------------------------------------------


def subscription(subscription_id: str) -> facts.SubscriptionFacts:
    return facts.subscription(ask("subscriptions.retrieve", subscription_id))


def subscriptions(customer_id: str) -> list[facts.SubscriptionFacts]:
    found = pages("subscriptions.list", customer=customer_id, status="all", limit=100)
    return [facts.subscription(each) for each in found]


def change(
    now: facts.SubscriptionFacts, items: list[facts.Thing], *, at: datetime, prorate: bool, key: str
) -> facts.SubscriptionFacts:
    """Put other prices and quantities on a subscription at once, and bill the difference of this period at once too.

    A card that declines leaves everything as it was. Raises CardDeclined, NeedsCardholder.
    """
    wanted: dict[str, Any] = {"items": items, "proration_behavior": "always_invoice" if prorate else "none"}
    if prorate:
        wanted |= {"proration_date": int(at.timestamp()), "payment_behavior": "error_if_incomplete"}
    return facts.subscription(ask("subscriptions.update", now.id, key=key, **wanted))


def preview(now: facts.SubscriptionFacts, items: list[facts.Thing], *, at: datetime) -> facts.InvoiceFacts:
    """The invoice that `change` would make."""
    details = {"items": items, "proration_behavior": "always_invoice", "proration_date": int(at.timestamp())}
    asked: dict[str, Any] = {"subscription": now.id, "subscription_details": details}
    return facts.invoice(ask("invoices.create_preview", **asked))


def change_later(now: facts.SubscriptionFacts, items: list[facts.Thing], *, interval: str, key: str) -> str:
    """Let other prices and quantities begin with the next period. Returns the id of the schedule that holds them."""
    made = ask("subscription_schedules.create", key=f"{key}:schedule", from_subscription=now.id)
    phase = made["phases"][-1]
    first = {
        "items": [{"price": each.price_id, "quantity": each.quantity} for each in now.items],
        "start_date": phase["start_date"],
        "end_date": int(now.ends_at.timestamp()),
        "proration_behavior": "none",
        **_discounts(phase),
    }
    duration = {"interval": interval, "interval_count": 1}
    then = {"items": items, "duration": duration, "proration_behavior": "none", **_discounts(phase)}
    wanted = {"phases": [first, then], "end_behavior": "release", "proration_behavior": "none"}
    ask("subscription_schedules.update", made["id"], key=f"{key}:phases", **wanted)
    return str(made["id"])


def _discounts(phase: facts.Thing) -> facts.Thing:
    """A coupon that runs goes on: phases that do not name it would end it."""
    kinds = ("discount", "coupon", "promotion_code")
    named = [{kind: each[kind] for kind in kinds if each.get(kind)} for each in phase.get("discounts") or []]
    return {"discounts": [dict([next(iter(each.items()))]) for each in named if each]} if named else {}


def planned(schedule_id: str) -> list[tuple[str, int]]:
    """What a schedule has for the period after this one: ids of prices, and quantities. Empty once it is over."""
    schedule = ask("subscription_schedules.retrieve", schedule_id)
    current = schedule.get("current_phase") or {}
    if schedule["status"] != "active" or not current:
        return []
    later = [phase for phase in schedule["phases"] if phase["start_date"] >= current["end_date"]]
    return [(facts.id_of(item["price"]), item.get("quantity") or 1) for item in later[0]["items"]] if later else []


def drop_plans(schedule_id: str) -> None:
    """Forget what was to begin with the next period; the subscription goes on as it is."""
    ask("subscription_schedules.release", schedule_id, key=f"release:{schedule_id}")


def end_later(subscription_id: str, *, ends: bool) -> facts.SubscriptionFacts:
    """Let a subscription end with its period, or take that back."""
    wanted: dict[str, Any] = {"cancel_at_period_end": ends}
    return facts.subscription(ask("subscriptions.update", subscription_id, key=once(), **wanted))


# --- invoices, payments, refunds and disputes ---------------------------------------------------


def invoice(invoice_id: str) -> facts.InvoiceFacts:
    found = ask("invoices.retrieve", invoice_id, **WITH_PAYMENTS)
    if (found["lines"] or {}).get("has_more"):
        found["lines"]["data"] = list(pages("invoices.line_items.list", invoice_id, limit=100))
    return facts.invoice(found)


def pay_invoice(invoice_id: str, *, key: str) -> facts.InvoiceFacts:
    """Try the customer's card once more. Raises CardDeclined, NeedsCardholder."""
    return facts.invoice(ask("invoices.pay", invoice_id, key=key, **WITH_PAYMENTS))


def payment(payment_id: str) -> facts.PaymentFacts:
    return facts.payment(ask("payment_intents.retrieve", payment_id, **PAID_BY))


def charge(
    customer_id: str, *, amount_minor: int, currency: str, card: str, metadata: dict[str, str], words: str, key: str
) -> facts.PaymentFacts:
    """Charge a saved card while its owner is away. Raises CardDeclined, NeedsCardholder."""
    wanted: dict[str, Any] = {
        "customer": customer_id,
        "amount": amount_minor,
        "currency": currency,
        "payment_method": card,
        "off_session": True,
        "confirm": True,
        "metadata": metadata,
        "description": words,
        **PAID_BY,
    }
    return facts.payment(ask("payment_intents.create", key=key, **wanted))


def saved_card(customer_id: str, *, subscription_id: str = "") -> str:
    """The card to charge: the customer's default, else that of the subscription, else the newest; empty for none."""
    customer = ask("customers.retrieve", customer_id)
    found = facts.id_of((customer.get("invoice_settings") or {}).get("default_payment_method"))
    if not found and subscription_id:
        found = facts.id_of(ask("subscriptions.retrieve", subscription_id).get("default_payment_method"))
    if not found:
        newest = ask("customers.payment_methods.list", customer_id, type="card", limit=1)["data"]
        found = newest[0]["id"] if newest else ""
    return found


def refund(payment_id: str, *, amount_minor: int, key: str) -> str:
    made = ask("refunds.create", key=key, payment_intent=payment_id, amount=amount_minor)
    return str(made["id"])


def disputes(payment_id: str) -> list[facts.DisputeFacts]:
    return [facts.dispute(each) for each in pages("disputes.list", payment_intent=payment_id, limit=100)]


# --- prices -------------------------------------------------------------------------------------


def price(price_id: str) -> facts.PriceFacts:
    """What a price stands for. Prices never change there, so that each is asked for once."""
    return _price(str(settings.STRIPE_SECRET_KEY), str(settings.STRIPE_API_BASE), price_id)


@cache
def _price(_secret: str, _base: str, price_id: str) -> facts.PriceFacts:
    return facts.price(ask("prices.retrieve", price_id, expand=["currency_options"]))


def prices(lookup_keys: list[str]) -> dict[str, facts.PriceFacts]:
    """The prices on offer under these keys; one that was never set up is missing."""
    found = pages("prices.list", lookup_keys=lookup_keys, active=True, limit=100, expand=["data.currency_options"])
    return {each["lookup_key"]: facts.price(each) for each in found}


# --- events -------------------------------------------------------------------------------------


def read_event(body: bytes, signature: str, *, now: float | None = None) -> facts.EventFacts:
    """Believe an event or raise Forged, whose message is why: forged, stale, future, mode or shape."""
    if not settings.STRIPE_WEBHOOK_SECRET:
        raise StripeOff
    now = time.time() if now is None else now
    try:
        text = body.decode()
        stripe.WebhookSignature.verify_header(text, signature, settings.STRIPE_WEBHOOK_SECRET)
        stamps = [int(part[2:]) for part in signature.split(",") if part.startswith("t=")]
    except (stripe.SignatureVerificationError, UnicodeDecodeError, ValueError):
        raise Forged("forged") from None
    # The package refuses stale stamps only when asked to, and future ones never.
    if not stamps or abs(now - stamps[0]) > OLDEST_SECONDS:
        raise Forged("stale" if stamps and stamps[0] < now else "future")
    try:
        event = facts.event(json.loads(text))
    except (ValueError, KeyError, TypeError, AttributeError):
        raise Forged("shape") from None
    if event.is_live != is_live():
        raise Forged("mode", event=event.id)
    return event


def events(*, since: datetime) -> Iterator[facts.EventFacts]:
    """What happened since then, newest first; Stripe keeps thirty days."""
    for found in pages("events.list", created={"gte": int(since.timestamp())}, limit=100):
        yield facts.event(found)


# --- the wire -----------------------------------------------------------------------------------


def once() -> str:
    """A key for what is wished for once and never sent again by us."""
    return str(uuid4())


@cache
def _client(secret: str, base: str) -> stripe.StripeClient:
    addresses: Any = {"api": base} if base else None
    wire = stripe.RequestsClient(timeout=TIMEOUTS)
    return stripe.StripeClient(secret, base_addresses=addresses, http_client=wire, max_network_retries=RETRIES)


def ask(verb: str, *ids: str, key: str = "", **params: Any) -> Any:
    """One call, such as ask("customers.retrieve", id); a write needs a key. Raises what stripe_refusals has."""
    if not is_on():
        raise StripeOff
    client = _client(settings.STRIPE_SECRET_KEY, settings.STRIPE_API_BASE)
    options = {"idempotency_key": key} if key else {}
    try:
        return attrgetter(verb)(client.v1)(*ids, params=params, options=options).to_dict(for_json=True)
    except stripe.CardError as error:
        problem = getattr(error.error, "decline_code", None) or error.code or ""
        kind = NeedsCardholder if AUTHENTICATION & {problem, error.code} else CardDeclined
        raise kind(problem=problem, payment=_payment_behind(error)) from error
    except (stripe.APIConnectionError, stripe.APIError, stripe.RateLimitError) as error:
        log.warning("Stripe did not answer %s: %s", verb, error)
        raise StripeAway from error
    except (stripe.AuthenticationError, stripe.PermissionError) as error:
        log.error("Stripe does not take this server's key for %s: %s", verb, error)
        raise StripeAway from error
    except stripe.StripeError as error:
        log.warning("Stripe refused %s: %s", verb, error)
        raise StripeSaidNo(problem=error.code or "", said=str(error.user_message or "")[:300]) from error


def _payment_behind(error: stripe.CardError) -> str:
    """The payment that was refused: it can be confirmed by its owner."""
    body: Any = error.json_body or {}
    return facts.id_of((body.get("error") or {}).get("payment_intent"))


def pages(verb: str, *ids: str, **params: Any) -> Iterator[facts.Thing]:
    """All of a list, page by page."""
    while True:
        page = ask(verb, *ids, **params)
        yield from page["data"]
        if not page.get("has_more") or not page["data"]:
            return
        params["starting_after"] = page["data"][-1]["id"]
