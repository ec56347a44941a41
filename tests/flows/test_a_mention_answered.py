"""From a mention to a settled credit, through real processes. *Called by*: pytest."""

from collections.abc import Callable
from types import SimpleNamespace

from billing import ledger
from gateway.models import Attempt
from tests.doubles.provider import Script, ScriptedProvider
from tests.flows import acts, closing
from tests.flows.acts import words
from tests.stack import Stack


def test_a_mention_is_answered_and_paid_for_to_the_micro_credit(
    stack: Stack, provider: ScriptedProvider, make_model: Callable, make_org: Callable[..., SimpleNamespace]
) -> None:
    make_model("parrot")
    provider.script("parrot", Script(deltas=20, every_ms=10))
    juniper = make_org()
    before = ledger.balance(juniper.org.pk).free_ucr
    stack.start_worker()

    (reply,) = acts.ask(juniper.space, juniper.ana, "@parrot say something")
    reply = acts.ended(reply)

    assert (reply.state, reply.reason, reply.provider_name) == ("finished", "", "Scripted")
    assert reply.message.text == words(20)
    # 100 tokens at 2.5 US$ and 20 at 10 US$ a million, one credit to the cent.
    assert reply.cost_ucr == 100 * 250 + 20 * 1000
    assert ledger.balance(juniper.org.pk).free_ucr == before - reply.cost_ucr
    attempt = Attempt.objects.get(call=reply.call)
    assert (attempt.number, attempt.outcome, attempt.prompt_tokens, attempt.output_tokens) == (1, "ok", 100, 20)
    assert 0 < (attempt.first_token_ms or 0) <= attempt.duration_ms
    closing.check(stack, provider, {"parrot": 1})
