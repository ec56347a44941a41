"""The Billing Portal: what people may do there, and sessions of it.

*Called by*: routes.py, portal_page.py. *Keeps true*: a session shows one customer; the page allows what its
configuration allows. Without a configuration, one as Stripe's own defaults are is made.
"""

from config.local.stripe_stand_in import answers, customers
from config.local.stripe_stand_in.parameters import METADATA, Takes, merge_metadata
from config.local.stripe_stand_in.routes import PAGED, route
from config.local.stripe_stand_in.tables import PRORATION
from config.local.stripe_stand_in.trouble import Thing, invalid
from config.local.stripe_stand_in.world import World

KIND, CONFIGURATION = "billing_portal.session", "billing_portal.configuration"
UPDATES = ("price", "promotion_code", "quantity")
REASONS = (
    *("customer_service", "low_quality", "missing_features", "other"),
    *("switched_service", "too_complex", "too_expensive", "unused"),
)
OFFERED = {
    "product!": str,
    "prices!": [str],
    "adjustable_quantity": {"enabled!": bool, "minimum": int, "maximum": int},
}
LATER = {"conditions": [{"type!": ("decreasing_item_amount", "shortening_interval")}]}
FEATURES: Takes = {
    "customer_update": {"allowed_updates": [("address", "email", "name", "phone", "tax_id")], "enabled!": bool},
    "invoice_history": {"enabled!": bool},
    "payment_method_update": {"enabled!": bool},
    "subscription_cancel": {
        "enabled!": bool,
        "cancellation_reason": {"enabled!": bool, "options": [REASONS]},
        "mode": ("at_period_end", "immediately"),
        "proration_behavior": PRORATION,
    },
    "subscription_update": {
        "enabled!": bool,
        "default_allowed_updates": [UPDATES],
        "products": [OFFERED],
        "proration_behavior": PRORATION,
        "schedule_at_period_end": LATER,
    },
}
LEFT_AS_THEY_ARE = {
    feature: {("enabled" if name == "enabled!" else name): what for name, what in takes.items()}
    for feature, takes in FEATURES.items()
    if feature not in ("invoice_history", "payment_method_update")
}
PROFILE = {"headline": str, "privacy_policy_url": str, "terms_of_service_url": str}
FIELDS = {"business_profile": PROFILE, "default_return_url": str, "metadata": METADATA, "name": str}


@route("POST", "billing_portal/configurations", {**FIELDS, "features!": FEATURES, "login_page": {"enabled!": bool}})
def create_configuration(world: World, given: Thing) -> Thing:
    values: Thing = {
        "active": True,
        "application": None,
        "business_profile": dict.fromkeys(PROFILE) | (given.get("business_profile") or {}),
        "default_return_url": given.get("default_return_url"),
        "features": _features(given["features"]),
        "is_default": False,
        "login_page": {"enabled": False, "url": None},
        "metadata": merge_metadata({}, given.get("metadata", {})),
        "name": given.get("name"),
    }
    configuration = world.add(CONFIGURATION, values)
    configuration["updated"] = configuration["created"]
    return configuration


def _features(given: Thing) -> Thing:
    """What a configuration allows, where what was not given is off."""
    cancel, update = given.get("subscription_cancel") or {}, given.get("subscription_update") or {}
    updates_customer = given.get("customer_update") or {}
    methods = given.get("payment_method_update") or {}
    return {
        "customer_update": {
            "allowed_updates": updates_customer.get("allowed_updates") or [],
            "enabled": bool(updates_customer.get("enabled")),
        },
        "invoice_history": {"enabled": bool((given.get("invoice_history") or {}).get("enabled"))},
        "payment_method_update": {"enabled": bool(methods.get("enabled")), "payment_method_configuration": None},
        "subscription_cancel": {
            "cancellation_reason": {"enabled": False, "options": []} | (cancel.get("cancellation_reason") or {}),
            "enabled": bool(cancel.get("enabled")),
            "mode": cancel.get("mode") or "at_period_end",
            "proration_behavior": cancel.get("proration_behavior") or "none",
        },
        "subscription_pause": {"duration": {"interval_options": [], "type": "indefinite"}, "enabled": False},
        "subscription_update": {
            "billing_cycle_anchor": None,
            "default_allowed_updates": update.get("default_allowed_updates") or [],
            "enabled": bool(update.get("enabled")),
            "products": [_offered(each) for each in update.get("products") or []],
            "proration_behavior": update.get("proration_behavior") or "none",
            "schedule_at_period_end": {
                "conditions": (update.get("schedule_at_period_end") or {}).get("conditions") or []
            },
            "trial_update_behavior": "end_trial",
        },
    }


def _offered(given: Thing) -> Thing:
    adjustable = {"enabled": False, "maximum": None, "minimum": 1} | (given.get("adjustable_quantity") or {})
    return {**given, "adjustable_quantity": adjustable}


@route(
    "POST",
    "billing_portal/configurations/{configuration}",
    {**FIELDS, "active": bool, "features": {**FEATURES, **LEFT_AS_THEY_ARE}},
)
def update_configuration(world: World, given: Thing, configuration: str) -> Thing:
    found = world.get(CONFIGURATION, configuration)
    if "metadata" in given:
        given["metadata"] = merge_metadata(found["metadata"], given["metadata"])
    for name, feature in (given.pop("features", None) or {}).items():
        found["features"][name] |= _features({name: {**found["features"][name], **(feature or {})}})[name]
    if given.get("business_profile"):
        given["business_profile"] = found["business_profile"] | given["business_profile"]
    found |= given | {"updated": world.now()}
    return found


@route("GET", "billing_portal/configurations/{configuration}")
def retrieve_configuration(world: World, given: Thing, configuration: str) -> Thing:
    return world.get(CONFIGURATION, configuration)


@route("GET", "billing_portal/configurations", {**PAGED, "active": bool, "is_default": bool})
def list_configurations(world: World, given: Thing) -> Thing:
    alike = {name: given[name] for name in ("active", "is_default") if name in given}
    return answers.page(world.all(CONFIGURATION, **alike), given, "/v1/billing_portal/configurations")


def _default(world: World) -> Thing:
    found = world.all(CONFIGURATION, is_default=True)
    if found:
        return found[0]
    on = {"enabled": True}
    features: Thing = {"invoice_history": on, "payment_method_update": on, "subscription_cancel": on}
    features["customer_update"] = {"enabled": True, "allowed_updates": ["email", "address", "tax_id"]}
    made = create_configuration(world, {"features": features})
    made["is_default"] = True
    return made


FLOWS = ("payment_method_update", "subscription_cancel", "subscription_update", "subscription_update_confirm")
AFTER = {
    "type!": ("hosted_confirmation", "portal_homepage", "redirect"),
    "redirect": {"return_url!": str},
    "hosted_confirmation": {"custom_message": str},
}
FLOW = {
    "type!": FLOWS,
    "after_completion": AFTER,
    "subscription_cancel": {"subscription!": str},
    "subscription_update": {"subscription!": str},
    "subscription_update_confirm": {
        "subscription!": str,
        "items!": [{"id!": str, "price": str, "quantity": int}],
        "discounts": [{"coupon": str, "promotion_code": str}],
    },
}


@route(
    "POST",
    "billing_portal/sessions",
    {"customer": str, "configuration": str, "return_url": str, "locale": str, "flow_data": FLOW},
)
def create(world: World, given: Thing) -> Thing:
    customer = customers.ask(world, given.get("customer"))
    key = given.get("configuration")
    configuration = world.get(CONFIGURATION, key, param="configuration") if key else _default(world)
    if not configuration["active"]:
        raise invalid("This configuration is not active.", param="configuration")
    flow = _flow(world, given.get("flow_data"), customer)
    values: Thing = {
        "configuration": configuration["id"],
        "customer": customer["id"],
        "customer_account": None,
        "flow": flow,
        "locale": given.get("locale"),
        "on_behalf_of": None,
        "return_url": given.get("return_url") or configuration["default_return_url"],
    }
    session = world.add(KIND, values)
    session["url"] = f"{world.url}/p/session/{session['id']}"
    return session


def _flow(world: World, given: Thing | None, customer: Thing) -> Thing | None:
    if not given:
        return None
    details = given.get(given["type"])
    if given["type"] != "payment_method_update":
        if not details:
            raise invalid(f"Missing required param: flow_data[{given['type']}].", param=f"flow_data[{given['type']}]")
        found = world.get("subscription", details["subscription"], param=f"flow_data[{given['type']}][subscription]")
        if found["customer"] != customer["id"]:
            raise invalid("This subscription is another customer's.", param=f"flow_data[{given['type']}][subscription]")
    after = {"hosted_confirmation": None, "redirect": None, "type": "portal_homepage"}
    flow: Thing = dict.fromkeys(("customer_update", *FLOWS)) | {"subscription_pause": None}
    del flow["payment_method_update"], flow["customer_update"]
    return {**flow, **given, "after_completion": after | (given.get("after_completion") or {})}
