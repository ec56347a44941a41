"""Setup intents: a card saved for later without a charge now.

*Called by*: routes.py, checkout.py, the portal page. *Keeps true*: what is set up is attached, and may be charged
off session.
"""

from config.local.stripe_stand_in import answers, cards, customers, events, payment_methods
from config.local.stripe_stand_in.parameters import METADATA, SPAN, merge_metadata
from config.local.stripe_stand_in.routes import PAGED, route
from config.local.stripe_stand_in.trouble import Refusal, Thing, invalid
from config.local.stripe_stand_in.world import World

NOTHING = (
    *("application", "automatic_payment_methods", "cancellation_reason", "customer", "customer_account", "description"),
    *("excluded_payment_method_types", "flow_directions", "last_setup_error", "latest_attempt", "mandate"),
    *("next_action", "on_behalf_of", "payment_method", "payment_method_configuration_details", "single_use_mandate"),
)
CONFIRMED = {"payment_method": str, "return_url": str}


def make(world: World, **given: object) -> Thing:
    values: Thing = {
        **dict.fromkeys(NOTHING),
        **given,
        "metadata": merge_metadata({}, given.get("metadata") or {}),  # type: ignore[arg-type]
        "payment_method_options": {
            "card": {"mandate_options": None, "network": None, "request_three_d_secure": "automatic"}
        },
        "payment_method_types": ["card"],
        "usage": given.get("usage") or "off_session",
    }
    values["status"] = "requires_confirmation" if values["payment_method"] else "requires_payment_method"
    intent = world.add("setup_intent", values)
    intent["client_secret"] = f"{intent['id']}_secret_{intent['id'][-8:]}"
    events.note(world, intent, "created")
    return intent


@route(
    "POST",
    "setup_intents",
    {
        **CONFIRMED,
        "customer": str,
        "confirm": bool,
        "description": str,
        "metadata": METADATA,
        "allowed_payment_method_types": [str],
        "automatic_payment_methods": {"enabled!": bool, "allow_redirects": ("always", "never")},
        "usage": ("off_session", "on_session"),
    },
)
def create(world: World, given: Thing) -> Thing:
    if given.get("customer"):
        customers.ask(world, given["customer"])
    confirms, return_url = given.pop("confirm", False), given.pop("return_url", None)
    if given.get("payment_method"):
        given["payment_method"] = payment_methods.ask(world, given["payment_method"])["id"]
    intent = make(world, **given)
    if confirms:
        _confirm_for_caller(world, intent, return_url)
    return intent


def confirm(world: World, intent: Thing, *, is_owner_there: bool = False) -> Refusal | None:
    """Save the card, or return why not; one that asks for its owner waits in requires_action."""
    method = world.get("payment_method", intent["payment_method"])
    if cards.asks(method, off_session=False) and not is_owner_there:
        intent |= {"status": "requires_action"}
        intent["next_action"] = {"type": "use_stripe_sdk", "use_stripe_sdk": {"type": "three_d_secure_redirect"}}
        events.note(world, intent, "requires_action")
        return None
    refusal = cards.refuse_saving(method)
    if refusal:
        error = {**refusal.error, "payment_method": answers.tell(world, method)}
        intent |= {"status": "requires_payment_method", "last_setup_error": error, "payment_method": None}
        events.note(world, intent, "setup_failed")
        return refusal
    if intent["customer"]:
        payment_methods.attach(world, {"customer": intent["customer"]}, method=method["id"])
    method["_is_set_up"] = True
    intent |= {"status": "succeeded", "next_action": None, "last_setup_error": None}
    events.note(world, intent, "succeeded")
    return None


def _confirm_for_caller(world: World, intent: Thing, return_url: str | None) -> None:
    if not intent["payment_method"]:
        raise invalid(
            "You cannot confirm this SetupIntent because it's missing a payment method.", param="payment_method"
        )
    if refusal := confirm(world, intent):
        refusal.error["setup_intent"] = answers.tell(world, intent)
        raise refusal
    if intent["status"] == "requires_action" and return_url:
        url = f"{world.url}/three_d_secure/{intent['id']}"
        intent["_return_url"] = return_url
        intent["next_action"] = {"type": "redirect_to_url", "redirect_to_url": {"url": url, "return_url": return_url}}


@route("POST", "setup_intents/{intent}/confirm", CONFIRMED)
def confirm_by_call(world: World, given: Thing, intent: str) -> Thing:
    found = world.get("setup_intent", intent, param="intent")
    if found["status"] in ("succeeded", "canceled"):
        why = f"You cannot confirm this SetupIntent because it has a status of {found['status']}."
        raise invalid(why, code="setup_intent_unexpected_state")
    if given.get("payment_method"):
        found["payment_method"] = payment_methods.ask(world, given["payment_method"])["id"]
    _confirm_for_caller(world, found, given.get("return_url"))
    return found


@route(
    "POST",
    "setup_intents/{intent}/cancel",
    {"cancellation_reason": ("abandoned", "duplicate", "requested_by_customer")},
)
def cancel(world: World, given: Thing, intent: str) -> Thing:
    found = world.get("setup_intent", intent, param="intent")
    if found["status"] in ("succeeded", "canceled"):
        why = f"You cannot cancel this SetupIntent because it has a status of {found['status']}."
        raise invalid(why, code="setup_intent_unexpected_state")
    found |= {"status": "canceled", "cancellation_reason": given.get("cancellation_reason")}
    events.note(world, found, "canceled")
    return found


@route("GET", "setup_intents/{intent}", {"client_secret": str})
def retrieve(world: World, given: Thing, intent: str) -> Thing:
    return world.get("setup_intent", intent, param="intent")


@route("GET", "setup_intents", {**PAGED, "created": SPAN, "customer": str, "payment_method": str})
def list_all(world: World, given: Thing) -> Thing:
    alike = {name: given[name] for name in ("customer", "payment_method") if given.get(name)}
    return answers.page(world.all("setup_intent", **alike), given, "/v1/setup_intents")
