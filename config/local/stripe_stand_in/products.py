"""Products, and what they cost.

*Called by*: routes.py, whoever reads a price. *Keeps true*: an amount never changes once it is said; a lookup key
names one price.
"""

from config.local.stripe_stand_in import answers, events
from config.local.stripe_stand_in.answers import on_demand
from config.local.stripe_stand_in.parameters import METADATA, SPAN, by_name, merge_metadata
from config.local.stripe_stand_in.routes import PAGED, route
from config.local.stripe_stand_in.tables import INTERVALS, TAXED
from config.local.stripe_stand_in.trouble import Thing, invalid, missing_parameter
from config.local.stripe_stand_in.world import World

RHYTHM = {"interval!": INTERVALS, "interval_count": int}
RECURRING = {**RHYTHM, "usage_type": ("licensed",), "trial_period_days": int}
IN_CURRENCIES = by_name({"unit_amount": int, "unit_amount_decimal": str, "tax_behavior": TAXED})
PRICE = {
    "currency!": str,
    "unit_amount": int,
    "unit_amount_decimal": str,
    "recurring": RECURRING,
    "currency_options": IN_CURRENCIES,
    "tax_behavior": TAXED,
    "metadata": METADATA,
}
PRODUCT = {
    **dict.fromkeys(("description", "statement_descriptor", "tax_code", "unit_label", "url"), str),
    "active": bool,
    "images": [str],
    "marketing_features": [{"name!": str}],
    "metadata": METADATA,
    "shippable": bool,
}


@route(
    "POST",
    "products",
    {
        **PRODUCT,
        "name!": str,
        "id": str,
        "default_price_data": {**PRICE, "recurring": RHYTHM},
        "type": ("good", "service"),
    },
)
def create_product(world: World, given: Thing) -> Thing:
    key, price = given.pop("id", "") or "", given.pop("default_price_data", None)
    if key in world.things["product"]:
        raise invalid("Product already exists.", code="resource_already_exists", param="id")
    product = world.add(
        "product",
        {
            "active": True,
            "default_price": None,
            **dict.fromkeys(
                (
                    "description",
                    "package_dimensions",
                    "shippable",
                    "statement_descriptor",
                    "tax_code",
                    "unit_label",
                    "url",
                )
            ),
            "images": [],
            "marketing_features": [],
            "type": "service",
            **given,
            "metadata": merge_metadata({}, given.get("metadata", {})),
        },
        key=key,
    )
    product["updated"] = product["created"]
    events.note(world, product, "created")
    if price:
        product["default_price"] = create_price(world, {**price, "product": product["id"]})["id"]
    return product


@route("POST", "products/{product}", {**PRODUCT, "name": str, "default_price": str})
def update_product(world: World, given: Thing, product: str) -> Thing:
    found = world.get("product", product)
    before = events.remember(found)
    if given.get("default_price"):
        ask_price(world, given["default_price"], param="default_price")
    if "metadata" in given:
        given["metadata"] = merge_metadata(found["metadata"], given["metadata"])
    found |= given | {"updated": world.now()}
    events.note_update(world, found, before)
    return found


@route("GET", "products/search", {"query!": str, "limit": int, "page": str})
def search_products(world: World, given: Thing) -> Thing:
    return answers.search(world.all("product"), given, "/v1/products/search")


@route("GET", "products/{product}")
def retrieve_product(world: World, given: Thing, product: str) -> Thing:
    return world.get("product", product)


@route("GET", "products", {**PAGED, "created": SPAN, "active": bool, "ids": [str], "shippable": bool, "url": str})
def list_products(world: World, given: Thing) -> Thing:
    alike = {name: given[name] for name in ("active", "shippable", "url") if name in given}
    found = world.all("product", **alike)
    if given.get("ids"):
        found = [product for product in found if product["id"] in given["ids"]]
    return answers.page(found, given, "/v1/products")


@route("DELETE", "products/{product}")
def delete_product(world: World, given: Thing, product: str) -> Thing:
    found = world.get("product", product)
    if world.all("price", product=product):
        raise invalid("This product cannot be deleted because it has one or more user-created prices.", param="id")
    del world.things["product"][product]
    events.note(world, found, "deleted")
    return {"id": product, "object": "product", "deleted": True}


@route(
    "POST",
    "prices",
    {
        **PRICE,
        "product": str,
        "product_data": {
            "name!": str,
            "id": str,
            "metadata": METADATA,
            "tax_code": str,
            "unit_label": str,
            "active": bool,
        },
        "active": bool,
        "billing_scheme": ("per_unit",),
        "lookup_key": str,
        "nickname": str,
        "transfer_lookup_key": bool,
    },
)
def create_price(world: World, given: Thing) -> Thing:
    if data := given.pop("product_data", None):
        given["product"] = create_product(world, data)["id"]
    if not given.get("product"):
        raise missing_parameter("product")
    world.get("product", given["product"], param="product")
    amount, exact = _read_amount(given)
    lookup_key, transfer = given.pop("lookup_key", None), given.pop("transfer_lookup_key", False)
    _free_lookup_key(world, lookup_key, transfer=transfer)
    recurring = given.pop("recurring", None)
    options = {name.lower(): option for name, option in (given.pop("currency_options", None) or {}).items()}
    price = world.add(
        "price",
        {
            "active": True,
            "billing_scheme": "per_unit",
            "custom_unit_amount": None,
            "nickname": None,
            "tax_behavior": "unspecified",
            "tiers_mode": None,
            "transform_quantity": None,
            **given,
            "currency": given["currency"].lower(),
            "lookup_key": lookup_key,
            "metadata": merge_metadata({}, given.get("metadata", {})),
            "recurring": recurring and _recurring(recurring),
            "type": "recurring" if recurring else "one_time",
            "unit_amount": amount,
            "unit_amount_decimal": exact,
            "_currencies": {name: _read_amount(option) for name, option in options.items()},
        },
    )
    events.note(world, price, "created")
    return price


def _read_amount(given: Thing) -> tuple[int, str]:
    amount, exact = given.pop("unit_amount", None), given.pop("unit_amount_decimal", None)
    if amount is None and exact is None:
        raise invalid("You must specify either `unit_amount` or `unit_amount_decimal`.", param="unit_amount")
    if amount is None:
        if not exact.replace(".", "", 1).isdigit() or float(exact) != int(float(exact)):
            raise invalid("The stand-in takes whole amounts only.", param="unit_amount_decimal")
        amount = int(float(exact))
    if amount < 0:
        raise invalid(
            "This value must be greater than or equal to 0.", param="unit_amount", code="parameter_invalid_integer"
        )
    return amount, str(amount)


def _recurring(given: Thing) -> Thing:
    return {"interval_count": 1, "meter": None, "trial_period_days": None, "usage_type": "licensed", **given}


def _free_lookup_key(world: World, lookup_key: str | None, *, transfer: bool) -> None:
    for holder in world.all("price", lookup_key=lookup_key) if lookup_key else ():
        if not transfer:
            why = f"A price (`{holder['id']}`) already uses that lookup key."
            raise invalid(why, param="lookup_key", code="resource_already_exists")
        before = events.remember(holder)
        holder["lookup_key"] = None
        events.note_update(world, holder, before)


def ask_price(world: World, key: object, *, param: str = "price") -> Thing:
    return world.get("price", key, param=param)


def amount_in(price: Thing, currency: str, *, param: str = "currency") -> int:
    """What one costs in a currency. Raises Stripe's refusal where it has no price in it."""
    if price["currency"] == currency:
        return int(price["unit_amount"])
    if currency in price["_currencies"]:
        return int(price["_currencies"][currency][0])
    why = f"The price specified supports currencies of {', '.join([price['currency'], *price['_currencies']])}"
    raise invalid(f"{why}. This doesn't match the expected currency: `{currency}`.", param=param)


@on_demand("price", "currency_options")
def tell_currencies(world: World, price: Thing) -> Thing:
    amounts = {price["currency"]: (price["unit_amount"], price["unit_amount_decimal"]), **price["_currencies"]}
    return {
        name: {
            "custom_unit_amount": None,
            "tax_behavior": price["tax_behavior"],
            "unit_amount": amount,
            "unit_amount_decimal": exact,
        }
        for name, (amount, exact) in amounts.items()
    }


@route(
    "POST",
    "prices/{price}",
    {
        "active": bool,
        "lookup_key": str,
        "nickname": str,
        "transfer_lookup_key": bool,
        "metadata": METADATA,
        "tax_behavior": TAXED,
        "currency_options": IN_CURRENCIES,
    },
)
def update_price(world: World, given: Thing, price: str) -> Thing:
    found = ask_price(world, price, param="id")
    before = events.remember(found)
    transfer = given.pop("transfer_lookup_key", False)
    if "lookup_key" in given and given["lookup_key"] != found["lookup_key"]:
        _free_lookup_key(world, given["lookup_key"], transfer=transfer)
    for name, option in (given.pop("currency_options", None) or {}).items():
        found["_currencies"][name.lower()] = _read_amount(option)
    if "metadata" in given:
        given["metadata"] = merge_metadata(found["metadata"], given["metadata"])
    found |= given
    events.note_update(world, found, before)
    return found


@route("GET", "prices/search", {"query!": str, "limit": int, "page": str})
def search_prices(world: World, given: Thing) -> Thing:
    return answers.search(world.all("price"), given, "/v1/prices/search")


@route("GET", "prices/{price}")
def retrieve_price(world: World, given: Thing, price: str) -> Thing:
    return ask_price(world, price, param="id")


@route(
    "GET",
    "prices",
    {
        **PAGED,
        "created": SPAN,
        "active": bool,
        "currency": str,
        "lookup_keys": [str],
        "product": str,
        "recurring": {"interval": INTERVALS, "usage_type": ("licensed", "metered")},
        "type": ("one_time", "recurring"),
    },
)
def list_prices(world: World, given: Thing) -> Thing:
    alike = {name: given[name] for name in ("active", "currency", "product", "type") if given.get(name) is not None}
    found = world.all("price", **alike)
    if given.get("lookup_keys"):
        found = [price for price in found if price["lookup_key"] in given["lookup_keys"]]
    for name, value in (given.get("recurring") or {}).items():
        found = [price for price in found if price["recurring"] and price["recurring"][name] == value]
    return answers.page(found, given, "/v1/prices")
