"""Which command a text is, if it is one.

*Called by*: chat.commands.obeying. *Keeps true*: a path is text ("/etc/hosts"), and nothing that was typed is
swallowed: an unknown word after the slash is refused in words, and "//" says that it is text.
"""

import re
from difflib import get_close_matches

from workspace.models import Space

_COMMAND = re.compile(r"/([a-z][a-z_-]{0,31})(?:\s+(.*))?\Z", re.IGNORECASE | re.DOTALL)


def parts(text: str) -> tuple[str, str] | None:
    """Name and words of what is typed like a command; None for text."""
    found = _COMMAND.match(text.strip())
    return (found[1].lower(), (found[2] or "").strip()) if found else None


def unescaped(text: str) -> str:
    """ "//shrug" is the text "/shrug"; "// a remark" stays as it is."""
    stripped = text.lstrip()
    return stripped[1:] if stripped.startswith("//") and parts(stripped[1:]) else text


def means(words: str, space: Space) -> bool:
    """Whether the words are this Space's name."""
    return words.removeprefix("#").strip().casefold() == space.name.casefold()


def nearest(name: str, known: list[str]) -> str:
    """The command that was probably meant; "" when none is like it."""
    starting = [each for each in known if each.startswith(name)]
    return next(iter(starting or get_close_matches(name, known, n=1, cutoff=0.6)), "")
