"""Invoices: finalized, paid, voided, listed.

*Called by*: routes.py, subscriptions.py, renewals.py, the pages. *Keeps true*: a finalized invoice keeps its lines,
its number and its amounts; its payment intent is made when it is finalized.
"""

from config.local.stripe_stand_in import (
    answers,
    collection,
    coupons,
    customers,
    events,
    invoice_drafts,
    invoice_lines,
    invoice_totals,
    payment_intents,
)
from config.local.stripe_stand_in.answers import listed, on_demand
from config.local.stripe_stand_in.parameters import METADATA, SPAN, merge_metadata
from config.local.stripe_stand_in.routes import PAGED, route
from config.local.stripe_stand_in.tables import DISCOUNTS
from config.local.stripe_stand_in.trouble import Thing, invalid
from config.local.stripe_stand_in.world import DAY, World


def add_pending(world: World, invoice: Thing, pending: Thing) -> None:
    """Put a pending item on a draft."""
    _require(invoice, "draft", verb="add lines to")
    line = invoice_lines.of_pending(world, pending)
    invoice["lines"]["data"].append(line)
    invoice_drafts.claim(world, invoice, line)
    invoice_totals.add_up(world, invoice)


def finalize(world: World, invoice: Thing) -> Thing:
    """Give it a number and its amounts for good; what costs nothing is paid with it."""
    customer = world.get("customer", invoice["customer"])
    now = world.now(customer)
    before, customer_before = events.remember(invoice), events.remember(customer)
    invoice["number"] = f"{customer['invoice_prefix']}-{customer['next_invoice_sequence']:04d}"
    customer["next_invoice_sequence"] += 1
    _apply_balance(world, invoice, customer)
    invoice |= {"status": "open", "automatically_finalizes_at": None, "effective_at": now}
    invoice["status_transitions"]["finalized_at"] = now
    invoice["hosted_invoice_url"] = f"{world.url}/i/{invoice['id']}"
    invoice["invoice_pdf"] = f"{world.url}/i/{invoice['id']}/pdf"
    if invoice["collection_method"] == "send_invoice":
        invoice["due_date"] = now + (invoice.get("_days_until_due") or 30) * DAY
    _end_discounts_that_are_for_once(world, invoice)
    if invoice["amount_due"]:
        _make_payment(world, invoice, world.find("payment_intent", invoice["_intent"]) or _make_intent(world, invoice))
    events.note(world, invoice, "finalized", before=before)
    events.note_update(world, customer, customer_before)
    if not invoice["amount_due"]:
        collection.mark_paid(world, invoice)
    return invoice


def finalize_paid(world: World, invoice: Thing, intent: Thing) -> None:
    """Finalize what an intent has paid already."""
    finalize(world, invoice)
    if invoice["status"] == "open":
        collection.mark_paid(world, invoice)
    intent["_invoice"] = invoice["id"]


def _apply_balance(world: World, invoice: Thing, customer: Thing) -> None:
    """A credit pays what it can; a debt is added; an invoice below nothing becomes a credit."""
    balance, total = customer["balance"], invoice["total"]
    invoice["starting_balance"] = balance
    due = total + balance
    used = -balance if due >= 0 else total
    if used:
        customers.move_balance(world, customer, used, kind="applied_to_invoice", invoice=invoice["id"])
    invoice |= {"amount_due": max(0, due), "ending_balance": customer["balance"]}
    invoice["amount_remaining"] = invoice["amount_due"]


def _end_discounts_that_are_for_once(world: World, invoice: Thing) -> None:
    for key in invoice["discounts"]:
        discount = world.things["discount"][key]
        coupon = world.find("coupon", discount["source"]["coupon"])
        if coupon and coupon["duration"] == "once" and discount["end"] is None:
            discount["end"] = world.now(invoice)


def _make_intent(world: World, invoice: Thing) -> Thing:
    intent = payment_intents.make(
        world,
        invoice["amount_due"],
        invoice["currency"],
        customer=invoice["customer"],
        description="Subscription update" if invoice["_subscription"] else None,
        payment_method=collection.find_method(world, invoice),
        setup_future_usage="off_session" if invoice["billing_reason"] == "subscription_create" else None,
    )
    intent["_invoice"] = invoice["id"]
    invoice["_intent"] = intent["id"]
    return intent


def _make_payment(world: World, invoice: Thing, intent: Thing) -> None:
    values: Thing = {
        "amount_paid": None,
        "amount_requested": invoice["amount_due"],
        "currency": invoice["currency"],
        "invoice": invoice["id"],
        "is_default": True,
        "payment": {"payment_intent": intent["id"], "type": "payment_intent"},
        "status": "open",
        "status_transitions": {"canceled_at": None, "paid_at": None},
    }
    world.add("invoice_payment", values, at=world.now(invoice))


@on_demand("invoice", "payments")
def tell_payments(world: World, invoice: Thing) -> Thing:
    return listed(world.all("invoice_payment", invoice=invoice["id"]), "/v1/invoice_payments")


@on_demand("invoice", "confirmation_secret")
def tell_secret(world: World, invoice: Thing) -> Thing | None:
    intent = world.find("payment_intent", invoice["_intent"])
    return {"client_secret": intent["client_secret"], "type": "payment_intent"} if intent else None


def _require(invoice: Thing, *statuses: str, verb: str) -> None:
    if invoice["status"] not in statuses:
        why = f"You can only {verb} invoices that are {' or '.join(statuses)}. This one is {invoice['status']}."
        raise invalid(why, code="invoice_not_editable")


@route(
    "POST",
    "invoices",
    {
        "customer!": str,
        "currency": str,
        "description": str,
        "auto_advance": bool,
        "days_until_due": int,
        "collection_method": ("charge_automatically", "send_invoice"),
        "pending_invoice_items_behavior": ("exclude", "include"),
        "default_payment_method": str,
        "footer": str,
        "subscription": str,
        "automatic_tax": {"enabled!": bool},
        "discounts": DISCOUNTS,
        "metadata": METADATA,
    },
)
def create(world: World, given: Thing) -> Thing:
    customer = customers.ask(world, given["customer"])
    subscription = world.get("subscription", given["subscription"]) if given.get("subscription") else None
    now = world.now(customer)
    pending = []
    if subscription or given.get("pending_invoice_items_behavior") == "include":
        pending = invoice_lines.take_pending(world, customer["id"], subscription=given.get("subscription"))
    currency = given.get("currency") or customer["currency"] or "usd"
    more: Thing = {"auto_advance": given.get("auto_advance", False), "_days_until_due": given.get("days_until_due")}
    kept = ("description", "footer", "default_payment_method", "collection_method")
    more |= {name: given[name] for name in kept if name in given}
    if given.get("automatic_tax"):
        more["automatic_tax"] = invoice_drafts.tax_fields(enabled=given["automatic_tax"]["enabled"])
    if given.get("discounts"):
        more["discounts"] = coupons.redeem(world, given["discounts"], customer=customer)
    lines = [invoice_lines.of_pending(world, each) for each in pending]
    more["metadata"] = merge_metadata({}, given.get("metadata", {}))
    return invoice_drafts.draft(
        world,
        customer,
        lines,
        reason="manual",
        currency=currency,
        period=(now, now),
        subscription=subscription,
        **more,
    )


@route(
    "POST",
    "invoices/{invoice}",
    {"auto_advance": bool, "description": str, "footer": str, "metadata": METADATA, "default_payment_method": str},
)
def update(world: World, given: Thing, invoice: str) -> Thing:
    found = world.get("invoice", invoice)
    before = events.remember(found)
    if "metadata" in given:
        given["metadata"] = merge_metadata(found["metadata"], given["metadata"])
    found |= given
    events.note_update(world, found, before)
    return found


@route("POST", "invoices/{invoice}/finalize", {"auto_advance": bool})
def finalize_by_call(world: World, given: Thing, invoice: str) -> Thing:
    found = world.get("invoice", invoice)
    _require(found, "draft", verb="finalize")
    found |= given
    return finalize(world, found)


@route("POST", "invoices/{invoice}/pay", {"payment_method": str, "off_session": bool, "paid_out_of_band": bool})
def pay(world: World, given: Thing, invoice: str) -> Thing:
    found = world.get("invoice", invoice)
    if found["status"] == "paid":
        raise invalid("Invoice is already paid", code="invoice_already_paid")
    if found["status"] == "draft":
        finalize(world, found)
    _require(found, "open", "uncollectible", "paid", verb="pay")
    if given.get("paid_out_of_band"):
        collection.mark_paid(world, found, out_of_band=True)
    elif found["status"] != "paid":
        collection.collect_for_caller(
            world, found, method=given.get("payment_method"), off_session=given.get("off_session", True)
        )
    return found


@route("POST", "invoices/{invoice}/void")
def void(world: World, given: Thing, invoice: str) -> Thing:
    found = world.get("invoice", invoice)
    _require(found, "open", "uncollectible", verb="void")
    before = events.remember(found)
    found |= {"status": "void", "next_payment_attempt": None, "auto_advance": False}
    found["status_transitions"]["voided_at"] = world.now(found)
    _leave_intent(world, found)
    events.note(world, found, "voided", before=before)
    collection.note_ended(world, found)
    return found


@route("POST", "invoices/{invoice}/mark_uncollectible")
def mark_uncollectible(world: World, given: Thing, invoice: str) -> Thing:
    found = world.get("invoice", invoice)
    _require(found, "open", verb="write off")
    before = events.remember(found)
    found |= {"status": "uncollectible", "next_payment_attempt": None, "auto_advance": False}
    found["status_transitions"]["marked_uncollectible_at"] = world.now(found)
    events.note(world, found, "marked_uncollectible", before=before)
    return found


def _leave_intent(world: World, invoice: Thing) -> None:
    intent = world.find("payment_intent", invoice["_intent"])
    if intent and intent["status"] not in ("succeeded", "canceled"):
        intent |= {"status": "canceled", "canceled_at": world.now(invoice), "cancellation_reason": "void_invoice"}
        events.note(world, intent, "canceled")


@route("DELETE", "invoices/{invoice}")
def delete(world: World, given: Thing, invoice: str) -> Thing:
    found = world.get("invoice", invoice)
    _require(found, "draft", verb="delete")
    for pending in world.all("invoiceitem", invoice=invoice):
        pending["invoice"] = None
    del world.things["invoice"][invoice]
    events.note(world, found, "deleted")
    return {"id": invoice, "object": "invoice", "deleted": True}


@route("GET", "invoices/search", {"query!": str, "limit": int, "page": str})
def search(world: World, given: Thing) -> Thing:
    return answers.search(world.all("invoice"), given, "/v1/invoices/search")


@route("GET", "invoices/{invoice}")
def retrieve(world: World, given: Thing, invoice: str) -> Thing:
    return world.get("invoice", invoice)


@route("GET", "invoices/{invoice}/lines", PAGED)
def list_lines(world: World, given: Thing, invoice: str) -> Thing:
    lines = world.get("invoice", invoice)["lines"]["data"]
    return answers.page(lines[::-1], given, f"/v1/invoices/{invoice}/lines")


STATUSES = ("draft", "open", "paid", "uncollectible", "void")


@route(
    "GET",
    "invoices",
    {
        **PAGED,
        "created": SPAN,
        "customer": str,
        "subscription": str,
        "status": STATUSES,
        "collection_method": ("charge_automatically", "send_invoice"),
    },
)
def list_all(world: World, given: Thing) -> Thing:
    alike = {name: given[name] for name in ("customer", "status", "collection_method") if given.get(name)}
    if given.get("subscription"):
        alike["_subscription"] = given["subscription"]
    return answers.page(world.all("invoice", **alike), given, "/v1/invoices")


PAID_BY = {"type!": ("payment_intent", "payment_record"), "payment_intent": str}


@route("GET", "invoice_payments", {**PAGED, "invoice": str, "payment": PAID_BY, "status": ("open", "paid", "canceled")})
def list_payments(world: World, given: Thing) -> Thing:
    alike = {name: given[name] for name in ("invoice", "status") if given.get(name)}
    found = world.all("invoice_payment", **alike)
    if key := (given.get("payment") or {}).get("payment_intent"):
        found = [each for each in found if each["payment"]["payment_intent"] == key]
    return answers.page(found, given, "/v1/invoice_payments")
