"""Collecting an invoice: paying it, failing to, trying again, and what that makes of its subscription.

*Called by*: invoices.py, subscriptions.py, renewals.py, the pages. *Keeps true*: an invoice is paid once; a renewal
that is declined is tried again on the days of the options, and after the last of them the subscription ends as they
say.
"""

from config.local.stripe_stand_in import answers, events, invoices, payment_intents, payment_methods, subscriptions
from config.local.stripe_stand_in.trouble import Refusal, Thing, invalid
from config.local.stripe_stand_in.world import DAY, World


def find_method(world: World, invoice: Thing) -> str | None:
    """The card that pays: the invoice's, its subscription's, the customer's."""
    subscription = world.find("subscription", invoice["_subscription"])
    customer = world.things["customer"][invoice["customer"]]
    for holder in (invoice, subscription, customer["invoice_settings"]):
        if holder and holder["default_payment_method"]:
            return str(holder["default_payment_method"])
    return None


def collect(
    world: World, invoice: Thing, *, method: str | None = None, off_session: bool = True, is_owner_there: bool = False
) -> Refusal | None:
    """Try to take what is due. Returns the decline, and None where it is paid or waits for 3-D Secure."""
    if not invoice["amount_due"]:
        mark_paid(world, invoice)
        return None
    intent = world.get("payment_intent", invoice["_intent"])
    method = method or find_method(world, invoice)
    invoice |= {"attempted": True, "attempt_count": invoice["attempt_count"] + 1}
    refusal: Refusal | None
    if not method:
        refusal = invalid("This customer has no attached payment source or default payment method.")
    else:
        intent["payment_method"] = method
        refusal = payment_intents.confirm(
            world, intent, off_session=off_session, is_owner_there=is_owner_there, waits=True
        )
    if intent["status"] == "succeeded":
        mark_paid(world, invoice)
        return None
    _note_failure(world, invoice, needs_owner=intent["status"] == "requires_action")
    return refusal


def collect_for_caller(world: World, invoice: Thing, *, method: str | None, off_session: bool) -> None:
    """Collect as a call asked for; what keeps it from being paid is raised, with the intent inside."""
    key = payment_methods.ask(world, method)["id"] if method else None
    refusal = collect(world, invoice, method=key, off_session=off_session)
    intent = world.get("payment_intent", invoice["_intent"])
    if not refusal and invoice["status"] != "paid":
        refusal = payment_intents.ask_for_owner()
        refusal.error["code"] = "invoice_payment_intent_requires_action"
    if refusal:
        refusal.error.pop("_method", None)
        refusal.error["payment_intent"] = answers.tell(world, intent)
        raise refusal


def mark_paid(world: World, invoice: Thing, *, out_of_band: bool = False) -> None:
    """Close an invoice as paid, and let its subscription know."""
    before = events.remember(invoice)
    now = world.now(invoice)
    invoice |= {"status": "paid", "attempted": True, "next_payment_attempt": None, "auto_advance": False}
    invoice |= {"amount_paid": invoice["amount_due"], "amount_remaining": 0}
    invoice["status_transitions"]["paid_at"] = now
    for payment in world.all("invoice_payment", invoice=invoice["id"]):
        payment |= {"status": "canceled" if out_of_band else "paid"}
        if not out_of_band:
            payment |= {"amount_paid": invoice["amount_due"]}
            payment["status_transitions"]["paid_at"] = now
            events.note(world, payment, "paid")
    events.note_update(world, invoice, before)
    events.note(world, invoice, "paid")
    events.note(world, invoice, "payment_succeeded")
    customer = world.things["customer"][invoice["customer"]]
    _set_delinquent(world, customer)
    if subscription := world.find("subscription", invoice["_subscription"]):
        subscriptions.note_paid(world, subscription, invoice)


def _set_delinquent(world: World, customer: Thing) -> None:
    before = events.remember(customer)
    customer["delinquent"] = any(
        each["attempted"] for each in world.all("invoice", customer=customer["id"], status="open")
    )
    events.note_update(world, customer, before)


def _note_failure(world: World, invoice: Thing, *, needs_owner: bool) -> None:
    before = events.remember(invoice)
    is_renewal = invoice["billing_reason"] == "subscription_cycle"
    attempts, days = invoice["attempt_count"], world.options.retry_days
    is_over = attempts > len(days)
    at = None if is_over or not is_renewal else world.now(invoice) + days[attempts - 1] * DAY
    invoice["next_payment_attempt"] = at
    events.note_update(world, invoice, before)
    if needs_owner:
        events.note(world, invoice, "payment_action_required")
    events.note(world, invoice, "payment_failed")
    _set_delinquent(world, world.things["customer"][invoice["customer"]])
    if subscription := world.find("subscription", invoice["_subscription"]):
        subscriptions.note_unpaid(world, subscription, invoice, is_over=is_over and is_renewal)


def note_ended(world: World, invoice: Thing) -> None:
    """An invoice was voided: what waited for it waits no more."""
    _set_delinquent(world, world.things["customer"][invoice["customer"]])
    if subscription := world.find("subscription", invoice["_subscription"]):
        subscriptions.note_voided(world, subscription, invoice)


def retry(world: World, invoice: Thing) -> None:
    """The next attempt of the schedule, for what is still due."""
    invoice["next_payment_attempt"] = None
    if invoice["status"] == "open":
        collect(world, invoice)


def finalize_due(world: World, invoice: Thing) -> None:
    """The hour of a draft is over: finalize it, and collect it."""
    invoices.finalize(world, invoice)
    if invoice["status"] == "open" and invoice["collection_method"] == "charge_automatically":
        collect(world, invoice)
