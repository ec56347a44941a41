"""LaTeX to MathML that can show formulas and do nothing else.

*Called by*: chat.markdown.syntax. *Keeps true*: of what the library makes only tags, attributes and values on a list
are written out, each text escaped by us; no macros; size, depth and time of a formula are bounded.
*Why* written out again: the library puts the text of \\text{…} into its markup as it is.
"""

import re
import time
import unicodedata
from html import escape
from typing import Any

from latex2mathml import converter, exceptions
from latex2mathml.tokenizer import tokenize

SOURCE_MAX = 2000
TOKENS_MAX = 800
DEPTH_MAX = 80
ALL_SECONDS = 0.25
TAGS = {
    *("math", "mrow", "mi", "mo", "mn", "mtext", "mspace", "mfrac", "msqrt", "mroot", "mstyle", "mpadded", "mphantom"),
    *("msub", "msup", "msubsup", "munder", "mover", "munderover", "mtable", "mtr", "mtd"),
}
_WORDS = {"mi", "mo", "mn", "mtext"}
_TRUTH = re.compile(r"true|false")
_LENGTH = re.compile(r"[+-]?(?:\d{1,2}(?:\.\d{1,4})?|\.\d{1,4})(?:em|ex|mu|pt|px|mm|cm|in)?")
# What an attribute may say; nothing here names an address, a colour, a style or an event.
_VALUES = {
    **dict.fromkeys(
        ("stretchy", "fence", "movablelimits", "largeop", "accent", "accentunder", "displaystyle", "symmetric"), _TRUTH
    ),
    **dict.fromkeys(("width", "height", "depth", "voffset", "lspace", "rspace", "minsize", "maxsize"), _LENGTH),
    "linethickness": _LENGTH,
    "mathvariant": re.compile("normal"),
    "form": re.compile("prefix|infix|postfix"),
    "scriptlevel": re.compile(r"[+-]?[0-3]"),
}
ATTRIBUTES = {tag: {"class", *_VALUES} for tag in TAGS} | {"math": {"class", "display", "alttext"}}
# The alphabets that MathML Core knows as characters of their own and no longer as an attribute.
_ALPHABETS = {
    "bold": "MATHEMATICAL BOLD",
    "italic": "MATHEMATICAL ITALIC",
    "bold-italic": "MATHEMATICAL BOLD ITALIC",
    "double-struck": "MATHEMATICAL DOUBLE-STRUCK",
    "script": "MATHEMATICAL SCRIPT",
    "fraktur": "MATHEMATICAL FRAKTUR",
    "sans-serif": "MATHEMATICAL SANS-SERIF",
    "monospace": "MATHEMATICAL MONOSPACE",
}
# Macros grow: a line of them can stand for more text than the world has.
_GROWS = re.compile(r"\\(?:re)?new|\\provide|\\def|\\let|\\Declare")
_NUMBERED = re.compile(r"&#x([0-9A-Fa-f]{1,6});")


class Unreadable(Exception):
    """This formula is not shown as one."""


# How the library says that it does not understand, on purpose and by accident.
_NOT_UNDERSTOOD: tuple[type[Exception], ...] = (
    *(each for each in vars(exceptions).values() if isinstance(each, type) and issubclass(each, Exception)),
    *(Unreadable, LookupError, ValueError, TypeError, AttributeError, StopIteration, RuntimeError),
)


def mathml(source: str, env: dict[str, Any], *, is_block: bool) -> str:
    """The formula as MathML; "" when it cannot be read, or not in time: its source is shown then."""
    if not source or len(source) > SOURCE_MAX or env["formula_seconds"] <= 0 or _GROWS.search(source):
        return ""
    begun = time.thread_time()
    display = "block" if is_block else "inline"
    try:
        for count, _ in enumerate(tokenize(source)):
            if count >= TOKENS_MAX:
                return ""
        root = converter.convert_to_element(source, display=display)
        inner = "".join(_written(child, DEPTH_MAX) for child in root)
    except _NOT_UNDERSTOOD:
        return ""
    finally:
        env["formula_seconds"] -= time.thread_time() - begun
    return f'<math display="{display}" alttext="{escape(source)}">{inner}</math>'


def _written(element: Any, depth: int) -> str:
    """An element of the library's tree in our own words: what is not on the list loses its tag, never its text."""
    if depth == 0:
        raise Unreadable
    tag = element.tag if element.tag in TAGS else "mrow"
    attributes = "".join(
        f' {name}="{value}"' for name, value in element.attrib.items() if name in _VALUES and _fits(name, value)
    )
    if element.attrib.get("columnalign") in ("left", "right"):
        attributes += f' class="is-{element.attrib["columnalign"]}"'
    if tag in _WORDS:
        return f"<{tag}{attributes}>{escape(_words(element))}</{tag}>"
    inner = "".join(_written(child, depth - 1) for child in element)
    if element.text and element.text.strip():
        inner = f"<mtext>{escape(_words(element))}</mtext>{inner}"
    return f"<{tag}{attributes}>{inner}</{tag}>"


def _fits(name: str, value: str) -> bool:
    return bool(_VALUES[name].fullmatch(value))


def _words(element: Any) -> str:
    """The text of a leaf: the library's numbered characters as themselves, and in the alphabet it asks for."""
    text = _NUMBERED.sub(_numbered, element.text or "")
    alphabet = _ALPHABETS.get(element.attrib.get("mathvariant", ""))
    return "".join(_in_alphabet(char, alphabet) for char in text) if alphabet else text


def _numbered(found: re.Match[str]) -> str:
    code = int(found[1], 16)
    is_character = 0x20 <= code <= 0x10FFFF and not 0x7F <= code <= 0x9F and not 0xD800 <= code <= 0xDFFF
    return chr(code) if is_character else ""


def _in_alphabet(char: str, alphabet: str) -> str:
    kind = "CAPITAL" if char.isupper() else "SMALL"
    name = f"{alphabet} {kind} {char.upper()}" if char.isalpha() else f"{alphabet} DIGIT {_DIGITS.get(char, '')}"
    try:
        return unicodedata.lookup(name) if char.isascii() else char
    except KeyError:
        return _LETTERLIKE.get((alphabet, char), char)


_FIGURES = ["ZERO", "ONE", "TWO", "THREE", "FOUR", "FIVE", "SIX", "SEVEN", "EIGHT", "NINE"]
_DIGITS = dict(zip("0123456789", _FIGURES, strict=True))
# Those that had a place in Unicode before the alphabets came.
_LETTERLIKE = {
    **{(_ALPHABETS["double-struck"], char): sign for char, sign in zip("CHNPQRZ", "ℂℍℕℙℚℝℤ", strict=True)},
    **{(_ALPHABETS["script"], char): sign for char, sign in zip("BEFHILMRego", "ℬℰℱℋℐℒℳℛℯℊℴ", strict=True)},
    **{(_ALPHABETS["fraktur"], char): sign for char, sign in zip("CHIRZ", "ℭℌℑℜℨ", strict=True)},
    (_ALPHABETS["italic"], "h"): "ℎ",
}
