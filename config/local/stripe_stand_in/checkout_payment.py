"""Completing a Checkout session with a card: what it makes, in the order in which Stripe makes it.

*Called by*: checkout_page.py. *Keeps true*: a card that declines leaves a session open and makes no subscription; a
session is complete only with what it was for.
"""

from config.local.stripe_stand_in import (
    cards,
    checkout_sums,
    coupons,
    customers,
    events,
    invoice_drafts,
    invoice_lines,
    invoices,
    payment_intents,
    payment_methods,
    products,
    setup_intents,
    subscriptions,
)
from config.local.stripe_stand_in.trouble import Refusal, Thing
from config.local.stripe_stand_in.world import World


def needs_owner(session: Thing, method: Thing) -> bool:
    """Say whether 3-D Secure comes first. Where nothing is charged, only a card that is saved asks."""
    if session["mode"] == "payment" and not session["amount_total"]:
        return False
    return cards.asks(method, off_session=False)


def complete(
    world: World, session: Thing, method: Thing | None, person: Thing, *, is_owner_there: bool
) -> Refusal | None:
    """Do what the session is for, or return why it was declined. `person`: email, name, address."""
    verb = {"payment": _pay, "setup": _set_up, "subscription": _subscribe}[session["mode"]]
    refusal = verb(world, session, method, person, is_owner_there)
    if refusal:
        return refusal
    close(world, session, person)
    return None


def close(world: World, session: Thing, person: Thing) -> None:
    """The page has done what it was for."""
    session |= {"status": "complete", "url": None}
    session["customer_details"] = {
        "address": person["address"],
        "email": person["email"],
        "name": person["name"],
        "phone": None,
        "business_name": None,
        "individual_name": None,
        "tax_exempt": "none",
        "tax_ids": [],
    }
    events.note(world, session, "completed")


def _customer(world: World, session: Thing, person: Thing) -> Thing:
    """The session's customer, or a new one."""
    if not session["customer"]:
        known = {name: person[name] for name in ("email", "name", "address") if person[name]}
        session["customer"] = customers.create(world, known)["id"]
        return world.get("customer", session["customer"])
    customer = world.get("customer", session["customer"])
    changes = session["_given"].get("customer_update") or {}
    before = events.remember(customer)
    for name in ("address", "name"):
        if changes.get(name) == "auto" and person[name]:
            customer[name] = person[name]
    customer["email"] = customer["email"] or person["email"]
    events.note_update(world, customer, before)
    return customer


def _keep(world: World, customer: Thing, method: Thing) -> None:
    method["_is_set_up"] = True
    if not method["customer"]:
        payment_methods.attach(world, {"customer": customer["id"]}, method=method["id"])


def _subscribe(
    world: World, session: Thing, method: Thing | None, person: Thing, is_owner_there: bool
) -> Refusal | None:
    if method:
        due = session["amount_total"]
        refusal = cards.refuse_charge(method) if due else cards.refuse_saving(method)
        if refusal:
            return refusal
    customer = _customer(world, session, person)
    if method:
        _keep(world, customer, method)
    data = session["_given"].get("subscription_data") or {}
    bought = []
    for line in session["_lines"]:
        price = world.get("price", line["price"])
        if price["recurring"]:
            bought.append({"price": price["id"], "quantity": line["quantity"]})
        else:
            _pend(world, customer, price, line["quantity"], session["currency"])
    given = {name: value for name, value in data.items() if name != "billing_mode"}
    given |= {"customer": customer["id"], "items": bought, "currency": session["currency"]}
    given |= {"automatic_tax": {"enabled": session["automatic_tax"]["enabled"]}, "discounts": session["_discounts"]}
    given["default_payment_method"] = method["id"] if method else None
    _activate_prices(world, bought)
    subscription = subscriptions.begin(world, given, is_owner_there=is_owner_there)
    invoice = world.get("invoice", subscription["latest_invoice"])
    session |= {"subscription": subscription["id"], "invoice": invoice["id"]}
    session["payment_status"] = "paid" if invoice["status"] == "paid" else "unpaid"
    if not invoice["amount_due"] and session["_trial"]:
        session["payment_status"] = "paid" if method else "no_payment_required"
    return None


def _activate_prices(world: World, bought: list[Thing]) -> None:
    """Prices made in the session are not for sale elsewhere, but this may be bought."""
    for each in bought:
        world.get("price", each["price"])["active"] = True


def _pend(world: World, customer: Thing, price: Thing, quantity: int, currency: str) -> Thing:
    now = world.now(customer)
    return invoice_lines.pend(
        world,
        customer,
        amount=products.amount_in(price, currency) * quantity,
        currency=currency,
        description=world.get("product", price["product"])["name"],
        period=(now, now),
        price=price,
        quantity=quantity,
    )


def find_intent(world: World, session: Thing, person: Thing) -> Thing:
    """The session's payment intent, made when somebody pays for the first time."""
    intent = world.find("payment_intent", session["payment_intent"])
    if intent:
        return intent
    data = dict(session["_given"].get("payment_intent_data") or {})
    data.pop("capture_method", None)
    data["metadata"] = data.get("metadata") or {}
    customer = _payer(world, session, person)
    amount, currency = session["amount_total"], session["currency"]
    intent = payment_intents.make(world, amount, currency, **data, customer=customer["id"] if customer else None)
    session["payment_intent"] = intent["id"]
    return intent


def _payer(world: World, session: Thing, person: Thing) -> Thing | None:
    """The customer of a single payment, where it is to have one."""
    saves = (session["_given"].get("payment_intent_data") or {}).get("setup_future_usage")
    wants = session["customer"] or saves or session["customer_creation"] == "always"
    return _customer(world, session, person) if wants or session["invoice_creation"]["enabled"] else None


def _pay(world: World, session: Thing, method: Thing | None, person: Thing, is_owner_there: bool) -> Refusal | None:
    if not session["amount_total"] or not method:
        _payer(world, session, person)
        session["payment_status"] = "no_payment_required"
        return None
    intent = find_intent(world, session, person)
    customer = world.find("customer", intent["customer"])
    intent |= {"amount": session["amount_total"], "currency": session["currency"], "payment_method": method["id"]}
    refusal = payment_intents.confirm(world, intent, off_session=False, is_owner_there=is_owner_there)
    if refusal:
        return refusal
    session["payment_status"] = "paid"
    coupons.redeem(world, session["_discounts"], customer=customer, checkout_session=session["id"])
    if customer and session["invoice_creation"]["enabled"]:
        _invoice(world, session, customer, intent)
    return None


def _invoice(world: World, session: Thing, customer: Thing, intent: Thing) -> None:
    """The invoice of a single payment, paid already."""
    now, data = world.now(customer), session["invoice_creation"]["invoice_data"]
    lines = []
    for line in checkout_sums.tell_lines(world, session):
        pending = _pend(world, customer, line["price"], line["quantity"], session["currency"])
        lines.append(invoice_lines.of_pending(world, pending))
    invoice = invoice_drafts.draft(
        world,
        customer,
        lines,
        reason="manual",
        currency=session["currency"],
        period=(now, now),
        discounts=coupons.redeem(world, session["_discounts"], customer=customer, spare=True),
        automatic_tax={**session["automatic_tax"], "disabled_reason": None},
        metadata=data["metadata"] or {},
        description=data["description"],
        footer=data["footer"],
        _intent=intent["id"],
    )
    invoices.finalize_paid(world, invoice, intent)
    session["invoice"] = invoice["id"]


def _set_up(world: World, session: Thing, method: Thing | None, person: Thing, is_owner_there: bool) -> Refusal | None:
    assert method
    intent = world.get("setup_intent", session["setup_intent"])
    if session["customer"] or session["customer_creation"] == "always":
        intent["customer"] = _customer(world, session, person)["id"]
    intent["payment_method"] = method["id"]
    return setup_intents.confirm(world, intent, is_owner_there=is_owner_there)
