"""Auto-recharge: a pack is bought by itself when credits run low, on the card that was saved.

*Called by*: billing.tasks, the plan page. *Keeps true*: of one organization one is under way; the sum of a calendar
month (UTC) stays within its maximum; after three refusals in a row it is off; where the bank wants to hear from the
cardholder nothing is charged, and admins get a page to pay on. *Why* tries have numbers: sent twice, one is paid once.
"""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import F, Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from billing import customers, ledger, money, payment_letters, purchases, stripe_api
from billing.models import Account, Pack, Purchase, PurchaseState, Recharge
from billing.models.plan import LIST_CURRENCY
from billing.stripe_refusals import CardDeclined, NeedsCardholder
from workspace import access, audit
from workspace.errors import Invalid
from workspace.models import Member, Org

FAILURES_MOST = 3
# After a refusal; the card may have been mended by then, and is not tried three times within a minute.
WAIT = timedelta(hours=1)
COUNTED = (PurchaseState.OPEN, PurchaseState.NEEDS_CARD, PurchaseState.PAID)


@transaction.atomic
def set_up(admin: Member, *, is_on: bool, threshold_ucr: int, pack: str, monthly_max_minor: int) -> Recharge:
    """Say when to buy which pack, and up to which sum a month. Turning it on begins anew after refusals."""
    access.require_admin(admin)
    account = customers.locked(admin.org_id)
    found = Pack.objects.filter(slug=pack).first()
    price = found.amount_minor(account.currency or LIST_CURRENCY) if found else None
    if found is None or price is None:
        raise Invalid(_("That pack is not for sale here."))
    if threshold_ucr < 0:
        raise Invalid(_("The threshold is a number of credits, at least 0."))
    if monthly_max_minor < price:
        least = money.text(price, account.currency or LIST_CURRENCY)
        raise Invalid(_("The most for a month is less than one pack costs ({price}).").format(price=least))
    if is_on and not account.customer_id:
        raise Invalid(_("Buy a pack or a plan first: that is how a card is saved."))
    told = {"threshold_ucr": threshold_ucr, "pack_id": pack, "monthly_max_minor": monthly_max_minor}
    row, _new = Recharge.objects.update_or_create(
        org_id=admin.org_id, defaults={**told, "is_on": is_on, "failures": 0, "stopped_because": ""}
    )
    audit.record(admin.org, admin, "recharge.changed", pack, is_on=is_on, monthly_max_minor=monthly_max_minor)
    return row


def due() -> list[UUID]:
    """Organizations with fewer credits than they want, whose recharge is on."""
    low = Recharge.objects.filter(is_on=True, org__pool__free_ucr__lt=F("threshold_ucr"))
    return list(low.order_by("org_id").values_list("org_id", flat=True))


def is_low(org_id: UUID, free_ucr: int) -> bool:
    return Recharge.objects.filter(org_id=org_id, is_on=True, threshold_ucr__gt=free_ucr).exists()


def attempt(org_id: UUID, now: datetime | None = None) -> str:
    """Buy the pack if it is wanted still; returns what came of it. Safe to run twice, also at once.

    While Stripe is away the purchase stays under way, and the next attempt sends the very same payment again.
    """
    now = now or timezone.now()
    customer_id = Account.objects.filter(org_id=org_id).values_list("customer_id", flat=True).first()
    if not customer_id:
        return "no customer"
    with customers.turn(customer_id):
        begun = _begin(org_id, now)
        if isinstance(begun, str):
            return begun
        purchase, number = begun
        try:
            return _charge(purchase, customer_id, number)
        except NeedsCardholder:
            return _ask_cardholder(purchase, customer_id)
        except CardDeclined as refusal:
            return _note_refusal(purchase, str(refusal.details.get("problem", "")))


@transaction.atomic
def _begin(org_id: UUID, now: datetime) -> tuple[Purchase, int] | str:
    """The purchase to pay and the number of this try; or why there is none."""
    account = customers.locked(org_id)
    recharge = Recharge.objects.select_for_update(of=("self",)).select_related("pack").filter(org_id=org_id).first()
    if recharge is None or not recharge.is_on:
        return "off"
    automatic = Purchase.objects.filter(org_id=org_id, is_automatic=True)
    if waiting := automatic.filter(state=PurchaseState.OPEN).select_related("pack", "org").first():
        return waiting, recharge.tries
    if automatic.filter(state=PurchaseState.NEEDS_CARD).exists():
        return "waits for the cardholder"
    if ledger.balance(org_id).free_ucr >= recharge.threshold_ucr:
        return "enough credits"
    newest = automatic.order_by("-created_at").first()
    if newest and newest.state == PurchaseState.FAILED and newest.created_at > now - WAIT:
        return "was refused a moment ago"
    currency = account.currency or LIST_CURRENCY
    price = recharge.pack.amount_minor(currency)
    if price is None or spent_minor(account.org, now) + price > recharge.monthly_max_minor:
        return "the most for this month is reached"
    recharge.tries += 1
    recharge.save(update_fields=["tries"])
    bought = Purchase.objects.create(
        org=account.org, pack=recharge.pack, is_automatic=True, amount_minor=price, currency=currency, created_at=now
    )
    return bought, recharge.tries


def spent_minor(org: Org, now: datetime | None = None) -> int:
    """What was bought by itself in this calendar month, and what is under way."""
    start = (now or timezone.now()).astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    counted = Purchase.objects.filter(org=org, is_automatic=True, state__in=COUNTED, created_at__gte=start)
    return counted.aggregate(sum=Sum("amount_minor"))["sum"] or 0


def _charge(purchase: Purchase, customer_id: str, number: int) -> str:
    live = purchase.org.subscriptions.filter(ended_at=None).first()
    card = stripe_api.saved_card(customer_id, subscription_id=live.pk if live else "")
    if not card:
        raise CardDeclined(problem="no_card")
    payment = stripe_api.charge(
        customer_id,
        amount_minor=purchase.amount_minor,
        currency=purchase.currency,
        card=card,
        metadata=purchases.marks(purchase),
        words=f"{purchase.pack.credits:,} credits",
        key=f"ar:{purchase.org_id}:{number}",
    )
    Recharge.objects.filter(org_id=purchase.org_id).update(failures=0, stopped_because="")
    return purchases.read(customer_id, payment.id)


def _ask_cardholder(purchase: Purchase, customer_id: str) -> str:
    """Nothing was charged: admins get a page on which the same pack is paid by hand."""
    back = purchases.return_url(f"/orgs/{purchase.org.slug}/plan/")
    session = purchases.visit(
        purchase,
        customer_id,
        done_url=f"{back}done/?session={{CHECKOUT_SESSION_ID}}",
        back_url=back,
        key=f"ar:{purchase.pk}:page",
    )
    Purchase.objects.filter(pk=purchase.pk).update(state=PurchaseState.NEEDS_CARD, problem="authentication_required")
    payment_letters.send_to_admins(purchase.org, payment_letters.NEEDS_CARD, url=session.url)
    return "waits for the cardholder"


@transaction.atomic
def _note_refusal(purchase: Purchase, problem: str) -> str:
    Purchase.objects.filter(pk=purchase.pk).update(state=PurchaseState.FAILED, problem=problem)
    recharge = Recharge.objects.select_for_update().get(org_id=purchase.org_id)
    recharge.failures += 1
    is_over = recharge.failures >= FAILURES_MOST
    if is_over:
        recharge.is_on, recharge.stopped_because = False, problem or "card_declined"
    recharge.save(update_fields=["failures", "is_on", "stopped_because"])
    if is_over:
        audit.record(purchase.org, None, "recharge.stopped", purchase.pack_id, problem=problem)
        url = purchases.return_url(f"/orgs/{purchase.org.slug}/plan/")
        transaction.on_commit(
            lambda: payment_letters.send_to_admins(purchase.org, payment_letters.STOPPED, url=url), robust=True
        )
    return "refused, and off now" if is_over else "refused"
