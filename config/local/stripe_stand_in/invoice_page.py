"""An invoice for people: its hosted page, where an open one is paid, its PDF; and receipts of charges.

*Called by*: sites.py. *Keeps true*: only what is open takes a card.
"""

from config.local.stripe_stand_in import card_form, cards, collection, invoice_lines, payment_methods, pdf
from config.local.stripe_stand_in.pages import Page, go, not_found, show
from config.local.stripe_stand_in.periods import day_words, money_words
from config.local.stripe_stand_in.trouble import Refusal, Thing
from config.local.stripe_stand_in.world import World

Form = dict[str, str]


def answer(world: World, key: str, step: str, form: Form | None) -> Page:
    invoice = world.find("invoice", key)
    if not invoice or not invoice["number"]:
        return not_found("There is no such invoice.")
    if step == "pdf":
        headers = {"Content-Disposition": f'attachment; filename="Invoice-{invoice["number"]}.pdf"'}
        return Page(
            pdf.make(f"Invoice {invoice['number']}", _rows(world, invoice)), kind="application/pdf", headers=headers
        )
    if step == "challenge":
        return _challenge(world, invoice, form)
    if form is None or invoice["status"] != "open":
        return _show(world, invoice)
    try:
        return _pay(world, invoice, form)
    except Refusal as refusal:
        return _show(world, invoice, trouble=str(refusal), form=form)


def _rows(world: World, invoice: Thing) -> list[tuple[str, str]]:
    currency = invoice["currency"]
    customer = world.get("customer", invoice["customer"])
    rows = [
        (f"For {customer['name'] or customer['email'] or customer['id']}", ""),
        (day_words(invoice["created"]), ""),
        ("", ""),
    ]
    for line in invoice["lines"]["data"]:
        rows.append((line["description"] or "", money_words(line["amount"], currency)))
        rows.append((f"    {invoice_lines.period_words(line['period'])}", ""))
    rows.append(("", ""))
    rows.append(("Subtotal", money_words(invoice["subtotal"], currency)))
    for name, sums in (("Discount", invoice["total_discount_amounts"]), ("Tax", invoice["total_taxes"])):
        if sums:
            sign = -1 if name == "Discount" else 1
            rows.append((name, money_words(sign * sum(each["amount"] for each in sums), currency)))
    rows.append(("Total", money_words(invoice["total"], currency)))
    rows.append(("Due", money_words(invoice["amount_remaining"], currency)))
    rows.append((f"State: {invoice['status']}", ""))
    return rows


def _pay(world: World, invoice: Thing, form: Form) -> Page:
    method = card_form.read(world, form, customer=invoice["customer"])
    if cards.asks(method, off_session=False):
        invoice["_waiting"] = method["id"]
        return go(f"/i/{invoice['id']}/challenge")
    return _collect(world, invoice, method, is_owner_there=False)


def _collect(world: World, invoice: Thing, method: Thing, *, is_owner_there: bool) -> Page:
    refusal = collection.collect(world, invoice, method=method["id"], off_session=False, is_owner_there=is_owner_there)
    if refusal:
        raise refusal
    if not method["customer"]:
        payment_methods.attach(world, {"customer": invoice["customer"]}, method=method["id"])
    return go(f"/i/{invoice['id']}")


def _challenge(world: World, invoice: Thing, form: Form | None) -> Page:
    method = world.find("payment_method", invoice.get("_waiting"))
    if not method or invoice["status"] != "open":
        return go(f"/i/{invoice['id']}")
    if form is None:
        amount = money_words(invoice["amount_remaining"], invoice["currency"])
        return show("challenge.html", action=f"/i/{invoice['id']}/challenge", amount=amount)
    invoice["_waiting"] = None
    try:
        if form.get("outcome") != "complete":
            raise Refusal(402, "We are unable to authenticate your payment method.")
        return _collect(world, invoice, method, is_owner_there=True)
    except Refusal as refusal:
        return _show(world, invoice, trouble=str(refusal))


def _show(world: World, invoice: Thing, *, trouble: str = "", form: Form | None = None) -> Page:
    return show(
        "invoice.html",
        status=402 if trouble else 200,
        invoice=invoice,
        rows=_rows(world, invoice),
        trouble=trouble,
        form=form or {},
        amount=money_words(invoice["amount_remaining"], invoice["currency"]),
        cards=card_form.choices(),
        saved=card_form.saved_cards(world, invoice["customer"]),
    )


def show_receipt(world: World, key: str) -> Page:
    charge = world.find("charge", key)
    if not charge or not charge["paid"]:
        return not_found("There is no such receipt.")
    card = charge["payment_method_details"]["card"]
    rows = [
        ("Paid", money_words(charge["amount"], charge["currency"])),
        ("Day", day_words(charge["created"])),
        (
            "Card",
            f"{card['brand'].title()} ending in {card['last4']}",
        ),
    ]
    if charge["amount_refunded"]:
        rows.append(("Refunded", money_words(charge["amount_refunded"], charge["currency"])))
    return show("receipt.html", rows=rows)
