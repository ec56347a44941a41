"""Finding messages by their words, the newest first.

*Called by*: chat.views.search. *Keeps true*: only Spaces that the member may open are searched, and what is found is
checked once more; how long it takes does not depend on how often a word was written.
*Why* in spans: a common word has its newest hits within days, a rare one has few: neither needs all rows of a word.
Beginnings of words cost most, so they are tried when whole words find less than a page.
"""

import re
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import OperationalError, connection, transaction
from django.utils.translation import gettext_lazy

from chat.models import Message
from chat.search.query import Query, Term
from workspace import titles
from workspace.errors import Invalid
from workspace.models import Member, Space

PAGE = 20
SECONDS_MAX = 3
BEGINNING_MIN = 3
# Above this many Spaces, the row says in which it stands; up to it, the index does.
SPACES_IN_INDEX = 300
# So many hits are sorted at once.
FEW = 3_000
# Days of the first span, and of those after it. Each is asked for by the coarsest marks that fit.
SPANS = (2, 14, 91, 364)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CJK = re.compile(r"[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]+")


class TooBroad(Invalid):
    code = "too_broad"
    status = 422
    message = gettext_lazy("That takes too long to find. Add a word, a Space or a day.")


@dataclass(frozen=True)
class Place:
    """Where a page of hits begins: after this one."""

    at: datetime
    message_id: uuid.UUID
    # Whether the page before it was of words that only begin like those asked for.
    is_wide: bool = False


@dataclass(frozen=True)
class Found:
    """Messages newest first, and where the next page begins (None: that was all)."""

    messages: list[Message]
    after: Place | None


def find(member: Member, query: Query, *, after: Place | None = None) -> Found:
    """Up to PAGE messages. Raises TooBroad for a question that takes longer than SECONDS_MAX."""
    if query.is_empty:
        return Found([], None)
    spaces = list(Space.objects.visible_to(member).values_list("pk", flat=True))
    if not spaces:
        return Found([], None)
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            clock = Clock(cursor, time.monotonic() + SECONDS_MAX)
            is_wide = after is not None and after.is_wide
            hits = _Search(clock, member, query, spaces, is_wide=is_wide).run(after)
            if after is None and len(hits) < PAGE and _can_widen(query.terms):
                is_wide = True
                hits = _Search(clock, member, query, spaces, is_wide=True).run(None)
    except OperationalError as error:
        if "statement timeout" not in str(error):
            raise
        raise TooBroad from None
    rows = {row.pk: row for row in _messages(member, [pk for pk, at in hits[:PAGE]])}
    last = hits[PAGE - 1] if len(hits) > PAGE else None
    return Found([rows[pk] for pk, at in hits[:PAGE] if pk in rows], Place(last[1], last[0], is_wide) if last else None)


def _messages(member: Member, ids: list[uuid.UUID]) -> list[Message]:
    shown = Message.objects.filter(pk__in=ids, deleted_at=None, space__in=Space.objects.visible_to(member))
    found = list(shown.select_related("author", "ai_model", "space").prefetch_related("attachments__file"))
    titles.name_for(member, [message.space for message in found])
    return found


class Clock:
    """A cursor each of whose statements has as long as the search has left: many quick ones take long as well."""

    def __init__(self, cursor, ends_at: float) -> None:
        self.cursor, self._ends_at = cursor, ends_at
        self.fetchone, self.fetchall = cursor.fetchone, cursor.fetchall

    def execute(self, statement: str, values: Any = None) -> None:
        left = int((self._ends_at - time.monotonic()) * 1000)
        if left < 1:
            raise TooBroad
        self.cursor.execute(f"SET LOCAL statement_timeout = {left}")
        self.cursor.execute(statement, values)


class _Search:
    def __init__(self, clock: Clock, member: Member, query: Query, spaces: list[uuid.UUID], *, is_wide: bool) -> None:
        self._cursor, self._query, self._org_id = clock, query, member.org_id
        self._is_indexed = len(spaces) <= SPACES_IN_INDEX
        self._spaces = spaces
        # Only the index of words narrows: the planner, offered times, would walk all of them for a rare word.
        where = [f"\x01s{pk}" for pk in spaces] if self._is_indexed else [f"\x01o{member.org_id}"]
        self._wanted = _as_tsquery(clock.cursor, query.terms, [*query.marks, where], is_wide=is_wide)

    def run(self, after: Place | None) -> list[tuple[uuid.UUID, datetime]]:
        """Ids and times of up to PAGE + 1 hits after a place, span by span."""
        hits: list[tuple[uuid.UUID, datetime]] = []
        newest, oldest = self._bounds(after)
        if newest is None or oldest is None:
            return hits
        spans = [(oldest, newest, [])] if self._is_few() else _spans(newest, oldest)
        for since, until, marks in spans:
            hits += self._ask(since, until, marks, after, limit=PAGE + 1 - len(hits))
            if len(hits) > PAGE:
                break
        return hits

    def _is_few(self) -> bool:
        """Whether the planner, which counts the commonest words, expects so few rows that all can be looked at."""
        if not self._wanted:
            return False
        self._cursor.execute("EXPLAIN (FORMAT JSON) SELECT FROM chat_words WHERE vector @@ %s::tsquery", [self._wanted])
        return self._cursor.fetchone()[0][0]["Plan"]["Plan Rows"] <= FEW

    def _bounds(self, after: Place | None) -> tuple[datetime | None, datetime | None]:
        """The newest moment that can hold a hit (exclusive), and the oldest."""
        self._cursor.execute(
            "SELECT max(created_at), min(created_at) FROM chat_words WHERE org_id = %s", [self._org_id]
        )
        newest, oldest = self._cursor.fetchone()
        if newest is None:
            return None, None
        tick = timedelta(microseconds=1)
        ends = [newest + tick, self._query.until, after.at + tick if after else None]
        until = min(end for end in ends if end is not None)
        since = max(oldest, self._query.since or oldest)
        return (until, since) if since < until else (None, None)

    def _ask(
        self, since: datetime, until: datetime, marks: list[str], after: Place | None, *, limit: int
    ) -> list[tuple[uuid.UUID, datetime]]:
        wanted = f"({self._wanted}) & ({_any(marks)})" if self._wanted and marks else self._wanted or _any(marks)
        self._cursor.execute(
            """WITH hits AS MATERIALIZED (
                 SELECT message_id, org_id, created_at FROM chat_words WHERE vector @@ %(wanted)s::tsquery
               )
               SELECT w.message_id, w.created_at FROM hits w JOIN chat_message m ON m.id = w.message_id
               WHERE w.org_id = %(org)s AND w.created_at >= %(since)s AND w.created_at < %(until)s
                 AND (%(at)s::timestamptz IS NULL OR (w.created_at, w.message_id) < (%(at)s, %(last)s))
                 AND (%(spaces)s::uuid[] IS NULL OR m.space_id = ANY (%(spaces)s))
               ORDER BY w.created_at DESC, w.message_id DESC LIMIT %(limit)s""",
            {
                "org": self._org_id,
                "wanted": wanted,
                "since": since,
                "until": until,
                "at": after.at if after else None,
                "last": after.message_id if after else None,
                "spaces": None if self._is_indexed else self._spaces,
                "limit": limit,
            },
        )
        return list(self._cursor.fetchall())


def _spans(newest: datetime, oldest: datetime) -> Iterator[tuple[datetime, datetime, list[str]]]:
    """Spans of time from the newest back, each with the marks of the days, weeks or quarters that it touches."""
    until = newest
    for days in SPANS:
        since = max(oldest, newest - timedelta(days=days))
        if since < until:
            yield since, until, _time_marks(since, until, days)
            until = since
    if oldest < until:
        yield oldest, until, []


def _time_marks(since: datetime, until: datetime, days: int) -> list[str]:
    letter, size = ("d", 1) if days <= 2 else ("w", 7) if days <= 14 else ("q", 91)
    first, last = _day(since) // size, _day(until) // size
    return [f"\x01{letter}{number}" for number in range(first, last + 1)]


def _day(at: datetime) -> int:
    return (at - _EPOCH).days


def _as_tsquery(cursor, terms: list[Term], marks: list[list[str]], *, is_wide: bool) -> str:
    """What must be there, in PostgreSQL's own words."""
    pieces = [f"({_any(alternatives)})" for alternatives in marks]
    for term in terms:
        cursor.execute(*_lexemes(term, is_wide=is_wide and not term.is_without))
        if text := cursor.fetchone()[0]:
            pieces.append(f"!({text})" if term.is_without else f"({text})")
    return " & ".join(pieces)


def _can_widen(terms: list[Term]) -> bool:
    return any(_begins(term) for term in terms if not term.is_without)


def _begins(term: Term) -> bool:
    """Whether what begins with the term is worth finding: shorter ones begin half of all words."""
    return term.words.isalnum() and len(term.words) >= BEGINNING_MIN and not term.is_phrase


def _lexemes(term: Term, *, is_wide: bool) -> tuple[str, list[str]]:
    """A question to PostgreSQL that answers with one term as a tsquery: as written, its stem, what begins so.

    Scripts without spaces are found by pairs of neighbours, as chat_pairs in search.sql made them.
    """
    pairs = [pair for run in _CJK.findall(term.words) for pair in _pairs(run)]
    rest = _CJK.sub(" ", term.words).strip()
    questions = [f"({' & '.join(_quoted(pair) for pair in pairs)})"] if pairs else []
    if not rest:
        return "SELECT %s", questions
    written, values = "phraseto_tsquery('simple', chat_broken(%s))", [rest]
    if not term.is_phrase:
        written, values = f"{written} || plainto_tsquery('english', chat_broken(%s))", [*values, rest]
    if is_wide and _begins(term):
        written, values = f"{written} || %s::tsquery", [*values, f"{_quoted(rest.lower())}:*"]
    joined = f"({written})" + "".join(" && %s::tsquery" for _ in questions)
    return f"SELECT ({joined})::text", [*values, *questions]


def _pairs(run: str) -> list[str]:
    return [run] if len(run) == 1 else [run[place : place + 2] for place in range(len(run) - 1)]


def _quoted(lexeme: str) -> str:
    escaped = lexeme.replace("\\", "\\\\").replace("'", "''")
    return f"'{escaped}'"


def _any(marks: list[str]) -> str:
    return " | ".join(_quoted(mark) for mark in marks)
