"""What the payment provider tells: stored as it came, then applied once by a worker, after asking what is true now.

*Called by*: the webhook, billing.tasks, the operator's page. *Keeps true*: an event is stored once; it is applied
in one transaction with the note that it was; one that cannot be applied is tried again later, and its page says why.
*Why* the payload is only a pointer: events come late, twice and in any order.
"""

import json
import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from django.db import connection, transaction
from django.db.models import Max
from django.utils import timezone

from billing import customers, purchases, stripe_api, subscriptions
from billing.customers import Note
from billing.models import StripeEvent
from billing.stripe_facts import EventFacts, Thing, id_of
from workspace.errors import Refused

log = logging.getLogger(__name__)

NOTHING = "nothing to do"
# Told again by the sweep: an event may be made a little before its `created` is listed.
OVERLAP = timedelta(hours=2)
OLDEST = timedelta(days=29)
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=10), timedelta(hours=6)
AT_ONCE = 200


def store(event: EventFacts, *, signature: str = "") -> bool:
    """Keep the event. False when it was told before: then nothing changes."""
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO billing_stripeevent (id, type, created_at, payload, signature, outcome, tries, next_try_at)
            VALUES (%s, %s, %s, %s, %s, '', 0, %s) ON CONFLICT (id) DO NOTHING""",
            [
                *(event.id[:255], event.type[:100], event.created_at, json.dumps(event.payload), signature[:300]),
                timezone.now() + FIRST_WAIT,
            ],
        )
        return cursor.rowcount == 1


def is_copy(event: EventFacts, signature: str) -> bool:
    """Whether this very delivery came before: the provider signs each of its own tries anew."""
    return StripeEvent.objects.filter(pk=event.id, signature=signature[:300]).exclude(signature="").exists()


def apply(event_id: str) -> str:
    """Apply a stored event; returns what came of it. Applied before, it is left alone."""
    row = StripeEvent.objects.filter(pk=event_id, applied_at=None).first()
    if row is None:
        return ""
    try:
        return _apply(row)
    except Refused as refusal:
        _put_off(row, f"{refusal.code}: {refusal.details.get('said') or refusal.message}")
    except Exception as error:
        _put_off(row, f"{type(error).__name__}: {error}")
        raise
    return ""


def _apply(row: StripeEvent) -> str:
    about: Thing = (row.payload.get("data") or {}).get("object") or {}
    reader = READERS.get(row.type.rpartition(".")[0]) or READERS.get(row.type.split(".")[0])
    customer_id = id_of(about if about.get("object") == "customer" else about.get("customer"))
    if reader is None or not id_of(about):
        return _note(row, NOTHING)
    customer_id = customer_id or _customer_behind(about)
    with customers.turn(customer_id):
        account = customers.account_of(customer_id)
        if account is None:
            return _note(row, f"{NOTHING}: no organization here is that customer")
        StripeEvent.objects.filter(pk=row.pk).update(org_id=account.org_id)
        return reader(customer_id, about, partial(_note, row)) or _note(row, NOTHING)


def _customer_behind(about: Thing) -> str:
    """A dispute names no customer: its payment does."""
    payment_id = id_of(about.get("payment_intent"))
    return stripe_api.payment(payment_id).customer_id if payment_id else ""


def _of_subscription(customer_id: str, about: Thing, note: Note) -> str:
    return subscriptions.read(customer_id, id_of(about), note=note)


def _of_invoice(customer_id: str, about: Thing, note: Note) -> str:
    invoice = stripe_api.invoice(id_of(about))
    return subscriptions.read(customer_id, invoice.subscription_id, invoice.id, note=note)


def _of_payment(customer_id: str, about: Thing, note: Note) -> str:
    """A payment, or a charge, refund or dispute of one."""
    payment_id = id_of(about) if about.get("object") == "payment_intent" else id_of(about.get("payment_intent"))
    return purchases.read(customer_id, payment_id, note=note) if payment_id else ""


def _of_session(customer_id: str, about: Thing, note: Note) -> str:
    session = stripe_api.checkout(id_of(about))
    if session.mode == "subscription":
        return subscriptions.read(customer_id, session.subscription_id, note=note) if session.subscription_id else ""
    return purchases.read_session(customer_id, session, note=note)


def _of_schedule(customer_id: str, about: Thing, note: Note) -> str:
    subscription_id = id_of(about.get("subscription")) or id_of(about.get("released_subscription"))
    return subscriptions.read(customer_id, subscription_id, note=note) if subscription_id else ""


# By what a type begins with; those that are not here are about nothing of ours.
READERS: dict[str, Callable[[str, Thing, Note], str]] = {
    "customer.subscription": _of_subscription,
    "invoice": _of_invoice,
    "checkout.session": _of_session,
    "payment_intent": _of_payment,
    "charge": _of_payment,
    "charge.dispute": _of_payment,
    "charge.refund": _of_payment,
    "refund": _of_payment,
    "subscription_schedule": _of_schedule,
}


def _note(row: StripeEvent, outcome: str) -> str:
    """Within the transaction that did it."""
    StripeEvent.objects.filter(pk=row.pk).update(
        applied_at=timezone.now(), outcome=outcome[:300], next_try_at=None, tries=row.tries + 1
    )
    return outcome


def _put_off(row: StripeEvent, why: str) -> None:
    """Try again, less and less often."""
    wait = min(FIRST_WAIT * 2 ** min(row.tries, 20), LONGEST_WAIT)
    log.warning("event %s was not applied: %s", row.pk, why)
    StripeEvent.objects.filter(pk=row.pk, applied_at=None).update(
        tries=row.tries + 1, next_try_at=timezone.now() + wait, outcome=why[:300]
    )


def waiting(now: datetime | None = None) -> list[str]:
    """Ids of those that are due, oldest first."""
    due = StripeEvent.objects.filter(applied_at=None, next_try_at__lte=now or timezone.now())
    return list(due.order_by("created_at").values_list("pk", flat=True)[:AT_ONCE])


def fetch_missed(now: datetime | None = None) -> list[str]:
    """Ask for everything since the newest event that is known, and store what never came; returns the new ids."""
    now = now or timezone.now()
    newest = StripeEvent.objects.aggregate(at=Max("created_at"))["at"]
    since = max(newest - OVERLAP, now - OLDEST) if newest else now - OLDEST
    missed = [event for event in stripe_api.events(since=since) if store(event)]
    return [event.id for event in reversed(missed)]


@transaction.atomic
def replay(event_id: str) -> None:
    """Let an event be applied once more: it is read anew, and what it brought before is not brought again."""
    row = StripeEvent.objects.select_for_update().get(pk=event_id)
    row.applied_at, row.next_try_at, row.tries = None, timezone.now(), 0
    row.save(update_fields=["applied_at", "next_try_at", "tries"])
