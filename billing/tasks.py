"""What the calendar does to credits, and what the payment provider told.

*Called by*: Celery beat and the webhook; each task takes an id at most, and calls verbs that are safe to run twice.
"""

import logging
from uuid import UUID

from celery import shared_task
from kombu.exceptions import OperationalError

from billing import events, ledger, plans, recharges, stripe_api, subscriptions

log = logging.getLogger(__name__)


@shared_task(ignore_result=True)
def expire_credits() -> None:
    """Every minute: give back what abandoned calls hold; let a period end and the next begin within the same minute."""
    ledger.reap()
    plans.grant_due()
    subscriptions.settle_due()
    ledger.expire()


@shared_task(ignore_result=True)
def grant_due() -> None:
    plans.grant_due()


@shared_task(ignore_result=True)
def apply_event(event_id: str) -> None:
    events.apply(event_id)


@shared_task(ignore_result=True)
def apply_waiting_events() -> None:
    """Every half minute: those whose wake-up call was lost, and those whose time to try again has come.

    So too for recharges, whose purchase may have been under way when Stripe went away.
    """
    if stripe_api.is_on():
        for event_id in events.waiting():
            wake(event_id)
        for org_id in recharges.due():
            recharges.attempt(org_id)


@shared_task(ignore_result=True)
def recharge(org_id: str) -> None:
    recharges.attempt(UUID(org_id))


@shared_task(ignore_result=True)
def fetch_missed_events() -> None:
    """Every hour: what no webhook brought."""
    if stripe_api.is_on():
        for event_id in events.fetch_missed():
            wake(event_id)


def wake(event_id: str) -> None:
    """Call a worker. One that is not heard is no loss: the event is stored, and looked for every half minute."""
    try:
        apply_event.apply_async([event_id], retry=False)
    except OperationalError:
        log.warning("no worker could be called for event %s", event_id)


def wake_if_low(org_id: UUID, free_ucr: int) -> None:
    """After a call was paid: is it time to buy more? Asks one row, and only where somebody could be charged."""
    if stripe_api.is_on() and recharges.is_low(org_id, free_ucr):
        try:
            recharge.apply_async([str(org_id)], retry=False)
        except OperationalError:
            log.warning("no worker could be called to recharge %s", org_id)
