"""What the calendar does to credits, and what the payment provider told.

*Called by*: Celery beat and the webhook; each task takes an id at most, and calls verbs that are safe to run twice.
"""

import logging

from celery import shared_task
from kombu.exceptions import OperationalError

from billing import events, ledger, plans, stripe_api, subscriptions

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
    """Every half minute: those whose wake-up call was lost, and those whose time to try again has come."""
    if stripe_api.is_on():
        for event_id in events.waiting():
            wake(event_id)


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
