"""What providers do, and how the answer must end.

*Called by*: test_provider_faults. *Keeps true*: each case has a model of its own, so that all can be asked at once.
"""

import gzip
import json
from dataclasses import dataclass
from typing import Any

from tests.doubles.provider import Script
from tests.flows.acts import words

NOTHING, REPORTED, COUNTED = "nothing", "reported", "counted"
TEXT_BYTES_MAX = 65_536


@dataclass
class Case:
    """What the provider does at each call, and the end. `paid` is nothing, what it reported, or what we counted."""

    handle: str
    scripts: list[Script]
    state: str = "finished"
    reason: str = ""
    text: str = words(3)
    paid: str = REPORTED
    calls: int = 1


def failed(handle: str, reason: str, *scripts: Script, calls: int = 1, text: str = "") -> Case:
    return Case(handle, list(scripts), "failed", reason, text, COUNTED if text else NOTHING, calls)


def spoken(handle: str, text: str, *lines: str, ending: str = "\n\n", step: int = 0, paid: str = REPORTED) -> Case:
    """An answer in these very lines, perhaps so many bytes at a time."""
    return Case(handle, [Script(raw="".join(line + ending for line in lines), raw_step=step)], text=text, paid=paid)


def say(text: str, index: int = 0) -> str:
    return "data: " + json.dumps({"choices": [{"index": index, "delta": {"content": text}}]}, ensure_ascii=False)


def use(prompt: int, completion: int) -> str:
    return "data: " + json.dumps({"choices": [], "usage": {"prompt_tokens": prompt, "completion_tokens": completion}})


def raw(data: str, **more: Any) -> Script:
    return Script(raw=data, **more)


BUSY = {"headers": {"Retry-After": "1"}}
BOMB = {
    "raw": gzip.compress(b"\0" * 30_000_000).decode("utf-8", "surrogateescape"),
    "headers": {"Content-Encoding": "gzip"},
}
DONE = "data: [DONE]"
USED = use(100, 3)
TWICE = [{"prompt_tokens": 7, "completion_tokens": 2}, {"prompt_tokens": 100, "completion_tokens": 3}]
TWO = {"choices": [{"index": 1, "delta": {"content": "no"}}, {"index": 0, "delta": {"content": "yes"}}]}
FINISH = 'data: {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}'
LONG = ("parrot " * 9363)[:TEXT_BYTES_MAX]
# Twelve words and a deadline of six seconds: the test looks at their beginning only.
TRICKLE = failed("trickle", "total_timeout", Script(deltas=1000, every_ms=500), text=words(12))

CASES = [
    # Refused or broken before anything was visible.
    Case("busy-once", [Script(status=429, **BUSY), Script()], calls=2),
    failed("busy-for-ever", "provider_busy", Script(status=429, **BUSY), calls=3),
    failed("busy-too-long", "provider_busy", Script(status=429, headers={"Retry-After": "3600"})),
    Case("overloaded-once", [Script(status=529), Script()], calls=2),
    Case("broken-twice", [Script(status=500), Script(status=503), Script()], calls=3),
    failed("broken-for-ever", "provider_error", Script(status=502), calls=3),
    failed("key-revoked", "provider_auth", Script(status=401)),
    failed("key-forbidden", "provider_auth", Script(status=403)),
    failed("unknown-request", "provider_refused", Script(status=404)),
    failed("redirected", "bad_answer", Script(status=302, headers={"Location": "http://127.0.0.1:1/"})),
    failed("error-bomb", "provider_refused", Script(status=418, **BOMB)),
    failed("silent", "first_byte_timeout", Script(wait_seconds=60)),
    failed("silent-after-headers", "first_byte_timeout", Script(deltas=0, end="stall")),
    failed("dripping-comments", "first_byte_timeout", raw(":\n" * 1000, raw_step=2, every_ms=400)),
    # Not an answer.
    failed("page", "bad_answer", raw("<html><body>Hello</body></html>", content_type="text/html")),
    failed("page-as-stream", "bad_answer", raw("<html>\n<body>Hello</body>\n\n</html>\n")),
    failed("half-json", "bad_answer", raw('data: {"choices": [{"delta"\n\n')),
    failed("json-list", "bad_answer", raw("data: [1, 2]\n\n")),
    failed("bomb", "bad_answer", Script(**BOMB)),
    failed("endless-line", "bad_answer", raw("data: " + "x" * 10_000_000)),
    failed("error-first", "provider_error", raw('data: {"error": {"message": "x"}}\n\n'), calls=3),
    failed("empty", "empty", raw("\n")),
    failed("done-at-once", "empty", raw(f"{DONE}\n\n")),
    Case("only-spaces", [Script(text=" ")], "failed", "empty", "   ", NOTHING),
    # Broken in the middle: what arrived is kept, and counted here.
    failed("cut", "cut", Script(deltas=50, end="cut"), text=words(50)),
    failed("closed-early", "cut", raw(say("Half an ") + "\n\n"), text="Half an "),
    failed("error-late", "provider_error", Script(deltas=50, end="error"), text=words(50)),
    failed("stalled", "stalled", Script(deltas=5, end="stall"), text=words(5)),
    failed("garbage-late", "bad_answer", raw(say("Well, ") + "\n\ndata: {oops\n\n"), text="Well, "),
    Case("cut-after-usage", [Script(deltas=50, usage_each=True, end="cut")], "failed", "cut", words(50)),
    TRICKLE,
    # Odd, and still an answer.
    Case("no-usage", [Script(deltas=20, usage=[])], text=words(20), paid=COUNTED),
    Case("no-done", [Script(end="no_done")]),
    Case("cut-after-finish", [raw(f"{say('Yes.')}\n\n{USED}\n\n{FINISH}\n\n", end="cut")], text="Yes."),
    Case("no-goodbye", [raw(f"{say('Yes.')}\n\n{USED}\n\n{FINISH}\n\n", end="stall")], text="Yes."),
    Case("usage-each-time", [Script(deltas=20, usage_each=True)], text=words(20)),
    Case("usage-twice", [Script(usage=TWICE)]),
    spoken("usage-then-none", "Hi.", say("Hi."), USED, use(0, 0), DONE),
    spoken("usage-without-output", "Hi.", say("Hi."), use(100, 0), DONE, paid=COUNTED),
    spoken("two-choices", "yes", "data: " + json.dumps(TWO), USED, DONE),
    spoken("second-choice", "yes", say("no", index=1), say("yes"), USED, DONE),
    spoken("talks-on", "Yes.", say("Yes."), USED, DONE, say(" No."), DONE),
    spoken("old-line-ends", "Hé", say("Hé"), ": hm", "event: x\rid: 7", USED, DONE, ending="\r\r"),
    spoken("windows-line-ends", "Hé", "\ufeff" + say("Hé"), USED, DONE, ending="\r\n\r\n", step=1),
    spoken("no-space", "Tea", say("Tea").replace("data: ", "data:"), USED, DONE),
    spoken("many-lines", "Two", 'data: {"choices": [{"delta":\ndata: {"content": "Two"}}]}', USED, DONE),
    spoken("split-letters", "für 你好 🦜", say("für 你好 🦜"), USED, DONE, step=1),
    spoken("nul", "a\ufffdb", say("a\x00b"), USED, DONE),
    Case("length", [Script(finish="length")], reason="length"),
    Case("filtered", [Script(finish="content_filter")], reason="filter"),
    Case("five-megabytes", [Script(deltas=80, text="parrot " * 9362)], reason="cap", text=LONG, paid=COUNTED),
    Case("without-end", [Script(deltas=10**9, text="parrot " * 100)], reason="cap", text=LONG, paid=COUNTED),
]
