"""Subscription schedules: changes that wait for a day, as a downgrade at the end of a period.

*Called by*: routes.py, renewals.py (due). *Keeps true*: a phase begins at its own moment, before the renewal of that
moment; phases follow each other without a gap.
"""

from collections.abc import Callable, Iterator

from config.local.stripe_stand_in import (
    answers,
    customers,
    events,
    periods,
    subscription_changes,
    subscription_items,
    subscriptions,
)
from config.local.stripe_stand_in.parameters import METADATA, MOMENT, SPAN, merge_metadata
from config.local.stripe_stand_in.routes import PAGED, route
from config.local.stripe_stand_in.tables import DISCOUNTS, INTERVALS, PRORATION
from config.local.stripe_stand_in.trouble import Thing, invalid
from config.local.stripe_stand_in.world import World

PHASE = {
    "items!": [{"price": str, "quantity": int, "metadata": METADATA}],
    "end_date": MOMENT,
    "trial_end": MOMENT,
    "trial": bool,
    "duration": {"interval!": INTERVALS, "interval_count": int},
    "proration_behavior": PRORATION,
    "discounts": DISCOUNTS,
    "metadata": METADATA,
    "currency": str,
    "default_payment_method": str,
    "description": str,
    "collection_method": ("charge_automatically", "send_invoice"),
}
FIELDS = {"end_behavior": ("cancel", "release"), "metadata": METADATA}


@route(
    "POST",
    "subscription_schedules",
    {**FIELDS, "phases": [PHASE], "customer": str, "from_subscription": str, "start_date": MOMENT},
)
def create(world: World, given: Thing) -> Thing:
    if given.get("from_subscription"):
        return _create_from(world, given)
    customer = customers.ask(world, given.get("customer"))
    now = world.now(customer)
    wanted = given.get("start_date")
    start = wanted if isinstance(wanted, int) else now
    phases = _read_phases(world, given.get("phases") or [], first_start=start)
    schedule = _add(world, given, customer, phases)
    schedule["status"] = "not_started"
    events.note(world, schedule, "created")
    if start <= now:
        _begin_phase(world, schedule, 0)
    return schedule


def _create_from(world: World, given: Thing) -> Thing:
    if given.get("phases"):
        raise invalid("You cannot set `phases` if `from_subscription` is set.", param="phases")
    subscription = world.get("subscription", given["from_subscription"], param="from_subscription")
    if subscription["schedule"]:
        why = f"You cannot migrate a subscription that is already attached to a schedule: {subscription['schedule']}"
        raise invalid(why, param="from_subscription")
    start, end = subscription_items.period_of(subscription)
    items = [
        {"price": item["price"]["id"], "quantity": item["quantity"]} for item in subscription_items.of(subscription)
    ]
    phase = _phase(start, end, items, subscription["currency"])
    schedule = _add(world, given, world.get("customer", subscription["customer"]), [phase])
    schedule |= {"status": "active", "subscription": subscription["id"]}
    schedule["current_phase"] = {"start_date": start, "end_date": end}
    subscription["schedule"] = schedule["id"]
    events.note(world, schedule, "created")
    return schedule


def _add(world: World, given: Thing, customer: Thing, phases: list[Thing]) -> Thing:
    values: Thing = {
        **dict.fromkeys(("application", "canceled_at", "completed_at", "current_phase", "released_at")),
        "billing_mode": {"flexible": None, "type": "flexible"},
        "customer": customer["id"],
        "customer_account": None,
        "default_settings": {
            **dict.fromkeys(("application_fee_percent", "billing_thresholds", "default_payment_method", "description")),
            **dict.fromkeys(("on_behalf_of", "transfer_data")),
            "automatic_tax": {"disabled_reason": None, "enabled": False, "liability": None},
            "billing_cycle_anchor": "automatic",
            "collection_method": "charge_automatically",
            "invoice_settings": {"account_tax_ids": None, "days_until_due": None, "issuer": {"type": "self"}},
        },
        "end_behavior": given.get("end_behavior") or "release",
        "metadata": merge_metadata({}, given.get("metadata", {})),
        "pause_schedules": [],
        "phases": phases,
        "released_subscription": None,
        "status": "active",
        "subscription": None,
        "test_clock": customer["test_clock"],
    }
    return world.add("subscription_schedule", values)


def _phase(start: int, end: int, items: list[Thing], currency: str, **more: object) -> Thing:
    nothing = (
        *("application_fee_percent", "automatic_tax", "billing_cycle_anchor", "billing_thresholds", "description"),
        *("collection_method", "default_payment_method", "invoice_settings", "on_behalf_of", "transfer_data"),
    )
    return {
        **dict.fromkeys((*nothing, "trial_end")),
        "add_invoice_items": [],
        "currency": currency,
        "default_tax_rates": [],
        "discounts": [],
        "end_date": end,
        "items": [_item(each) for each in items],
        "metadata": {},
        "proration_behavior": "create_prorations",
        "start_date": start,
        **more,
    }


def _item(each: Thing) -> Thing:
    quantity = each.get("quantity")
    kept = {"price": each["price"], "plan": each["price"], "quantity": 1 if quantity is None else quantity}
    return {
        **kept,
        "billing_thresholds": None,
        "discounts": [],
        "metadata": each.get("metadata") or {},
        "tax_rates": [],
    }


def _read_phases(world: World, given: list[Thing], *, first_start: int) -> list[Thing]:
    phases: list[Thing] = []
    start = first_start
    for index, each in enumerate(given):
        param = f"phases[{index}]"
        if isinstance(each.get("start_date"), int):
            if phases and each["start_date"] != start:
                raise invalid("The start of a phase must be the end of the phase before.", param=f"{param}[start_date]")
            start = each["start_date"]
        bought, currency = subscription_items.read(
            world, each["items"], currency=each.get("currency"), param=f"{param}[items]"
        )
        interval, count = subscription_items.rhythm(bought[0]["price"])
        if each.get("duration"):
            span = each["duration"]
            end = periods.nth(start, span["interval"], span.get("interval_count") or 1, 1)
        elif isinstance(each.get("end_date"), int):
            end = each["end_date"]
        elif index == len(given) - 1:
            end = periods.nth(start, interval, count, 1)
        else:
            raise invalid("Every phase but the last needs end_date or duration.", param=f"{param}[end_date]")
        if end <= start:
            raise invalid("The end of a phase must be later than its start.", param=f"{param}[end_date]")
        kept = {name: each[name] for name in ("metadata", "proration_behavior", "description") if each.get(name)}
        discounts = [
            {"coupon": None, "discount": None, "promotion_code": None, **one} for one in each.get("discounts") or []
        ]
        phases.append(_phase(start, end, each["items"], currency, **kept, discounts=discounts))
        start = end
    if not phases:
        raise invalid("Missing required param: phases.", param="phases", code="parameter_missing")
    return phases


@route(
    "POST",
    "subscription_schedules/{schedule}",
    {**FIELDS, "phases": [{**PHASE, "start_date": MOMENT}], "proration_behavior": PRORATION},
)
def update(world: World, given: Thing, schedule: str) -> Thing:
    found = _ask(world, schedule)
    before = events.remember(found)
    if "metadata" in given:
        found["metadata"] = merge_metadata(found["metadata"], given["metadata"])
    found["end_behavior"] = given.get("end_behavior") or found["end_behavior"]
    if given.get("phases"):
        current = found["current_phase"]
        start = current["start_date"] if current else found["phases"][0]["start_date"]
        past = [phase for phase in found["phases"] if phase["end_date"] <= start]
        sent = given["phases"]
        # Phases that are over may be sent again, or left out.
        sent = [each for each in sent if not (isinstance(each.get("end_date"), int) and each["end_date"] <= start)]
        phases = _read_phases(world, sent, first_start=start)
        found["phases"] = past + phases
        if current:
            found["current_phase"] = {name: phases[0][name] for name in ("start_date", "end_date")}
            _apply(world, found, phases[0], given.get("proration_behavior") or "create_prorations")
    events.note_update(world, found, before)
    return found


def _ask(world: World, key: str) -> Thing:
    found = world.get("subscription_schedule", key)
    if found["status"] not in ("active", "not_started"):
        raise invalid(f"You cannot change a subscription schedule that is {found['status']}.")
    return found


def due(world: World, schedule: Thing) -> Iterator[tuple[int, int, Callable[[], object]]]:
    """When the next phase begins, or the last one ends."""
    if schedule["status"] == "not_started":
        yield schedule["phases"][0]["start_date"], 0, lambda: _begin_phase(world, schedule, 0)
    elif schedule["status"] == "active":
        yield schedule["current_phase"]["end_date"], 0, lambda: _end_phase(world, schedule)


def _end_phase(world: World, schedule: Thing) -> None:
    starts = [phase["start_date"] for phase in schedule["phases"]]
    following = starts.index(schedule["current_phase"]["start_date"]) + 1
    if following < len(starts):
        _begin_phase(world, schedule, following)
        return
    before = events.remember(schedule)
    subscription = world.get("subscription", schedule["subscription"])
    now = world.now(schedule)
    schedule |= {"status": "completed", "completed_at": now, "current_phase": None}
    events.note(world, schedule, "completed", before=before)
    if schedule["end_behavior"] == "cancel":
        subscription["schedule"] = None
        subscriptions.end(world, subscription)
    else:
        _let_go(world, schedule, subscription)


def _let_go(world: World, schedule: Thing, subscription: Thing) -> None:
    before, told_before = events.remember(schedule), events.remember(subscription)
    schedule |= {"released_at": world.now(schedule), "released_subscription": subscription["id"], "subscription": None}
    schedule |= {"status": "released", "current_phase": None}
    subscription["schedule"] = None
    events.note(world, schedule, "released", before=before)
    events.note_update(world, subscription, told_before)


def _begin_phase(world: World, schedule: Thing, index: int) -> None:
    phase = schedule["phases"][index]
    before = events.remember(schedule)
    if not schedule["subscription"]:
        given = {"customer": schedule["customer"], "items": phase["items"], "currency": phase["currency"]}
        given["discounts"] = phase["discounts"]
        subscription = subscriptions.begin(world, given)
        subscription["schedule"] = schedule["id"]
        schedule |= {"subscription": subscription["id"], "status": "active"}
    else:
        _apply(world, schedule, phase, phase["proration_behavior"])
    schedule["current_phase"] = {"start_date": phase["start_date"], "end_date": phase["end_date"]}
    events.note_update(world, schedule, before)


def _apply(world: World, schedule: Thing, phase: Thing, proration_behavior: str) -> None:
    """Make the subscription what the phase says. At the boundary of a period there is nothing to prorate."""
    found = world.get("subscription", schedule["subscription"])
    old = subscription_items.of(found)
    wanted: list[Thing] = []
    for item, each in zip(old, phase["items"], strict=False):
        wanted.append({"id": item["id"], "price": each["price"], "quantity": each["quantity"]})
    wanted += [{"price": each["price"], "quantity": each["quantity"]} for each in phase["items"][len(old) :]]
    wanted += [{"id": item["id"], "deleted": True} for item in old[len(phase["items"]) :]]
    given: Thing = {"items": wanted}
    if phase["metadata"]:
        given["metadata"] = phase["metadata"]
    if phase["discounts"]:
        given["discounts"] = [{name: key for name, key in each.items() if key} for each in phase["discounts"]]
    is_boundary = world.now(found) >= subscription_items.period_of(found)[1]
    if is_boundary:
        subscription_changes.change_at_boundary(world, found, given)
    else:
        subscription_changes.change(world, found, given | {"proration_behavior": proration_behavior})


@route("POST", "subscription_schedules/{schedule}/release", {"preserve_cancel_date": bool})
def release(world: World, given: Thing, schedule: str) -> Thing:
    found = _ask(world, schedule)
    _let_go(world, found, world.get("subscription", found["subscription"]))
    return found


@route("POST", "subscription_schedules/{schedule}/cancel", {"invoice_now": bool, "prorate": bool})
def cancel(world: World, given: Thing, schedule: str) -> Thing:
    found = _ask(world, schedule)
    subscription = world.find("subscription", found["subscription"])
    if subscription and subscription["status"] not in subscriptions.ENDED:
        subscriptions.end(world, subscription, reason="cancellation_requested")
    else:
        found |= {"status": "canceled", "canceled_at": world.now(found)}
        events.note(world, found, "canceled")
    return found


@route("GET", "subscription_schedules/{schedule}")
def retrieve(world: World, given: Thing, schedule: str) -> Thing:
    return world.get("subscription_schedule", schedule)


@route("GET", "subscription_schedules", {**PAGED, "created": SPAN, "customer": str, "scheduled": bool})
def list_all(world: World, given: Thing) -> Thing:
    alike = {"customer": given["customer"]} if given.get("customer") else {}
    found = world.all("subscription_schedule", **alike)
    if given.get("scheduled"):
        found = [each for each in found if each["status"] == "not_started"]
    return answers.page(found, given, "/v1/subscription_schedules")
