"""The calls as a sheet: CSV, a row for each request to a provider, oldest first.

*Called by*: chat.views.usage. *Keeps true*: no cell is read as a formula; memory holds one batch, however many rows
there are; names and access are those of the pages.
*Why* no cursor of the database: a reader may take minutes, and would keep a connection and a snapshot all that time.
Rows are only ever added, so that each batch goes on exactly where the last one ended.
"""

import asyncio
import csv
from asyncio import Event
from collections.abc import AsyncIterator, Iterator
from io import StringIO
from typing import Any

from asgiref.sync import sync_to_async
from django.db import connection
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone

from billing import credits, usage
from billing.usage import Question
from chat.usage.asked import Asked
from chat.usage.calls import Call, named
from chat.usage.names import Names

BATCH = 2000
KIND = "text/csv; charset=utf-8"
# So that spreadsheets read it as UTF-8.
MARK = "\ufeff"
# What a spreadsheet takes for a formula when a cell begins with it.
DANGERS = ("=", "+", "-", "@", "\t", "\r")
COLUMNS = (
    *("time_utc", "day", "kind", "member", "space", "model", "provider", "api_key", "attempt", "outcome", "own_key"),
    *("tokens_in", "tokens_cached", "tokens_cache_written", "tokens_out", "tokens_reasoning", "counted_by"),
    *("credits", "microcredits", "microcredits_written_off", "message"),
)


def answer(asked: Asked, room: Event | None) -> HttpResponseBase:
    """All at once where one batch holds it, else batch by batch as the reader takes it."""
    batches = _batches(asked)
    first, second = next(batches), next(batches, None)
    response: HttpResponseBase
    if second is None:
        response = HttpResponse(first, content_type=KIND)
    else:
        response = StreamingHttpResponse(_flow([first, second], batches, room), content_type=KIND)
    name = f"usage-{asked.member.org.slug}-{asked.first_day}-{asked.last_day}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _batches(asked: Asked) -> Iterator[str]:
    """Text of the sheet, piece by piece; the first has the names of the columns."""
    names, question, after = Names(asked.member), _until_now(asked.question), None
    head = MARK + _text([list(COLUMNS)])
    while True:
        found = usage.requests(question, after=after, is_oldest_first=True, count=BATCH)
        if found or head:
            yield head + _text([row(call, asked) for call in named(found, names)])
        head = ""
        if len(found) < BATCH:
            return
        after = found[-1].place


async def _flow(ready: list[str], batches: Iterator[str], room: Event | None) -> AsyncIterator[str]:
    """Pieces as the reader takes them. No connection waits for a slow one: each batch takes one, and gives it back."""
    for piece in ready:
        yield piece
    while True:
        if room is not None:
            await room.wait()
        following = await sync_to_async(_next)(batches)
        if following is None:
            return
        yield following
        await asyncio.sleep(0)


def _next(batches: Iterator[str]) -> str | None:
    try:
        return next(batches, None)
    finally:
        if not connection.in_atomic_block:
            connection.close()


def _until_now(question: Question) -> Question:
    ends_at = min(question.ends_at, timezone.now())
    return Question(question.org_id, question.starts_at, ends_at, question.zone, question.only)


def row(call: Call, asked: Asked) -> list[Any]:
    of = call.request
    outcome = "answered" if of.is_answer else "empty" if of.is_delivered else "failed"
    return [
        *(call.at.isoformat(timespec="milliseconds"), call.at.astimezone(asked.place).date(), call.kind, call.member),
        *(call.space, call.model, call.provider, call.key, of.attempt, outcome, "yes" if of.is_own_key else "no"),
        *(of.prompt_tokens, of.cached_tokens, of.cache_write_tokens, of.completion_tokens, of.reasoning_tokens),
        *(of.usage_source, credits.format_exact(of.spent_ucr).replace(",", ""), of.spent_ucr, of.written_off_ucr),
        call.message,
    ]


def _text(rows: list[list[Any]]) -> str:
    out = StringIO()
    csv.writer(out).writerows([safe(cell) for cell in each] for each in rows)
    return out.getvalue()


def safe(cell: Any) -> str:
    """A cell that no spreadsheet runs: what would begin a formula is preceded by an apostrophe."""
    text = str(cell).replace("\x00", "")
    return f"'{text}" if text.startswith(DANGERS) else text
