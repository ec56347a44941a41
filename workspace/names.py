"""Names that people give: what may be in them, and the handle or slug made of one.

*Called by*: orgs, members, spaces, and forms through them. *Keeps true*: a name is visible, on one line,
cannot reorder the text around it, and cannot pass for another by mixing alphabets.
"""

import re
import unicodedata
from collections.abc import Container

from confusable_homoglyphs import confusables
from django.utils.translation import gettext as _

from workspace.errors import Invalid

NAME_MAX = 80
_BLANKS = {"\u115f", "\u1160", "\u2800", "\u3164", "\uffa0", "\u00ad", "\u180e"}
_JOINERS = {"\u200c", "\u200d"}  # within emoji and some scripts these are part of the word


def clean(name: str, *, what: str | None = None) -> str:
    """Return the name in NFC, trimmed. Raises Invalid with a sentence that says what is wrong."""
    what = str(what or _("name"))
    text = unicodedata.normalize("NFC", name).strip()
    if any(_is_hidden(char) for char in text):
        raise Invalid(_("This {what} holds characters that cannot be seen. Type it without them.").format(what=what))
    visible = [char for char in text if char not in _JOINERS and not char.isspace() and char not in _BLANKS]
    if not visible:
        raise Invalid(_("The {what} is empty. Give it at least one visible character.").format(what=what))
    if len(text) > NAME_MAX:
        raise Invalid(
            _("The {what} is {length} characters long; at most {most} fit.").format(
                what=what, length=len(text), most=NAME_MAX
            )
        )
    if any(confusables.is_dangerous(word) for word in text.split()):
        raise Invalid(
            _("This {what} mixes letters of different alphabets that look alike. Use one alphabet a word.").format(
                what=what
            )
        )
    return text


def slug(name: str, *, fallback: str, longest: int = 40) -> str:
    """An ASCII word for URLs and handles: "Ana María" -> "ana-maria"."""
    ascii_name = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    word = re.sub(r"[^a-z0-9]+", "-", ascii_name).strip("-")[:longest].strip("-")
    return word or fallback


def free(word: str, taken: Container[str]) -> str:
    """The word itself, or the first of word-2, word-3 ... that is not taken."""
    if word not in taken:
        return word
    number = 2
    while f"{word}-{number}" in taken:
        number += 1
    return f"{word}-{number}"


def _is_hidden(char: str) -> bool:
    if char in _JOINERS or char == " ":
        return False
    return char in _BLANKS or unicodedata.category(char) in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
