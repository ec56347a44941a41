"""The beginning of a text file, for models to read and for people to look at.

*Called by*: chat.files.intake, chat.views.files. *Keeps true*: what is shown went through the one highlighter, within
its bounds of length and time.
"""

from typing import Any

from django.utils.safestring import mark_safe

from chat import markdown
from chat.files import kinds, names, store
from chat.models import File, FileKind

# What is kept of a text for models, and what its card shows of that.
CHARS_MAX = 16_000
LINES_SHOWN = 24
CHARS_SHOWN = 2_400
# What the page of a file shows.
PAGE_BYTES = 400_000
_LANGUAGES = {
    "PY": "python", "JS": "javascript", "TS": "typescript", "MD": "markdown", "RS": "rust", "RB": "ruby",
    "HTM": "html", "SVG": "xml", "YML": "yaml", "CFG": "ini", "CONF": "ini", "PATCH": "diff", "TSX": "typescript",
    "JSX": "javascript", "H": "c", "CC": "cpp", "HPP": "cpp", "CS": "csharp", "KT": "kotlin", "HS": "haskell",
    "EX": "elixir", "PL": "perl", "SH": "bash",
}  # fmt: skip


def of(head: bytes) -> str:
    return _storable((kinds.text(head) or "")[:CHARS_MAX])


def highlighted(excerpt: str, name: str) -> str:
    """HTML of the first lines, as the card shows them."""
    lines = excerpt[:CHARS_SHOWN].split("\n")[:LINES_SHOWN]
    return markdown.highlight("\n".join(lines).rstrip(), language(name)) if excerpt else ""


def page(file: File) -> dict[str, Any]:
    """What the page of a text file shows, and whether that is only its beginning; {} for other files."""
    if file.kind != FileKind.TEXT:
        return {}
    data = store.read(file.key, length=min(file.size_bytes, PAGE_BYTES))
    html = markdown.highlight(_storable(kinds.text(data) or ""), language(file.name))
    # Safe: the one highlighter made it.
    return {"text": mark_safe(html), "is_cut": file.size_bytes > PAGE_BYTES}


def language(name: str) -> str:
    letters = names.ending(name)
    return _LANGUAGES.get(letters, letters.lower())


def _storable(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")
