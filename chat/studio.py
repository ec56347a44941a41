"""From what somebody uploads as their picture to the two squares that are shown.

*Called by*: chat.profiles, chat.passages.parley.faces. *Keeps true*: a stranger's picture is decoded in a process that
may die of it, a few at once; nothing of its bytes, place or camera is kept; what is no picture is refused in words.
"""

import tempfile
import threading
from pathlib import Path

from django.utils.translation import gettext as _

from chat.files import child, darkroom
from workspace.errors import Invalid
from workspace.portraits import Portrait

BYTES_MAX = 480 * 1024
SECONDS = 10.0
AT_ONCE = 2
_turns = threading.BoundedSemaphore(AT_ONCE)


def make(raw: bytes) -> Portrait:
    """Raises Invalid. Call it outside of a transaction: it takes its time."""
    if len(raw) > BYTES_MAX:
        raise Invalid(_("The picture is larger than {most} KiB. Pick a smaller one.").format(most=BYTES_MAX // 1024))
    with _turns, tempfile.TemporaryDirectory(prefix="parley-") as name:
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
