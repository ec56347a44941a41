"""What time brings: renewals, trials that end, drafts that are finalized, retries, endings; in their order.

*Called by*: api.py (before each call), control.py, test_clocks.py, the index page. *Keeps true*: whatever is due
happens at its own moment, earliest first, however far time is moved at once.
"""

from collections.abc import Callable, Iterator

from config.local.stripe_stand_in import (
    bank_debits,
    checkout,
    collection,
    events,
    invoice_drafts,
    invoice_lines,
    periods,
    previews,
    schedules,
    subscription_changes,
    subscription_items,
    subscriptions,
)
from config.local.stripe_stand_in.trouble import Thing, invalid
from config.local.stripe_stand_in.world import DAY, World

Due = tuple[int, int, Callable[[], object]]
UPCOMING_DAYS, TRIAL_NOTICE_DAYS = 7, 3
STEPS_MAX = 20_000


def advance(world: World, until: int, *, clock: Thing | None = None) -> None:
    """Move everybody's time (or one test clock) forward, and let happen what is due on the way."""
    if until < (clock["frozen_time"] if clock else world.now()):
        raise invalid("The frozen_time must be later than the current time of the clock.", param="frozen_time")
    for _ in range(STEPS_MAX):
        due = min(_all_due(world, clock), key=lambda each: each[:2], default=None)
        if due is None or due[0] > until:
            break
        _set(world, clock, due[0])
        due[2]()
    else:
        raise invalid("More falls due until then than the stand-in does at once: go in smaller steps.")
    _set(world, clock, until)


def _set(world: World, clock: Thing | None, at: int) -> None:
    if clock:
        clock["frozen_time"] = max(at, clock["frozen_time"])
    else:
        world.moment = at


def catch_up(world: World) -> None:
    """Let happen what fell due while nobody asked, by the clock that runs."""
    now = world.now()
    try:
        advance(world, now)
    finally:
        world.moment = None


def move(world: World, seconds: int) -> None:
    """Move everybody's time; it runs on from there."""
    catch_up(world)
    until = world.now() + seconds
    try:
        advance(world, until)
    finally:
        world.moment = None
    world.offset += seconds


def _all_due(world: World, clock: Thing | None) -> Iterator[Due]:
    for subscription in world.all("subscription"):
        if world.clock_of(subscription) is clock and subscription["status"] not in subscriptions.ENDED:
            yield from _due_of_subscription(world, subscription)
    for invoice in world.all("invoice"):
        if world.clock_of(invoice) is clock:
            yield from _due_of_invoice(world, invoice)
    for schedule in world.all("subscription_schedule"):
        if world.clock_of(schedule) is clock:
            yield from schedules.due(world, schedule)
    if clock is None:
        yield from checkout.due(world)
        yield from bank_debits.due(world)


def _due_of_subscription(world: World, found: Thing) -> Iterator[Due]:
    if found["status"] == "incomplete":
        at = found["created"] + subscriptions.FIRST_PAYMENT_SECONDS
        yield at, 3, lambda: subscriptions.expire(world, found)
        return
    if found["status"] == "paused":
        return
    if found["pending_update"]:
        yield found["pending_update"]["expires_at"], 0, lambda: subscription_changes.expire_pending(world, found)
    start, end = subscription_items.period_of(found)
    if found["cancel_at"]:
        yield found["cancel_at"], 1, lambda: subscriptions.end(world, found)
    ends_then = found["cancel_at"] and found["cancel_at"] <= end
    if not ends_then:
        yield end, 2, lambda: renew(world, found)
        if found.get("_told_upcoming") != end and found["status"] != "trialing":
            yield max(start, end - UPCOMING_DAYS * DAY), 4, lambda: _tell_upcoming(world, found, end)
    if found["status"] == "trialing" and not found.get("_told_trial"):
        at = max(found["trial_start"], found["trial_end"] - TRIAL_NOTICE_DAYS * DAY)
        yield at, 4, lambda: _tell_trial(world, found)


def _due_of_invoice(world: World, invoice: Thing) -> Iterator[Due]:
    if invoice["status"] == "draft" and invoice["auto_advance"] and invoice["automatically_finalizes_at"]:
        yield invoice["automatically_finalizes_at"], 5, lambda: collection.finalize_due(world, invoice)
    elif invoice["status"] == "open" and invoice["next_payment_attempt"]:
        yield invoice["next_payment_attempt"], 6, lambda: collection.retry(world, invoice)


def _tell_trial(world: World, found: Thing) -> None:
    found["_told_trial"] = True
    events.note(world, found, "trial_will_end")


def _tell_upcoming(world: World, found: Thing, end: int) -> None:
    """The next invoice as it would be now. It has no id, and is not kept."""
    found["_told_upcoming"] = end
    invoice = previews.renewal(world, found)
    del invoice["id"]
    events.note(world, invoice, "upcoming")


def renew(world: World, found: Thing) -> None:
    """The period is over: the next one begins, and its invoice is drafted."""
    before = events.remember(found)
    start, end = subscription_items.period_of(found)
    items = subscription_items.of(found)
    interval, count = subscription_items.rhythm(items[0]["price"])
    if found["status"] == "trialing" and not _begin_after_trial(world, found):
        return
    subscription_items.set_period(found, (end, periods.next_after(found["billing_cycle_anchor"], interval, count, end)))
    invoice = draft_renewal(world, found, (start, end))
    is_frozen = found["status"] == "unpaid"
    invoice["automatically_finalizes_at"] = None if is_frozen else world.now(found) + world.options.draft_seconds
    invoice["auto_advance"] = not is_frozen
    events.note_update(world, found, before)
    if not world.options.draft_seconds and not is_frozen:
        collection.finalize_due(world, invoice)


def draft_renewal(world: World, found: Thing, last: tuple[int, int]) -> Thing:
    """The invoice of the period that has just begun, with what waited for it."""
    period = subscription_items.period_of(found)
    lines = [invoice_lines.of_item(world, found, item, period) for item in subscription_items.of(found)]
    for pending in invoice_lines.take_pending(world, found["customer"], subscription=found["id"]):
        lines.insert(0, invoice_lines.of_pending(world, pending))
    return invoice_drafts.draft(
        world,
        world.get("customer", found["customer"]),
        lines,
        reason="subscription_cycle",
        currency=found["currency"],
        period=last,
        subscription=found,
        _days_until_due=found["days_until_due"],
    )


def _begin_after_trial(world: World, found: Thing) -> bool:
    """The trial is over. Without a card it goes on, pauses or ends, as its settings say."""
    customer = world.get("customer", found["customer"])
    has_card = found["default_payment_method"] or customer["invoice_settings"]["default_payment_method"]
    otherwise = found["trial_settings"]["end_behavior"]["missing_payment_method"]
    if not has_card and otherwise == "cancel":
        subscriptions.end(world, found)
        return False
    if not has_card and otherwise == "pause":
        before = events.remember(found)
        found["status"] = "paused"
        events.note(world, found, "paused", before=before)
        return False
    found["status"] = "active"
    return True
