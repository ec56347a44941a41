"""A long history: opening a Space of a million messages against one of a hundred, and finding words among them.

*Called by*: `__main__.py`. *Keeps true*: pages and answers come over HTTP from the product's own server; the words of
the texts are as common as words are (Zipf), written over three years; what is searched for is rare, common and in between.
"""

import hashlib
import http.client
import os
import random
import sys
import time
import urllib.parse
import uuid
from typing import Any

import psycopg

from tests.bench import machine
from tests.bench.figures import Figure, of_times, tidy
from tests.bench.stage import Stage, stage

MESSAGES = 1_000_000
QUICK = 100_000
VOCABULARY = 20_000
RATIO = 1.5
SEARCH_MS = 200
BATCH = 20_000
# Words by how often they are written (1 is the commonest), alone, together, as phrases and with filters.
_RARE, _MIDDLE, _COMMON = (19_000, 15_000, 11_111), (900, 2_500, 400), (1, 2, 5, 12, 30)
# Whatever else a message has is as in the first, which was posted as messages are.
_FILL = """
    INSERT INTO chat_message
    SELECT made.*
    FROM chat_message AS first
    CROSS JOIN generate_series(%(first)s::bigint, %(last)s::bigint) AS n
    CROSS JOIN LATERAL (
      SELECT string_agg(translate(substr(md5(floor(power(%(vocabulary)s, random()))::text), 1, 7), '0123456789', 'ghijklmnop'), ' ')
             AS words
      FROM generate_series(1, 6 + (n %% 18)::int) WHERE n > 0
    ) said
    CROSS JOIN LATERAL jsonb_populate_record(first, jsonb_build_object(
      'id', gen_random_uuid(), 'position', n, 'revision', n, 'author_id', (%(people)s::uuid[])[1 + n %% %(crowd)s],
      'client_id', gen_random_uuid(), 'text', said.words, 'html', '<p>' || said.words || '</p>',
      'created_at', now() - (%(total)s - n) * %(pace)s * interval '1 second')) AS made
    WHERE first.space_id = %(space)s AND first.position = 1"""


def run(*, quick: bool = False, sizes: list[int] | None = None) -> list[Figure]:
    total = sizes[0] if sizes else QUICK if quick else MESSAGES
    rounds = 30 if quick else 120
    with stage(people=20, spaces=2) as on:
        began = time.monotonic()
        _fill(on, on.spaces[0], total)
        _fill(on, on.spaces[1], 100)
        filled = time.monotonic() - began
        on.stack.start_web()
        ask = _Asker(on)
        for _ in range(10):
            ask.page(on.spaces[0]), ask.page(on.spaces[1]), ask.search(word(1))
        load = machine.Load()
        long, short = [], []
        for _ in range(rounds):
            long.append(ask.page(on.spaces[0]))
            short.append(ask.page(on.spaces[1]))
        found = {name: [ask.search(text) for text in _texts(kind, rounds)] for name, kind in _KINDS.items()}
        load.stop()
    every = [seconds for times in found.values() for seconds in times]
    p95 = [sorted(times)[int(len(times) * 0.95) - 1] for times in (long, short)]
    return [
        Figure("messages in the long Space", total, ""),
        *of_times("opening the long Space", long),
        *of_times("opening one of 100 messages", short),
        Figure("p95, long over short", tidy(p95[0] / p95[1]), "x", RATIO),
        *of_times("a search, all kinds", every, p95=SEARCH_MS / 1000 * 1000),
        *(figure for name, times in found.items() for figure in of_times(f"a search, {name}", times)),
        Figure("filling", tidy(filled), "s"),
        Figure("other CPU", tidy(load.other_percent), "% of a core"),
    ]


def word(rank: int) -> str:
    """The word of that rank, as _FILL makes it."""
    hexes = hashlib.md5(str(rank).encode(), usedforsecurity=False).hexdigest()[:7]
    return hexes.translate(str.maketrans("0123456789", "ghijklmnop"))


_KINDS: dict[str, Any] = {
    "rare words": lambda pick: f"{word(pick.choice(_RARE))}",
    "words in between": lambda pick: f"{word(pick.choice(_MIDDLE))}",
    "common words": lambda pick: f"{word(pick.choice(_COMMON))}",
    "a common and a rare word": lambda pick: f"{word(pick.choice(_COMMON))} {word(pick.choice(_RARE))}",
    "two in between": lambda pick: f"{word(pick.choice(_MIDDLE))} {word(pick.choice(_MIDDLE))}",
    "a phrase of common words": lambda pick: f'"{word(pick.choice(_COMMON))} {word(pick.choice(_COMMON))}"',
    "beginnings": lambda pick: word(pick.choice(_MIDDLE))[:4],
    "by author and time": lambda pick: f"{word(pick.choice(_COMMON))} from:p{pick.randrange(1, 19)} before:2025-06",
    "nothing there": lambda pick: f"zebra{pick.randrange(99)} {word(1)}",
}


def _texts(kind: Any, rounds: int) -> list[str]:
    pick = random.Random(7)
    return [kind(pick) for _ in range(rounds // 2)]


def _fill(on: Stage, space: Any, total: int) -> None:
    from django.db import connection

    from chat import feed

    feed.post(space, on.people[0], text=word(1), client_id=uuid.uuid4())
    values = {
        "space": space.pk,
        "people": [person.pk for person in on.people],
        "crowd": len(on.people),
        "total": total,
        "pace": 3 * 365 * 86_400 / total,
        "vocabulary": VOCABULARY,
    }
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        for first in range(2, total + 1, BATCH):
            last = min(total, first + BATCH - 1)
            cursor.execute(_FILL, values | {"first": first, "last": last})
            cursor.execute(
                "SELECT chat_write_words(array_agg(id)) FROM chat_message WHERE space_id = %s AND position BETWEEN %s AND %s",
                [space.pk, first, last],
            )
            print(f"\r  {last:,} messages written", end="", file=sys.stderr)
        cursor.execute("UPDATE workspace_space SET revision = %s WHERE id = %s", [total, space.pk])
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"], autocommit=True) as owner:
        # As autovacuum does within a minute of such an import.
        owner.execute("VACUUM (ANALYZE) chat_message, chat_words, workspace_space")
    print(file=sys.stderr)


class _Asker:
    """One signed-in person on one connection."""

    def __init__(self, on: Stage) -> None:
        self._on = on
        url = urllib.parse.urlsplit(on.stack.url)
        self._host = (url.hostname or "127.0.0.1", url.port or 80)
        cookies = on.sign_in(on.people[0])
        self._headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())}

    def page(self, space: Any) -> float:
        return self._get(self._on.space_path(space))

    def search(self, text: str) -> float:
        return self._get(f"/orgs/{self._on.org.slug}/search/?q={urllib.parse.quote(text)}")

    def _get(self, path: str) -> float:
        began = time.perf_counter()
        connection = http.client.HTTPConnection(*self._host, timeout=30)
        connection.request("GET", path, headers=self._headers)
        answer = connection.getresponse()
        body = answer.read()
        took = time.perf_counter() - began
        connection.close()
        assert answer.status == 200, (path, answer.status, body[:200])
        return took
