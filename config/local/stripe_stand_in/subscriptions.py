"""Subscriptions: begun, read, ended, and what becomes of them when an invoice is paid or is not.

*Called by*: routes.py, collection.py, renewals.py, the pages. *Keeps true*: a subscription that costs something is
active only once its first invoice is paid; one that has ended stays ended.
"""

from config.local.stripe_stand_in import (
    answers,
    collection,
    coupons,
    customers,
    events,
    invoice_drafts,
    invoice_lines,
    invoices,
    payment_methods,
    periods,
    proration,
    subscription_items,
)
from config.local.stripe_stand_in.answers import listed
from config.local.stripe_stand_in.parameters import SPAN, merge_metadata
from config.local.stripe_stand_in.routes import PAGED, route
from config.local.stripe_stand_in.tables import CANCELLATION, NEW_ITEM, SUBSCRIPTION
from config.local.stripe_stand_in.trouble import Refusal, Thing, invalid, missing
from config.local.stripe_stand_in.world import DAY, HOUR, World

ENDED = ("canceled", "incomplete_expired")
STATUSES = ("active", "past_due", "unpaid", "canceled", "incomplete", "incomplete_expired", "trialing", "paused")
NOTHING = (
    *("application", "application_fee_percent", "billing_cycle_anchor_config", "billing_thresholds", "cancel_at"),
    *("canceled_at", "days_until_due", "default_payment_method", "default_source", "description", "ended_at"),
    *("latest_invoice", "next_pending_invoice_item_invoice", "on_behalf_of", "pause_collection"),
    *("pending_invoice_item_interval", "pending_setup_intent", "pending_update", "schedule", "transfer_data"),
    *("trial_end", "trial_start"),
)
# What both a new subscription and a change take.


@route(
    "POST",
    "subscriptions",
    {
        **SUBSCRIPTION,
        "customer!": str,
        "items": [NEW_ITEM],
        "currency": str,
        "trial_period_days": int,
        "billing_cycle_anchor": int,
        "billing_mode": {"type!": ("classic", "flexible")},
        "add_invoice_items": [{"price": str, "quantity": int}],
    },
)
def create(world: World, given: Thing) -> Thing:
    behavior = given.get("payment_behavior") or "allow_incomplete"
    if behavior == "error_if_incomplete":
        with world.all_or_nothing():
            subscription = begin(world, given)
            invoice = world.find("invoice", subscription["latest_invoice"])
            if subscription["status"] == "incomplete":
                raise world_refusal(world, invoice)
            return subscription
    return begin(world, given)


def world_refusal(world: World, invoice: Thing | None) -> Refusal:
    """The decline that kept an invoice from being paid, as an answer."""
    intent = world.find("payment_intent", invoice["_intent"]) if invoice else None
    error = dict((intent or {}).get("last_payment_error") or {})
    if not error:
        return collection.payment_intents.ask_for_owner()
    message, kind = error.pop("message"), error.pop("type")
    return Refusal(402, message, kind=kind, **error)


def begin(world: World, given: Thing, *, is_owner_there: bool = False) -> Thing:
    """A new subscription with its first invoice, collected as `payment_behavior` says."""
    customer = customers.ask(world, given["customer"])
    currency = (given.get("currency") or "").lower() or None
    bought, currency = subscription_items.read(world, given.get("items") or [], currency=currency)
    if customer["currency"] and customer["currency"] != currency:
        why = f"You cannot combine currencies on a single customer. This customer has had {customer['currency']}"
        raise invalid(f"{why} and may not be billed in {currency}.", param="customer")
    if key := given.get("default_payment_method"):
        method = payment_methods.ask(world, key, param="default_payment_method")
        if method["customer"] != customer["id"]:
            why = f"The customer does not have a payment method with the ID {method['id']}."
            raise invalid(f"{why} The payment method must be attached to the customer.", param="default_payment_method")
    now = world.now(customer)
    subscription = _add(world, given, customer, currency, now)
    period = _first_period(given, subscription, bought, now)
    items = [subscription_items.make(world, subscription, each, period) for each in bought]
    subscription["items"] = listed(items, f"/v1/subscription_items?subscription={subscription['id']}")
    discounts = given.get("discounts") or []
    subscription["discounts"] = coupons.redeem(world, discounts, customer=customer, subscription=subscription["id"])
    _invoice_first(world, given, subscription, customer, period, is_owner_there=is_owner_there)
    return subscription


def _add(world: World, given: Thing, customer: Thing, currency: str, now: int) -> Thing:
    trial_end = _trial_end(given, now)
    tax = bool((given.get("automatic_tax") or {}).get("enabled"))
    ends = (given.get("trial_settings") or {}).get("end_behavior") or {"missing_payment_method": "create_invoice"}
    wanted = given.get("payment_settings") or {}
    kept = ("cancel_at", "days_until_due", "default_payment_method", "description")
    values: Thing = {
        **dict.fromkeys(NOTHING),
        **{name: given[name] for name in kept if name in given},
        "automatic_tax": {"disabled_reason": None, "enabled": tax, "liability": {"type": "self"} if tax else None},
        "billing_cycle_anchor": trial_end or given.get("billing_cycle_anchor") or now,
        "billing_mode": {"flexible": None, "type": (given.get("billing_mode") or {}).get("type", "flexible")},
        "billing_schedules": [],
        "cancel_at_period_end": bool(given.get("cancel_at_period_end")),
        "cancellation_details": {"comment": None, "feedback": None, "reason": None},
        "collection_method": given.get("collection_method") or "charge_automatically",
        "currency": currency,
        "customer": customer["id"],
        "customer_account": None,
        "default_tax_rates": [],
        "discounts": [],
        "invoice_settings": {"account_tax_ids": None, "issuer": {"type": "self"}},
        "metadata": merge_metadata({}, given.get("metadata", {})),
        "payment_settings": {
            "payment_method_options": wanted.get("payment_method_options"),
            "payment_method_types": wanted.get("payment_method_types"),
            "save_default_payment_method": wanted.get("save_default_payment_method") or "off",
        },
        "start_date": now,
        "status": "trialing" if trial_end else "incomplete",
        "test_clock": customer["test_clock"],
        "trial_end": trial_end,
        "trial_settings": {"end_behavior": ends},
        "trial_start": now if trial_end else None,
    }
    return world.add("subscription", values)


def _trial_end(given: Thing, now: int) -> int | None:
    at, days = given.get("trial_end"), given.get("trial_period_days")
    if at and days:
        raise invalid("You may only specify one of these parameters: trial_end, trial_period_days.", param="trial_end")
    if at == "now" or not (at or days):
        return None
    until = int(at) if at else now + int(days or 0) * DAY
    if until <= now:
        raise invalid("Timestamp must be in the future", param="trial_end")
    return until


def _first_period(given: Thing, subscription: Thing, bought: list[Thing], now: int) -> tuple[int, int]:
    if subscription["trial_end"]:
        return now, subscription["trial_end"]
    interval, count = subscription_items.rhythm(bought[0]["price"])
    anchor = subscription["billing_cycle_anchor"]
    end = periods.next_after(anchor, interval, count, now)
    if given.get("billing_cycle_anchor") and not now < anchor <= periods.nth(now, interval, count, 1):
        raise invalid(
            "billing_cycle_anchor must be later than now and no later than the next bill.", param="billing_cycle_anchor"
        )
    return now, end


def _invoice_first(
    world: World, given: Thing, subscription: Thing, customer: Thing, period: tuple[int, int], *, is_owner_there: bool
) -> None:
    lines = [
        invoice_lines.of_item(
            world, subscription, item, period, amount=_first_amount(given, subscription, item, period)
        )
        for item in subscription_items.of(subscription)
    ]
    for pending in invoice_lines.take_pending(world, customer["id"], subscription=subscription["id"]):
        lines.append(invoice_lines.of_pending(world, pending))
    invoice = invoice_drafts.draft(
        world,
        customer,
        lines,
        reason="subscription_create",
        currency=subscription["currency"],
        period=(period[0], period[0]),
        subscription=subscription,
        _days_until_due=subscription["days_until_due"],
    )
    waits = given.get("payment_behavior") == "default_incomplete" and invoice["amount_due"]
    has_card = collection.find_method(world, invoice)
    is_sent = subscription["collection_method"] == "send_invoice"
    if invoice["total"] + customer["balance"] > 0 and not (has_card or waits or is_sent):
        why = "This customer has no attached payment source or default payment method. Please consider adding a default"
        raise invalid(f"{why} payment method.", code="resource_missing")
    events.note(world, subscription, "created")
    invoices.finalize(world, invoice)
    if is_sent:
        _set_status(world, subscription, "active")
    elif invoice["status"] == "open" and not waits:
        off_session = bool(given.get("off_session"))
        collection.collect(world, invoice, off_session=off_session, is_owner_there=is_owner_there)


def _first_amount(given: Thing, subscription: Thing, item: Thing, period: tuple[int, int]) -> int | None:
    if subscription["status"] == "trialing":
        return 0
    whole = proration.whole_period(subscription, item, period)
    if whole == period:
        return None
    if given.get("proration_behavior") == "none":
        return 0
    return periods.share(proration.cost(subscription, item), of=whole, left_from=period[0])


def _set_status(world: World, subscription: Thing, status: str) -> None:
    before = events.remember(subscription)
    subscription["status"] = status
    events.note_update(world, subscription, before)


def note_paid(world: World, subscription: Thing, invoice: Thing) -> None:
    """An invoice was paid: begin what waited for it."""
    if (subscription["pending_update"] or {}).get("_invoice") == invoice["id"]:
        proration.apply_pending(world, subscription)
    if subscription["payment_settings"]["save_default_payment_method"] == "on_subscription":
        intent = world.find("payment_intent", invoice["_intent"])
        if intent and not subscription["default_payment_method"]:
            subscription["default_payment_method"] = intent["payment_method"]
    if subscription["status"] == "incomplete" and invoice["billing_reason"] == "subscription_create":
        _set_status(world, subscription, "active")
    elif subscription["status"] in ("past_due", "unpaid"):
        # Only the last invoice decides, as at Stripe.
        if subscription["latest_invoice"] == invoice["id"]:
            _set_status(world, subscription, "active")


def note_unpaid(world: World, subscription: Thing, invoice: Thing, *, is_over: bool) -> None:
    """An invoice was declined; `is_over` when it was for the last time."""
    if subscription["status"] in ENDED or subscription["status"] == "incomplete":
        return
    if invoice.get("_is_pending_update"):
        return
    if is_over and world.options.after_retries == "cancel":
        end(world, subscription, reason="payment_failed")
    elif is_over and world.options.after_retries == "unpaid":
        _set_status(world, subscription, "unpaid")
    elif subscription["status"] == "active":
        _set_status(world, subscription, "past_due")


def note_voided(world: World, subscription: Thing, invoice: Thing) -> None:
    if subscription["status"] == "incomplete" and invoice["billing_reason"] == "subscription_create":
        expire(world, subscription)
    elif subscription["status"] in ("past_due", "unpaid") and subscription["latest_invoice"] == invoice["id"]:
        _set_status(world, subscription, "active")


def expire(world: World, subscription: Thing) -> None:
    """The first payment never came: 23 hours are over."""
    before = events.remember(subscription)
    now = world.now(subscription)
    subscription |= {"status": "incomplete_expired", "ended_at": now}
    events.note_update(world, subscription, before)
    invoice = world.find("invoice", subscription["latest_invoice"])
    if invoice and invoice["status"] == "open":
        invoices.void(world, {}, invoice=invoice["id"])


FIRST_PAYMENT_SECONDS = 23 * HOUR


def end(world: World, subscription: Thing, *, reason: str | None = None) -> Thing:
    """Cancel now. Drafts of it are left to nobody, as at Stripe: they are not collected any more."""
    before = events.remember(subscription)
    now = world.now(subscription)
    subscription |= {"status": "canceled", "ended_at": now, "pending_update": None}
    subscription["canceled_at"] = subscription["canceled_at"] or now
    if reason:
        subscription["cancellation_details"]["reason"] = reason
    for invoice in world.all("invoice", _subscription=subscription["id"]):
        if invoice["status"] in ("draft", "open"):
            invoice |= {"auto_advance": False, "next_payment_attempt": None, "automatically_finalizes_at": None}
    if schedule := world.find("subscription_schedule", subscription["schedule"]):
        schedule |= {"status": "canceled", "canceled_at": now}
        subscription["schedule"] = None
        events.note(world, schedule, "canceled")
    events.note(world, subscription, "deleted", before=before)
    return subscription


def ask(world: World, key: str) -> Thing:
    """The subscription of an id, which has not ended."""
    subscription = world.get("subscription", key)
    if subscription["status"] in ENDED:
        raise missing("subscription", key)
    return subscription


@route(
    "DELETE",
    "subscriptions/{subscription}",
    {"invoice_now": bool, "prorate": bool, "cancellation_details": CANCELLATION},
)
def cancel(world: World, given: Thing, subscription: str) -> Thing:
    found = ask(world, subscription)
    found["cancellation_details"] |= given.get("cancellation_details") or {}
    if given.get("prorate"):
        proration.credit_rest(world, found)
    if given.get("invoice_now"):
        proration.invoice_now(world, found)
    return end(world, found, reason="cancellation_requested")


@route("GET", "subscriptions/search", {"query!": str, "limit": int, "page": str})
def search(world: World, given: Thing) -> Thing:
    return answers.search(world.all("subscription"), given, "/v1/subscriptions/search")


@route("GET", "subscriptions/{subscription}")
def retrieve(world: World, given: Thing, subscription: str) -> Thing:
    return world.get("subscription", subscription)


@route(
    "GET",
    "subscriptions",
    {
        **PAGED,
        "created": SPAN,
        "customer": str,
        "price": str,
        "test_clock": str,
        "status": (*STATUSES, "ended", "all"),
        "collection_method": ("charge_automatically", "send_invoice"),
    },
)
def list_all(world: World, given: Thing) -> Thing:
    alike = {name: given[name] for name in ("customer", "test_clock", "collection_method") if given.get(name)}
    found, status = world.all("subscription", **alike), given.get("status")
    if status == "ended":
        found = [each for each in found if each["status"] in ENDED]
    elif status != "all":
        found = [each for each in found if (each["status"] == status if status else each["status"] != "canceled")]
    if price := given.get("price"):
        found = [each for each in found if any(item["price"]["id"] == price for item in subscription_items.of(each))]
    return answers.page(found, given, "/v1/subscriptions")
