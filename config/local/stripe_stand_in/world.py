"""Everything that the stand-in knows: its objects, its ids and its time.

*Called by*: every file of this package. *Keeps true*: whoever reads or changes anything holds `lock`; an id is made
of the seed and a count, so that the same steps give the same ids; time never runs backwards.
"""

import copy
import hashlib
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from config.local.stripe_stand_in.trouble import Thing, missing

DAY = 24 * 3600
HOUR = 3600
# What an id begins with; longer beginnings are looked for first.
PREFIXES = {
    "customer": "cus_",
    "product": "prod_",
    "price": "price_",
    "subscription": "sub_",
    "subscription_item": "si_",
    "subscription_schedule": "sub_sched_",
    "checkout.session": "cs_test_",
    "payment_intent": "pi_",
    "payment_method": "pm_",
    "setup_intent": "seti_",
    "invoice": "in_",
    "line_item": "il_",
    "item": "li_",
    "invoiceitem": "ii_",
    "invoice_payment": "inpay_",
    "charge": "ch_",
    "refund": "re_",
    "dispute": "du_",
    "event": "evt_",
    "billing_portal.session": "bps_",
    "billing_portal.configuration": "bpc_",
    "test_helpers.test_clock": "clock_",
    "coupon": "",
    "promotion_code": "promo_",
    "discount": "di_",
    "webhook_endpoint": "we_",
    "tax_id": "txi_",
    "customer_balance_transaction": "cbtxn_",
    "request": "req_",
    "delivery": "dlv_",
}
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


@dataclass
class Options:
    """What can be chosen when the stand-in starts."""

    key: str = "sk_test_stand_in"
    webhook_secret: str = "whsec_stand_in"
    seed: str = "parley"
    tax_percent: float = 10.0
    # Renewals are drafts for so long before they are finalized and paid.
    draft_seconds: int = HOUR
    # Days from one declined payment of a renewal to the next attempt, and what becomes of the subscription after them.
    retry_days: tuple[int, ...] = (3, 5, 7)
    after_retries: str = "cancel"
    # Seconds, by the clock on the wall, from one failed delivery of an event to the next attempt.
    delivery_pauses: tuple[float, ...] = (1, 3, 10, 30, 60, 300, 900, 3600)


@dataclass
class World:
    options: Options = field(default_factory=Options)

    def __post_init__(self) -> None:
        self.lock = threading.RLock()
        self.url = ""
        self.moment: int | None = None  # set while time is moved: when what happens now happens
        self.request: Thing = {"id": None, "idempotency_key": None}
        self.version = "2026-10-28.endive"
        self.forget(self.options)

    def forget(self, options: Options) -> None:
        """Begin anew, with nothing in it."""
        self.options = options
        self.things: dict[str, dict[str, Thing]] = defaultdict(dict)
        self.counts: Counter[str] = Counter()
        self.offset = 0
        self.requests: list[Thing] = []

    def now(self, whose: Thing | str | None = None) -> int:
        """What time it is: by the test clock of that customer (or of what belongs to one), else for everybody."""
        clock = self.clock_of(whose)
        if clock:
            return int(clock["frozen_time"])
        return self.moment if self.moment is not None else int(time.time()) + self.offset

    def clock_of(self, whose: Thing | str | None) -> Thing | None:
        """The test clock that governs a customer, or a thing of a customer."""
        if isinstance(whose, dict):
            key = whose.get("test_clock")
            if not key:
                return self.clock_of(whose.get("customer"))
            return self.things["test_helpers.test_clock"].get(key)
        customer = self.things["customer"].get(whose or "")
        return self.clock_of(customer) if customer and customer["test_clock"] else None

    def make_id(self, kind: str) -> str:
        self.counts[kind] += 1
        seed = f"{self.options.seed}:{kind}:{self.counts[kind]}".encode()
        number = int.from_bytes(hashlib.sha256(seed).digest()[:24], "big")
        letters = ""
        for _ in range(30 if kind == "checkout.session" else 8 if kind == "coupon" else 14):
            number, rest = divmod(number, len(LETTERS))
            letters += LETTERS[rest]
        return PREFIXES[kind] + letters

    def add(self, kind: str, values: Thing, *, key: str = "", at: int | None = None) -> Thing:
        """Keep a new thing of that kind, and return it."""
        whose = values.get("customer") if not values.get("test_clock") else values
        thing: Thing = {"id": key or self.make_id(kind), "object": kind}
        thing["created"] = self.now(whose) if at is None else at
        thing |= {"livemode": False, **values}
        self.things[kind][thing["id"]] = thing
        return thing

    def get(self, kind: str, key: Any, *, param: str = "id", said: str = "") -> Thing:
        """The thing with that id. Raises Stripe's 404."""
        found = self.things[kind].get(key) if isinstance(key, str) else None
        if found is None:
            raise missing(said or kind, str(key), param=param)
        return found

    def find(self, kind: str, key: str | None) -> Thing | None:
        return self.things[kind].get(key) if key else None

    def all(self, kind: str, **alike: Any) -> list[Thing]:
        """Those of a kind whose fields are so, oldest first."""
        return [
            thing for thing in self.things[kind].values() if all(thing.get(name) == is_ for name, is_ in alike.items())
        ]

    @contextmanager
    def all_or_nothing(self) -> Iterator[None]:
        """Whatever is raised inside leaves no trace."""
        kept = copy.deepcopy(self.things)
        try:
            yield
        except Exception:
            self.things = kept
            raise
