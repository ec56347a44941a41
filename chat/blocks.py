"""Finished blocks of a text that is still growing.

*Called by*: chat.live, chat.views.replies. *Keeps true*: a block is finished once another has begun after it, so
what was shown as HTML does not change again until the whole is rendered at the end.
"""

import re

from chat import markdown

GROWTH = 1.15
# One block longer than this stays text until the end: looking for its end would hold every other answer up.
TAIL_MAX = 20_000
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")


class Blocks:
    """Follows one growing text; `covered` is the length (in characters) of what is finished."""

    def __init__(self) -> None:
        self.covered = 0
        self._look_at = 0

    def advance(self, text: str) -> str:
        """HTML of the blocks that were finished since the last call; "" when there are none."""
        tail = text[self.covered :]
        if len(text) < self._look_at or "\n" not in tail or len(tail) > TAIL_MAX:
            return ""
        end = finished(tail)
        if end == 0:
            # A long list or fence is looked at again only when it has grown by a part of itself.
            self._look_at = self.covered + int(len(tail) * GROWTH)
            return ""
        self.covered += end
        return markdown.render(tail[:end])


def finished(text: str) -> int:
    """How many characters of the text are blocks that are finished."""
    starts = markdown.top_blocks(text)
    if len(starts) < 2:
        return 0
    # Lines as Markdown counts them: str.splitlines would also break at form feeds and U+2028.
    lines = _LINE.findall(text)
    return sum(len(line) for line in lines[: starts[-1]])


def utf16_len(text: str) -> int:
    """The length as a browser counts it: String.length."""
    return len(text) + sum(1 for char in text if ord(char) > 0xFFFF) if not text.isascii() else len(text)
