"""Whatever a provider does, an answer ends, says why, keeps what arrived and costs what arrived.

*Called by*: pytest. *Why* one table: all the answers of it are written side by side by one worker, so that forty
faults take no longer than the slowest.
"""

import gzip
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pytest

from chat.models import Reply
from tests.doubles.provider import Script, ScriptedProvider
from tests.flows import acts, closing
from tests.flows.acts import words

SHORT = {"FIRST_BYTE_SECONDS": "4", "BETWEEN_BYTES_SECONDS": "1.5", "TOTAL_SECONDS": "6", "REPLY_MAX_TEXT_BYTES": "65536"}
NOTHING, REPORTED, COUNTED = "nothing", "reported", "counted"
TRICKLE = Script(deltas=1000, every_ms=500)


def raw(*events: str, ending: str = "\n\n") -> str:
    return "".join(event + ending for event in events)


def said(text: str, **more: Any) -> str:
    return "data: " + json.dumps({"choices": [{"index": 0, "delta": {"content": text}, **more}]}, ensure_ascii=False)


def usage(prompt: int, completion: int) -> str:
    return "data: " + json.dumps({"choices": [], "usage": {"prompt_tokens": prompt, "completion_tokens": completion}})


DONE = "data: [DONE]"
TWO_CHOICES = {"choices": [{"index": 1, "delta": {"content": "no"}}, {"index": 0, "delta": {"content": "yes"}}]}
BOMB = gzip.compress(b"\0" * 30_000_000).decode("utf-8", "surrogateescape")


@dataclass
class Case:
    """What the provider does at each call, and how the answer must end. `paid`: nothing, as reported, as counted here."""

    handle: str
    scripts: list[Script]
    state: str = "finished"
    reason: str = ""
    text: str = words(3)
    paid: Any = REPORTED
    calls: int = 1


def failed(handle: str, reason: str, *scripts: Script, calls: int = 1, text: str = "") -> Case:
    return Case(handle, list(scripts), "failed", reason, text, COUNTED if text else NOTHING, calls)


CASES = [
    # Refused or broken before anything was visible.
    Case("busy-once", [Script(status=429, headers={"Retry-After": "1"}), Script()], calls=2),
    failed("busy-for-ever", "provider_busy", Script(status=429, headers={"Retry-After": "1"}), calls=3),
    failed("busy-too-long", "provider_busy", Script(status=429, headers={"Retry-After": "3600"})),
    Case("overloaded-once", [Script(status=529), Script()], calls=2),
    Case("broken-twice", [Script(status=500), Script(status=503), Script()], calls=3),
    failed("broken-for-ever", "provider_error", Script(status=502), calls=3),
    failed("key-revoked", "provider_auth", Script(status=401)),
    failed("key-forbidden", "provider_auth", Script(status=403)),
    failed("unknown-request", "provider_refused", Script(status=404)),
    failed("redirected", "bad_answer", Script(status=302, headers={"Location": "http://127.0.0.1:1/"})),
    failed("error-bomb", "provider_refused", Script(status=418, raw=BOMB, headers={"Content-Encoding": "gzip"})),
    failed("silent", "first_byte_timeout", Script(wait_seconds=60)),
    failed("silent-after-headers", "first_byte_timeout", Script(deltas=0, end="stall")),
    failed("dripping-comments", "first_byte_timeout", Script(raw=":\n" * 1000, raw_step=2, every_ms=400)),
    # Not an answer.
    failed("page", "bad_answer", Script(raw="<html><body>Hello</body></html>", content_type="text/html")),
    failed("page-as-stream", "bad_answer", Script(raw="<html>\n<body>Hello</body>\n\n</html>\n")),
    failed("half-json", "bad_answer", Script(raw=raw('data: {"choices": [{"delta"'))),
    failed("json-list", "bad_answer", Script(raw=raw("data: [1, 2]"))),
    failed("bomb", "bad_answer", Script(raw=BOMB, headers={"Content-Encoding": "gzip"})),
    failed("endless-line", "bad_answer", Script(raw="data: " + "x" * 10_000_000)),
    failed("error-first", "provider_error", Script(raw=raw('data: {"error": {"message": "x"}}')), calls=3),
    failed("empty", "empty", Script(raw="\n")),
    failed("done-at-once", "empty", Script(raw=raw(DONE))),
    Case("only-spaces", [Script(text=" ")], "failed", "empty", "   ", NOTHING),
    # Broken in the middle: what arrived is kept, and counted here.
    failed("cut", "cut", Script(deltas=50, end="cut"), text=words(50)),
    failed("closed-early", "cut", Script(raw=raw(said("Half an "))), text="Half an "),
    failed("error-late", "provider_error", Script(deltas=50, end="error"), text=words(50)),
    failed("stalled", "stalled", Script(deltas=5, end="stall"), text=words(5)),
    failed("garbage-late", "bad_answer", Script(raw=raw(said("Well, "), "data: {oops")), text="Well, "),
    Case("cut-after-usage", [Script(deltas=50, usage_each=True, end="cut")], "failed", "cut", words(50)),
    # Odd, and still an answer.
    Case("no-usage", [Script(deltas=20, usage=[])], text=words(20), paid=COUNTED),
    Case("no-done", [Script(end="no_done")]),
    Case("usage-each-time", [Script(deltas=20, usage_each=True)], text=words(20)),
    Case("usage-twice", [Script(usage=[{"prompt_tokens": 7, "completion_tokens": 2}, {"prompt_tokens": 100, "completion_tokens": 3}])]),
    Case("usage-then-none", [Script(raw=raw(said("Hi."), usage(100, 3), usage(0, 0), DONE))], text="Hi."),
    Case("usage-without-output", [Script(raw=raw(said("Hi."), usage(100, 0), DONE))], text="Hi.", paid=COUNTED),
    Case("two-choices", [Script(raw=raw("data: " + json.dumps(TWO_CHOICES), usage(100, 3), DONE))], text="yes"),
    Case("talks-on", [Script(raw=raw(said("Yes."), usage(100, 3), DONE, said(" No."), DONE))], text="Yes."),
    Case("old-line-ends", [Script(raw=raw(said("Hé"), ": hm", "event: x\rid: 7", usage(100, 3), DONE, ending="\r\r"))], text="Hé"),
    Case("windows-line-ends", [Script(raw="\ufeff" + raw(said("Hé"), usage(100, 3), DONE, ending="\r\n\r\n"), raw_step=1)], text="Hé"),
    Case("no-space", [Script(raw=raw(said("Tea").replace("data: ", "data:"), usage(100, 3), DONE))], text="Tea"),
    Case("many-lines", [Script(raw=raw('data: {"choices": [{"delta":\ndata: {"content": "Two"}}]}', usage(100, 3), DONE))], text="Two"),
    Case("split-letters", [Script(raw=raw(said("für 你好 🦜"), usage(100, 3), DONE), raw_step=1)], text="für 你好 🦜"),
    Case("nul", [Script(raw=raw(said("a\x00b"), usage(100, 3), DONE))], text="a\ufffdb"),
    Case("length", [Script(finish="length")], reason="length"),
    Case("filtered", [Script(finish="content_filter")], reason="filter"),
    Case("five-megabytes", [Script(deltas=80, text="parrot " * 9362)], reason="cap", text=("parrot " * 9363)[:65536], paid=COUNTED),
    Case("without-end", [Script(deltas=10**9, text="parrot " * 100)], reason="cap", text=("parrot " * 9363)[:65536], paid=COUNTED),
    failed("trickle", "total_timeout", TRICKLE, text=words(12)),
]


def test_every_fault_of_a_provider_ends_the_answer_with_a_reason_its_text_and_the_right_charge(
    played: Iterator[tuple[Case, Reply]], provider: ScriptedProvider
) -> None:
    wrong = []
    for case, reply in played:
        begin = reply.message.text[: len(case.text)]
        text = begin if case.handle == "trickle" and abs(len(reply.message.text) - len(case.text)) < 20 else reply.message.text
        found = (reply.state, reply.reason, text, reply.is_estimated, len(provider.calls(case.handle)))
        expected = (case.state, case.reason, case.text, case.paid == COUNTED, case.calls)
        if found != expected:
            wrong.append(f"{case.handle}: {_short(found)}, expected {_short(expected)}")
        elif case.handle != "trickle" and reply.cost_ucr != (due := _due(case, reply, provider)):
            wrong.append(f"{case.handle}: cost {reply.cost_ucr}, expected {due}")
    assert not wrong, "\n".join(wrong)


@pytest.fixture
def played(
    make_stack: Callable, provider: ScriptedProvider, make_model: Callable, make_org: Callable[..., SimpleNamespace]
) -> Iterator[list[tuple[Case, Reply]]]:
    """Every case asked and ended; the closing checks come after the test."""
    for case in CASES:
        make_model(case.handle)
        provider.script(case.handle, *case.scripts)
    juniper, stack = make_org(), make_stack(**SHORT)
    stack.start_worker()
    asked: list[Reply] = []
    for start in range(0, len(CASES), 8):
        handles = [case.handle for case in CASES[start : start + 8]]
        asked += acts.ask(juniper.space, juniper.ana, " ".join(f"@{handle}" for handle in handles))

    yield [(case, acts.ended(reply, seconds=60)) for case, reply in zip(CASES, asked, strict=True)]

    closing.check(stack, provider, {case.handle: case.calls for case in CASES})


def _due(case: Case, reply: Reply, provider: ScriptedProvider) -> int:
    """2.5 and 10 US$ a million tokens, in micro-credits; counted here, a token is four bytes."""
    if case.paid == NOTHING:
        return 0
    if case.paid == REPORTED:
        return 100 * 250 + (reply.completion_tokens or 0) * 1000
    asked = provider.calls(case.handle)[-1]["body"]["messages"]
    prompt = -(-sum(len(turn["content"].encode()) for turn in asked) // 4)
    completion = -(-len(case.text.encode()) // 4)
    assert (reply.prompt_tokens, reply.completion_tokens) == (prompt, completion)
    return min(prompt * 250 + completion * 1000, _held(reply))


def _held(reply: Reply) -> int:
    from billing.models import Hold

    return Hold.objects.get(call=reply.call).amount_ucr


def _short(found: tuple) -> str:
    return repr(tuple(f"{part[:30]}…({len(part)})" if isinstance(part, str) and len(part) > 40 else part for part in found))
