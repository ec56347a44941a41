"""One organization's life with its credits, played on the ledger and on a model of it at once.

*Called by*: test_pool_story.py, test_broken_ledger.py. *Keeps true*: after every step the audit finds nothing, and each
lot, call, cap and sum is what the model says, to the micro-credit. Whatever else moves credits joins as a subclass with
rules of its own: it does the same to `self.pool` as to the product, and is compared with the rest.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from django.db import transaction
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from billing import books, ledger, plans, prices
from billing.models import Account, Cap, Hold, Lot, Plan, Pool, Price
from billing.refusals import CapReached, ForeignCall, NoCredits
from catalog.models import Offer
from workspace.models import Org

from . import pool_model
from .pool_model import NEVER, Used
from .scratch import Clock

CREDIT = 1_000_000
# What the sweeps of every minute see to: true again after the next one.
SWEPT = {
    "an open call has not run out for more than two minutes",
    "nothing is free in a lot that ran out ten minutes ago",
}
MEMBERS = [UUID(int=number) for number in (1, 2)]
SPACES = [UUID(int=number) for number in (11, 12)]
KEYS = [UUID(int=21)]
ROUTES = ["pro", "fast", "nano", "pro fast", "fast nano"]

amounts = st.integers(1, 12 * CREDIT)
limits = st.sampled_from([0, CREDIT, 5 * CREDIT, 50 * CREDIT])
tokens = st.integers(0, 20_000)
who = st.fixed_dictionaries(
    {
        "member": st.sampled_from([None, *MEMBERS]),
        "space": st.sampled_from([None, *SPACES]),
        "key": st.sampled_from([None, *KEYS]),
    }
)
capped = st.sampled_from(
    [*(("member", one) for one in MEMBERS), *(("space", one) for one in SPACES), *(("key", one) for one in KEYS)]
)
anchors = st.one_of(
    st.builds(
        lambda zone, minutes: datetime(2027, 1, 31, tzinfo=ZoneInfo(zone)) + timedelta(minutes=minutes),
        st.sampled_from(["Pacific/Kiritimati", "Pacific/Pago_Pago", "Asia/Taipei", "America/St_Johns", "UTC"]),
        st.integers(0, 24 * 60 - 1),
    ),
    st.datetimes(datetime(2026, 1, 1), datetime(2028, 12, 31), timezones=st.just(UTC)),  # noqa: DTZ001
)


def verb(weight: int = 1, **draws: st.SearchStrategy[Any]) -> Callable[[Any], Any]:
    """Something that can happen, and what it is drawn from. Not a rule of its own: of those Hypothesis leaves some out."""

    def note(method: Any) -> Any:
        method.weight, method.draws = weight, draws
        return method

    return note


class PoolStory(RuleBasedStateMachine):
    """`offers` names the models that can be called; they are in the database before the story begins."""

    offers: dict[str, Offer]
    data: st.DataObject

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock()
        self.patch = self.clock.running()
        self.patch.__enter__()
        self.atomic = transaction.atomic()
        self.atomic.__enter__()
        self.is_swept = True
        # Calls that only a subclass's own verbs begin and end.
        self.reserved: set[str] = set()

    @initialize(
        anchor=anchors,
        later=st.integers(0, 40 * 86_400),
        plan=st.sampled_from(["starter", "team"]),
        left=st.sampled_from([CREDIT // 2, 5 * CREDIT, 20 * CREDIT, 100 * CREDIT]),
    )
    def found(self, anchor: datetime, later: int, plan: str, left: int) -> None:
        self.clock.set(anchor)
        self.org = self._make_org()
        self.other = Org.objects.create(name="Other", slug=f"other-{uuid4().hex[:8]}")
        ledger.open_pool(self.other.pk, anchor_at=anchor)
        self.pool = pool_model.Pool(anchor, anchor)
        plans.enroll(self.org, plan, seats=1, now=anchor)
        self.plan, self.seats = plan, 1
        self._grant_period()
        # Of the plan's credits only so many are left, or no call would ever need more than one lot.
        (key,) = self.pool.lots
        total = self._plan_grant() - left
        assert ledger.revoke(self.org.pk, source_key=key, total_ucr=total) == self.pool.revoke(key, total)
        self._jump(anchor + timedelta(seconds=later))

    @rule(data=st.data())
    def step(self, data: st.DataObject) -> None:
        known = [(name, getattr(type(self), name)) for name in dir(type(self))]
        verbs = [name for name, method in known for _ in range(getattr(method, "weight", 0))]
        self.data = data
        chosen = getattr(self, data.draw(st.sampled_from(verbs)))
        chosen(**{name: data.draw(strategy, label=name) for name, strategy in chosen.draws.items()})

    # --- what is given and taken -------------------------------------------------------------

    @verb(amount=amounts, kind=st.sampled_from(["topup", "promo", "seat"]), days=st.sampled_from([None, -1, 0, 1, 40]))
    def grant(self, amount: int, kind: str, days: int | None) -> None:
        key = f"{kind}:{self.org.pk}:{len(self.pool.lots)}"
        expires_at = None if days is None else self.clock.now + timedelta(days=days)
        given = {"kind": kind, "amount_ucr": amount, "source_key": key, "expires_at": expires_at}
        assert ledger.grant(self.org.pk, **given)  # type: ignore[arg-type]
        assert self.pool.grant(key, kind, amount, expires_at)
        self.is_swept &= days is None or days >= 0

    @verb(amount=amounts)
    def grant_again(self, amount: int) -> None:
        key = self._lot()
        assert not ledger.grant(self.org.pk, kind="topup", amount_ucr=amount, source_key=key)
        assert not self.pool.grant(key, "topup", amount, None)

    @verb(total=amounts, is_told_twice=st.booleans())
    def refund(self, total: int, is_told_twice: bool) -> None:
        key = self._lot()
        for _ in range(1 + is_told_twice):
            assert ledger.revoke(self.org.pk, source_key=key, total_ucr=total) == self.pool.revoke(key, total)

    @verb(is_lost=st.booleans())
    def dispute(self, is_lost: bool) -> None:
        key = self._lot()
        assert ledger.freeze(self.org.pk, source_key=key) == self.pool.freeze(key)
        if is_lost:
            total = self.pool.lots[key].granted
            assert ledger.revoke(self.org.pk, source_key=key, total_ucr=total) == self.pool.revoke(key, total)

    @verb()
    def end_dispute(self) -> None:
        key = self._lot()
        assert ledger.thaw(self.org.pk, source_key=key) == self.pool.thaw(key)

    @verb(plan=st.sampled_from(["starter", "team", "business"]), seats=st.integers(1, 4))
    def change_plan(self, plan: str, seats: int) -> None:
        before = self._plan_grant()
        plans.switch(self.org, plan, seats=seats, now=self.clock.now)
        self.plan, self.seats = plan, seats
        if self._plan_grant() > before:
            self._grant_period()

    # --- calls -------------------------------------------------------------------------------

    @verb(
        6,
        route=st.sampled_from(ROUTES),
        prompt=tokens,
        output=tokens,
        who=who,
        ttl=st.sampled_from([0, 60, 600]),
    )
    def ask(self, route: str, prompt: int, output: int, who: dict[str, object], ttl: int) -> None:
        """Also what a second delivery of the same call does."""
        call = self.data.draw(st.sampled_from([self._fresh] * 6 + self._known[-3:]), label="call")
        price = self._prices(route)
        told = self.pool.hold(call, who, price, prompt, output, ledger.MIN_OUTPUT_TOKENS, ttl)
        size = {"price_ids": list(price), "input_tokens": prompt, "max_output_tokens": output, "ttl_seconds": ttl}
        try:
            held = ledger.hold(self.org.pk, call=call, **size, **_ids(who))  # type: ignore[arg-type]
        except NoCredits:
            assert told == "pool"
        except CapReached as reached:
            assert told == reached.details["limit_of"]
        else:
            known = self.pool.calls[call]
            assert (held.is_new, held.state) == (told == "held", known.state)
            assert (held.amount_ucr, held.max_output_tokens) == (known.amount, known.output)

    @verb(
        6,
        sizes=st.lists(st.tuples(tokens, tokens, tokens, tokens), min_size=1, max_size=2),
        ending=st.sampled_from(["reported", "reported", "estimated", "failed", "own key"]),
        who=who,
    )
    def end(self, sizes: list[tuple[int, int, int, int]], ending: str, who: dict[str, object]) -> None:
        """Finished, stopped, failed: once, twice, after the reaper, or of a call that a crash has lost."""
        call = self._some_call()
        known = self.pool.calls.get(call)
        price = (known and known.prices) or self._prices("pro")
        ids = [None if ending == "own key" else each for each in (list(price) * 2)[: len(sizes)]]
        source = "estimated" if ending == "estimated" else "reported"
        used = [
            Used(one, *size, is_delivered=ending != "failed", source=source)
            for one, size in zip(ids, sizes, strict=True)
        ]
        rows = [_attempt(number, one) for number, one in enumerate(used, 1)]

        settled = ledger.settle(self.org.pk, call=call, attempts=rows, **_ids(who))
        assert settled.is_new == self.pool.settle(call, used, who, price)
        ended = self.pool.calls[call]
        assert (settled.state, settled.charged_ucr, settled.writeoff_ucr) == (
            ended.state,
            ended.charged,
            ended.writeoff,
        )
        assert settled.free_ucr == self.pool.free

    @verb()
    def let_go(self) -> None:
        call = self._some_call()
        is_known = call in self.pool.calls
        assert ledger.release(self.org.pk, call=call) == (is_known and self.pool.settle(call, [], {}, {}))

    @verb(ttl=st.sampled_from([60, 600]))
    def keep(self, ttl: int) -> None:
        names = [self._fresh, *self._known[-4:]]
        assert ledger.extend(names, ttl_seconds=ttl) == self.pool.extend(names, ttl)

    @verb()
    def try_anothers_call(self) -> None:
        if not self._known:
            return
        call = self.data.draw(st.sampled_from(self._known))
        for verb in (
            lambda: ledger.hold(
                self.other.pk, call=call, price_ids=[], own_key=True, input_tokens=1, max_output_tokens=1
            ),
            lambda: ledger.settle(self.other.pk, call=call, attempts=[]),
            lambda: ledger.release(self.other.pk, call=call),
        ):
            try:
                verb()
            except ForeignCall:
                continue
            raise AssertionError("another organization closed a call")

    @verb(name=st.sampled_from(["pro", "fast", "nano"]), times=st.sampled_from([1, 2, 3, 7]))
    def change_price(self, name: str, times: int) -> None:
        offer = self.offers[name]
        Offer.objects.filter(pk=offer.pk).update(input_usd_per_mtok=offer.input_usd_per_mtok * times / 2)
        prices.publish([offer.pk])

    # --- limits ------------------------------------------------------------------------------

    @verb(of=capped, limit=st.none() | limits)
    def cap(self, of: tuple[str, UUID], limit: int | None) -> None:
        ledger.cap(self.org.pk, scope=of[0], scope_id=of[1], limit_ucr=limit)
        self.pool.set_cap(*of, limit)

    @verb(limit=st.none() | limits)
    def cap_everyone(self, limit: int | None) -> None:
        ledger.cap_default(self.org.pk, limit_ucr=limit)
        self.pool.set_member_cap(limit)

    @verb(of=capped, amount=amounts, is_for_good=st.booleans())
    def raise_cap(self, of: tuple[str, UUID], amount: int, is_for_good: bool) -> None:
        had = ledger.cap_raise(self.org.pk, scope=of[0], scope_id=of[1], amount_ucr=amount, is_for_good=is_for_good)
        assert had == self.pool.raise_cap(*of, amount, is_for_good=is_for_good)

    # --- time --------------------------------------------------------------------------------

    @verb(2)
    def sweep(self) -> None:
        """What is done every minute: abandoned calls, lots that ran out, periods that begin."""
        assert ledger.reap() == self.pool.reap()
        ledger.expire()
        self.pool.tidy()
        plans.grant_due()
        if Account.objects.get(org=self.org).next_grant_at != self.granted_until:
            self._grant_period()
        self.is_swept = True

    @verb(seconds=st.sampled_from([-3_600, -1, 1, 59, 600, 86_400, 29 * 86_400, 400 * 86_400]))
    def jump(self, seconds: int) -> None:
        self._jump(self.clock.now + timedelta(seconds=seconds))

    @verb(late=st.sampled_from([timedelta(0), -timedelta(microseconds=1), timedelta(seconds=1)]))
    def jump_to_an_edge(self, late: timedelta) -> None:
        """The very instant at which something ends, or just beside it."""
        edges = {self.pool.ends_at, *(lot.expires_at for lot in self.pool.lots.values())} - {NEVER}
        edges |= {call.expires_at for call in self.pool.calls.values() if call.state == "open"}
        ahead = sorted(edge for edge in edges if edge > self.clock.now)
        self._jump(self.data.draw(st.sampled_from(ahead or [self.clock.now])) + late)

    # --- what must hold ----------------------------------------------------------------------

    @invariant()
    def the_books_add_up(self) -> None:
        assert not [finding for finding in books.breaches() if self.is_swept or finding.name not in SWEPT]

    @invariant()
    def lots_and_sums_are_the_models(self) -> None:
        buckets = ("free", "held", "spent", "expired", "revoked", "frozen", "owed")
        rows = Lot.objects.filter(org_id=self.org.pk).values_list("source_key", *(f"{one}_ucr" for one in buckets))
        assert {key: tuple(rest) for key, *rest in rows} == {
            key: tuple(getattr(lot, one) for one in buckets) for key, lot in self.pool.lots.items()
        }
        pool = Pool.objects.get(org=self.org)
        assert (pool.free_ucr, pool.held_ucr) == (self.pool.free, self.pool.held)
        assert (pool.period_starts_at, pool.period_ends_at) == (self.pool.starts_at, self.pool.ends_at)
        assert (pool.period_base_ucr, pool.period_spent_ucr) == (self.pool.period_base, self.pool.period_spent)

    @invariant()
    def calls_and_caps_are_the_models(self) -> None:
        told = Hold.objects.filter(org_id=self.org.pk)
        rows = told.values_list("call", "state", "amount_ucr", "charged_ucr", "writeoff_ucr", "expires_at")
        assert {name: tuple(rest) for name, *rest in rows} == {
            name: (call.state, call.amount, call.charged, call.writeoff, call.expires_at)
            for name, call in self.pool.calls.items()
        }
        caps = Cap.objects.filter(org_id=self.org.pk)
        figures = caps.values_list("scope", "scope_id", "limit_ucr", "used_ucr", "held_ucr", "extra_ucr", "is_default")
        assert {(scope, scope_id): tuple(rest) for scope, scope_id, *rest in figures} == {
            cap_of: (cap.limit, cap.used, cap.held, cap.extra, cap.is_default) for cap_of, cap in self.pool.caps.items()
        }

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.atomic.__exit__(None, None, None)
        self.patch.__exit__(None, None, None)

    def _make_org(self) -> Org:
        return Org.objects.create(name="Juniper", slug=f"juniper-{uuid4().hex[:8]}")

    def _jump(self, to: datetime) -> None:
        self.is_swept &= to <= self.clock.now
        self.clock.set(to)
        self.pool.now = to

    def _plan_grant(self) -> int:
        return Plan.objects.get(slug=self.plan).grant_ucr(self.seats)

    def _grant_period(self) -> None:
        number, _starts_at, self.granted_until = pool_model.period_of(self.pool.anchor, self.clock.now)
        kind = "starter" if self.plan == "starter" else "plan"
        self.pool.grant(f"{self.plan}:{self.org.pk}:{number}", kind, self._plan_grant(), self.granted_until)
        self.granted_until = max(self.granted_until, self.pool.anchor)

    @property
    def _known(self) -> list[str]:
        return [name for name in self.pool.calls if name not in self.reserved]

    @property
    def _fresh(self) -> str:
        return f"reply:{len(self.pool.calls)}"

    def _some_call(self) -> str:
        """Most often one that is open; sometimes one that has ended, or that nobody has held."""
        is_open = [name for name in self._known if self.pool.calls[name].state == "open"]
        return self.data.draw(st.sampled_from(is_open[-4:] * 3 + self._known[-3:] + [self._fresh]), label="call")

    def _lot(self) -> str:
        return self.data.draw(st.sampled_from(list(self.pool.lots)))

    def _prices(self, route: str) -> dict[int, pool_model.Rates]:
        current = prices.current([self.offers[name].pk for name in route.split()])
        return {price.pk: _rates(price) for price in current.values()}


def _rates(price: Price) -> pool_model.Rates:
    return (
        price.input_ucr_per_mtok,
        price.cached_ucr_per_mtok,
        price.cache_write_ucr_per_mtok,
        price.output_ucr_per_mtok,
    )


def _ids(who: dict[str, object]) -> dict[str, UUID]:
    return {f"{scope}_id": scope_id for scope, scope_id in who.items()}  # type: ignore[misc]


def _attempt(number: int, used: Used) -> ledger.Attempt:
    return ledger.Attempt(
        number=number,
        price_id=used.price,
        provider="scripted",
        model="m",
        is_delivered=used.is_delivered,
        usage_source=used.source,
        prompt_tokens=used.prompt,
        cached_tokens=used.cached,
        cache_write_tokens=used.cache_write,
        completion_tokens=used.completion,
        is_own_key=used.price is None,
    )
