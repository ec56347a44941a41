"""Who an organization is to the payment provider, and which organization something there is about.

*Called by*: billing.events, subscriptions, purchases. *Keeps true*: an organization is one customer for ever; what
a customer has is read there and written here by one at a time, so that an older reading never follows a newer one.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from uuid import UUID

from django.db import connection

from billing import stripe_api
from billing.models import Account
from billing.refusals import NoPool
from workspace.models import Member, Org

# Says what came of a reading, within the transaction that made it so.
Note = Callable[[str], object]


def unnoted(_outcome: str) -> None:
    """Nobody asks."""


@contextmanager
def turn(customer_id: str) -> Iterator[None]:
    """Read and write what one customer has, one at a time.

    No transaction is open while Stripe is asked: the lock is of the connection, and ends with it if that breaks.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", [f"stripe:{customer_id}"])
    try:
        yield
    finally:
        if connection.connection is not None and not connection.needs_rollback:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", [f"stripe:{customer_id}"])


def customer_of(org: Org, payer: Member) -> str:
    """The organization's customer there, made when it first pays."""
    account = Account.objects.filter(org=org).first()
    if account is None:
        raise NoPool
    if account.customer_id is None:
        made = stripe_api.add_customer(str(org.pk), name=org.name, email=payer.user.email if payer.user else "")
        # Whoever came first stays: the other one was never charged.
        Account.objects.filter(org=org, customer_id=None).update(customer_id=made)
        account.refresh_from_db(fields=["customer_id"])
    return str(account.customer_id)


def account_of(customer_id: str) -> Account | None:
    """Whose customer that is; None for one that is not ours."""
    if not customer_id:
        return None
    return Account.objects.select_related("plan", "org").filter(customer_id=customer_id).first()


def locked(org_id: UUID) -> Account:
    """The account, for as long as the transaction lasts."""
    return Account.objects.select_for_update(of=("self",)).select_related("plan", "org").get(org_id=org_id)
