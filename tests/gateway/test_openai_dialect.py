"""The OpenAI wire format, spoken with the scripted provider, whatever that sends."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.deadlines import Limits
from gateway.errors import CallFailed
from gateway.openai_dialect import OpenAIDialect, _Answer, _usage
from gateway.wire import Delta, Event, Finished, Request, Target, Try, Turn, Usage
from tests.doubles.provider import Script, ScriptedProvider

QUICK = Limits(5.0, 5.0, 10.0)


@pytest.fixture
async def dialect() -> AsyncIterator[OpenAIDialect]:
    made = OpenAIDialect()
    yield made
    await made.close()


class Call:
    """One attempt, as the gateway would make it."""

    def __init__(
        self, dialect: OpenAIDialect, provider: ScriptedProvider, *, slug: str = "scripted", **target: Any
    ) -> None:
        self.target = Target(1, slug, "Scripted", provider.url, "parrot", "sk-scripted", **target)
        self.dialect, self.note = dialect, Try(1, self.target, started_at=None)  # type: ignore[arg-type]
        self.request = Request((Turn("system", "Be brief."), Turn("user", "Ana: hi")), 99, temperature=0.5)
        self.events: list[Event] = []

    async def run(self, *, limits: Limits = QUICK, max_bytes: int = 10_000) -> str:
        """The text; the events are kept, also those before a failure."""
        request = Request(self.request.turns, 99, max_bytes, self.request.temperature)
        async for event in self.dialect.stream(self.target, request, limits=limits, note=self.note):
            self.events.append(event)
        return self.text

    @property
    def text(self) -> str:
        return "".join(event.text for event in self.events if isinstance(event, Delta))

    async def failure(self, **options: Any) -> CallFailed:
        with pytest.raises(CallFailed) as failed:
            await self.run(**options)
        return failed.value


@pytest.fixture
def call(dialect: OpenAIDialect, provider: ScriptedProvider) -> Call:
    return Call(dialect, provider)


def chunk(**choice: Any) -> str:
    return f"data: {json.dumps({'choices': [{'index': 0, **choice}]})}\n\n"


def said(*texts: str, end: str = "stop") -> str:
    return (
        "".join(chunk(delta={"content": text}) for text in texts)
        + chunk(delta={}, finish_reason=end)
        + "data: [DONE]\n\n"
    )


async def test_an_answer_is_text_usage_and_an_end(call: Call, provider: ScriptedProvider) -> None:
    provider.script("parrot", Script(deltas=3, headers={"x-request-id": "r" * 300}))

    assert await call.run() == "word0 word1 word2 "

    assert call.events[-2:] == [Usage(100, 3), Finished("stop")]
    assert (call.note.status, call.note.request_id) == (200, "r" * 200)


async def test_the_request_is_what_the_wire_format_says(call: Call, provider: ScriptedProvider) -> None:
    provider.script("parrot", Script())

    await call.run()

    (asked,) = provider.calls("parrot")
    assert asked["body"] == {
        "model": "parrot",
        "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Ana: hi"}],
        "max_tokens": 99,
        "temperature": 0.5,
        "stream": True,
        "stream_options": {"include_usage": True},
    }


async def test_a_model_that_takes_no_temperature_gets_none_and_openai_its_own_word(
    dialect: OpenAIDialect, provider: ScriptedProvider
) -> None:
    provider.script("parrot", Script())

    await Call(dialect, provider, slug="openai", takes_temperature=False).run()

    body = provider.calls("parrot")[0]["body"]
    assert "temperature" not in body and "max_tokens" not in body
    assert body["max_completion_tokens"] == 99


STATUS = {
    400: "provider_refused", 401: "provider_auth", 403: "provider_auth", 404: "provider_refused", 408: "provider_error",
    413: "context_too_long", 422: "provider_refused", 429: "provider_busy", 500: "provider_error", 503: "provider_error", 529: "provider_error",
}  # fmt: skip


@pytest.mark.parametrize(("status", "code"), STATUS.items())
async def test_a_status_is_told_in_our_own_words(
    call: Call, provider: ScriptedProvider, status: int, code: str
) -> None:
    provider.script("parrot", Script(status=status))

    failure = await call.failure()

    assert (failure.code, failure.status, call.note.status) == (code, status, status)
    assert "scripted" not in failure.sentence


@pytest.mark.parametrize(
    ("header", "seconds"), [("7", 7.0), ("0.5", 0.5), ("9999", 60.0), ("-1", None), ("nan", None), ("soon", None)]
)
async def test_a_provider_may_ask_for_a_pause(
    call: Call, provider: ScriptedProvider, header: str, seconds: float | None
) -> None:
    provider.script("parrot", Script(status=429, headers={"Retry-After": header}))

    assert (await call.failure()).retry_after == seconds


ENDS = {
    "cut off in the middle": (Script(deltas=2, end="cut"), "cut"),
    "an error event": (Script(deltas=2, end="error"), "provider_error"),
    "nothing": (Script(raw=":\n\n"), "empty"),
    "only a goodbye": (Script(raw="data: [DONE]\n\n"), "empty"),
    "only blanks": (Script(raw=said(" ", "\n")), "empty"),
    "no json": (Script(raw="data: {no\n\n"), "bad_answer"),
    "a list": (Script(raw="data: [1]\n\n"), "bad_answer"),
    "a page": (Script(raw="<html>hello</html>\n\n"), "bad_answer"),
    "another content type": (Script(content_type="text/html"), "bad_answer"),
    "json instead of a stream": (Script(content_type="application/json", raw="{}"), "bad_answer"),
    "compressed bytes": (Script(headers={"Content-Encoding": "br"}, raw="x"), "bad_answer"),
    "an event without end": (Script(raw="data: " + "x" * 1_200_000), "bad_answer"),
    "no end": (Script(raw=chunk(delta={"content": "half"})), "cut"),
}


@pytest.mark.parametrize("what", ENDS)
async def test_an_answer_that_is_none_fails_with_the_reason(call: Call, provider: ScriptedProvider, what: str) -> None:
    script, code = ENDS[what]
    provider.script("parrot", script)

    assert (await call.failure()).code == code


ODD = {
    "no goodbye": Script(deltas=2, end="no_done"),
    "a goodbye that is late": Script(raw=said("word0 ", "word1 ") + ": still here\n\n"),
    "usage twice": Script(deltas=2, usage=[{"prompt_tokens": 1}, {"prompt_tokens": 9, "completion_tokens": 9}]),
    "usage of nothing": Script(deltas=2, usage=[{"prompt_tokens": None, "completion_tokens": "many"}]),
    "no usage": Script(deltas=2, usage=[]),
    "a finish that nobody knows": Script(deltas=2, finish="because"),
    "carriage returns": Script(raw=said("word0 ", "word1 ").replace("\n", "\r\n")),
    "comments and names": Script(raw=": hello\n\nevent: chunk\nid: 1\n" + said("word0 ", "word1 ")),
    "other choices": Script(raw=chunk(index=1, delta={"content": "no"}) + said("word0 ", "word1 ")),
    "odd shapes": Script(
        raw='data: {}\n\ndata: {"choices":[]}\n\ndata: {"choices":[null]}\n\ndata: {"choices":{"a":1}}\n\n'
        'data: {"choices":[{"delta":null}]}\n\ndata: {"choices":[{"delta":{"content":7}}]}\n\n'
        + said("word0 ", "word1 ")
    ),
    "text after the goodbye": Script(raw=said("word0 ", "word1 ") + said("more")),
}


@pytest.mark.parametrize("what", ODD)
async def test_odd_answers_are_still_answers(call: Call, provider: ScriptedProvider, what: str) -> None:
    provider.script("parrot", ODD[what])

    assert await call.run() == "word0 word1 "
    assert call.events[-1] == Finished("stop")


@pytest.mark.parametrize(
    ("finish", "reason"), [("length", "length"), ("content_filter", "filter"), ("stop", "stop"), ("tool_calls", "stop")]
)
async def test_why_a_model_ended_is_told(call: Call, provider: ScriptedProvider, finish: str, reason: str) -> None:
    provider.script("parrot", Script(finish=finish))

    await call.run()

    assert call.events[-1] == Finished(reason)


async def test_text_is_exactly_what_was_sent_but_for_what_nothing_can_hold(
    call: Call, provider: ScriptedProvider
) -> None:
    raw = said("é💩\u2028 ", "a\x00b") + ""
    raw = raw.replace("\\ud83d\\udca9", "💩")
    provider.script("parrot", Script(raw=raw))

    assert await call.run() == "é💩\u2028 a\ufffdb"


async def test_an_answer_past_its_size_is_cut_within_a_character(call: Call, provider: ScriptedProvider) -> None:
    provider.script("parrot", Script(text="é" * 100, deltas=5, every_ms=1))

    text = await call.run(max_bytes=301)

    assert text == "é" * 150
    assert call.events[-1] == Finished("cap")


async def test_a_silent_provider_is_left_in_time(call: Call, provider: ScriptedProvider) -> None:
    provider.script("parrot", Script(wait_seconds=30), Script(deltas=1, end="stall"), Script(deltas=10_000, every_ms=5))

    first = await call.failure(limits=Limits(0.2, 5, 10))
    silent = await call.failure(limits=Limits(5, 0.2, 10))
    endless = await call.failure(limits=Limits(5, 5, 0.4), max_bytes=10**6)

    assert [first.code, silent.code, endless.code] == ["first_byte_timeout", "stalled", "total_timeout"]


async def test_whoever_stops_listening_hangs_up_on_the_provider(call: Call, provider: ScriptedProvider) -> None:
    provider.script("parrot", Script(deltas=10_000, every_ms=5))
    task = asyncio.create_task(call.run(max_bytes=10**6))
    async with asyncio.timeout(10):
        while not call.events:
            await asyncio.sleep(0.01)

    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    async with asyncio.timeout(10):
        while not provider.calls("parrot")[0]["hung_up"]:
            await asyncio.sleep(0.05)


async def test_an_address_where_nobody_listens_is_unreachable(
    dialect: OpenAIDialect, provider: ScriptedProvider
) -> None:
    call = Call(dialect, provider)
    for address in ("http://127.0.0.1:9/v1", "http://[/v1", "http://\ud800/v1"):
        call.target = Target(1, "scripted", "Scripted", address, "parrot", "sk")

        assert (await call.failure()).code == "unreachable"


# --- what has no wire ---------------------------------------------------------------------------

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["choices", "delta", "content", "index", "finish_reason", "usage", "error"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(st.lists(_JSON | st.binary(max_size=20), max_size=6))
def test_nothing_that_a_provider_sends_raises_anything_but_a_call_failed(chunks: list[Any]) -> None:
    answer = _Answer(1000)

    try:
        for each in chunks:
            answer.take(each if isinstance(each, bytes) else json.dumps(each).encode())
        answer.end()
    except CallFailed:
        pass


@given(
    st.dictionaries(
        st.sampled_from(["prompt_tokens", "completion_tokens", "prompt_tokens_details", "completion_tokens_details"]),
        _JSON | st.integers(-5, 10**12),
    )
)
def test_figures_are_clamped_to_what_can_be(told: dict[str, Any]) -> None:
    usage = _usage(told)

    assert min(usage.prompt, usage.completion, usage.cached, usage.cache_write, usage.reasoning) >= 0
    assert usage.cached + usage.cache_write <= usage.prompt <= 100_000_000
    assert usage.reasoning <= usage.completion <= 100_000_000


def test_figures_that_contradict_each_other_are_marked() -> None:
    plain = _usage({"prompt_tokens": 10, "completion_tokens": 5, "prompt_tokens_details": {"cached_tokens": 4}})
    odd = _usage({"prompt_tokens": 10, "completion_tokens": 5, "prompt_tokens_details": {"cached_tokens": 40}})

    assert plain == Usage(10, 5, cached=4)
    assert odd == Usage(10, 5, cached=10, is_odd=True)
    assert _usage({"prompt_tokens": -1, "completion_tokens": 1.5}).is_odd
