"""Payment intents: one payment from its wish to its charge.

*Called by*: routes.py, collection.py, the Checkout page. *Keeps true*: an intent succeeds once; a card that asks for
its owner is not charged without; a decline is answered with the intent inside.
"""

from config.local.stripe_stand_in import answers, cards, charges, customers, disputes, events, payment_methods
from config.local.stripe_stand_in.parameters import METADATA, SPAN, either, merge_metadata
from config.local.stripe_stand_in.routes import PAGED, route
from config.local.stripe_stand_in.tables import USAGE
from config.local.stripe_stand_in.trouble import Refusal, Thing, declined, invalid
from config.local.stripe_stand_in.world import World

NOTHING = (
    *(
        "amount_details",
        "application",
        "application_fee_amount",
        "automatic_payment_methods",
        "canceled_at",
        "customer",
    ),
    *("cancellation_reason", "description", "last_payment_error", "latest_charge", "next_action", "on_behalf_of"),
    *("payment_method", "payment_method_configuration_details", "processing", "receipt_email", "review", "source"),
    *("setup_future_usage", "shipping", "statement_descriptor", "statement_descriptor_suffix", "transfer_data"),
    *("transfer_group", "customer_account", "excluded_payment_method_types"),
)
FIELDS = {
    **dict.fromkeys(("customer", "description", "payment_method", "receipt_email", "statement_descriptor"), str),
    "statement_descriptor_suffix": str,
    "metadata": METADATA,
    "allowed_payment_method_types": [str],
    "setup_future_usage": USAGE,
    "payment_method_options": {"card": {"request_three_d_secure": ("any", "automatic", "challenge")}},
}
AUTOMATIC = {"enabled!": bool, "allow_redirects": ("always", "never")}
CONFIRMED = {
    "payment_method": str,
    "return_url": str,
    "receipt_email": str,
    "error_on_requires_action": bool,
    "off_session": either(bool, "one_off", "recurring"),
    "setup_future_usage": USAGE,
}


def make(world: World, amount: int, currency: str, **values: object) -> Thing:
    """A new intent, told; not confirmed yet."""
    given: Thing = {
        **dict.fromkeys(NOTHING),
        "amount": amount,
        "amount_capturable": 0,
        "amount_received": 0,
        "capture_method": "automatic_async",
        "confirmation_method": "automatic",
        "currency": currency,
        "metadata": {},
        "payment_method_options": {"card": {"request_three_d_secure": "automatic"}},
        "payment_method_types": ["card"],
        **values,
    }
    given["status"] = "requires_confirmation" if given["payment_method"] else "requires_payment_method"
    intent = world.add("payment_intent", given)
    intent["client_secret"] = f"{intent['id']}_secret_{intent['id'][-8:]}"
    events.note(world, intent, "created")
    return intent


@route(
    "POST",
    "payment_intents",
    {**FIELDS, **CONFIRMED, "amount!": int, "currency!": str, "confirm": bool, "automatic_payment_methods": AUTOMATIC},
)
def create(world: World, given: Thing) -> Thing:
    amount, currency = given.pop("amount"), given.pop("currency").lower()
    if amount < 1:
        raise invalid(
            "This value must be greater than or equal to 1.", param="amount", code="parameter_invalid_integer"
        )
    if amount < 50 and currency in ("usd", "eur", "gbp"):
        raise invalid("Amount must be at least $0.50 usd", param="amount", code="amount_too_small")
    if given.get("customer"):
        customers.ask(world, given["customer"])
    how = {name: given.pop(name, None) for name in ("confirm", "off_session", "error_on_requires_action", "return_url")}
    if how["off_session"] and not how["confirm"]:
        raise invalid("The parameter `off_session` cannot be passed when `confirm` is not true.", param="off_session")
    method = given.pop("payment_method", None)
    found = payment_methods.ask(world, method) if method else None
    if found:
        _check_owner(found, given.get("customer"))
    if automatic := given.get("automatic_payment_methods"):
        automatic.setdefault("allow_redirects", "always")
    given["metadata"] = merge_metadata({}, given.get("metadata", {}))
    intent = make(world, amount, currency, **given, payment_method=found["id"] if found else None)
    if how["confirm"]:
        _confirm_for_caller(world, intent, how)
    return intent


def _check_owner(method: Thing, customer: str | None) -> None:
    if method["customer"] and method["customer"] != customer:
        if not customer:
            why = "The provided PaymentMethod was attached to a Customer. You must also supply that Customer"
            raise invalid(f"{why} when confirming the PaymentIntent.", param="payment_method")
        why = f"The payment method {method['id']} does not belong to the Customer you supplied {customer}."
        raise invalid(
            f"{why} Please use this payment method with the Customer that it belongs to.", param="payment_method"
        )
    if method.get("_is_detached"):
        why = "The provided PaymentMethod was previously used or detached and may not be used again."
        raise invalid(why, param="payment_method")


def _confirm_for_caller(world: World, intent: Thing, how: Thing) -> None:
    """Confirm as a call asked for; what keeps it from succeeding is raised."""
    if not intent["payment_method"]:
        why = "You cannot confirm this PaymentIntent because it's missing a payment method."
        raise invalid(why, code="payment_intent_unexpected_state", param="payment_method")
    off_session = bool(how.get("off_session"))
    refusal = confirm(world, intent, off_session=off_session, return_url=how.get("return_url"))
    if refusal is None and intent["status"] == "requires_action" and how.get("error_on_requires_action"):
        refusal = ask_for_owner()
        _fail(world, intent, world.get("payment_method", intent["payment_method"]), refusal)
    if refusal:
        method = world.find("payment_method", refusal.error.pop("_method", None))
        refusal.error |= {"payment_intent": answers.tell(world, intent)}
        refusal.error |= {"payment_method": answers.tell(world, method)} if method else {}
        raise refusal


def ask_for_owner() -> Refusal:
    why = "Your card was declined. This transaction requires authentication."
    return declined("authentication_required", why, code="authentication_required")


def confirm(
    world: World,
    intent: Thing,
    *,
    off_session: bool,
    is_owner_there: bool = False,
    return_url: str | None = None,
    waits: bool = False,
) -> Refusal | None:
    """Charge the card, or return why not; `is_owner_there` after 3-D Secure was passed.

    A card that asks for its owner waits in requires_action, but for off-session payments, which are declined then
    unless the caller `waits` (invoices do).
    """
    method = world.get("payment_method", intent["payment_method"])
    if not is_owner_there and cards.asks(method, off_session=off_session):
        if off_session and not waits:
            return _fail(world, intent, method, ask_for_owner())
        before = events.remember(intent)
        intent |= {"status": "requires_action", "next_action": _next_action(world, intent, return_url)}
        if intent["status"] != before["status"]:
            events.note(world, intent, "requires_action")
        return None
    if refusal := cards.refuse_charge(method):
        return _fail(world, intent, method, refusal)
    charge = charges.make(world, intent, method)
    if intent["setup_future_usage"]:
        method["_is_set_up"] = True
        if intent["customer"] and not method["customer"]:
            payment_methods.attach(world, {"customer": intent["customer"]}, method=method["id"])
    note_success(world, intent, charge)
    if cards.BY_NUMBER[method["_number"]].is_disputed:
        disputes.open_for(world, charge, reason="fraudulent")
    return None


def note_success(world: World, intent: Thing, charge: Thing) -> None:
    """The money is there."""
    intent |= {"status": "succeeded", "amount_received": intent["amount"], "latest_charge": charge["id"]}
    intent |= {"next_action": None, "last_payment_error": None}
    events.note(world, intent, "succeeded")


def _next_action(world: World, intent: Thing, return_url: str | None) -> Thing:
    if not return_url:
        return {"type": "use_stripe_sdk", "use_stripe_sdk": {"type": "three_d_secure_redirect"}}
    intent["_return_url"] = return_url
    url = f"{world.url}/three_d_secure/{intent['id']}"
    return {"type": "redirect_to_url", "redirect_to_url": {"url": url, "return_url": return_url}}


def _fail(world: World, intent: Thing, method: Thing, refusal: Refusal) -> Refusal:
    charge = charges.make(world, intent, method, refusal=refusal)
    refusal.error["charge"] = charge["id"]
    error = {**refusal.error, "payment_method": answers.tell(world, method)}
    intent |= {"status": "requires_payment_method", "last_payment_error": error, "latest_charge": charge["id"]}
    intent |= {"payment_method": None, "next_action": None}
    events.note(world, intent, "payment_failed")
    refusal.error["_method"] = method["id"]
    return refusal


@route("POST", "payment_intents/{intent}/confirm", CONFIRMED)
def confirm_by_call(world: World, given: Thing, intent: str) -> Thing:
    found = world.get("payment_intent", intent, param="intent")
    if found["status"] in ("succeeded", "canceled"):
        _refuse_state(found, "confirm")
    if given.get("payment_method"):
        method = payment_methods.ask(world, given.pop("payment_method"))
        _check_owner(method, found["customer"])
        found["payment_method"] = method["id"]
    how = {name: given.pop(name, None) for name in ("off_session", "return_url", "error_on_requires_action")}
    found |= given
    _confirm_for_caller(world, found, how)
    return found


def _refuse_state(intent: Thing, verb: str) -> None:
    why = f"You cannot {verb} this PaymentIntent because it has a status of {intent['status']}."
    raise invalid(why, code="payment_intent_unexpected_state")


@route(
    "POST",
    "payment_intents/{intent}/cancel",
    {"cancellation_reason": ("abandoned", "duplicate", "fraudulent", "requested_by_customer")},
)
def cancel(world: World, given: Thing, intent: str) -> Thing:
    found = world.get("payment_intent", intent, param="intent")
    if found["status"] in ("succeeded", "canceled"):
        _refuse_state(found, "cancel")
    found |= {"status": "canceled", "canceled_at": world.now(found), "next_action": None}
    found["cancellation_reason"] = given.get("cancellation_reason")
    events.note(world, found, "canceled")
    return found


@route("POST", "payment_intents/{intent}", {**FIELDS, "amount": int})
def update(world: World, given: Thing, intent: str) -> Thing:
    found = world.get("payment_intent", intent, param="intent")
    if "amount" in given and found["status"] in ("succeeded", "canceled"):
        _refuse_state(found, "update")
    if "metadata" in given:
        given["metadata"] = merge_metadata(found["metadata"], given["metadata"])
    if given.get("payment_method"):
        given["payment_method"] = payment_methods.ask(world, given["payment_method"])["id"]
        found["status"] = "requires_confirmation"
    found |= given
    return found


@route("GET", "payment_intents/search", {"query!": str, "limit": int, "page": str})
def search(world: World, given: Thing) -> Thing:
    return answers.search(world.all("payment_intent"), given, "/v1/payment_intents/search")


@route("GET", "payment_intents/{intent}", {"client_secret": str})
def retrieve(world: World, given: Thing, intent: str) -> Thing:
    return world.get("payment_intent", intent, param="intent")


@route("GET", "payment_intents", {**PAGED, "created": SPAN, "customer": str})
def list_all(world: World, given: Thing) -> Thing:
    alike = {"customer": given["customer"]} if given.get("customer") else {}
    return answers.page(world.all("payment_intent", **alike), given, "/v1/payment_intents")
