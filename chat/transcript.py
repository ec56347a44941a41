"""What a model is given to read: who said what in this Space, or in this thread and in the Space before it.

*Called by*: chat.briefs. *Keeps true*: the question is always in it, and what its thread is about; older turns fall off
first; it never exceeds the byte budget that the hold was sized for; only messages up to the question are read.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from django.db.models import Exists, OuterRef, Q

from chat import markdown, mentions
from chat.files import briefing
from chat.models import Attachment, Message
from chat.models.message import MessageQuerySet
from chat.models.reply import OPEN_STATES
from gateway.wire import Turn
from workspace.models import Space

MESSAGES_MAX = 200
# A token of byte-level BPE covers at least one byte of UTF-8, and a turn's frame costs at most this many tokens:
# the sum is a ceiling for what any such model can count (reference: Kudo & Richardson 2018; Radford et al. 2019).
FRAME_TOKENS = 16
# Less of a file than this says nothing.
CONTENTS_MIN = 200
# What a token covers in ordinary text, used only to fit a model's window; a wrong guess is corrected by a shorter try.
BYTES_PER_TOKEN = 3
EARLIER = "What was said before:"


@dataclass(frozen=True)
class Line:
    """One message as it will be read: who, and the words."""

    name: str
    ai_model_id: int | None
    text: str
    is_root: bool = False
    # What the text files say that the message shows: left out where there is no room for it.
    contents: str = ""


@dataclass(frozen=True)
class Transcript:
    turns: tuple[Turn, ...]
    # The least budget under which the same lines make the same transcript.
    bytes_needed: int = 0

    @property
    def token_ceiling(self) -> int:
        """No byte-level tokenizer makes more tokens of these turns."""
        return sum(len(turn.text.encode()) + FRAME_TOKENS for turn in self.turns) + FRAME_TOKENS


def lines(space: Space, *, reads_to: int, asked_at: datetime, root: Message | None = None) -> list[Line]:
    """Messages up to a position, newest first; answers that ended after the question are not in it, so that all who
    answer read the same. In a thread: its messages, its root, and the feed before that. Two queries, or four, of plain
    rows, and one for files: this is read twice for every answer."""
    said = Message.objects.in_space(space).filter(position__lte=reads_to)
    if root is None:
        rows = _rows(said.in_feed(), asked_at)
    else:
        rows = _rows(said.in_thread(root), asked_at) + _rows(said.filter(pk=root.pk), asked_at)
        rows += _rows(said.in_feed().before(root.position), asked_at)
    names = mentions.names_of([row[0] for row in rows if markdown.MENTION.search(row[1])])
    root_id = root and root.pk
    showing = [row[0] for row in rows if row[5]]
    told = briefing.of(showing) if showing else {}
    found = []
    for pk, text, ai_model_id, ai_handle, author_name, _ in rows:
        file_names, contents = told.get(pk, ("", ""))
        words = "\n".join(filter(None, [markdown.plain(text, names), file_names]))
        name = ai_handle or author_name or "someone"
        found.append(Line(name, ai_model_id, words, is_root=pk == root_id, contents=contents))
    return found


def build(
    found: list[Line], space: Space, *, ai_model_id: int, handle: str, max_bytes: int, remembered: str = ""
) -> Transcript:
    """Fit the newest lines into the budget; the first line of `found` is the question. What the Space remembers is
    fitted already, and stands before them."""
    head = _instructions(space, handle, asker=found[0].name)
    if remembered:
        head = f"{head}\n\n{remembered}"
    room = max_bytes - len(head.encode()) - len(EARLIER) - 3 * FRAME_TOKENS
    kept, room = _fit(found, room)
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


def _rows(said: MessageQuerySet, asked_at: datetime) -> list[tuple]:
    has_files = Exists(Attachment.objects.filter(message=OuterRef("pk")))
    said = said.annotate(has_files=has_files).filter(Q(has_files=True) | ~Q(text=""), deleted_at=None)
    said = said.exclude(reply__state__in=OPEN_STATES).exclude(reply__ended_at__gt=asked_at)
    columns = ("id", "text", "ai_model_id", "ai_model__handle", "author__display_name", "has_files")
    return list(said.order_by("-position").values_list(*columns)[:MESSAGES_MAX])


def _fit(found: list[Line], room: int) -> tuple[list[Line], int]:
    """The lines that fit, newest first, and the room that is left: the question, then what its thread is about, then
    the newest. Under a budget of just what they take, the same ones fit again."""
    question, *earlier = found
    question = _with_contents(question, room, is_question=True)
    size = _size(question)
    kept = [question if size <= room else _shortened(question, room)]
    room -= size
    bare = next((line for line in earlier if line.is_root and _size(line) <= room), None)
    root = _with_contents(bare, room) if bare else None
    if root:
        room -= _size(root)
    for line in earlier:
        if root and line is bare:
            kept.append(root)
            continue
        if _size(line) > room:
            break
        whole = _with_contents(line, room)
        room -= _size(whole)
        kept.append(whole)
    if root and not any(line is root for line in kept):
        kept.append(root)
    return kept, room


def _with_contents(line: Line, room: int, *, is_question: bool = False) -> Line:
    """The line with what its files say, if that fits; of what the question asks about, as much as fits."""
    contents = line.contents
    left = room - _size(line) - 2
    if contents and is_question and len(contents.encode()) > left > CONTENTS_MIN:
        contents = contents.encode()[: left - 6].decode("utf-8", "ignore") + "\n[…]"
    if not contents or len(contents.encode()) > left:
        return line
    return replace(line, text=f"{line.text}\n\n{contents}")


def _size(line: Line) -> int:
    return len(line.text.encode()) + len(line.name.encode()) + 2 + FRAME_TOKENS


def _instructions(space: Space, handle: str, *, asker: str) -> str:
    where = "taking part in a direct conversation" if space.is_direct else f'a member of the team chat "{space.name}"'
    return f"You are {handle}, a helpful AI assistant and {where}. You are answering {asker}."


def _shortened(line: Line, room: int) -> Line:
    """The question alone is larger than the window: its beginning and its end are kept."""
    half = max(room - 200, 400) // 2
    raw = line.text.encode()
    text = raw[:half].decode("utf-8", "ignore") + "\n[…]\n" + raw[-half:].decode("utf-8", "ignore")
    return Line(line.name, line.ai_model_id, text)
