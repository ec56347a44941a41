"""The Portal's hosted page: card, subscription, invoices of one customer, and back to the shop.

*Called by*: sites.py. *Keeps true*: it does only what its configuration allows, and only to its customer's things.
"""

from config.local.stripe_stand_in import (
    card_form,
    cards,
    customers,
    invoice_lines,
    schedules,
    setup_intents,
    subscription_changes,
    subscription_items,
    subscriptions,
)
from config.local.stripe_stand_in.pages import Page, go, not_found, show
from config.local.stripe_stand_in.periods import day_words, money_words
from config.local.stripe_stand_in.trouble import Refusal, Thing, invalid
from config.local.stripe_stand_in.world import World

Form = dict[str, str]


def answer(world: World, key: str, step: str, form: Form | None) -> Page:
    session = world.find("billing_portal.session", key)
    if not session:
        return not_found("There is no such Portal session.")
    here = f"/p/session/{key}"
    if step == "challenge":
        return _challenge(world, session, form, here)
    if form is None:
        return _show(world, session)
    try:
        where = _act(world, session, form)
    except Refusal as refusal:
        return _show(world, session, trouble=str(refusal), form=form)
    return go(where or _after(session, here))


def _after(session: Thing, here: str) -> str:
    """Where to go when something was done: back to the shop, where a flow says so."""
    after = (session["flow"] or {}).get("after_completion") or {}
    if after.get("type") == "redirect":
        return str(after["redirect"]["return_url"])
    return here


def _act(world: World, session: Thing, form: Form) -> str | None:
    what = form.get("what", "")
    features = world.get("billing_portal.configuration", session["configuration"])["features"]
    if what == "card":
        _require(features["payment_method_update"])
        return _change_card(world, session, form)
    if what == "choose-card":
        _require(features["payment_method_update"])
        _make_default(world, session, card_form.read(world, form, customer=session["customer"]))
        return None
    if what == "details":
        _require(features["customer_update"])
        email = form.get("email") or None
        customers.update(world, {"name": form.get("name") or None, "email": email}, customer=session["customer"])
        return None
    found = _subscription(world, session, form)
    if what in ("cancel", "resume"):
        _require(features["subscription_cancel"])
        _cancel_or_resume(world, found, features["subscription_cancel"], cancels=what == "cancel", form=form)
    elif what == "change":
        _require(features["subscription_update"])
        _change(world, found, features["subscription_update"], form)
    else:
        raise invalid("The portal does not know what that means.")
    return None


def _require(feature: Thing) -> None:
    if not feature["enabled"]:
        raise invalid("That is not allowed here.")


def _subscription(world: World, session: Thing, form: Form) -> Thing:
    found = subscriptions.ask(world, form.get("subscription", ""))
    if found["customer"] != session["customer"]:
        raise invalid("That is another customer's subscription.")
    return found


def _change_card(world: World, session: Thing, form: Form) -> str | None:
    method = card_form.read(world, form)
    intent = setup_intents.make(world, customer=session["customer"], payment_method=method["id"])
    if cards.asks(method, off_session=False):
        session["_waiting"] = intent["id"]
        return f"/p/session/{session['id']}/challenge"
    if refusal := setup_intents.confirm(world, intent):
        raise refusal
    _make_default(world, session, method)
    return None


def _make_default(world: World, session: Thing, method: Thing) -> None:
    settings = {"invoice_settings": {"default_payment_method": method["id"]}}
    customers.update(world, settings, customer=session["customer"])
    for found in world.all("subscription", customer=session["customer"]):
        if found["status"] not in subscriptions.ENDED and found["default_payment_method"]:
            subscription_changes.update(world, {"default_payment_method": method["id"]}, subscription=found["id"])


def _challenge(world: World, session: Thing, form: Form | None, here: str) -> Page:
    intent = world.find("setup_intent", session.get("_waiting"))
    if not intent:
        return go(here)
    if form is None:
        return show("challenge.html", action=f"{here}/challenge", amount="")
    session["_waiting"] = None
    if form.get("outcome") != "complete":
        return _show(world, session, trouble="We are unable to authenticate your payment method.")
    if refusal := setup_intents.confirm(world, intent, is_owner_there=True):
        return _show(world, session, trouble=str(refusal))
    _make_default(world, session, world.get("payment_method", intent["payment_method"]))
    return go(_after(session, here))


def _cancel_or_resume(world: World, found: Thing, feature: Thing, *, cancels: bool, form: Form) -> None:
    if found["schedule"]:
        schedules.release(world, {}, schedule=found["schedule"])
    if cancels and feature["mode"] == "immediately":
        subscriptions.cancel(world, {"prorate": feature["proration_behavior"] != "none"}, subscription=found["id"])
        return
    why = {"feedback": form["feedback"]} if cancels and form.get("feedback") else {}
    given = {"cancel_at_period_end": cancels, "cancellation_details": why}
    subscription_changes.update(world, given, subscription=found["id"])


def _change(world: World, found: Thing, feature: Thing, form: Form) -> None:
    """Another price or quantity; what costs less waits for the end of the period where the configuration says so."""
    items: list[Thing] = []
    for item in subscription_items.of(found):
        changed: Thing = {"id": item["id"]}
        quantity, price = form.get(f"quantity-{item['id']}", ""), form.get(f"price-{item['id']}")
        if quantity.isdigit() and "quantity" in feature["default_allowed_updates"]:
            changed["quantity"] = int(quantity)
        if price and price != item["price"]["id"] and "price" in feature["default_allowed_updates"]:
            if price not in [each for offered in feature["products"] for each in offered["prices"]]:
                raise invalid("That price is not offered here.")
            changed["price"] = price
        items.append(changed)
    before = sum(item["price"]["unit_amount"] * item["quantity"] for item in subscription_items.of(found))
    if feature["schedule_at_period_end"]["conditions"] and _sum(world, found, items) < before:
        _schedule(world, found, items)
        return
    behavior = feature["proration_behavior"]
    subscription_changes.update(world, {"items": items, "proration_behavior": behavior}, subscription=found["id"])


def _wanted(found: Thing, items: list[Thing]) -> list[Thing]:
    old = {item["id"]: item for item in subscription_items.of(found)}
    return [
        {
            "price": each.get("price", old[each["id"]]["price"]["id"]),
            "quantity": each.get("quantity", old[each["id"]]["quantity"]),
        }
        for each in items
    ]


def _sum(world: World, found: Thing, items: list[Thing]) -> int:
    return sum(world.get("price", each["price"])["unit_amount"] * each["quantity"] for each in _wanted(found, items))


def _schedule(world: World, found: Thing, items: list[Thing]) -> None:
    key = found["schedule"] or schedules.create(world, {"from_subscription": found["id"]})["id"]
    phase = world.get("subscription_schedule", key)["phases"][0]
    now = {name: phase[name] for name in ("start_date", "end_date")}
    now["items"] = [{"price": each["price"], "quantity": each["quantity"]} for each in phase["items"]]
    schedules.update(world, {"phases": [now, {"items": _wanted(found, items)}]}, schedule=key)


def _show(world: World, session: Thing, *, trouble: str = "", form: Form | None = None) -> Page:
    customer = world.get("customer", session["customer"])
    features = world.get("billing_portal.configuration", session["configuration"])["features"]
    flow = session["flow"] or {}
    found = [
        each for each in world.all("subscription", customer=customer["id"]) if each["status"] not in subscriptions.ENDED
    ]
    invoices = [each for each in world.all("invoice", customer=customer["id"]) if each["number"]]
    return show(
        "portal.html",
        status=402 if trouble else 200,
        session=session,
        customer=customer,
        features=features,
        trouble=trouble,
        form=form or {},
        flow=flow.get("type"),
        reasons=features["subscription_cancel"]["cancellation_reason"],
        subscriptions=[_tell(world, each, features["subscription_update"]) for each in found],
        invoices=[_tell_invoice(each) for each in reversed(invoices)],
        saved=card_form.saved_cards(world, customer["id"]),
        default=_default_card(customer, found),
        cards=card_form.choices(),
    )


def _default_card(customer: Thing, found: list[Thing]) -> str | None:
    """The card that pays next: the subscription's before the customer's."""
    chosen = [each["default_payment_method"] for each in found if each["default_payment_method"]]
    return (chosen or [customer["invoice_settings"]["default_payment_method"]])[0]


def _tell(world: World, found: Thing, feature: Thing) -> Thing:
    offered = [world.get("price", key) for each in feature["products"] for key in each["prices"]]
    items = []
    for item in subscription_items.of(found):
        words = invoice_lines.describe(world, item["price"], item["quantity"], found["currency"])
        prices = [
            {"id": each["id"], "what": invoice_lines.describe(world, each, 1, found["currency"])} for each in offered
        ]
        items.append(
            {
                "id": item["id"],
                "what": words,
                "quantity": item["quantity"],
                "price": item["price"]["id"],
                "prices": prices,
            }
        )
    until = day_words(subscription_items.period_of(found)[1])
    ends = bool(found["cancel_at"])
    return {
        "id": found["id"],
        "status": found["status"],
        "items": items,
        "until": until,
        "ends": ends,
        "waits": found["schedule"],
    }


def _tell_invoice(invoice: Thing) -> Thing:
    return {
        "number": invoice["number"],
        "day": day_words(invoice["created"]),
        "total": money_words(invoice["total"], invoice["currency"]),
        "status": invoice["status"],
        "url": invoice["hosted_invoice_url"],
        "pdf": invoice["invoice_pdf"],
    }
