"""What a Space remembers: notes, each with its author, that every model which answers there is given.

*Called by*: chat.views.notes, chat.briefs. *Keeps true*: who may write may note; a Space holds at most NOTES_MAX; what
a model is given fits the bytes set aside for it, instructions first, then the newest notes; the trail says who only.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from chat import broadcast, feed, markdown, mentions
from chat.models import Message, Note
from workspace import audit
from workspace.errors import Invalid, NotFound
from workspace.languages import fill
from workspace.models import Member, Space

TEXT_MAX = 2_000
NOTES_MAX = 100
INSTRUCTIONS_HEAD = "Instructions for this chat, written by its members:"
NOTES_HEAD = "What its members noted for everybody who answers here:"
CUT = " […]"


@dataclass(frozen=True)
class Memory:
    """What there is to give to a model; notes as lines, newest first."""

    instructions: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Given:
    """What fits of it."""

    text: str = ""
    notes_count: int = 0


def read(space: Space) -> Memory:
    """One query."""
    rows = Note.objects.filter(space=space).order_by("-created_at", "-pk")
    found = rows.values_list("text", "author__display_name", "created_at")[:NOTES_MAX]
    return Memory(space.instructions.strip(), tuple(_line(*row) for row in found))


def fit(memory: Memory, *, max_bytes: int) -> Given:
    """Instructions, cut where they are too long, then as many of the newest notes as fit, oldest of them first."""
    parts = []
    if instructions := _cut(memory.instructions, max_bytes - len(INSTRUCTIONS_HEAD) - 1):
        parts.append(f"{INSTRUCTIONS_HEAD}\n{instructions}")
    room = max_bytes - sum(len(part.encode()) + 2 for part in parts) - len(NOTES_HEAD)
    kept: list[str] = []
    for line in memory.notes:
        room -= len(line.encode()) + 1
        if room < 0:
            break
        kept.append(line)
    if kept:
        parts.append("\n".join([NOTES_HEAD, *reversed(kept)]))
    return Given("\n\n".join(parts), len(kept))


def listed(space: Space) -> list[Note]:
    return list(Note.objects.filter(space=space).select_related("author", "changed_by").order_by("created_at", "pk"))


@transaction.atomic
def add(member: Member, space: Space, *, text: str) -> Note:
    """Raises Invalid, Archived, ReadOnly."""
    text = clean(text)
    _lock(member, space)
    return _write(member, space, text=text)


@transaction.atomic
def keep(member: Member, message: Message) -> Note:
    """Note what a message says. The same message again finds the note that was made of it.

    Raises Invalid, Deleted, Archived, ReadOnly.
    """
    _lock(member, message.space)
    found = Note.objects.filter(message=message).select_related("author", "changed_by").first()
    if found:
        return found
    message = Message.objects.select_related("space").get(pk=message.pk)  # as it stands under the lock
    if message.is_deleted:
        raise feed.Deleted
    if not message.text:
        raise Invalid(_("There is nothing in this message to note."))
    names = mentions.names_of([message.pk])
    text = markdown.plain(message.text, names)
    if len(text) > TEXT_MAX:
        text = text[: TEXT_MAX - len(CUT)].rstrip() + CUT
    return _write(member, message.space, text=clean(text), message=message)


@transaction.atomic
def change(member: Member, note: Note, *, text: str) -> Note:
    """Raises Invalid, Archived, ReadOnly, NotFound for one that was removed meanwhile."""
    text = clean(text)
    _lock(member, note.space)
    if not Note.objects.filter(pk=note.pk).update(text=text, changed_at=timezone.now(), changed_by=member):
        raise NotFound
    _tell(member, note.space, "note.changed", note.pk)
    return Note.objects.select_related("author", "changed_by").get(pk=note.pk)


@transaction.atomic
def remove(member: Member, note: Note) -> None:
    _lock(member, note.space)
    if Note.objects.filter(pk=note.pk).delete()[0]:
        _tell(member, note.space, "note.removed", note.pk)


def clean(text: str) -> str:
    """The text as it is stored. Raises Invalid."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").strip()
    if "\x00" in text or any("\ud800" <= char <= "\udfff" for char in text):
        raise Invalid(_("The note holds a character that cannot be stored. Remove it and save again."))
    if not any(char.isprintable() and not char.isspace() for char in text):
        raise Invalid(_("The note is empty. Write what is worth remembering."))
    if len(text) > TEXT_MAX:
        sentence = _("The note is {count} characters long; at most {most} fit.")
        raise Invalid(fill(sentence, {"count": len(text), "most": TEXT_MAX}))
    return text


def _write(member: Member, space: Space, *, text: str, message: Message | None = None) -> Note:
    """Call under the lock."""
    if Note.objects.filter(space=space).count() >= NOTES_MAX:
        sentence = _("A Space holds at most {most} notes. Remove one that is no longer needed.")
        raise Invalid(fill(sentence, {"most": NOTES_MAX}))
    note = Note.objects.create(org_id=space.org_id, space=space, author=member, message=message, text=text)
    _tell(member, space, "note.added", note.pk)
    return note


def _lock(member: Member, space: Space) -> None:
    """Two who note at once are counted one after the other."""
    Space.objects.select_for_update(no_key=True).get(pk=space.pk)
    feed.enter(member, space)


def _tell(member: Member, space: Space, action: str, note_id: uuid.UUID) -> None:
    audit.record(member.org, member, action, str(space.pk), note=str(note_id))
    transaction.on_commit(lambda: broadcast.notes_changed(space.pk))


def _line(text: str, author_name: str, created_at: datetime) -> str:
    """One item of a list: further lines are indented, so that they cannot pass for another note."""
    inner = text.replace("\n", "\n  ")
    return f"- {inner} (noted by {author_name}, {created_at:%Y-%m-%d})"


def _cut(text: str, max_bytes: int) -> str:
    """The text, or its beginning; "" where not even that fits."""
    raw = text.encode()
    if len(raw) <= max_bytes:
        return text
    kept = raw[: max(max_bytes - len(CUT.encode()), 0)].decode("utf-8", "ignore")
    return kept and kept + CUT
