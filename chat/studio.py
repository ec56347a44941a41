"""From what somebody uploads as their picture to the two squares that are shown.

*Called by*: chat.profiles, chat.passages.parley.faces. *Keeps true*: a stranger's picture is decoded in a process that
may die of it, a few at once and one of each person; nothing of its bytes, place or camera is kept; what is no picture
is refused in words, and so is who would keep a page's place while waiting.
"""

import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from chat.files import child, darkroom
from workspace.errors import Invalid, Refused
from workspace.portraits import Portrait

BYTES_MAX = 480 * 1024
SECONDS = 10.0
AT_ONCE = 2
WAIT_SECONDS = 1.0
_turns = threading.BoundedSemaphore(AT_ONCE)
_lock = threading.Lock()
_busy_with: set[UUID] = set()


class Busy(Refused):
    code = "busy"
    status = 429
    message = gettext_lazy("Other pictures are being made ready. Try again in a moment.")


@contextmanager
def turn(whose: UUID, *, is_patient: bool = False) -> Iterator[None]:
    """A place in the studio. Raises Busy, for somebody patient only while another picture of theirs is made."""
    with _lock:
        if whose in _busy_with:
            raise Busy
        _busy_with.add(whose)
    try:
        if not _turns.acquire(timeout=-1 if is_patient else WAIT_SECONDS):
            raise Busy
        try:
            yield
        finally:
            _turns.release()
    finally:
        with _lock:
            _busy_with.discard(whose)


def make(raw: bytes, *, whose: UUID, is_patient: bool = False) -> Portrait:
    """Raises Invalid and Busy. Call it outside of a transaction: it takes its time."""
    if len(raw) > BYTES_MAX:
        raise Invalid(_("The picture is larger than {most} KiB. Pick a smaller one.").format(most=BYTES_MAX // 1024))
    with turn(whose, is_patient=is_patient), tempfile.TemporaryDirectory(prefix="parley-") as name:
        folder = Path(name)
        source = folder / "source"
        source.write_bytes(raw)
        made = child.develop("portrait", source, folder, timeout_seconds=SECONDS)
        if made.get("refused") == "pixels":
            raise Invalid(_("The picture has too many pixels. Pick one of at most 4000 by 4000."))
        if not made:
            raise Invalid(_("That is no picture that can be read. Pick a PNG, JPEG, WebP or GIF file."))
        large, small = ((folder / name).read_bytes() for name in darkroom.PORTRAIT_SIDES)
        return Portrait(large, small)
