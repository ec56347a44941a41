"""A pool in plain Python: what the ledger promises, said a second time with lists and whole numbers.

*Called by*: test_pool_story.py, which asks both after every step. *Keeps true*: nothing here reads the database, and
nothing is shared with the product but the numbers that go in: rates, amounts, instants.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

MTOK = 1_000_000
PRIORITIES = {"starter": 10, "plan": 10, "seat": 10, "promo": 15, "topup": 20, "adjust": 20}
SCOPES = ("member", "space", "key")
NEVER = datetime.max.replace(tzinfo=UTC)
Rates = tuple[int, int, int, int]  # input, cached, cache write, output: ucr per million tokens


def worst_ucr(rates: Rates, prompt: int, output: int) -> int:
    return -(-(prompt * max(rates[:3]) + output * rates[3]) // MTOK)


def month_later(anchor: datetime, months: int) -> datetime:
    """The same day so many months on, or the last of that month: 31 January, 28 February, 31 March."""
    anchor = anchor.astimezone(UTC)
    month = anchor.month - 1 + months
    first = anchor.replace(year=anchor.year + month // 12, month=month % 12 + 1, day=1)
    last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    return first.replace(day=min(anchor.day, last.day))


def period_of(anchor: datetime, at: datetime) -> tuple[int, datetime, datetime]:
    """Number, beginning and end of the period that this instant is in."""
    number = (at.astimezone(UTC).year - anchor.astimezone(UTC).year) * 12 - 13
    while month_later(anchor, number + 1) <= at:
        number += 1
    return number, month_later(anchor, number), month_later(anchor, number + 1)


@dataclass
class Lot:
    key: str
    kind: str
    granted: int
    expires_at: datetime
    age: int
    free: int = 0
    held: int = 0
    spent: int = 0
    expired: int = 0
    revoked: int = 0
    frozen: int = 0
    owed: int = 0
    is_frozen: bool = False

    @property
    def turn(self) -> tuple[int, datetime, int]:
        return PRIORITIES[self.kind], self.expires_at, self.age


@dataclass
class Call:
    who: dict[str, object]
    prices: dict[int, Rates]
    amount: int
    output: int
    created_at: datetime
    expires_at: datetime
    state: str = "open"
    charged: int = 0
    writeoff: int = 0
    parts: list[tuple[Lot, int]] = field(default_factory=list)


@dataclass
class Cap:
    limit: int
    used: int = 0
    held: int = 0
    extra: int = 0
    is_default: bool = False

    @property
    def room(self) -> int:
        return max(self.limit + self.extra - self.used - self.held, 0)


@dataclass
class Used:
    """What one attempt used, as the provider says."""

    price: int | None
    prompt: int
    cached: int
    cache_write: int
    completion: int
    is_delivered: bool = True
    source: str = "reported"


class Pool:
    def __init__(self, anchor: datetime, now: datetime) -> None:
        self.anchor, self.now = anchor, now
        _number, self.starts_at, self.ends_at = period_of(anchor, now)
        self.lots: dict[str, Lot] = {}
        self.calls: dict[str, Call] = {}
        self.caps: dict[tuple[str, object], Cap] = {}
        self.member_cap: int | None = None
        self.period_base = self.period_spent = 0

    @property
    def free(self) -> int:
        return sum(lot.free for lot in self.lots.values())

    @property
    def held(self) -> int:
        return sum(lot.held for lot in self.lots.values())

    def tidy(self) -> None:
        """What time does: lots run out, and a period ends."""
        for lot in self.lots.values():
            if lot.expires_at <= self.now:
                lot.expired, lot.free = lot.expired + lot.free, 0
        if self.now >= self.ends_at:
            _number, self.starts_at, self.ends_at = period_of(self.anchor, self.now)
            self.period_base, self.period_spent = self.free, 0
            for cap in self.caps.values():
                cap.used = cap.extra = 0

    def grant(self, key: str, kind: str, amount: int, expires_at: datetime | None) -> bool:
        self.tidy()
        if key in self.lots:
            return False
        self.lots[key] = Lot(key, kind, amount, expires_at or NEVER, len(self.lots), free=amount)
        self.period_base += amount
        return True

    def revoke(self, key: str, total: int) -> tuple[int, int]:
        lot = self.lots[key]
        more = max(min(total, lot.granted) - lot.revoked - lot.owed, 0)
        taken = min(more, lot.free)
        thawed = min(more - taken, lot.frozen)
        lot.free -= taken
        lot.frozen -= thawed
        lot.revoked += taken + thawed
        lot.owed += more - taken - thawed
        self.period_base = max(self.period_base - taken, 0)
        return lot.revoked, lot.owed

    def freeze(self, key: str) -> int:
        lot = self.lots[key]
        moved, lot.is_frozen = lot.free, True
        lot.frozen, lot.free = lot.frozen + moved, 0
        self.period_base = max(self.period_base - moved, 0)
        return moved

    def thaw(self, key: str) -> int:
        lot = self.lots[key]
        moved, lot.frozen, lot.is_frozen = lot.frozen, 0, False
        if lot.expires_at <= self.now:
            lot.expired += moved
        else:
            lot.free += moved
            self.period_base += moved
        return moved

    def set_cap(self, scope: str, scope_id: object, limit: int | None) -> None:
        self.tidy()
        meant = self.member_cap if limit is None and scope == "member" else limit
        known = self.caps.pop((scope, scope_id), None)
        if meant is not None:
            cap = known or self._counted(scope, scope_id)
            cap.limit, cap.extra, cap.is_default = meant, 0, limit is None
            self.caps[scope, scope_id] = cap

    def set_member_cap(self, limit: int | None) -> None:
        self.tidy()
        self.member_cap = limit
        self.caps = {cap_of: cap for cap_of, cap in self.caps.items() if limit is not None or not cap.is_default}
        if limit is None:
            return
        for cap in self.caps.values():
            cap.limit = limit if cap.is_default else cap.limit
        busy = [call for call in self.calls.values() if call.created_at >= self.starts_at or call.state == "open"]
        for member in {call.who["member"] for call in busy} - {None}:
            if ("member", member) not in self.caps:
                self.caps["member", member] = self._counted("member", member)
                self.caps["member", member].limit, self.caps["member", member].is_default = limit, True

    def raise_cap(self, scope: str, scope_id: object, amount: int, *, is_for_good: bool) -> bool:
        self.tidy()
        if scope == "member":
            self._cap_member(scope_id)
        cap = self.caps.get((scope, scope_id))
        if cap and is_for_good:
            cap.limit, cap.is_default = cap.limit + amount, False
        elif cap:
            cap.extra += amount
        return cap is not None

    def hold(
        self,
        name: str,
        who: dict[str, object],
        prices: dict[int, Rates],
        prompt: int,
        output: int,
        least: int,
        ttl: int,
    ) -> str:
        """What becomes of the call: held, duplicate, or whose limit refuses it."""
        self.tidy()
        self._cap_member(who["member"])
        if name in self.calls:
            return "duplicate"
        wanted = max((worst_ucr(rates, prompt, output) for rates in prices.values()), default=0)
        enough = max((worst_ucr(rates, prompt, min(least, output)) for rates in prices.values()), default=0)
        rooms = [(cap.room, cap_of) for cap_of, cap in self._caps_of(who)]
        for room, (scope, _id) in rooms:
            if room < enough:
                return scope
        room, limit_of = min([(self.free, "pool"), *((room, scope) for room, (scope, _id) in rooms)])
        if room < enough:
            return limit_of
        if room < wanted:
            output = min(
                output,
                *((room * MTOK - prompt * max(rates[:3])) // rates[3] for rates in prices.values() if rates[3]),
            )
            wanted = max(worst_ucr(rates, prompt, output) for rates in prices.values())
        call = Call(who, prices, wanted, output, self.now, self.now + timedelta(seconds=ttl))
        call.parts = self._take(wanted, "held")
        self.calls[name] = call
        for _cap_of, cap in self._caps_of(who):
            cap.held += wanted
        return "held"

    def settle(self, name: str, used: list[Used], who: dict[str, object], prices: dict[int, Rates]) -> bool:
        """Whether it was this that closed the call."""
        self.tidy()
        is_lost = name not in self.calls
        if is_lost:
            self._cap_member(who["member"])
            self.calls[name] = Call(who, prices, 0, 0, self.now, self.now, state="reaped")
        call = self.calls[name]
        if call.state in ("settled", "released"):
            return False
        total = 0
        for one in used:
            charge = self._charge(call, one)
            if one.source == "estimated" and not is_lost:
                charge = min(charge, max(call.amount - total, 0))
            total += charge
        self._close(call, total, "settled" if total else "released")
        return True

    def reap(self) -> int:
        overdue = [call for call in self.calls.values() if call.state == "open" and call.expires_at <= self.now]
        if overdue:
            self.tidy()
        for call in overdue:
            self._close(call, 0, "reaped")
        return len(overdue)

    def extend(self, names: list[str], ttl: int) -> set[str]:
        mine = {name for name in names if name in self.calls and self.calls[name].state == "open"}
        for name in mine:
            call = self.calls[name]
            call.expires_at = max(call.expires_at, self.now + timedelta(seconds=ttl))
        return mine

    def _charge(self, call: Call, used: Used) -> int:
        if used.price is None or not used.is_delivered or not used.completion:
            return 0
        rate = call.prices[used.price]
        cached = min(used.cached, used.prompt)
        cache_write = min(used.cache_write, used.prompt - cached)
        plain = used.prompt - cached - cache_write
        exact = plain * rate[0] + cached * rate[1] + cache_write * rate[2] + used.completion * rate[3]
        return -(-exact // MTOK)

    def _close(self, call: Call, total: int, state: str) -> None:
        left, given_back = total, call.amount if call.state == "open" else 0
        for lot, amount in call.parts if call.state == "open" else []:
            spent = min(amount, left)
            back = amount - spent
            revoked = min(back, lot.owed)
            lot.held -= amount
            lot.spent += spent
            lot.owed -= revoked
            lot.revoked += revoked
            if lot.expires_at <= self.now:
                lot.expired += back - revoked
            elif lot.is_frozen:
                lot.frozen += back - revoked
            else:
                lot.free += back - revoked
            left -= spent
        call.writeoff = max(left - self.free, 0)
        self._take(left - call.writeoff, "spent")
        call.charged, call.state = total - call.writeoff, state
        counted = call.charged if call.created_at >= self.starts_at else 0
        self.period_spent += counted
        for _cap_of, cap in self._caps_of(call.who):
            cap.held -= given_back
            cap.used += counted

    def _take(self, amount: int, bucket: str) -> list[tuple[Lot, int]]:
        """Out of what is free, in the order in which lots burn."""
        parts = []
        for lot in sorted(self.lots.values(), key=lambda lot: lot.turn):
            taken = min(lot.free, amount)
            if taken:
                lot.free -= taken
                setattr(lot, bucket, getattr(lot, bucket) + taken)
                amount -= taken
                parts.append((lot, taken))
        assert not amount
        return parts

    def _counted(self, scope: str, scope_id: object) -> Cap:
        """A cap with what its calls have come to in this period."""
        mine = [call for call in self.calls.values() if call.who[scope] == scope_id]
        used = sum(call.charged for call in mine if call.created_at >= self.starts_at)
        return Cap(0, used, sum(call.amount for call in mine if call.state == "open"))

    def _cap_member(self, member: object) -> None:
        """Under a default, whoever holds for the first time has a cap from then on."""
        if self.member_cap is not None and member is not None and ("member", member) not in self.caps:
            self.caps["member", member] = Cap(self.member_cap, is_default=True)

    def _caps_of(self, who: dict[str, object]) -> list[tuple[tuple[str, object], Cap]]:
        named = [(scope, who[scope]) for scope in SCOPES]
        return [(cap_of, self.caps[cap_of]) for cap_of in named if cap_of in self.caps]
