"""The hosted page of Checkout: what is bought, a card, perhaps 3-D Secure, and back to the shop.

*Called by*: server.py. *Keeps true*: works as plain forms; a session that is over takes no card.
"""

from config.local.stripe_stand_in import bank_debits, card_form, checkout_payment, checkout_sums, coupons, invoice_lines
from config.local.stripe_stand_in.pages import Page, go, not_found, show
from config.local.stripe_stand_in.periods import money_words
from config.local.stripe_stand_in.trouble import Refusal, Thing
from config.local.stripe_stand_in.world import World

Form = dict[str, str]
COUNTRIES = {
    "US": "United States",
    "GB": "United Kingdom",
    "DE": "Germany",
    "FR": "France",
    "ES": "Spain",
    "IT": "Italy",
    "NL": "Netherlands",
    "JP": "Japan",
    "TW": "Taiwan",
    "AU": "Australia",
    "CA": "Canada",
    "IN": "India",
}
LABELS = {"payment": "Pay", "setup": "Save card", "subscription": "Subscribe"}


def answer(world: World, key: str, step: str, form: Form | None) -> Page:
    """One page of a session; `form` when something was sent."""
    session = world.find("checkout.session", key)
    if not session:
        return not_found("There is no such Checkout session.")
    if session["status"] == "complete":
        return go(_success_url(session))
    if session["status"] == "expired":
        return show("message.html", status=410, title="Expired", words="This Checkout session has expired.")
    if step == "challenge":
        return _challenge(world, session, form)
    if form is None:
        return _show(world, session)
    try:
        return _take(world, session, form)
    except Refusal as refusal:
        return _show(world, session, trouble=str(refusal), form=form)


def _take(world: World, session: Thing, form: Form) -> Page:
    what = form.get("what", "pay")
    if what == "code":
        return _apply_code(world, session, form)
    if what == "remove":
        session["_discounts"] = []
    elif what == "currency":
        _choose_currency(world, session, form.get("currency", ""))
    elif what == "quantity":
        _choose_quantities(session, form)
    elif what == "bank" and bank_debits.is_offered(session):
        bank_debits.begin(world, session, form.get("account", ""), _person(world, session, form))
        return go(_success_url(session))
    else:
        return _pay(world, session, form)
    checkout_sums.add_up(world, session)
    return go(f"/c/pay/{session['id']}")


def _apply_code(world: World, session: Thing, form: Form) -> Page:
    found = coupons.find_code(world, form.get("code", "")) if session["allow_promotion_codes"] else None
    if not found:
        raise Refusal(400, "This code is invalid.")
    customer = world.find("customer", session["customer"])
    given = {"promotion_code": found["id"]}
    coupons.ask(world, given, customer=customer, param="code")
    session["_discounts"] = [given]
    session["discounts"] = [{"coupon": None, **given}]
    checkout_sums.add_up(world, session)
    return go(f"/c/pay/{session['id']}")


def _currencies(world: World, session: Thing) -> list[str]:
    """The currencies that every line has a price in."""
    if not session["_may_choose_currency"] or session["mode"] == "setup":
        return []
    customer = world.find("customer", session["customer"])
    if customer and customer["currency"]:
        return []
    each = []
    for line in session["_lines"]:
        price = world.get("price", line["price"])
        each.append({price["currency"], *price["_currencies"]})
    both = sorted(set.intersection(*each))
    return both if len(both) > 1 else []


def _choose_currency(world: World, session: Thing, currency: str) -> None:
    if currency in _currencies(world, session):
        session["currency"] = currency


def _choose_quantities(session: Thing, form: Form) -> None:
    for line in session["_lines"]:
        wanted = form.get(f"quantity-{line['id']}", "")
        if line["adjustable"] and wanted.isdigit():
            least, most = max(1, line["adjustable"]["minimum"]), line["adjustable"]["maximum"]
            line["quantity"] = min(most, max(least, int(wanted)))


def _needs_card(session: Thing) -> bool:
    if session["mode"] == "setup":
        return True
    if session["mode"] == "subscription":
        return bool(session["amount_total"]) or session["payment_method_collection"] != "if_required"
    return bool(session["amount_total"])


def _pay(world: World, session: Thing, form: Form) -> Page:
    if not session["customer"] and "@" not in form.get("email", session["customer_email"] or ""):
        raise Refusal(400, "Your email is incomplete.")
    if session["automatic_tax"]["enabled"] and not form.get("country"):
        raise Refusal(400, "Choose your country, for the tax.")
    method = card_form.read(world, form, customer=session["customer"]) if _needs_card(session) else None
    person = _person(world, session, form)
    if method and checkout_payment.needs_owner(session, method):
        session["_waiting"] = {"method": method["id"], "person": person}
        return go(f"/c/pay/{session['id']}/challenge")
    return _complete(world, session, method, person, is_owner_there=False)


def _person(world: World, session: Thing, form: Form) -> Thing:
    customer = world.find("customer", session["customer"]) or {}
    email = session["customer_email"] or form.get("email") or customer.get("email")
    return {"email": email, "name": form.get("name") or None, "address": card_form.address(form)}


def _complete(world: World, session: Thing, method: Thing | None, person: Thing, *, is_owner_there: bool) -> Page:
    refusal = checkout_payment.complete(world, session, method, person, is_owner_there=is_owner_there)
    if refusal:
        raise refusal
    return go(_success_url(session))


def _challenge(world: World, session: Thing, form: Form | None) -> Page:
    """3-D Secure: the bank's page, where one passes or fails."""
    waiting = session.get("_waiting")
    if not waiting:
        return go(f"/c/pay/{session['id']}")
    if form is None:
        amount = money_words(session["amount_total"], session["currency"]) if session["amount_total"] else ""
        return show("challenge.html", action=f"/c/pay/{session['id']}/challenge", amount=amount)
    session["_waiting"] = None
    try:
        if form.get("outcome") != "complete":
            why = "We are unable to authenticate your payment method. Please choose a different payment method"
            raise Refusal(402, f"{why} and try again.", kind="card_error", code="payment_intent_authentication_failure")
        method = world.get("payment_method", waiting["method"])
        return _complete(world, session, method, waiting["person"], is_owner_there=True)
    except Refusal as refusal:
        return _show(world, session, trouble=str(refusal))


def _success_url(session: Thing) -> str:
    return str(session["success_url"]).replace("{CHECKOUT_SESSION_ID}", session["id"])


def _show(world: World, session: Thing, *, trouble: str = "", form: Form | None = None) -> Page:
    customer = world.find("customer", session["customer"])
    currency = session["currency"]
    lines = [_line(world, session, line) for line in session.get("_sums", ())] if currency else []
    sums = []
    if session["mode"] != "setup":
        details = session["total_details"]
        sums = [("Subtotal", money_words(session["amount_subtotal"], currency))]
        if details["amount_discount"]:
            sums.append(("Discount", money_words(-details["amount_discount"], currency)))
        if session["automatic_tax"]["enabled"]:
            sums.append((f"Tax ({world.options.tax_percent:g} %)", money_words(details["amount_tax"], currency)))
        sums.append(("Total due today", money_words(session["amount_total"], currency)))
    label = LABELS[session["mode"]]
    if session["mode"] == "payment":
        label += f" {money_words(session['amount_total'], currency)}"
    if session["mode"] == "subscription" and session["_trial"]:
        label = "Start trial"
    return show(
        "checkout.html",
        status=402 if trouble else 200,
        session=session,
        lines=lines,
        sums=sums,
        label=label,
        trouble=trouble,
        form=form or {},
        customer=customer,
        email=session["customer_email"] or (customer or {}).get("email"),
        needs_card=_needs_card(session),
        needs_country=session["automatic_tax"]["enabled"] or session["billing_address_collection"] == "required",
        has_code=bool(session["_discounts"]),
        currencies=_currencies(world, session),
        countries=COUNTRIES.items(),
        cards=card_form.choices(),
        saved=card_form.saved_cards(world, session["customer"]),
        accounts=bank_debits.ACCOUNTS.items() if bank_debits.is_offered(session) else (),
        is_adjustable=any(line["adjustable"] for line in lines),
    )


def _line(world: World, session: Thing, line: Thing) -> Thing:
    price = world.get("price", line["price"])
    return {
        "id": line["id"],
        "what": invoice_lines.describe(world, price, line["quantity"], session["currency"]),
        "amount": money_words(line["today"], session["currency"]),
        "quantity": line["quantity"],
        "adjustable": line["adjustable"],
    }
