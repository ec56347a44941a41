"""The till: an organization, Stripe's stand-in, and short words for what people do at both.

*Called by*: the tests beside it. *Keeps true*: every outgoing call is looked at with Stripe's own types; every story ends
with an audit of the books.
"""

import sys
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from stripe._stripe_service import StripeService

from billing import books, customers, events, ledger, plan_changes, purchases, storefront, stripe_api
from billing.models import Account, Lot, Subscription
from tests.billing.stripe import parameters
from tests.doubles.stripe import StripeStandIn

CREDIT = 1_000_000
SAVES_THEN_DECLINES = "pm_card_chargeCustomerFail"
THREE_D_SECURE = "pm_card_authenticationRequired"
HERE = "http://127.0.0.1:8000/plan/"


class Till:
    def __init__(self, stand_in: StripeStandIn, who: Any) -> None:
        self.stand_in, self.who, self.org = stand_in, who, who.org

    @property
    def account(self) -> Account:
        return Account.objects.select_related("plan").get(org=self.org)

    @property
    def row(self) -> Subscription:
        return Subscription.objects.get(org=self.org)

    @property
    def customer(self) -> str:
        return customers.customer_of(self.org, self.who.ana)

    @property
    def free(self) -> float:
        return ledger.balance(self.org.pk).free_ucr / CREDIT

    def lots(self) -> list[tuple[str, float]]:
        """Kind and credits of every lot, oldest first."""
        return [(lot.kind, lot.granted_ucr / CREDIT) for lot in Lot.objects.filter(org_id=self.org.pk).order_by("id")]

    def checkout(self, plan: str = "team", *, seats: int = 4, interval: str = "month", currency: str = "") -> str:
        wanted = plan_changes.wish(self.org, plan=plan, interval=interval, seats=seats)
        return plan_changes.subscribe(
            self.who.ana,
            wanted,
            currency=currency,
            done_url=f"{HERE}done/?session={{CHECKOUT_SESSION_ID}}",
            back_url=HERE,
            key=str(uuid4()),
        )

    def subscribe(self, plan: str = "team", *, number: str = "4242 4242 4242 4242", **rest: Any) -> str:
        """Pay on the page, and be back; returns the id of the session."""
        status, back, page = self.stand_in.submit(self.checkout(plan, **rest), number=number)
        assert status in (302, 303), page
        return back.partition("session=")[2]

    def subscribed(self, plan: str = "team", **rest: Any) -> Subscription:
        plan_changes.finish(self.org, self.subscribe(plan, **rest))
        return self.row

    def change(self, *, plan: str = "team", seats: int = 4, interval: str = "month", **rest: Any) -> Subscription:
        wanted = plan_changes.wish(self.org, plan=plan, interval=interval, seats=seats)
        return plan_changes.change(self.who.ana, wanted, key=str(uuid4()), **rest)

    def top_up(self, pack: str = "credits-1000", *, number: str = "4242 4242 4242 4242") -> str:
        url = purchases.begin(
            self.who.ana,
            pack,
            done_url=f"{HERE}done/?session={{CHECKOUT_SESSION_ID}}",
            back_url=HERE,
            key=str(uuid4()),
        )
        status, back, page = self.stand_in.submit(url, number=number)
        assert status in (302, 303), page
        return back.partition("session=")[2]

    def hear(self) -> list[str]:
        """Fetch every event that happened, and apply them; returns what came of each."""
        new = events.fetch_missed()
        return [events.apply(event_id) for event_id in new]


@pytest.fixture
def stand_in() -> Iterator[StripeStandIn]:
    double = StripeStandIn.start(seed="")
    yield double
    double.stop()


@pytest.fixture
def stripe_on(stand_in: StripeStandIn, settings: Any) -> StripeStandIn:
    for name, value in stand_in.environment.items():
        setattr(settings, name, value)
    return stand_in


@pytest.fixture
def till(db: None, stripe_on: StripeStandIn, watched: list[str], make_org: Any) -> Iterator[Till]:
    """An organization on Starter, and a shop whose prices are set up."""
    list(storefront.set_up())
    yield Till(stripe_on, make_org(plan="starter"))
    assert not watched
    assert not books.breaches()


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What Stripe's own types say against the calls of this test; the package is listened to, nothing of ours."""
    told: list[str] = []
    request = StripeService._request

    def listen(self: Any, method: str, url: str, **rest: Any) -> Any:
        verb = sys._getframe(1).f_code.co_name
        kind = parameters.params_of(type(self), verb)
        if rest.get("params"):
            name = f"{type(self).__name__}.{verb}"
            told.extend(parameters.wrong(rest["params"], kind, name, kind.__module__) if kind else [f"{name}: no type"])
        if method == "post" and not (rest.get("options") or {}).get("idempotency_key"):
            if not url.endswith("create_preview"):
                told.append(f"{url}: a write without a key")
        return request(self, method, url, **rest)

    monkeypatch.setattr(StripeService, "_request", listen)
    return told


@pytest.fixture
def price_of() -> Any:
    return stripe_api.price


def use_card(till: Till, card: str) -> None:
    """Put another card on the customer, as the Portal would."""
    method = stripe_api.ask("payment_methods.attach", card, key=str(uuid4()), customer=till.customer)
    stripe_api.ask(
        "customers.update",
        till.customer,
        key=str(uuid4()),
        invoice_settings={"default_payment_method": method["id"]},
    )
    stripe_api.ask("subscriptions.update", till.row.id, key=str(uuid4()), default_payment_method=method["id"])
