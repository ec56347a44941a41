"""Where the credits went: sums over requests to providers, and the requests themselves.

*Called by*: billing.statement, chat.views.usage. *Keeps true*: what is called spent is a sum of moves to "spent" and of
nothing else, so that every page agrees with the ledger to the micro-credit; it reads an organization's span by index.
*Why* a move is found by its time: the ledger writes usage and moves of a call under one reading of the clock.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

FILTERS = ("member", "space", "model", "provider", "key", "kind")
DIMENSIONS = ("day", *FILTERS)
# Before the name of a model that no price knows: it ran on the organization's own key.
OWN_NAME = "~"
PAGE = 50


@dataclass(frozen=True, slots=True)
class Question:
    """Which requests: of an organization, from one instant to before another, with these values ("" for none).

    Days are those of the time zone. A member, Space or key is named by its UUID, a model by the id in the catalog.
    """

    org_id: UUID
    starts_at: datetime
    ends_at: datetime
    zone: str = "UTC"
    only: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Sums:
    """What some requests came to. Tokens are those of answers; a failed or empty request counts, and costs nothing."""

    spent_ucr: int = 0
    written_off_ucr: int = 0
    answers: int = 0
    own_answers: int = 0
    empty: int = 0
    prompt_tokens: int = 0
    cached_tokens: int = 0
    cache_write_tokens: int = 0
    completion_tokens: int = 0
    reasoning_tokens: int = 0

    @property
    def tokens(self) -> int:
        return self.prompt_tokens + self.completion_tokens

    @property
    def requests(self) -> int:
        return self.answers + self.empty


@dataclass(frozen=True, slots=True)
class Report:
    """The sums of everything, and of each value of each dimension; a value is "" where there is none."""

    total: Sums
    by: dict[str, dict[str, Sums]]


@dataclass(frozen=True, slots=True)
class Request:
    """One request to a provider, as a row of the list of calls. `attempts`: how many its call made."""

    hold_id: int
    attempt: int
    at: datetime
    call: str
    member: str
    space: str
    model: str
    provider: str
    key: str
    upstream_model: str
    prompt_tokens: int
    cached_tokens: int
    cache_write_tokens: int
    completion_tokens: int
    reasoning_tokens: int
    usage_source: str
    is_delivered: bool
    is_own_key: bool
    spent_ucr: int
    written_off_ucr: int
    attempts: int

    @property
    def kind(self) -> str:
        return self.call.partition(":")[0]

    @property
    def is_answer(self) -> bool:
        return self.is_delivered and self.completion_tokens > 0

    @property
    def place(self) -> "Place":
        return Place(self.at, self.hold_id, self.attempt)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page of requests ended."""

    at: datetime
    hold_id: int
    attempt: int


def report(question: Question) -> Report:
    """Everything that the usage page shows, in one query."""
    total, by = Sums(), {dimension: dict[str, Sums]() for dimension in DIMENSIONS}
    for mask, *values, sums in _read(_REPORT, question):
        known = Sums(*sums)
        # The bit of the one dimension that a row is of is unset.
        wanted = [n for n in range(len(DIMENSIONS)) if not mask >> (len(DIMENSIONS) - 1 - n) & 1]
        if not wanted:
            total = known
        else:
            by[DIMENSIONS[wanted[0]]][str(values[wanted[0]] or "")] = known
    return Report(total, by)


def requests(
    question: Question, *, after: Place | None = None, is_oldest_first: bool = False, count: int = PAGE
) -> list[Request]:
    """The next requests after a place, newest first; read by index, however many there are."""
    order = "ASC" if is_oldest_first else "DESC"
    beyond = ""
    values: dict[str, Any] = {"count": count}
    if after:
        beyond = "AND u.at {0}= %(at)s AND (u.at, u.hold_id, u.attempt) {0} (%(at)s, %(hold)s, %(attempt)s)"
        beyond = beyond.format(">" if is_oldest_first else "<")
        values |= {"at": after.at, "hold": after.hold_id, "attempt": after.attempt}
    sql = _REQUESTS.format(where="{where}", beyond=beyond, order=order)
    return [Request(*row) for row in _read(sql, question, **values)]


def _read(sql: str, question: Question, **values: Any) -> Iterable[Any]:
    wheres = []
    for dimension, value in question.only.items():
        wheres.append(_IS[dimension] if value else _IS_NONE[dimension])
        values[dimension] = value.removeprefix(OWN_NAME) if dimension == "model" else value
        if dimension == "model" and value.startswith(OWN_NAME):
            wheres[-1] = "u.price_id IS NULL AND u.upstream_model = %(model)s"
    span: dict[str, Any] = {
        "org": question.org_id,
        "from": question.starts_at,
        "to": question.ends_at,
        "zone": question.zone,
    }
    with connection.cursor() as cursor:
        cursor.execute(sql.format(where="".join(f" AND {each}" for each in wheres)), span | values)
        rows: list[Any] = cursor.fetchall()
    return rows


_FIGURES = [each.name for each in fields(Sums)]
_SPAN = "{0}.org_id = %(org)s AND {0}.at >= %(from)s AND {0}.at < %(to)s"
# The words of the index move_of_balance.
_SPENT = "kind NOT IN ('hold', 'release') AND dst = 'spent'"
# A subquery and no join, so that holds are read by their key however many of them there are.
_KIND = "split_part((SELECT h.call FROM billing_hold h WHERE h.id = u.hold_id), ':', 1)"
_IS_ANSWER = "u.is_delivered AND u.completion_tokens > 0"
# What a call paid goes to its attempts in their order, each up to its charge; the rest was written off. Nearly every
# call has one attempt that costs something.
_SHARE = """CASE WHEN u.charge_ucr = 0 THEN 0 ELSE least(u.charge_ucr, greatest(coalesce(s.amount, 0) - CASE
    WHEN u.attempt = 1 THEN 0 ELSE coalesce((SELECT sum(e.charge_ucr) FROM billing_usageevent e
    WHERE e.hold_id = u.hold_id AND e.attempt < u.attempt), 0) END, 0)) END"""
_IS = {
    "member": "u.member_id = %(member)s::uuid",
    "space": "u.space_id = %(space)s::uuid",
    "model": """u.price_id IN (SELECT p.id FROM billing_price p JOIN catalog_offer o ON o.id = p.offer_id
        WHERE o.ai_model_id = %(model)s::bigint)""",
    "provider": "u.provider = %(provider)s",
    "key": "u.key_id = %(key)s::uuid",
    "kind": f"{_KIND} = %(kind)s",
}
_IS_NONE = {
    "member": "u.member_id IS NULL",
    "space": "u.space_id IS NULL",
    "model": "false",
    "provider": "u.provider = ''",
    "key": "u.key_id IS NULL",
    "kind": "false",
}
_REPORT = f"""
    WITH spent AS (
        SELECT m.hold_id, sum(m.amount_ucr) AS amount FROM billing_move m
        WHERE {_SPAN.format("m")} AND m.{_SPENT} GROUP BY m.hold_id
    ), request AS (
        SELECT u.*, (u.at AT TIME ZONE %(zone)s)::date AS day, {_KIND} AS kind, {_SHARE} AS spent_ucr,
            {_IS_ANSWER} AS is_answer, CASE WHEN u.price_id IS NULL THEN u.upstream_model END AS own_name
        FROM billing_usageevent u LEFT JOIN spent s ON s.hold_id = u.hold_id
        WHERE {_SPAN.format("u")}{{where}}
    ), bundle AS (
        SELECT day, member_id, space_id, price_id, provider, key_id, own_name, kind,
            sum(spent_ucr) AS spent_ucr, sum(charge_ucr - spent_ucr) AS written_off_ucr,
            count(*) FILTER (WHERE is_answer) AS answers, count(*) FILTER (WHERE NOT is_answer) AS empty,
            count(*) FILTER (WHERE is_answer AND is_own_key) AS own_answers,
            {", ".join(f"coalesce(sum({each}) FILTER (WHERE is_answer), 0) AS {each}" for each in _FIGURES[5:])}
        FROM request GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
    ), named AS (
        SELECT b.day, b.member_id AS member, b.space_id AS space, b.provider,
            coalesce(o.ai_model_id::text, '{OWN_NAME}' || b.own_name) AS model,
            b.key_id AS key, b.kind, {", ".join(f"b.{each}" for each in _FIGURES)}
        FROM bundle b LEFT JOIN billing_price p ON p.id = b.price_id LEFT JOIN catalog_offer o ON o.id = p.offer_id
    )
    SELECT GROUPING({", ".join(DIMENSIONS)}), {", ".join(DIMENSIONS)},
        ARRAY[{", ".join(f"coalesce(sum({each}), 0)::bigint" for each in _FIGURES)}]
    FROM named GROUP BY GROUPING SETS ((), {", ".join(f"({each})" for each in DIMENSIONS)})"""
_REQUESTS = f"""
    SELECT page.hold_id, page.attempt, page.at,
        (SELECT h.call FROM billing_hold h WHERE h.id = page.hold_id), coalesce(page.member_id::text, ''),
        coalesce(page.space_id::text, ''), coalesce(o.ai_model_id::text, '{OWN_NAME}' || page.upstream_model),
        page.provider, coalesce(page.key_id::text, ''), page.upstream_model, page.prompt_tokens, page.cached_tokens,
        page.cache_write_tokens, page.completion_tokens, page.reasoning_tokens, page.usage_source, page.is_delivered,
        page.is_own_key, page.spent_ucr::bigint, (page.charge_ucr - page.spent_ucr)::bigint,
        (SELECT max(e.attempt) FROM billing_usageevent e WHERE e.hold_id = page.hold_id)
    FROM (
        SELECT u.*, {_SHARE} AS spent_ucr FROM billing_usageevent u
        CROSS JOIN LATERAL (SELECT sum(m.amount_ucr) AS amount FROM billing_move m
            WHERE m.org_id = u.org_id AND m.at = u.at AND m.hold_id = u.hold_id AND m.{_SPENT}) s
        WHERE {_SPAN.format("u")}{{where}} {{beyond}}
        ORDER BY u.at {{order}}, u.hold_id {{order}}, u.attempt {{order}} LIMIT %(count)s
    ) page LEFT JOIN billing_price p ON p.id = page.price_id LEFT JOIN catalog_offer o ON o.id = p.offer_id
    ORDER BY page.at {{order}}, page.hold_id {{order}}, page.attempt {{order}}"""
