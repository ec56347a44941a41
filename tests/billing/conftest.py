"""The cast of the money tests: an organization with a pool, prices from the book, and a desk where calls are paid.

*Called by*: the tests beside it. *Keeps true*: every desk closes with an audit; no test can leave the books broken.
"""

import itertools
from collections.abc import Callable, Iterator
from datetime import UTC, timedelta
from decimal import Decimal
from uuid import UUID, uuid4

import pytest
from django.utils import timezone

from billing import books, ledger, prices
from billing.models import Lot, Price
from billing.plans import period_start
from catalog.models import AIModel, Offer, Provider
from workspace.models import Org

CREDIT = 1_000_000

# Credits per million tokens: input, cached, cache write, output.
RATES = {
    "pro": ("250", "125", None, "1000"),
    "fast": ("15", "7.5", "18.75", "60"),
    "nano": ("0.4", None, None, "1.6"),
    # One ucr an output token, ten thousand an input token: any amount can be asked for exactly.
    "exact": ("10000", None, None, "1"),
}
UCR_PER_EXACT_INPUT = 10_000


class Desk:
    """One organization, and short words for what is done with its credits."""

    def __init__(self, org: Org, price: Callable[[str], Price]) -> None:
        self.org, self.price = org, price
        self._calls = itertools.count(1)

    def grant(self, amount_ucr: int, kind: str = "topup", key: str = "", **rest: object) -> str:
        key = key or f"{kind}:{uuid4()}"
        assert ledger.grant(self.org.pk, kind=kind, amount_ucr=amount_ucr, source_key=key, **rest)  # type: ignore[arg-type]
        return key

    def hold(self, amount_ucr: int, call: str = "", **rest: object) -> ledger.Held:
        """Hold exactly this much, or be refused."""
        tokens = _tokens(amount_ucr)
        return self.ask("exact", *tokens, call=call, min_output_tokens=tokens[1], **rest)

    def ask(self, names: str, input_tokens: int, output_tokens: int, call: str = "", **rest: object) -> ledger.Held:
        """Hold for a call on the route of these models: "pro fast"."""
        return ledger.hold(
            self.org.pk,
            call=call or f"reply:{self.org.slug}-{next(self._calls)}",
            price_ids=[self.price(name).pk for name in names.split()],
            input_tokens=input_tokens,
            max_output_tokens=output_tokens,
            **rest,  # type: ignore[arg-type]
        )

    def settle(self, call: str, amount_ucr: int, **rest: object) -> ledger.Settled:
        """Settle with a usage that comes to exactly this much."""
        prompt, completion = _tokens(amount_ucr)
        return self.bill(call, self.used("exact", prompt, completion), **rest)

    def bill(self, call: str, *attempts: ledger.Attempt, **rest: object) -> ledger.Settled:
        return ledger.settle(self.org.pk, call=call, attempts=attempts, **rest)  # type: ignore[arg-type]

    def spend(self, amount_ucr: int, **rest: object) -> ledger.Settled:
        return self.settle(self.hold(amount_ucr, **rest).call, amount_ucr)

    def used(self, name: str, prompt: int, completion: int, number: int = 1, **rest: object) -> ledger.Attempt:
        plain = {"is_delivered": True, "usage_source": "reported"} | rest
        if "price_id" not in plain:
            plain["price_id"] = self.price(name).pk
        return ledger.Attempt(
            number=number,
            provider="scripted",
            model=name,
            prompt_tokens=prompt,
            completion_tokens=completion,
            **plain,  # type: ignore[arg-type]
        )

    @property
    def free(self) -> int:
        return ledger.balance(self.org.pk).free_ucr

    @property
    def held(self) -> int:
        return ledger.balance(self.org.pk).held_ucr

    def lot(self, key: str) -> Lot:
        return Lot.objects.get(source_key=key)


def _tokens(amount_ucr: int) -> tuple[int, int]:
    """Input and output tokens of the model "exact" that come to this amount; an answer is never empty."""
    prompt, completion = divmod(amount_ucr, UCR_PER_EXACT_INPUT)
    if completion == 0 and prompt:
        prompt, completion = prompt - 1, UCR_PER_EXACT_INPUT
    return prompt, completion


@pytest.fixture
def price() -> Callable[[str], Price]:
    """The price of one of the models above, published when first asked for."""
    known: dict[str, Price] = {}

    def find(name: str) -> Price:
        if name not in known:
            offer = make_offer(name, *(rate and Decimal(rate) / 100 for rate in RATES[name]))
            prices.publish([offer.pk])
            known[name] = prices.current([offer.pk])[offer.pk]
        return known[name]

    return find


def make_offer(name: str, input_usd: object, cached_usd: object, cache_write_usd: object, output_usd: object) -> Offer:
    """An offer at these US$ per million tokens."""
    host, _ = Provider.objects.get_or_create(slug="scripted", defaults={"name": "Scripted", "is_enabled": True})
    ai_model, _ = AIModel.objects.get_or_create(key=name, defaults={"handle": name, "name": name})
    return Offer.objects.create(
        provider=host,
        ai_model=ai_model,
        offer_id=f"{name}-{uuid4()}",
        name=name,
        input_usd_per_mtok=input_usd,
        cached_usd_per_mtok=cached_usd,
        cache_write_usd_per_mtok=cache_write_usd,
        output_usd_per_mtok=output_usd,
    )


@pytest.fixture
def make_desk(price: Callable[[str], Price]) -> Iterator[Callable[..., Desk]]:
    def make(amount_ucr: int = 0, slug: str = "") -> Desk:
        org = Org.objects.create(name="Juniper", slug=slug or f"juniper-{uuid4().hex[:8]}")
        ledger.open_pool(org.pk, anchor_at=timezone.now())
        desk = Desk(org, price)
        if amount_ucr:
            desk.grant(amount_ucr)
        return desk

    yield make
    assert not books.breaches()


@pytest.fixture
def desk(db: None, make_desk: Callable[..., Desk]) -> Desk:
    """A hundred credits."""
    return make_desk(100 * CREDIT)


@pytest.fixture
def empty_desk(db: None, make_desk: Callable[..., Desk]) -> Desk:
    return make_desk()


@pytest.fixture
def committed_desk(committed_db: None, make_desk: Callable[..., Desk]) -> Desk:
    """A hundred credits, for threads."""
    return make_desk(100 * CREDIT)


@pytest.fixture
def somebody() -> UUID:
    return uuid4()


@pytest.fixture
def closing_desk(empty_desk: Desk) -> Desk:
    """A hundred credits, in a period that ends within a fifth of a second."""
    now = timezone.now().astimezone(UTC)
    org = type(empty_desk.org).objects.create(name="Closing", slug=f"closing-{uuid4().hex[:8]}")
    ledger.open_pool(org.pk, anchor_at=period_start(now + timedelta(milliseconds=200), -1))
    desk = Desk(org, empty_desk.price)
    desk.grant(100 * CREDIT)
    return desk
