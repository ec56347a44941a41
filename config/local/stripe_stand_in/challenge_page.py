"""3-D Secure of an intent that was confirmed by a call with a return_url: the bank's page, and back to the shop.

*Called by*: sites.py.
"""

from urllib.parse import urlencode

from config.local.stripe_stand_in import collection, events, payment_intents, setup_intents
from config.local.stripe_stand_in.pages import Page, go, not_found, show
from config.local.stripe_stand_in.periods import money_words
from config.local.stripe_stand_in.trouble import Thing
from config.local.stripe_stand_in.world import World


def answer(world: World, key: str, form: dict[str, str] | None) -> Page:
    intent = world.find("payment_intent", key) or world.find("setup_intent", key)
    if not intent:
        return not_found("There is no such payment.")
    if intent["status"] == "requires_action":
        if form is None:
            amount = money_words(intent["amount"], intent["currency"]) if "amount" in intent else ""
            return show("challenge.html", action=f"/three_d_secure/{key}", amount=amount)
        settle(world, intent, passed=form.get("outcome") == "complete")
    where = intent.get("_return_url")
    if not where:
        return show("message.html", title="Thank you", words="You can close this page.")
    kind = intent["object"]
    query = urlencode(
        {kind: intent["id"], f"{kind}_client_secret": intent["client_secret"], "redirect_status": intent["status"]}
    )
    return go(f"{where}{'&' if '?' in where else '?'}{query}")


def settle(world: World, intent: Thing, *, passed: bool) -> None:
    """The owner passed, or did not."""
    is_setup = intent["object"] == "setup_intent"
    if not passed:
        why = "The provided PaymentMethod has failed authentication."
        code = f"{intent['object']}_authentication_failure"
        error = {"code": code, "message": why, "type": "invalid_request_error"}
        intent |= {"status": "requires_payment_method", "payment_method": None, "next_action": None}
        intent["last_setup_error" if is_setup else "last_payment_error"] = error
        events.note(world, intent, "setup_failed" if is_setup else "payment_failed")
    elif is_setup:
        setup_intents.confirm(world, intent, is_owner_there=True)
    elif invoice := world.find("invoice", intent.get("_invoice")):
        collection.collect(world, invoice, method=intent["payment_method"], is_owner_there=True)
    else:
        payment_intents.confirm(world, intent, off_session=False, is_owner_there=True)
