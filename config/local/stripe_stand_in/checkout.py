"""Checkout sessions: made, listed, expired.

*Called by*: routes.py, renewals.py (due), checkout_page.py. *Keeps true*: a session is completed once, or expires.
"""

from collections.abc import Callable, Iterator

from config.local.stripe_stand_in import (
    answers,
    checkout_sums,
    coupons,
    customers,
    events,
    products,
    setup_intents,
    subscription_items,
)
from config.local.stripe_stand_in.answers import listed, on_demand
from config.local.stripe_stand_in.parameters import METADATA, SPAN, merge_metadata
from config.local.stripe_stand_in.routes import PAGED, route
from config.local.stripe_stand_in.tables import INTERVALS, TAXED, USAGE, WITHOUT_CARD
from config.local.stripe_stand_in.trouble import Thing, invalid, missing_parameter
from config.local.stripe_stand_in.world import DAY, HOUR, World

KIND = "checkout.session"
MODES = ("payment", "setup", "subscription")
RECURRING = {"interval!": INTERVALS, "interval_count": int}
PRODUCT_DATA = {"name!": str, "description": str, "images": [str], "metadata": METADATA, "tax_code": str}
PRICE_DATA = {
    "currency!": str,
    "product": str,
    "unit_amount": int,
    "unit_amount_decimal": str,
    "product_data": PRODUCT_DATA,
    "recurring": RECURRING,
    "tax_behavior": TAXED,
}
LINE = {
    "price": str,
    "price_data": PRICE_DATA,
    "quantity": int,
    "metadata": METADATA,
    "adjustable_quantity": {"enabled!": bool, "minimum": int, "maximum": int},
}
SUBSCRIPTION_DATA = {
    "description": str,
    "metadata": METADATA,
    "trial_end": int,
    "trial_period_days": int,
    "billing_cycle_anchor": int,
    "proration_behavior": ("create_prorations", "none"),
    "trial_settings": {"end_behavior!": {"missing_payment_method!": WITHOUT_CARD}},
    "billing_mode": {"type!": ("classic", "flexible")},
}
INTENT_DATA = {
    "description": str,
    "metadata": METADATA,
    "receipt_email": str,
    "setup_future_usage": USAGE,
    "statement_descriptor": str,
    "statement_descriptor_suffix": str,
    "capture_method": ("automatic", "automatic_async"),
}
NOTHING = (
    *("adaptive_pricing", "after_expiration", "allow_promotion_codes", "amount_subtotal", "amount_total", "cancel_url"),
    *("client_reference_id", "client_secret", "collected_information", "consent", "consent_collection", "currency"),
    *("currency_conversion", "customer", "customer_account", "customer_creation", "customer_details", "customer_email"),
    *("invoice", "locale", "origin_context", "payment_intent", "payment_link", "payment_method_collection"),
    *("payment_method_configuration_details", "permissions", "recovered_from", "saved_payment_method_options"),
    *("setup_intent", "shipping_address_collection", "shipping_cost", "submit_type", "subscription", "success_url"),
    *("total_details", "wallet_options", "return_url", "billing_address_collection", "integration_identifier"),
)


@route(
    "POST",
    "checkout/sessions",
    {
        "mode": MODES,
        "success_url": str,
        "cancel_url": str,
        "client_reference_id": str,
        "currency": str,
        "customer": str,
        "customer_email": str,
        "expires_at": int,
        "locale": str,
        "allow_promotion_codes": bool,
        "line_items": [LINE],
        "automatic_tax": {"enabled!": bool},
        "billing_address_collection": ("auto", "required"),
        "customer_creation": ("always", "if_required"),
        "customer_update": dict.fromkeys(("address", "name", "shipping"), ("auto", "never")),
        "discounts": [{"coupon": str, "promotion_code": str}],
        "invoice_creation": {
            "enabled!": bool,
            "invoice_data": {"description": str, "metadata": METADATA, "footer": str},
        },
        "metadata": METADATA,
        "payment_intent_data": INTENT_DATA,
        "payment_method_collection": ("always", "if_required"),
        "allowed_payment_method_types": [("card", "us_bank_account")],
        "saved_payment_method_options": {"payment_method_save": ("disabled", "enabled")},
        "setup_intent_data": {"description": str, "metadata": METADATA},
        "submit_type": ("auto", "book", "donate", "pay", "subscribe"),
        "subscription_data": SUBSCRIPTION_DATA,
        "tax_id_collection": {"enabled!": bool, "required": ("if_supported", "never")},
        "ui_mode": ("hosted_page",),
    },
)
def create(world: World, given: Thing) -> Thing:
    mode = given.get("mode")
    if not mode:
        raise missing_parameter("mode")
    if not given.get("success_url"):
        raise missing_parameter("success_url")
    customer = customers.ask(world, given["customer"]) if given.get("customer") else None
    _check(world, given, mode, customer)
    lines, currency = _read_lines(world, given, mode)
    session = _add(world, given, mode, currency)
    session |= {"_lines": lines, "_discounts": given.get("discounts") or [], "_given": given}
    session["_trial"] = _has_trial(given)
    session["_may_choose_currency"] = not given.get("currency")
    session["discounts"] = [
        {"coupon": each.get("coupon"), "promotion_code": each.get("promotion_code")} for each in session["_discounts"]
    ]
    if mode == "setup":
        data = given.get("setup_intent_data") or {}
        intent = setup_intents.make(world, customer=given.get("customer"), **data)
        session["setup_intent"] = intent["id"]
    else:
        checkout_sums.add_up(world, session)
    return session


def _check(world: World, given: Thing, mode: str, customer: Thing | None) -> None:
    """What does not go together, in Stripe's words."""
    if mode == "setup" and given.get("line_items"):
        raise invalid("You can not pass `line_items` in `setup` mode.", param="line_items")
    if mode == "setup" and not (given.get("currency") or given.get("allowed_payment_method_types")):
        raise missing_parameter("currency")
    if mode != "setup" and not given.get("line_items"):
        raise missing_parameter("line_items")
    for name, wanted in (("subscription_data", "subscription"), ("payment_intent_data", "payment")):
        if given.get(name) and mode != wanted:
            raise invalid(f"You can not pass `{name}` in `{mode}` mode.", param=name)
    for name in ("invoice_creation", "customer_creation"):
        if given.get(name) and mode == "subscription":
            raise invalid(f"You can not pass `{name}` in `subscription` mode.", param=name)
    if given.get("allow_promotion_codes") and given.get("discounts"):
        raise invalid("You may only specify one of these parameters: allow_promotion_codes, discounts.")
    if customer and given.get("customer_email"):
        raise invalid("You may only specify one of these parameters: customer, customer_email.")
    changes = given.get("customer_update") or {}
    if changes and not customer:
        raise invalid("`customer_update` can only be used with `customer`.", param="customer_update")
    if (given.get("automatic_tax") or {}).get("enabled") and customer:
        if changes.get("address") != "auto" and not (customer["address"] or {}).get("country"):
            why = "Automatic tax calculation in Checkout requires a valid address on the Customer. Add a valid address"
            raise invalid(
                f"{why} to the Customer or set `customer_update[address]` to 'auto'.",
                code="customer_tax_location_invalid",
            )
    if (given.get("tax_id_collection") or {}).get("enabled") and customer and changes.get("name") != "auto":
        why = "Tax ID collection requires updating business name on the customer. To enable tax ID collection for an"
        raise invalid(f"{why} existing customer, please set `customer_update[name]` to `auto`.")
    for index, each in enumerate(given.get("discounts") or []):
        coupons.ask(world, each, customer=customer, param=f"discounts[{index}]")
    if given.get("expires_at"):
        ahead = given["expires_at"] - world.now(customer)
        if not HOUR // 2 <= ahead <= DAY + 60:
            raise invalid(
                "The `expires_at` timestamp must be between 30 minutes and 24 hours ahead.", param="expires_at"
            )


def _read_lines(world: World, given: Thing, mode: str) -> tuple[list[Thing], str | None]:
    lines, currency = [], (given.get("currency") or "").lower() or None
    prices = []
    for index, each in enumerate(given.get("line_items") or []):
        param = f"line_items[{index}]"
        data = each.get("price_data")
        price = (
            _make_price(world, data) if data else products.ask_price(world, each.get("price"), param=f"{param}[price]")
        )
        if not price["active"] and not data:
            raise invalid(f"The price specified is inactive: `{price['id']}`", param=f"{param}[price]")
        if mode == "payment" and price["recurring"]:
            why = "You specified `payment` mode but passed a recurring price. Either switch to `subscription` mode"
            raise invalid(f"{why} or use only one-time prices.", param=f"{param}[price]")
        currency = currency or price["currency"]
        products.amount_in(price, currency, param=f"{param}[price]")
        adjustable = each.get("adjustable_quantity") or {"enabled": False}
        adjustable = {"maximum": 99, "minimum": 0, **adjustable} if adjustable["enabled"] else None
        if not each.get("quantity"):
            raise missing_parameter(f"{param}[quantity]")
        lines.append(
            {"id": world.make_id("item"), "price": price["id"], "quantity": each["quantity"], "adjustable": adjustable}
        )
        prices.append(price)
    recurring = [price for price in prices if price["recurring"]]
    if mode == "subscription" and not recurring:
        raise invalid(
            "You must provide at least one recurring price in `subscription` mode when using prices.",
            param="line_items",
        )
    subscription_items.require_one_rhythm(recurring, param="line_items")
    return lines, currency


def _make_price(world: World, data: Thing) -> Thing:
    kept = {name: value for name, value in data.items() if name != "product_data"}
    if data.get("product_data"):
        made = products.create_product(world, dict(data["product_data"]))
        kept["product"] = made["id"]
    return products.create_price(world, {**kept, "active": False})


def _has_trial(given: Thing) -> bool:
    data = given.get("subscription_data") or {}
    return bool(data.get("trial_end") or data.get("trial_period_days"))


def _add(world: World, given: Thing, mode: str, currency: str | None) -> Thing:
    kept = (
        *("cancel_url", "client_reference_id", "customer", "customer_email", "locale", "success_url", "submit_type"),
        *("allow_promotion_codes", "billing_address_collection", "customer_creation", "payment_method_collection"),
    )
    tax = bool((given.get("automatic_tax") or {}).get("enabled"))
    status = {"payment": "unpaid", "setup": "no_payment_required", "subscription": "unpaid"}[mode]
    creation = given.get("invoice_creation")
    values: Thing = {
        **dict.fromkeys(NOTHING),
        **{name: given[name] for name in kept if name in given},
        "automatic_tax": {
            "enabled": tax,
            "liability": {"type": "self"} if tax else None,
            "provider": "stripe" if tax else None,
            "status": "requires_location_inputs" if tax else None,
        },
        "currency": currency,
        "custom_fields": [],
        "custom_text": dict.fromkeys(("after_submit", "shipping_address", "submit", "terms_of_service_acceptance")),
        "discounts": [],
        "expires_at": given.get("expires_at") or world.now(given.get("customer")) + DAY,
        "invoice_creation": _tell_creation(creation) if mode == "payment" else None,
        "metadata": merge_metadata({}, given.get("metadata", {})),
        "mode": mode,
        "payment_method_options": {"card": {"request_three_d_secure": "automatic"}},
        "payment_method_types": given.get("allowed_payment_method_types") or ["card"],
        "payment_status": status,
        "phone_number_collection": {"enabled": False},
        "shipping_options": [],
        "status": "open",
        "tax_id_collection": {
            "enabled": bool((given.get("tax_id_collection") or {}).get("enabled")),
            "required": "never",
        },
        "ui_mode": "hosted_page",
    }
    session = world.add(KIND, values)
    email = given.get("customer_email")
    if email:
        session["customer_details"] = {**dict.fromkeys(("address", "name", "phone")), "email": email}
        session["customer_details"] |= {
            "business_name": None,
            "individual_name": None,
            "tax_exempt": "none",
            "tax_ids": None,
        }
    session["url"] = f"{world.url}/c/pay/{session['id']}"
    return session


def _tell_creation(given: Thing | None) -> Thing:
    data: Thing = {
        **dict.fromkeys(("account_tax_ids", "custom_fields", "description", "footer", "issuer")),
        "metadata": {},
    }
    data["rendering_options"] = None
    return {
        "enabled": bool(given and given["enabled"]),
        "invoice_data": data | ((given or {}).get("invoice_data") or {}),
    }


def due(world: World) -> Iterator[tuple[int, int, Callable[[], object]]]:
    """When open sessions expire."""
    for session in world.all(KIND, status="open"):
        yield session["expires_at"], 7, lambda found=session: _expire(world, found)  # type: ignore[misc]


def _expire(world: World, session: Thing) -> Thing:
    session |= {"status": "expired", "url": None}
    events.note(world, session, "expired")
    return session


@route("POST", "checkout/sessions/{session}/expire")
def expire(world: World, given: Thing, session: str) -> Thing:
    found = world.get(KIND, session)
    if found["status"] != "open":
        why = 'Only Checkout Sessions with a status in ["open"] can be expired. This Checkout Session has a status of'
        raise invalid(f"{why} {found['status']}.")
    return _expire(world, found)


@route("POST", "checkout/sessions/{session}", {"metadata": METADATA})
def update(world: World, given: Thing, session: str) -> Thing:
    found = world.get(KIND, session)
    found["metadata"] = merge_metadata(found["metadata"], given.get("metadata", {}))
    return found


@route("GET", "checkout/sessions/{session}")
def retrieve(world: World, given: Thing, session: str) -> Thing:
    return world.get(KIND, session)


@route("GET", "checkout/sessions/{session}/line_items", PAGED)
def list_lines(world: World, given: Thing, session: str) -> Thing:
    found = world.get(KIND, session)
    told = checkout_sums.tell_lines(world, found) if found["mode"] != "setup" else []
    return answers.page(told[::-1], given, f"/v1/checkout/sessions/{session}/line_items")


@on_demand(KIND, "line_items")
def tell_lines(world: World, session: Thing) -> Thing:
    told = checkout_sums.tell_lines(world, session) if session["mode"] != "setup" else []
    return listed(told, f"/v1/checkout/sessions/{session['id']}/line_items")


@route(
    "GET",
    "checkout/sessions",
    {
        **PAGED,
        "created": SPAN,
        "customer": str,
        "payment_intent": str,
        "subscription": str,
        "status": ("open", "complete", "expired"),
        "customer_details": {"email!": str},
    },
)
def list_all(world: World, given: Thing) -> Thing:
    names = ("customer", "payment_intent", "subscription", "status")
    alike = {name: given[name] for name in names if given.get(name)}
    found = world.all(KIND, **alike)
    if email := (given.get("customer_details") or {}).get("email"):
        found = [each for each in found if (each["customer_details"] or {}).get("email") == email]
    return answers.page(found, given, "/v1/checkout/sessions")
