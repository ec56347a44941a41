"""Coupons, promotion codes, and the discounts that they become.

*Called by*: routes.py, subscriptions.py, invoice_totals.py, checkout.py. *Keeps true*: one that has expired, was
used up or is not for this customer or product gives nothing.
"""

from config.local.stripe_stand_in import answers, customers, events, periods
from config.local.stripe_stand_in.answers import on_demand
from config.local.stripe_stand_in.parameters import METADATA, SPAN, by_name, merge_metadata
from config.local.stripe_stand_in.routes import PAGED, route
from config.local.stripe_stand_in.trouble import Thing, invalid
from config.local.stripe_stand_in.world import World

OFF = by_name({"amount_off!": int})


@route(
    "POST",
    "coupons",
    {
        "id": str,
        "name": str,
        "percent_off": float,
        "amount_off": int,
        "currency": str,
        "duration": ("forever", "once", "repeating"),
        "duration_in_months": int,
        "max_redemptions": int,
        "redeem_by": int,
        "applies_to": {"products": [str]},
        "currency_options": OFF,
        "metadata": METADATA,
    },
)
def create_coupon(world: World, given: Thing) -> Thing:
    percent, amount = given.get("percent_off"), given.get("amount_off")
    if (percent is None) == (amount is None):
        raise invalid("You must pass either percent_off or amount_off, and not both.", param="percent_off")
    if percent is not None and not 0 < percent <= 100:
        raise invalid("Percent off must be between 0 and 100.", param="percent_off")
    if amount is not None and not given.get("currency"):
        raise invalid("You must pass currency when passing amount_off", param="currency", code="parameter_missing")
    if (given.get("duration") == "repeating") != bool(given.get("duration_in_months")):
        raise invalid("duration_in_months goes with the duration repeating, and with no other.", param="duration")
    key, products = given.pop("id", "") or "", given.pop("applies_to", None)
    if key in world.things["coupon"]:
        raise invalid("Coupon already exists.", code="resource_already_exists", param="id")
    options = given.pop("currency_options", None) or {}
    coupon = world.add(
        "coupon",
        {
            **dict.fromkeys(
                ("amount_off", "currency", "duration_in_months", "max_redemptions", "name", "percent_off", "redeem_by")
            ),
            "duration": "once",
            **given,
            "metadata": merge_metadata({}, given.get("metadata", {})),
            "times_redeemed": 0,
            "valid": True,
            "_products": (products or {}).get("products") or [],
            "_currencies": {name.lower(): option["amount_off"] for name, option in options.items()},
        },
        key=key,
    )
    events.note(world, coupon, "created")
    return coupon


@on_demand("coupon", "applies_to")
def tell_products(world: World, coupon: Thing) -> Thing | None:
    return {"products": coupon["_products"]} if coupon["_products"] else None


@route("GET", "coupons/{coupon}")
def retrieve_coupon(world: World, given: Thing, coupon: str) -> Thing:
    return world.get("coupon", coupon)


@route("POST", "coupons/{coupon}", {"name": str, "metadata": METADATA})
def update_coupon(world: World, given: Thing, coupon: str) -> Thing:
    found = world.get("coupon", coupon)
    before = events.remember(found)
    if "metadata" in given:
        given["metadata"] = merge_metadata(found["metadata"], given["metadata"])
    found |= given
    events.note_update(world, found, before)
    return found


@route("GET", "coupons", {**PAGED, "created": SPAN})
def list_coupons(world: World, given: Thing) -> Thing:
    return answers.page(world.all("coupon"), given, "/v1/coupons")


@route("DELETE", "coupons/{coupon}")
def delete_coupon(world: World, given: Thing, coupon: str) -> Thing:
    found = world.get("coupon", coupon)
    found["valid"] = False
    events.note(world, found, "deleted")
    del world.things["coupon"][coupon]
    return {"id": coupon, "object": "coupon", "deleted": True}


RESTRICTIONS = {"first_time_transaction": bool, "minimum_amount": int, "minimum_amount_currency": str}


@route(
    "POST",
    "promotion_codes",
    {
        "promotion!": {"type!": ("coupon",), "coupon": str},
        "code": str,
        "active": bool,
        "customer": str,
        "expires_at": int,
        "max_redemptions": int,
        "metadata": METADATA,
        "restrictions": RESTRICTIONS,
    },
)
def create_promotion_code(world: World, given: Thing) -> Thing:
    coupon = world.get("coupon", given["promotion"].get("coupon"), param="promotion[coupon]")
    code = given.get("code") or world.make_id("coupon").upper()
    if any(each["active"] and each["code"].lower() == code.lower() for each in world.all("promotion_code")):
        raise invalid("An active promotion code with `code: " + code + "` already exists.", param="code")
    values: Thing = {
        **dict.fromkeys(("customer", "expires_at", "max_redemptions")),
        "active": True,
        **given,
        "code": code,
        "metadata": merge_metadata({}, given.get("metadata", {})),
        "promotion": {"coupon": coupon["id"], "type": "coupon"},
        "times_redeemed": 0,
    }
    limits: Thing = {"first_time_transaction": False, "minimum_amount": None, "minimum_amount_currency": None}
    values["restrictions"] = limits | (given.get("restrictions") or {})
    promotion = world.add("promotion_code", {**values, "customer": None})
    promotion["customer"] = given.get("customer")
    events.note(world, promotion, "created")
    return promotion


@route("GET", "promotion_codes/{promotion}")
def retrieve_promotion_code(world: World, given: Thing, promotion: str) -> Thing:
    return world.get("promotion_code", promotion)


@route("POST", "promotion_codes/{promotion}", {"active": bool, "metadata": METADATA})
def update_promotion_code(world: World, given: Thing, promotion: str) -> Thing:
    found = world.get("promotion_code", promotion)
    before = events.remember(found)
    if "metadata" in given:
        given["metadata"] = merge_metadata(found["metadata"], given["metadata"])
    found |= given
    events.note_update(world, found, before)
    return found


@route(
    "GET",
    "promotion_codes",
    {**PAGED, "created": SPAN, "active": bool, "code": str, "coupon": str, "customer": str},
)
def list_promotion_codes(world: World, given: Thing) -> Thing:
    alike = {name: given[name] for name in ("active", "customer") if given.get(name) is not None}
    found = world.all("promotion_code", **alike)
    if given.get("code"):
        found = [each for each in found if each["code"].lower() == given["code"].lower()]
    if given.get("coupon"):
        found = [each for each in found if each["promotion"]["coupon"] == given["coupon"]]
    return answers.page(found, given, "/v1/promotion_codes")


def find_code(world: World, code: str) -> Thing | None:
    """The active promotion code that somebody typed."""
    for each in world.all("promotion_code", active=True):
        if each["code"].lower() == code.strip().lower():
            return each
    return None


def redeem(world: World, given: list[Thing], *, customer: Thing | None, spare: bool = False, **whose: str) -> list[str]:
    """Make discounts of coupons and codes, and return their ids; `spare` does not count them as redeemed."""
    made = []
    for index, each in enumerate(given):
        if each.get("discount"):
            made.append(world.get("discount", each["discount"], param=f"discounts[{index}][discount]")["id"])
            continue
        coupon, promotion = ask(world, each, customer=customer, param=f"discounts[{index}]")
        start = world.now(customer)
        months = coupon["duration_in_months"]
        values: Thing = {
            **dict.fromkeys(("checkout_session", "invoice", "invoice_item", "subscription", "subscription_item")),
            "customer": customer["id"] if customer else None,
            "customer_account": None,
            "end": periods.nth(start, "month", months, 1) if months else None,
            "promotion_code": promotion["id"] if promotion else None,
            "source": {"coupon": coupon["id"], "type": "coupon"},
            "start": start,
            **whose,
        }
        discount = world.add("discount", values)
        for name in ("created", "livemode"):
            del discount[name]
        if not spare:
            _count(coupon, promotion)
        made.append(discount["id"])
    return made


def _count(coupon: Thing, promotion: Thing | None) -> None:
    coupon["times_redeemed"] += 1
    if coupon["max_redemptions"] and coupon["times_redeemed"] >= coupon["max_redemptions"]:
        coupon["valid"] = False
    if promotion:
        promotion["times_redeemed"] += 1
        if promotion["max_redemptions"] and promotion["times_redeemed"] >= promotion["max_redemptions"]:
            promotion["active"] = False


def ask(world: World, each: Thing, *, customer: Thing | None, param: str) -> tuple[Thing, Thing | None]:
    """The coupon, and the code that it came by, that can be redeemed now. Raises what is wrong with it."""
    now = world.now(customer)
    promotion = None
    if each.get("promotion_code"):
        promotion = world.get("promotion_code", each["promotion_code"], param=f"{param}[promotion_code]")
        is_over = promotion["expires_at"] and promotion["expires_at"] <= now
        is_others = promotion["customer"] and (not customer or promotion["customer"] != customer["id"])
        if not promotion["active"] or is_over or is_others:
            raise invalid("This promotion code cannot be redeemed.", param=f"{param}[promotion_code]")
        is_first_only = promotion["restrictions"]["first_time_transaction"]
        if is_first_only and customer and world.all("invoice", customer=customer["id"], status="paid"):
            why = "This promotion code cannot be redeemed because the associated customer has prior transactions."
            raise invalid(why, param=f"{param}[promotion_code]")
    key = promotion["promotion"]["coupon"] if promotion else each.get("coupon")
    coupon = world.get("coupon", key, param=f"{param}[coupon]")
    if not coupon["valid"] or (coupon["redeem_by"] and coupon["redeem_by"] <= now):
        raise invalid(f"Coupon expired: {key}", param=f"{param}[coupon]", code="coupon_expired")
    return coupon, promotion


def amount_off(coupon: Thing, currency: str) -> int:
    """What a coupon for an amount takes off in that currency; 0 where it is not for it."""
    if coupon["currency"] == currency:
        return int(coupon["amount_off"])
    return int(coupon["_currencies"].get(currency, 0))


@route("DELETE", "customers/{customer}/discount")
def delete_customer_discount(world: World, given: Thing, customer: str) -> Thing:
    found = customers.ask(world, customer)
    discount, found["discount"] = found["discount"], None
    if not discount:
        raise invalid("No active discount for customer.", code="resource_missing")
    return {"id": discount["id"], "object": "discount", "deleted": True}


@route("DELETE", "subscriptions/{subscription}/discount")
def delete_subscription_discount(world: World, given: Thing, subscription: str) -> Thing:
    found = world.get("subscription", subscription)
    if not found["discounts"]:
        raise invalid("No active discount for subscription.", code="resource_missing")
    before = events.remember(found)
    gone, found["discounts"] = found["discounts"], []
    events.note_update(world, found, before)
    return {"id": gone[0], "object": "discount", "deleted": True}
