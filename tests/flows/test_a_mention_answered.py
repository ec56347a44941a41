"""From a mention to a settled credit, through real processes."""

import time
import uuid
from collections.abc import Callable
from types import SimpleNamespace

from billing import ledger
from chat import feed
from chat.models import Reply
from tests.doubles.provider import Script, ScriptedProvider
from tests.stack import Stack


def wait_until(condition: Callable[[], object], *, seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def test_a_mention_is_answered_and_paid_for_to_the_micro_credit(
    stack: Stack, provider: ScriptedProvider, make_model: Callable, make_org: Callable[..., SimpleNamespace]
) -> None:
    make_model("parrot")
    provider.script("parrot", Script(deltas=20, every_ms=10))
    juniper = make_org()
    before = ledger.balance(juniper.org.pk).free_ucr
    stack.start_worker()

    feed.post(juniper.space, juniper.ana, text="@parrot say something", client_id=uuid.uuid4())
    wait_until(lambda: Reply.objects.get().is_done)

    reply = Reply.objects.select_related("message").get()
    assert (reply.state, reply.reason) == ("finished", "")
    assert reply.message.text == "".join(f"word{n} " for n in range(20))
    # 100 tokens at 2.5 US$ and 20 at 10 US$ a million, one credit to the cent.
    assert reply.cost_ucr == 100 * 250 + 20 * 1000
    assert ledger.balance(juniper.org.pk).free_ucr == before - reply.cost_ucr
    assert ledger.balance(juniper.org.pk).held_ucr == 0
