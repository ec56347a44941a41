"""What is shown of a hit: the part of the text around the words that were found, and the lines beside it.

*Called by*: chat.views.search. *Keeps true*: pieces are plain text, in order, each marked as found or not.
"""

import re
import uuid
from dataclasses import dataclass
from html import unescape

from django.db import connection

from chat.models import Message
from chat.search.query import Term

LENGTH = 280
BEFORE = 80
LINE = 140
# A neighbour is looked for this many revisions away and no further: a bound that no planner can misjudge.
NEAR = 64
_TAG = re.compile(r"<[^<>]*>")
_BLOCK_END = re.compile(r"</(?:p|li|h[1-6]|pre|blockquote|td|th|tr)>|<br>")
_ENDINGS = re.compile(r"(?:ing|ed|es|s|ly|e)\Z")
_BESIDE = """
    SELECT hit.id, beside.id FROM unnest(%(ids)s::uuid[]) AS wanted(id)
    JOIN chat_message hit ON hit.id = wanted.id
    CROSS JOIN LATERAL (
      (SELECT id, position FROM chat_message
       WHERE space_id = hit.space_id AND position BETWEEN hit.position - %(near)s AND hit.position - 1
         AND in_feed AND deleted_at IS NULL AND text <> ''
       ORDER BY position DESC LIMIT 1)
      UNION ALL
      (SELECT id, position FROM chat_message
       WHERE space_id = hit.space_id AND position BETWEEN hit.position + 1 AND hit.position + %(near)s
         AND in_feed AND deleted_at IS NULL AND text <> ''
       ORDER BY position LIMIT 1)
    ) beside"""


@dataclass(frozen=True)
class Piece:
    text: str
    is_found: bool


@dataclass(frozen=True)
class Beside:
    """A neighbour of a hit, shortened."""

    name: str
    text: str
    is_before: bool


@dataclass(frozen=True)
class Hit:
    message: Message
    pieces: list[Piece]
    beside: list[Beside]

    @property
    def before(self) -> list[Beside]:
        return [line for line in self.beside if line.is_before]

    @property
    def after(self) -> list[Beside]:
        return [line for line in self.beside if not line.is_before]


def show(messages: list[Message], terms: list[Term]) -> list[Hit]:
    """Two queries, however many messages."""
    beside = _beside([message.pk for message in messages])
    pattern = _pattern(terms)
    return [
        Hit(message, cut(_said(message), pattern), [_line(row, message) for row in beside.get(message.pk, [])])
        for message in messages
    ]


def _said(message: Message) -> str:
    """The words of a message as they are shown, without how: what the renderer made, less its tags."""
    return unescape(_TAG.sub("", _BLOCK_END.sub(" ", message.html)))


def cut(text: str, pattern: re.Pattern[str] | None) -> list[Piece]:
    """At most LENGTH characters around the first word that was found, in one line."""
    text = " ".join(text.split())
    first = pattern.search(text) if pattern else None
    start = max(0, first.start() - BEFORE) if first and first.end() > LENGTH else 0
    shown = text[start : start + LENGTH]
    pieces, end = [Piece("… ", is_found=False)] if start else [], 0
    for hit in pattern.finditer(shown) if pattern else ():
        pieces += [Piece(shown[end : hit.start()], is_found=False), Piece(hit[0], is_found=True)]
        end = hit.end()
    tail = shown[end:] + (" …" if start + LENGTH < len(text) else "")
    return [piece for piece in [*pieces, Piece(tail, is_found=False)] if piece.text]


def _pattern(terms: list[Term]) -> re.Pattern[str] | None:
    words = [_word(term) for term in terms if not term.is_without]
    return re.compile("|".join(sorted(words, key=len, reverse=True)), re.IGNORECASE) if words else None


def _word(term: Term) -> str:
    """The word and what begins with its stem; the index knows stems, a reader sees the word whole."""
    if term.is_phrase or not term.words.isascii() or not term.words.isalnum():
        return re.escape(term.words)
    stem = _ENDINGS.sub("", term.words) if len(term.words) > 4 else term.words
    return rf"\b{re.escape(stem)}\w{{0,40}}"


def _beside(ids: list[uuid.UUID]) -> dict[uuid.UUID, list[Message]]:
    """The line before and the line after each, as the Space shows them."""
    with connection.cursor() as cursor:
        cursor.execute(_BESIDE, {"ids": ids, "near": NEAR})
        pairs = cursor.fetchall()
    rows = Message.objects.select_related("author", "ai_model").in_bulk([beside for _, beside in pairs])
    found: dict[uuid.UUID, list[Message]] = {}
    for hit, beside in pairs:
        if beside in rows:
            found.setdefault(hit, []).append(rows[beside])
    return found


def _line(row: Message, hit: Message) -> Beside:
    text = " ".join(_said(row).split())
    name = row.ai_model.name if row.ai_model else row.author.display_name if row.author else ""
    return Beside(name, text[:LINE] + (" …" if len(text) > LINE else ""), is_before=row.position < hit.position)
