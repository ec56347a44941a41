"""What the page about an organization's plan shows, read once.

*Called by*: chat.views.plan. *Keeps true*: nothing is asked of Stripe to show it: the page works
while Stripe is away; whoever is no admin sees the plan and the credits, and no sum of money.
"""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import uuid4

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing import credits, ledger, money, plan_changes, recharges, stripe_api
from billing.models import Account, Invoice, Pack, Plan, Purchase, PurchaseState, Recharge, Subscription
from billing.models.plan import LIST_CURRENCY, Interval
from workspace.models import Member, Space

INVOICES_SHOWN = 24
PROBLEMS = {
    "past_due": gettext_lazy(
        "The last payment did not go through. What was granted stays; nothing new comes until it is made."
    ),
    "unpaid": gettext_lazy(
        "The last payment was given up on. The organization is on Starter from the end of what was paid."
    ),
    "paused": gettext_lazy("The trial ended without a card. Save one to go on."),
}
INVOICE_STATES = {
    "paid": gettext_lazy("Paid"),
    "open": gettext_lazy("Open"),
    "void": gettext_lazy("Void"),
    "uncollectible": gettext_lazy("Given up"),
}


@dataclass(frozen=True)
class Choice:
    """A plan that can be had, with its price in the organization's currency."""

    plan: Plan
    base: str
    seat: str
    is_current: bool


@dataclass
class PlanPage:
    account: Account
    balance: ledger.Balance
    members: int
    is_sold: bool
    subscription: Subscription | None = None
    problem: str = ""
    is_trial: bool = False
    currency: str = LIST_CURRENCY
    currencies: list[str] = field(default_factory=list)
    interval: str = Interval.MONTH
    choices: list[Choice] = field(default_factory=list)
    packs: list[tuple[Pack, str]] = field(default_factory=list)
    invoices: list[tuple[Invoice, str, str]] = field(default_factory=list)
    recharge: Recharge | None = None
    recharge_spent: str = ""
    recharge_most: str = ""
    recharge_max_plain: str = "50"
    waiting: Purchase | None = None
    spaces: list[Space] = field(default_factory=list)
    key: str = field(default_factory=lambda: str(uuid4()))

    @property
    def free(self) -> str:
        return credits.format_ucr(self.balance.free_ucr)

    @property
    def ends_at(self) -> datetime:
        return self.balance.period_ends_at

    @property
    def least_seats(self) -> int:
        return max(self.members, 1)

    @property
    def seats_now(self) -> int:
        return self.subscription.seats if self.subscription else self.least_seats


def of(member: Member, *, interval: str = "", currency: str = "") -> PlanPage:
    account = Account.objects.select_related("plan").get(org=member.org)
    page = PlanPage(
        account=account,
        balance=ledger.balance(member.org_id),
        members=Member.objects.present().filter(org=member.org).count(),
        is_sold=stripe_api.is_on(),
    )
    if not member.is_admin:
        return page
    page.spaces = _spaces(member)
    page.subscription = row = plan_changes.live(member.org)
    page.interval = interval if interval in Interval.values else (row.interval if row else Interval.MONTH)
    plans = list(Plan.objects.prefetch_related("prices"))
    page.currencies = sorted({price.currency for plan in plans for price in plan.prices.all()})
    wanted = account.currency or (currency if currency in page.currencies else LIST_CURRENCY)
    page.currency = row.currency if row else wanted
    page.choices = [choice for plan in plans if (choice := _choice(page, plan))]
    page.invoices = [
        (each, money.text(each.total_minor, each.currency), str(INVOICE_STATES.get(each.status, each.status)))
        for each in Invoice.objects.filter(org=member.org).order_by("-created_at")[:INVOICES_SHOWN]
    ]
    if row:
        page.problem, page.is_trial = str(PROBLEMS.get(row.status, "")), row.status == "trialing"
    if page.is_sold:
        _add_packs(page, member)
    return page


def _spaces(member: Member) -> list[Space]:
    """Those among which an admin may choose, where the plan holds fewer than there are."""
    counted = Space.objects.filter(org=member.org).of_the_plan()
    if not counted.filter(is_beyond_plan=True).exists():
        return []
    return list(counted.visible_to(member).order_by("is_beyond_plan", "name"))


def _choice(page: PlanPage, plan: Plan) -> Choice | None:
    price = plan.price(page.interval, page.currency)
    if price is None:
        return None
    is_current = bool(page.subscription and page.subscription.plan_id == plan.pk)
    return Choice(plan, price.base_text, price.seat_text, is_current)


def _add_packs(page: PlanPage, member: Member) -> None:
    for pack in Pack.objects.prefetch_related("prices"):
        if (minor := pack.amount_minor(page.currency)) is not None:
            page.packs.append((pack, money.text(minor, page.currency)))
    page.recharge = Recharge.objects.select_related("pack").filter(org=member.org).first()
    if page.recharge:
        page.recharge_spent = money.text(recharges.spent_minor(member.org), page.currency)
        page.recharge_max_plain = money.plain(page.recharge.monthly_max_minor, page.currency)
        page.recharge_most = money.text(page.recharge.monthly_max_minor, page.currency)
    page.waiting = Purchase.objects.filter(org=member.org, is_automatic=True, state=PurchaseState.NEEDS_CARD).first()


def why_stopped(recharge: Recharge) -> str:
    return _("It turned itself off: the card was declined three times.") if recharge.stopped_because else ""
