"""Items of a subscription: what is bought, how much of it, for which period.

*Called by*: subscriptions.py, subscription_changes.py, schedules.py, routes.py. *Keeps true*: the items of a
subscription share one rhythm and one currency.
"""

from config.local.stripe_stand_in import products
from config.local.stripe_stand_in.parameters import merge_metadata
from config.local.stripe_stand_in.trouble import Thing, invalid, missing_parameter
from config.local.stripe_stand_in.world import World


def read(world: World, given: list[Thing], *, currency: str | None, param: str = "items") -> tuple[list[Thing], str]:
    """Price and quantity of each new item, and the currency. Raises where they do not go together."""
    if not given:
        raise missing_parameter(param)
    bought: list[Thing] = []
    for index, each in enumerate(given):
        price = _price(world, each, param=f"{param}[{index}]")
        if price["type"] != "recurring":
            why = "The price specified is set to `type=one_time` but this field only accepts prices with"
            raise invalid(f"{why} `type=recurring`.", param=f"{param}[{index}][price]")
        quantity = each.get("quantity")
        quantity = 1 if quantity is None else quantity
        if quantity < 0:
            raise invalid("Invalid non-negative integer", param=f"{param}[{index}][quantity]")
        bought.append({"price": price, "quantity": quantity, "metadata": merge_metadata({}, each.get("metadata", {}))})
    chosen = currency or bought[0]["price"]["currency"]
    for index, each in enumerate(bought):
        products.amount_in(each["price"], chosen, param=f"{param}[{index}][price]")
    require_one_rhythm([each["price"] for each in bought], param=param)
    return bought, chosen


def _price(world: World, given: Thing, *, param: str) -> Thing:
    if given.get("price_data"):
        return products.create_price(world, {**given["price_data"], "active": False})
    if not given.get("price"):
        raise missing_parameter(f"{param}[price]")
    price = products.ask_price(world, given["price"], param=f"{param}[price]")
    if not price["active"]:
        why = f"The price specified is inactive. This field only accepts active prices: `{price['id']}`"
        raise invalid(why, param=f"{param}[price]")
    return price


def require_one_rhythm(prices: list[Thing], *, param: str = "items") -> None:
    keys = [price["id"] for price in prices]
    if len(set(keys)) < len(keys):
        raise invalid("Cannot add multiple subscription items with the same price.", param=param)
    if len({rhythm(price) for price in prices}) > 1:
        why = "All prices on a subscription must have the same `recurring.interval` and `recurring.interval_count`."
        raise invalid(f"{why} The stand-in knows no mixed intervals.", param=param)


def rhythm(price: Thing) -> tuple[str, int]:
    return price["recurring"]["interval"], price["recurring"]["interval_count"]


def make(world: World, subscription: Thing, bought: Thing, period: tuple[int, int]) -> Thing:
    """An item; it lives in its subscription's list."""
    price = bought["price"]
    values: Thing = {
        "billing_thresholds": None,
        "current_period_end": period[1],
        "current_period_start": period[0],
        "discounts": [],
        "metadata": bought["metadata"],
        "plan": plan(price),
        "price": price,
        "quantity": bought["quantity"],
        "subscription": subscription["id"],
        "tax_rates": [],
    }
    item = world.add("subscription_item", values, at=world.now(subscription))
    del item["livemode"]
    del world.things["subscription_item"][item["id"]]
    return item


def put(item: Thing, *, price: Thing | None = None, quantity: int | None = None) -> None:
    if price is not None:
        item |= {"price": price, "plan": plan(price)}
    if quantity is not None:
        item["quantity"] = quantity


def plan(price: Thing) -> Thing:
    """The same price as it was told before there were prices; Stripe still tells it."""
    recurring = price["recurring"]
    return {
        "id": price["id"],
        "object": "plan",
        "active": price["active"],
        "amount": price["unit_amount"],
        "amount_decimal": price["unit_amount_decimal"],
        "billing_scheme": "per_unit",
        "created": price["created"],
        "currency": price["currency"],
        "interval": recurring["interval"],
        "interval_count": recurring["interval_count"],
        "livemode": False,
        "metadata": price["metadata"],
        "meter": None,
        "nickname": price["nickname"],
        "product": price["product"],
        "tiers_mode": None,
        "transform_usage": None,
        "trial_period_days": None,
        "usage_type": "licensed",
    }


def of(subscription: Thing) -> list[Thing]:
    items: list[Thing] = subscription["items"]["data"]
    return items


def period_of(subscription: Thing) -> tuple[int, int]:
    item = of(subscription)[0]
    return item["current_period_start"], item["current_period_end"]


def set_period(subscription: Thing, period: tuple[int, int]) -> None:
    for item in of(subscription):
        item |= {"current_period_start": period[0], "current_period_end": period[1]}


def find(world: World, key: str) -> tuple[Thing, Thing]:
    """The subscription and the item of an item's id."""
    for subscription in world.all("subscription"):
        for item in of(subscription):
            if item["id"] == key:
                return subscription, item
    raise invalid(f"Invalid subscription_item id: {key}", param="item", code="resource_missing")
