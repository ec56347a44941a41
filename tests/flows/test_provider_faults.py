"""Whatever a provider does, an answer ends, says why, keeps what arrived and costs what arrived.

*Called by*: pytest. *Why* one table: all the answers of it are written side by side by one worker, so that fifty
faults take no longer than the slowest.
"""

from collections.abc import Callable, Iterator
from types import SimpleNamespace

import pytest

from billing.models import Hold
from chat.models import Reply
from tests.doubles.provider import ScriptedProvider
from tests.flows import acts, closing
from tests.flows.faults import CASES, COUNTED, NOTHING, REPORTED, TEXT_BYTES_MAX, TRICKLE, Case

SHORT = {"FIRST_BYTE_SECONDS": "4", "BETWEEN_BYTES_SECONDS": "1.5", "TOTAL_SECONDS": "6"}
AT_ONCE = 8


@pytest.fixture
def played(
    make_stack: Callable, provider: ScriptedProvider, make_model: Callable, make_org: Callable[..., SimpleNamespace]
) -> Iterator[list[tuple[Case, Reply]]]:
    """Every case asked and ended; the closing checks come after the test."""
    for case in CASES:
        make_model(case.handle)
        provider.script(case.handle, *case.scripts)
    juniper, stack = make_org(), make_stack(**SHORT, REPLY_MAX_TEXT_BYTES=str(TEXT_BYTES_MAX))
    stack.start_worker()
    asked: list[Reply] = []
    for start in range(0, len(CASES), AT_ONCE):
        handles = [case.handle for case in CASES[start : start + AT_ONCE]]
        asked += acts.ask(juniper.space, juniper.ana, " ".join(f"@{handle}" for handle in handles))
    yield [(case, acts.ended(reply)) for case, reply in zip(CASES, asked, strict=True)]
    closing.check(stack, provider, {case.handle: case.calls for case in CASES})


def test_every_fault_of_a_provider_ends_the_answer_with_a_reason_its_text_and_the_right_charge(
    played: list[tuple[Case, Reply]], provider: ScriptedProvider
) -> None:
    wrong = [f"{case.handle}: {what}" for case, reply in played for what in differences(case, reply, provider)]

    assert not wrong, "\n".join(wrong)


def differences(case: Case, reply: Reply, provider: ScriptedProvider) -> Iterator[str]:
    text = reply.message.text
    if (reply.state, reply.reason) != (case.state, case.reason):
        yield f"ended {reply.state} {reply.reason}, not {case.state} {case.reason}"
    if case is TRICKLE:
        # Which words came before the deadline is the clock's business.
        if not text.startswith(case.text[:20]) or not reply.is_estimated:
            yield f"kept {text!r}"
        return
    if text != case.text:
        yield f"text {text[:60]!r} ({len(text)}), not {case.text[:60]!r} ({len(case.text)})"
    if len(reply.message.html) < len(text.strip()):
        yield "a part of the text is not shown"
    if reply.is_estimated != (case.paid == COUNTED):
        yield f"estimated: {reply.is_estimated}"
    if (reply.cost_ucr or 0) != (due := due_ucr(case, reply, provider)):
        yield f"cost {reply.cost_ucr}, not {due}"


def due_ucr(case: Case, reply: Reply, provider: ScriptedProvider) -> int:
    """At 2.5 and 10 US$ a million tokens, in micro-credits; counted here, a token is four bytes."""
    if case.paid == NOTHING:
        return 0
    completion = -(-len(case.text.encode()) // 4)
    if case.paid == REPORTED:
        reported = len(case.text.split()) if case.text.startswith("word") else 3
        return 100 * 250 + reported * 1000
    prompt = acts.counted_prompt(reply, provider.calls(case.handle)[-1])
    return min(prompt * 250 + completion * 1000, Hold.objects.get(call=reply.call).amount_ucr)
