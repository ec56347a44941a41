"""Holds and settlements a second on one organization, against the bare floor of two commits; and on a hundred at once.

*Called by*: `__main__.py`. *Keeps true*: floor and ledger take turns, each thread on a connection of its own, and the
audit finds nothing afterwards. The floor is as bare as it gets: psycopg, prepared statements, one row.
"""

import itertools
import os
import statistics
import threading
import time
from collections.abc import Callable, Sequence
from uuid import UUID, uuid4

from tests import databases
from tests.bench.figures import Figure, tidy
from tests.bench.machine import Load

THREADS = (1, 8, 16)
ORGS, ACROSS_THREADS = 100, 16
ROUNDS, SLICE_SECONDS = 7, 1.0
QUICK_ROUNDS, QUICK_SLICE_SECONDS = 3, 0.5
# Plan, promotion and top-up, as in life; the last never runs dry.
LOTS = {"plan": 10**9, "promo": 10**6, "topup": 10**15}
FLOOR = "UPDATE bench_floor SET free = free - %s, held = held + %s"


def run(*, quick: bool = False, sizes: Sequence[int] | None = None) -> list[Figure]:
    rounds, slice_seconds = (QUICK_ROUNDS, QUICK_SLICE_SECONDS) if quick else (ROUNDS, SLICE_SECONDS)
    threads = tuple(sizes or THREADS)
    os.environ["PARLEY_DB_POOL"] = str(max(*threads, ACROSS_THREADS) + 2)
    _begin()
    price_id = _price()
    ledger_call, floor_pair = _ledger_worker(price_id, orgs=1), _floor_worker()
    figures, calls = [], 0
    for count in threads:
        rates = []
        for _ in range(rounds):
            floor, _made = _rate(count, slice_seconds, floor_pair)
            ledger, made = _rate(count, slice_seconds, ledger_call)
            calls += made
            rates.append((floor, ledger))
        figures += _of_rates(count, rates)
    found, made = _across(rounds, slice_seconds, ledger_call, _ledger_worker(price_id, orgs=ORGS))
    return figures + found + _aftermath(calls + made)


def _begin() -> None:
    """Make the database, and Django on it."""
    import django
    import psycopg

    databases.name_environment()
    databases.create()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"], autocommit=True) as owner:
        owner.execute("CREATE TABLE bench_floor (id int PRIMARY KEY, free bigint, held bigint) WITH (fillfactor = 20)")
        owner.execute("INSERT INTO bench_floor VALUES (1, 0, 0)")


def _price() -> int:
    """The price of the model that is called."""
    from billing import prices
    from catalog.models import AIModel, Offer, Provider

    host = Provider.objects.create(slug="bench", name="Bench", is_enabled=True)
    ai_model = AIModel.objects.create(key="bench", handle="bench", name="Bench")
    offer = Offer.objects.create(
        provider=host, ai_model=ai_model, offer_id="bench", name="b", input_usd_per_mtok="2.5", output_usd_per_mtok="10"
    )
    prices.publish()
    return prices.current([offer.pk])[offer.pk].pk


def _organizations(count: int) -> list[UUID]:
    from django.utils import timezone

    from billing import ledger
    from workspace.models import Org

    made = [Org.objects.create(name="Bench", slug=f"bench-{count}-{number}").pk for number in range(count)]
    for org_id in made:
        ledger.open_pool(org_id, anchor_at=timezone.now())
        for kind, amount_ucr in LOTS.items():
            ledger.grant(org_id, kind=kind, amount_ucr=amount_ucr, source_key=f"{kind}:{org_id}")
    return made


def _ledger_worker(price_id: int, *, orgs: int) -> Callable[[], Callable[[], None]]:
    """One call a step, by the organizations in turn: hold what a question may cost at most, settle what it did cost."""
    from billing import ledger

    turns = itertools.cycle(_organizations(orgs))
    member_id, space_id = uuid4(), uuid4()

    def step() -> None:
        call, org_id = f"reply:{uuid4()}", next(turns)
        held = ledger.hold(
            org_id,
            call=call,
            price_ids=[price_id],
            input_tokens=1_200,
            max_output_tokens=1_024,
            member_id=member_id,
            space_id=space_id,
            durable=False,
        )
        used = ledger.Attempt(
            1, price_id, "bench", "bench", True, "reported", prompt_tokens=1_200, completion_tokens=350
        )
        settled = ledger.settle(org_id, call=call, attempts=[used])
        assert held.is_new and settled.charged_ucr == 650_000

    return lambda: step


def _floor_worker() -> Callable[[], Callable[[], None]]:
    """Two single-row updates a step, each committed."""
    import psycopg

    url = os.environ["DATABASE_OWNER_URL"]

    def make() -> Callable[[], None]:
        connected = psycopg.connect(url, autocommit=True)
        connected.prepare_threshold = 0

        def step() -> None:
            connected.execute(FLOOR, (2, 2))
            connected.execute(FLOOR, (-1, -2))

        return step

    return make


def _rate(count: int, seconds: float, make: Callable[[], Callable[[], None]]) -> tuple[float, int]:
    """Steps a second of so many threads, and how many steps were made in all."""
    from django.db import connection

    gate, over = threading.Barrier(count + 1), threading.Event()
    timed, made = [0] * count, [0] * count

    def work(number: int) -> None:
        step = make()
        for made[number] in range(1, 4):
            step()
        gate.wait()
        while not over.is_set():
            step()
            timed[number] += 1
        connection.close()

    workers = [threading.Thread(target=work, args=(number,)) for number in range(count)]
    for worker in workers:
        worker.start()
    gate.wait()
    began = time.perf_counter()
    time.sleep(seconds)
    over.set()
    for worker in workers:
        worker.join()
    return sum(timed) / (time.perf_counter() - began), sum(timed) + sum(made)


def _of_rates(count: int, rates: list[tuple[float, float]]) -> list[Figure]:
    of = f"{count} thread{'s' if count > 1 else ''}"
    return [
        Figure(f"floor: two commits, {of}", tidy(statistics.median(floor for floor, _ in rates)), "pairs/s"),
        Figure(f"hold and settle, {of}", tidy(statistics.median(ledger for _, ledger in rates)), "calls/s"),
        Figure(
            f"hold and settle of the floor, {of}",
            tidy(statistics.median(ledger / floor for floor, ledger in rates)),
            "ratio",
            0.5,
            is_floor=True,
        ),
    ]


def _across(
    rounds: int,
    seconds: float,
    on_one: Callable[[], Callable[[], None]],
    on_many: Callable[[], Callable[[], None]],
) -> tuple[list[Figure], int]:
    """What a thread more brings where no two need the same row: a thread's worth, or all that the processors have left.

    Returns the figures and how many calls were made.
    """
    rates, reached, calls = [], [], 0
    for _ in range(rounds):
        one, made_by_one = _rate(1, seconds, on_one)
        load = Load()
        many, made = _rate(ACROSS_THREADS, seconds, on_many)
        rates.append(many)
        reached.append(max(many / (one * ACROSS_THREADS), load.stop().share_of_what_was_left))
        calls += made_by_one + made
    of = f"{ORGS} organizations, {ACROSS_THREADS} threads"
    return [
        Figure(f"hold and settle, {of}", tidy(statistics.median(rates)), "calls/s"),
        Figure(
            f"of linear, or of what others left of the processors, {of}",
            tidy(statistics.median(reached)),
            "ratio",
            0.9,
            is_floor=True,
        ),
    ], calls


def _aftermath(calls: int) -> list[Figure]:
    """Nothing lost, and the books add up."""
    from billing import books
    from billing.models import UsageEvent

    return [
        Figure("calls without a charge", calls - UsageEvent.objects.filter(charge_ucr=650_000).count(), "calls", 0),
        Figure("breaches that the audit finds", sum(finding.breaches for finding in books.audit()), "rows", 0),
    ]
