"""A model that several providers serve, and addresses at which nobody answers.

*Called by*: pytest.
"""

import socket
from collections.abc import Callable, Iterator
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest

from billing import prices
from billing.models import UsageEvent
from catalog.models import Offer, Provider
from gateway.models import Attempt
from tests.doubles.provider import Script, ScriptedProvider
from tests.flows import acts, closing
from tests.flows.acts import words
from tests.stack import Stack


@pytest.fixture
def full_house() -> Iterator[int]:
    """A port that accepts nobody: its line is full, and whoever comes waits for an answer that does not come."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(0)
    waiting = [socket.socket() for _ in range(8)]
    for one in waiting:
        one.setblocking(False)
        one.connect_ex(listener.getsockname())
    yield listener.getsockname()[1]
    for one in [*waiting, listener]:
        one.close()


def offer_second(ai_model: Any, offer_id: str, *, output_usd: str) -> None:
    first = Offer.objects.get(ai_model=ai_model)
    Offer.objects.create(
        provider=first.provider,
        ai_model=ai_model,
        offer_id=offer_id,
        name=offer_id,
        input_usd_per_mtok=first.input_usd_per_mtok,
        output_usd_per_mtok=Decimal(output_usd),
        context_tokens=first.context_tokens,
        max_output_tokens=first.max_output_tokens,
    )
    prices.publish()


def test_the_second_offer_answers_for_the_first_only_while_nothing_is_visible_and_is_billed_once(
    stack: Stack, provider: ScriptedProvider, make_org: Callable[..., SimpleNamespace], make_model: Callable
) -> None:
    offer_second(make_model("broken"), "spare", output_usd="20")
    offer_second(make_model("breaks-late"), "never", output_usd="20")
    provider.script("broken", Script(status=500))
    provider.script("spare", Script(deltas=10))
    provider.script("breaks-late", Script(deltas=10, end="error"))
    provider.script("never", Script())
    juniper = make_org()
    stack.start_worker()

    asked = acts.ask(juniper.space, juniper.ana, "@broken and @breaks-late, hello")
    helped, broken_off = (acts.ended(reply) for reply in asked)

    assert (helped.state, helped.message.text) == ("finished", words(10))
    assert helped.cost_ucr == 100 * 250 + 10 * 2000
    tries = Attempt.objects.filter(call=helped.call).order_by("number")
    assert [(row.upstream_model, row.outcome, row.status) for row in tries] == [
        *[("broken", "provider_error", 500)] * 3,
        ("spare", "ok", 200),
    ]
    assert [row.first_token_ms is not None for row in tries] == [False, False, False, True]
    charged = UsageEvent.objects.filter(hold__call=helped.call, charge_ucr__gt=0)
    assert [(row.attempt, row.upstream_model) for row in charged] == [(4, "spare")]
    assert (broken_off.state, broken_off.reason, broken_off.message.text) == ("failed", "provider_error", words(10))
    closing.check(stack, provider, {"broken": 3, "spare": 1, "breaks-late": 1, "never": 0})


def test_an_address_where_nobody_answers_fails_within_fifteen_seconds_and_costs_nothing(
    stack: Stack,
    provider: ScriptedProvider,
    make_org: Callable[..., SimpleNamespace],
    make_model: Callable,
    full_house: int,
) -> None:
    closed = socket.socket()
    closed.bind(("127.0.0.1", 0))
    addresses = {
        "closed": f"http://127.0.0.1:{closed.getsockname()[1]}/v1",
        "silent": f"http://127.0.0.1:{full_house}/v1",
        "not-tls": provider.url.replace("http:", "https:"),
        "no-name": "http://nowhere..invalid/v1",
        "no-address": "http://[::/v1",
    }
    for slug, address in addresses.items():
        make_model(slug)
        Provider.objects.create(slug=slug, name=slug, api_base=address, env_names=["SCRIPTED_KEY"], is_enabled=True)
        Offer.objects.filter(offer_id=slug).update(provider_id=slug)
    juniper = make_org()
    stack.start_worker()

    asked = acts.ask(juniper.space, juniper.ana, " ".join(f"@{slug}" for slug in addresses))
    ended = {reply.ai_model.handle: acts.ended(reply) for reply in asked}
    closed.close()

    assert {slug: (reply.state, reply.reason, reply.cost_ucr) for slug, reply in ended.items()} == dict.fromkeys(
        addresses, ("failed", "unreachable", 0)
    )
    for slug, reply in ended.items():
        tries = Attempt.objects.filter(call=reply.call)
        assert 1 <= len(tries) <= 3
        assert sum(row.duration_ms for row in tries) < 15_000, slug
    closing.check(stack, provider, {})
