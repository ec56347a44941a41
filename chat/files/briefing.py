"""What models are told of the files in a conversation.

*Called by*: chat.transcript. *Keeps true*: a file is named where it was shown; what a text says comes marked as a file
of somebody, bounded, and only from the newest few. Pictures are named and not sent.
"""

import uuid
from collections.abc import Sequence
from typing import NamedTuple

from django.db.models import Case, F, TextField, Value, When

from chat.models import Attachment, FileKind

TEXTS_MAX = 10
_WORDS = {FileKind.IMAGE: "image", FileKind.PDF: "PDF", FileKind.TEXT: "text file", FileKind.OTHER: "file"}


class Told(NamedTuple):
    """The names in brackets, and what the texts among them say."""

    names: str
    contents: str


def of(message_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, Told]:
    """For messages newest first. One query."""
    texted = set(message_ids[: TEXTS_MAX * 5])
    excerpt = Case(
        When(message_id__in=texted, file__kind=FileKind.TEXT, then=F("file__excerpt")),
        default=Value(""),
        output_field=TextField(),
    )
    rows = Attachment.objects.filter(message_id__in=message_ids).order_by("message_id", "position")
    found: dict[uuid.UUID, list[tuple[str, str, str]]] = {}
    for message_id, kind, name, text in rows.values_list("message_id", "file__kind", "file__name", excerpt):
        found.setdefault(message_id, []).append((kind, name, text))
    told, left = {}, TEXTS_MAX
    for message_id in message_ids:
        files = found.get(message_id, [])
        names = "\n".join(f"[{_WORDS[FileKind(kind)]}: {name}]" for kind, name, _ in files)
        texts = [(name, text) for _, name, text in files if text][:left]
        left -= len(texts)
        if files:
            told[message_id] = Told(names, "\n\n".join(_quoted(name, text) for name, text in texts))
    return told


def _quoted(name: str, text: str) -> str:
    return f"--- beginning of the file {name} ---\n{text.rstrip()}\n--- end of what is shown of {name} ---"
