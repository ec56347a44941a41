"""What a file is called: as its owner called it, less what deceives or leads elsewhere.

*Called by*: chat.files.intake, chat.files.serving. *Keeps true*: a name holds no path, no control and nothing that
reorders text; a header made of it holds one line of ASCII (RFC 6266, RFC 8187).
"""

import re
import unicodedata
from urllib.parse import quote

CHARS_MAX = 150
BYTES_MAX = 240
NAMELESS = "file"
# Marks that turn the direction of text around, hide, or end a line without being controls by category.
_DECEIVING = re.compile("[\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]")
_UNSAFE = re.compile(r'[\\/:*?"<>|%;]')


def clean(name: str) -> str:
    """The visible name. Never empty, never a path; the ending is kept when it has to be shortened."""
    name = re.split(r"[/\\]", name)[-1]
    name = unicodedata.normalize("NFC", _DECEIVING.sub("", name))
    # Controls, halves of characters and private signs: none of them has a shape that a person could tell apart.
    name = "".join(" " if char.isspace() else char for char in name if char.isspace() or _is_shown(char))
    name = re.sub(" +", " ", name).strip(" ").rstrip(". ")
    return _short(name) if name.strip("\u200c\u200d") else NAMELESS


def ending(name: str) -> str:
    """The letters after the last dot, in capitals: "PDF"; "" where there are none that could be told."""
    stem, dot, letters = name.rpartition(".")
    return letters.upper() if dot and stem and re.fullmatch(r"[A-Za-z0-9]{1,8}", letters) else ""


def disposition(name: str, *, kind: str = "attachment") -> str:
    """The value of Content-Disposition."""
    safe = _UNSAFE.sub("_", name)
    plain = unicodedata.normalize("NFKD", safe).encode("ascii", "ignore").decode().strip(" .") or NAMELESS
    value = f'{kind}; filename="{plain}"'
    return value if plain == safe else f"{value}; filename*=UTF-8''{quote(safe, safe='')}"


def _is_shown(char: str) -> bool:
    return unicodedata.category(char) not in {"Cc", "Cs", "Co", "Cn"}


def _short(name: str) -> str:
    stem, dot, letters = name.rpartition(".")
    tail = dot + letters if stem and len(letters) <= 12 else ""
    stem = name[: len(name) - len(tail)]
    stem = stem[: CHARS_MAX - len(tail)]
    while len((stem + tail).encode()) > BYTES_MAX:
        stem = stem[:-1]
    return (stem.rstrip(". ") or NAMELESS) + tail
