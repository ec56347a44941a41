"""What the calendar does to credits. *Called by*: Celery beat; each task calls verbs that are safe to run twice."""

from celery import shared_task

from billing import ledger, plans


@shared_task(ignore_result=True)
def expire_credits() -> None:
    """Every minute: give back what abandoned calls hold; let a period end and the next begin within the same minute."""
    ledger.reap()
    plans.grant_due()
    ledger.expire()


@shared_task(ignore_result=True)
def grant_due() -> None:
    plans.grant_due()
