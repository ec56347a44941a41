"""The OpenAI wire format: one attempt at one target.

*Called by*: gateway.calls. *Keeps true*: an answer ends in Finished or in a CallFailed, never in silence; text is
yielded exactly as sent; nothing that a provider sends can raise anything but a CallFailed.
*Why*: the `openai` package makes the request, its raw bytes are read here: typed chunk objects cost four to
eight times as much.
"""

import asyncio
import contextlib
import math
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any

import httpx2
import openai
import orjson

from gateway import outbound
from gateway.deadlines import Deadlines, Limits
from gateway.errors import CallFailed
from gateway.sse import Events
from gateway.wire import Delta, Event, Finished, Request, Target, Try, Usage

RETRY_AFTER_MAX = 60.0
TOKENS_MAX = 100_000_000
GOODBYE_SECONDS = 0.05
_COMPLETION_TOKENS_FIELD = {"openai": "max_completion_tokens"}
_FINISHES = {"stop": "stop", "length": "length", "content_filter": "filter"}


class OpenAIDialect:
    """Keeps one HTTP client, so that connections are reused within its loop."""

    def __init__(self) -> None:
        self._http = outbound.client(guarded=False)
        self._clients: dict[tuple[str, str], openai.AsyncOpenAI] = {}

    async def close(self) -> None:
        await self._http.aclose()

    async def stream(
        self, target: Target, request: Request, *, limits: Limits, note: Try
    ) -> AsyncGenerator[Event, None]:
        """Yield Delta, Usage and one Finished. Raises CallFailed. Fills `note` with status and request id."""
        answer, events = _Answer(request.max_output_bytes), Events()
        try:
            async with Deadlines(limits) as deadlines, self._open(target, request, note) as response:
                reads = _reads(response)
                async for chunk in reads:
                    deadlines.note_bytes()
                    for data in events.feed(chunk):
                        deadlines.note_begin()
                        for event in answer.take(data):
                            yield event
                    if answer.is_over:
                        break
                for data in () if answer.is_over else events.rest():
                    for event in answer.take(data):
                        yield event
                if answer.is_done:
                    await _part(reads)
        except CallFailed:
            # A model that said why it finished had finished: only the provider's goodbye is missing.
            if not answer.has_finished:
                raise
        except (httpx2.InvalidURL, UnicodeError) as error:
            raise CallFailed("unreachable") from error
        yield answer.end(is_strange=events.is_strange)

    def _open(self, target: Target, request: Request, note: Try) -> "_Opened":
        limit = _COMPLETION_TOKENS_FIELD.get(target.provider, "max_tokens")
        fields: dict[str, Any] = {limit: request.max_output_tokens}
        if request.temperature is not None and target.takes_temperature:
            fields["temperature"] = request.temperature
        manager = self._client(target).chat.completions.with_streaming_response.create(
            model=target.upstream_model,
            # By extra_body they go as they are; the package would look at each one by its type, for milliseconds.
            messages=[],
            extra_body={"messages": _messages(request, target)},
            stream=True,
            stream_options={"include_usage": True},
            **fields,
        )
        return _Opened(manager, note)

    def _client(self, target: Target) -> openai.AsyncOpenAI:
        key = (target.base_url, target.api_key)
        if key not in self._clients:
            client = self._clients[key] = openai.AsyncOpenAI(
                base_url=target.base_url,
                api_key=target.api_key or "none",
                max_retries=0,
                timeout=httpx2.Timeout(None, connect=outbound.CONNECT_SECONDS),
                http_client=self._http,
            )
            # The package reads these from the environment for whoever is called; they are nobody's business.
            client.organization = client.project = None
        return self._clients[key]


class _Opened:
    """Opens the response and says in our words why it could not be opened."""

    def __init__(self, manager: Any, note: Try) -> None:
        self._manager = manager
        self._note = note

    async def __aenter__(self) -> Any:
        try:
            response = await self._manager.__aenter__()
        except openai.APIStatusError as error:
            self._note.status = error.status_code
            raise _status_failure(error) from error
        except openai.APIError as error:
            raise CallFailed("unreachable") from error
        self._note.status = response.status_code
        self._note.request_id = (response.headers.get("x-request-id") or "")[:200]
        kind = response.headers.get("content-type", "text/event-stream")
        if response.status_code != 200 or not kind.startswith("text/event-stream"):
            await self._manager.__aexit__(None, None, None)
            raise CallFailed("bad_answer", status=response.status_code)
        if response.headers.get("content-encoding", "identity") != "identity":
            await self._manager.__aexit__(None, None, None)
            raise CallFailed("bad_answer", status=response.status_code)
        return response

    async def __aexit__(self, *details: Any) -> None:
        await self._manager.__aexit__(*details)


class _Answer:
    """What has been said so far: parses events, keeps the last usage, knows when it is over."""

    def __init__(self, max_bytes: int) -> None:
        self.is_over = self.is_done = False
        self._has_begun = False
        self._room = max_bytes
        self._finish = ""
        self._has_text = False

    @property
    def has_finished(self) -> bool:
        return bool(self._finish)

    def take(self, data: bytes) -> list[Event]:
        if self.is_over:
            return []
        self._has_begun = True
        if data.strip() == b"[DONE]":
            self.is_over = self.is_done = True
            return []
        try:
            chunk = orjson.loads(data)
        except ValueError:
            raise CallFailed("bad_answer") from None
        if not isinstance(chunk, dict):
            raise CallFailed("bad_answer")
        if chunk.get("error"):
            raise CallFailed("provider_error")
        found = self._text(chunk)
        told = chunk.get("usage")
        # Cumulative: the last figures count, but zeros after figures are only a field left empty.
        if isinstance(told, dict) and ((usage := _usage(told)).prompt or usage.completion):
            found.append(usage)
        return found

    def end(self, *, is_strange: bool = False) -> Finished:
        """Called when the stream is over."""
        if not self._finish and not self.is_over:
            raise CallFailed("cut" if self._has_begun else "bad_answer" if is_strange else "empty")
        if not self._has_text:
            raise CallFailed("empty")
        return Finished(self._finish or "stop")

    def _text(self, chunk: dict) -> list[Event]:
        found: list[Event] = []
        first = _first_choice(chunk.get("choices"))
        delta = first.get("delta")
        text = delta.get("content") if isinstance(delta, dict) else None
        if isinstance(text, str) and text:
            found += self._within_room(text)
        if isinstance(first.get("finish_reason"), str):
            self._finish = self._finish or _FINISHES.get(first["finish_reason"], "stop")
        return found

    def _within_room(self, text: str) -> list[Event]:
        # PostgreSQL text cannot hold NUL, and half a surrogate pair cannot be sent on.
        text = text.replace("\x00", "\N{REPLACEMENT CHARACTER}")
        raw = text.encode("utf-8", "replace")
        if len(raw) > self._room:
            self._finish, self.is_over = "cap", True
            text = raw[: self._room].decode("utf-8", "ignore")
        self._room -= len(raw)
        self._has_text = self._has_text or bool(text.strip())
        return [Delta(text)] if text else []


def _first_choice(choices: object) -> dict:
    for choice in choices if isinstance(choices, list) else ():
        if isinstance(choice, dict) and choice.get("index", 0) == 0:
            return choice
    return {}


def _messages(request: Request, target: Target) -> list[dict[str, str]]:
    found: list[dict[str, str]] = []
    for turn in request.turns:
        if found and found[-1]["role"] == turn.role and not target.repeats_roles:
            found[-1]["content"] += f"\n\n{turn.text}"
        else:
            found.append({"role": turn.role, "content": turn.text})
    return found


async def _reads(response: Any) -> AsyncIterator[bytes]:
    try:
        async for chunk in response.http_response.aiter_raw():
            yield chunk
    except httpx2.HTTPError as error:
        raise CallFailed("cut") from error


async def _part(reads: AsyncIterator[bytes]) -> None:
    """Read the end of a response that has said [DONE], so that its connection can serve the next call; not for long."""
    with contextlib.suppress(TimeoutError, CallFailed):
        async with asyncio.timeout(GOODBYE_SECONDS):
            async for chunk in reads:
                if chunk.strip():
                    return


def _status_failure(error: openai.APIStatusError) -> CallFailed:
    status, body = error.status_code, str(error.body or "").lower()
    if status == 429:
        return CallFailed("provider_busy", status=status, retry_after=_retry_after(error.response))
    if status in (401, 403):
        return CallFailed("provider_auth", status=status)
    if status in (400, 413, 422) and ("context" in body or "too long" in body or status == 413):
        return CallFailed("context_too_long", status=status)
    if status >= 500 or status == 408:
        return CallFailed("provider_error", status=status, retry_after=_retry_after(error.response))
    if 300 <= status < 400:
        return CallFailed("bad_answer", status=status)
    return CallFailed("provider_refused", status=status)


def _retry_after(response: httpx2.Response) -> float | None:
    try:
        seconds = float(response.headers.get("retry-after", ""))
    except ValueError:
        return None
    return min(seconds, RETRY_AFTER_MAX) if math.isfinite(seconds) and seconds >= 0 else None


def _usage(told: dict) -> Usage:
    """The figures, clamped to what can be: subsets within their whole, nothing negative or absurd."""
    prompt_details = told.get("prompt_tokens_details") or {}
    completion_details = told.get("completion_tokens_details") or {}
    figures = [
        told.get("prompt_tokens"),
        told.get("completion_tokens"),
        prompt_details.get("cached_tokens") if isinstance(prompt_details, dict) else 0,
        prompt_details.get("cache_write_tokens") if isinstance(prompt_details, dict) else 0,
        completion_details.get("reasoning_tokens") if isinstance(completion_details, dict) else 0,
    ]
    sane = [value if isinstance(value, int) and 0 <= value <= TOKENS_MAX else 0 for value in figures]
    prompt, completion, cached, cache_write, reasoning = sane
    is_odd = any(value not in (None, kept) for value, kept in zip(figures, sane, strict=True))
    is_odd = is_odd or cached + cache_write > prompt or reasoning > completion
    cached = min(cached, prompt)
    cache_write = min(cache_write, prompt - cached)
    return Usage(prompt, completion, cached, cache_write, min(reasoning, completion), is_odd)
