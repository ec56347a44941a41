"""The only way to the gateway: reserve, stream, settle.

*Called by*: chat.replies, chat.engine; the API later. *Keeps true*: no provider is called without an open hold;
what was delivered is charged once, at the price of the hold; a failed, empty or lost try costs nothing.
"""

import uuid
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import F
from django.utils import timezone

from billing import ledger, prices, tasks
from billing.models import Hold, Price
from catalog.models import AIModel, Offer
from gateway import attempts, calls, routes
from gateway.wire import Event, Request, Route, Try

HOLD_SECONDS = ledger.HOLD_SECONDS
# What our own count takes a token to be, where a provider reports none: four bytes of ordinary text.
COUNTED_BYTES_PER_TOKEN = 4


@dataclass(frozen=True)
class Payer:
    """Who a call is for. `call` is its reference, such as "reply:<id>"."""

    call: str
    org_id: uuid.UUID
    member_id: uuid.UUID | None = None
    space_id: uuid.UUID | None = None
    key_id: uuid.UUID | None = None


@dataclass(frozen=True)
class Window:
    """What fits: tokens that the tightest offer of the route reads, and the most that it writes."""

    context_tokens: int
    max_output_tokens: int


@dataclass
class Metered:
    """A reserved call, ready to be streamed; `tries` fills while it goes."""

    payer: Payer
    route: Route
    price_ids: dict[int, int]
    max_output_tokens: int
    lost_tries: int = 0
    input_bytes: int = 0
    tries: list[Try] = field(default_factory=list)

    async def stream(self, request: Request) -> AsyncGenerator[Event, None]:
        """The gateway's events. Raises CallFailed. The caller settles on every way out."""
        self.input_bytes = sum(len(turn.text.encode()) for turn in request.turns)
        async with aclosing(calls.stream(request, self.route, self.tries, after=self.lost_tries)) as events:
            async for event in events:
                yield event


@dataclass(frozen=True)
class Bill:
    """What a call came to."""

    charged_ucr: int
    prompt_tokens: int | None
    completion_tokens: int | None
    is_estimated: bool


def offers(ai_model: AIModel) -> list[tuple[Offer, Price]]:
    """The priced offers that a call may use, best first. Raises ledger.Unpriced when there is none."""
    found = routes.offers(ai_model)
    known = prices.current([offer.pk for offer in found])
    priced = [(offer, known[offer.pk]) for offer in found if offer.pk in known]
    if not priced:
        raise ledger.Unpriced
    return priced[: routes.ROUTE_MAX]


def window(priced: Sequence[tuple[Offer, Price]], *, most_output_tokens: int) -> Window:
    context = min(offer.context_tokens or 8192 for offer, _ in priced)
    output = min(offer.max_output_tokens or most_output_tokens for offer, _ in priced)
    return Window(context, max(min(output, most_output_tokens, context // 2), 1))


def reserve(
    payer: Payer, priced: Sequence[tuple[Offer, Price]], *, input_tokens: int, max_output_tokens: int
) -> ledger.Held:
    """Hold the worst case of the dearest offer. Raises ledger.NoCredits, CapReached."""
    return ledger.hold(
        payer.org_id,
        call=payer.call,
        member_id=payer.member_id,
        space_id=payer.space_id,
        key_id=payer.key_id,
        price_ids=[price.pk for _, price in priced],
        input_tokens=input_tokens,
        max_output_tokens=max_output_tokens,
        min_output_tokens=min(ledger.MIN_OUTPUT_TOKENS, max_output_tokens),
        ttl_seconds=HOLD_SECONDS,
    )


def resume(payer: Payer, *, lost_tries: int = 0, even_reaped: bool = False) -> Metered:
    """The call behind an open hold: its route, at the prices that were held. Raises Hold.DoesNotExist, Unpriced when
    nobody who was held for can be called any more. `even_reaped` is for what is settled late and not called again.

    `lost_tries`: how many were noted by note_lost, so that this one's tries are numbered after them.
    """
    states = ["open", "reaped"] if even_reaped else ["open"]
    hold = Hold.objects.get(call=payer.call, org_id=payer.org_id, state__in=states)
    callable_now = Offer.objects.callable().filter(prices__in=hold.prices).annotate(held_price=F("prices"))
    held: dict[Offer, int] = {offer: offer.held_price for offer in callable_now.select_related("provider")}
    chosen = sorted(held, key=lambda offer: hold.prices.index(held[offer]))
    if not chosen and not even_reaped:
        raise ledger.Unpriced
    price_ids = {offer.pk: held[offer] for offer in chosen}
    return Metered(payer, routes.route(chosen), price_ids, hold.max_output_tokens, lost_tries)


def settle(metered: Metered, *, is_delivered: bool) -> Bill:
    """Charge the try whose text was delivered and release the rest. Joins the caller's transaction."""
    last = metered.tries[-1] if metered.tries else None
    rows = [_row(metered, note, is_delivered=is_delivered and note is last) for note in metered.tries]
    settled = ledger.settle(metered.payer.org_id, call=metered.payer.call, attempts=rows)
    tasks.wake_if_low(metered.payer.org_id, settled.free_ucr)
    attempts.record(metered.payer.call, metered.payer.org_id, metered.tries)
    served = rows[-1] if rows and is_delivered else None
    return Bill(
        settled.charged_ucr,
        served.prompt_tokens if served else None,
        served.completion_tokens if served else None,
        bool(served and served.usage_source == "estimated"),
    )


def settle_lost(metered: Metered, *, text: str, input_bytes: int) -> Bill:
    """Close the call of a worker that died: what it had delivered is charged by our own count."""
    served = _counted_row(metered, output_bytes=len(text.encode()), input_bytes=input_bytes)
    rows = [served] if text.strip() and served else []
    settled = ledger.settle(metered.payer.org_id, call=metered.payer.call, attempts=rows)
    if not rows:
        return Bill(settled.charged_ucr, None, None, False)
    return Bill(settled.charged_ucr, rows[0].prompt_tokens, rows[0].completion_tokens, True)


def note_lost(metered: Metered, *, started_at: datetime) -> None:
    """Write down the try that died with its worker. Which target it had reached is not known: the first is named."""
    if not metered.route.targets:
        return
    note = Try(metered.lost_tries + 1, metered.route.targets[0], started_at, outcome="lost")
    note.duration_ms = (timezone.now() - started_at).total_seconds() * 1000
    attempts.record(metered.payer.call, metered.payer.org_id, [note])


def release(payer: Payer) -> None:
    """Give the whole hold back."""
    ledger.settle(payer.org_id, call=payer.call, attempts=[])


def count_tokens(byte_count: int) -> int:
    """Our own count, used only where the provider gave none."""
    return -(-byte_count // COUNTED_BYTES_PER_TOKEN)


def _row(metered: Metered, note: Try, *, is_delivered: bool) -> ledger.Attempt:
    usage = note.usage
    # A provider that sent text and reports none of it has reported nothing.
    reported = usage is not None and (usage.completion > 0 or (usage.prompt > 0 and not note.output_bytes))
    return ledger.Attempt(
        number=note.number,
        price_id=metered.price_ids[note.target.offer_pk],
        provider=note.target.provider,
        model=note.target.upstream_model,
        request_id=note.request_id,
        prompt_tokens=usage.prompt if reported and usage else count_tokens(metered.input_bytes),
        cached_tokens=usage.cached if reported and usage else 0,
        cache_write_tokens=usage.cache_write if reported and usage else 0,
        completion_tokens=usage.completion if reported and usage else count_tokens(note.output_bytes),
        reasoning_tokens=usage.reasoning if reported and usage else 0,
        usage_source="reported" if reported else ("estimated" if is_delivered else "none"),
        is_delivered=is_delivered,
        is_odd=bool(usage and usage.is_odd),
    )


def _counted_row(metered: Metered, *, output_bytes: int, input_bytes: int) -> ledger.Attempt | None:
    if not metered.route.targets:
        return None
    target = metered.route.targets[0]
    return ledger.Attempt(
        number=metered.lost_tries + 1,
        price_id=metered.price_ids[target.offer_pk],
        provider=target.provider,
        model=target.upstream_model,
        request_id="",
        prompt_tokens=count_tokens(input_bytes),
        cached_tokens=0,
        cache_write_tokens=0,
        completion_tokens=count_tokens(output_bytes),
        reasoning_tokens=0,
        usage_source="estimated",
        is_delivered=True,
        is_odd=False,
    )
