"""What a model is given to read: who said what in this Space.

*Called by*: chat.replies. *Keeps true*: the question is always in it; older turns fall off first; it never
exceeds the byte budget that the hold was sized for; only messages up to the question are read.
"""

from dataclasses import dataclass
from datetime import datetime

from chat import markdown, mentions
from chat.models import Message
from chat.models.reply import OPEN_STATES
from gateway.wire import Turn
from workspace.models import Space

MESSAGES_MAX = 200
# A token of byte-level BPE covers at least one byte of UTF-8, and a turn's frame costs at most this many tokens:
# the sum is a ceiling for what any such model can count (reference: Kudo & Richardson 2018; Radford et al. 2019).
FRAME_TOKENS = 16
# What a token covers in ordinary text, used only to fit a model's window; a wrong guess is corrected by a shorter try.
BYTES_PER_TOKEN = 3
EARLIER = "What was said before:"


@dataclass(frozen=True)
class Line:
    """One message as it will be read: who, and the words."""

    name: str
    ai_model_id: int | None
    text: str


@dataclass(frozen=True)
class Transcript:
    turns: tuple[Turn, ...]
    # The least budget under which the same lines make the same transcript.
    bytes_needed: int = 0

    @property
    def token_ceiling(self) -> int:
        """No byte-level tokenizer makes more tokens of these turns."""
        return sum(len(turn.text.encode()) + FRAME_TOKENS for turn in self.turns) + FRAME_TOKENS


def lines(space: Space, *, reads_to: int, asked_at: datetime) -> list[Line]:
    """Messages up to a position, newest first; answers that ended after the question are not in it, so that all who
    answer read the same. Two queries, of plain rows: this is read twice for every answer."""
    rows = list(
        Message.objects.in_space(space)
        .filter(position__lte=reads_to)
        .exclude(text="")
        .exclude(reply__state__in=OPEN_STATES)
        .exclude(reply__ended_at__gt=asked_at)
        .order_by("-position")
        .values_list("id", "text", "ai_model_id", "ai_model__handle", "author__display_name")[:MESSAGES_MAX]
    )
    names = mentions.names_of([row[0] for row in rows if markdown.MENTION.search(row[1])])
    return [
        Line(ai_handle or author_name or "someone", ai_model_id, markdown.plain(text, names))
        for _, text, ai_model_id, ai_handle, author_name in rows
    ]


def build(found: list[Line], space: Space, *, ai_model_id: int, handle: str, max_bytes: int) -> Transcript:
    """Fit the newest lines into the budget; the first line of `found` is the question."""
    head = _instructions(space, handle, asker=found[0].name)
    room = max_bytes - len(head.encode()) - len(EARLIER) - 3 * FRAME_TOKENS
    kept: list[Line] = []
    for line in found:
        size = len(line.text.encode()) + len(line.name.encode()) + 2 + FRAME_TOKENS
        if kept and size > room:
            break
        kept.append(line if size <= room else _shortened(line, room))
        room -= size
    question, *earlier = kept
    turns = [Turn("system", head)]
    for line in reversed(earlier):
        role = "assistant" if line.ai_model_id == ai_model_id else "user"
        text = line.text if role == "assistant" else f"{line.name}: {line.text}"
        if turns[-1].role == role:
            turns[-1] = Turn(role, f"{turns[-1].text}\n\n{text}")
        else:
            turns.append(Turn(role, f"{EARLIER}\n\n{text}" if len(turns) == 1 and role == "user" else text))
    # Small models answer names with names: the question comes bare, and the instructions say whose it is.
    turns.append(Turn("user", question.text.removeprefix(f"@{handle} ")))
    return Transcript(tuple(turns), min(max_bytes - room, max_bytes))


def _instructions(space: Space, handle: str, *, asker: str) -> str:
    return (
        f'You are {handle}, a helpful AI assistant and a member of the team chat "{space.name}".'
        f" You are answering {asker}."
    )


def _shortened(line: Line, room: int) -> Line:
    """The question alone is larger than the window: its beginning and its end are kept."""
    half = max(room - 200, 400) // 2
    raw = line.text.encode()
    text = raw[:half].decode("utf-8", "ignore") + "\n[…]\n" + raw[-half:].decode("utf-8", "ignore")
    return Line(line.name, line.ai_model_id, text)
