"""What a file is, told by its bytes.

*Called by*: chat.files.intake. *Keeps true*: neither the name nor what the browser says counts; what could run in a
page (HTML, SVG) is text, and what is not known is just a file.
"""

import codecs
import re
from typing import NamedTuple

import puremagic

from chat.models import FileKind

HEAD = 64 * 1024
_MARKS = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
OCTETS = "application/octet-stream"
PLAIN = "text/plain; charset=utf-8"
_MEDIA_TYPE = re.compile(r"[a-z]+/[a-z0-9][a-z0-9.+-]{0,80}")
_CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f]")


class Sort(NamedTuple):
    kind: str
    media_type: str


def of(head: bytes) -> Sort:
    """Tell by the first HEAD bytes of a file."""
    if picture := _picture(head):
        return Sort(FileKind.IMAGE, picture)
    if head.startswith(b"%PDF-"):
        return Sort(FileKind.PDF, "application/pdf")
    if text(head) is not None:
        return Sort(FileKind.TEXT, PLAIN)
    return Sort(FileKind.OTHER, _known(head))


def text(head: bytes) -> str | None:
    """The bytes as text, or None for what is none. A character that is cut off at the end is left out."""
    if not head:
        return ""
    for mark, encoding in _MARKS.items():
        if head.startswith(mark):
            return _decoded(head[len(mark) :], encoding)
    return _decoded(head, "utf-8")


def _decoded(head: bytes, encoding: str) -> str | None:
    try:
        found = codecs.getincrementaldecoder(encoding)().decode(head)
    except UnicodeDecodeError:
        return None
    return None if _CONTROLS.search(found) else found


def _picture(head: bytes) -> str:
    if head.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if head.startswith((b"GIF87a", b"GIF89a")):
        return "image/gif"
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return "image/webp"
    return ""


def _known(head: bytes) -> str:
    """What the bytes of other files are, to choose a sign by; it is never what they are served as."""
    try:
        found = puremagic.from_string(head[:8192], mime=True)
    except (puremagic.PureError, ValueError, LookupError):
        return OCTETS
    return found if _MEDIA_TYPE.fullmatch(found) and not found.startswith(("text/", "image/")) else OCTETS
