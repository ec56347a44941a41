"""What a page says of itself: title, site, description, picture.

*Called by*: chat.links.reading. *Keeps true*: whatever the page says comes out as short plain text on one line, without
signs that hide or turn what stands around them. *Why* pieces: the parser, given a whole page of a stranger, needs a
minute for a hundred thousand tags within each other; it is given the title and the metas of the head, and no more.
"""

import codecs
import re
import unicodedata
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from selectolax.lexbor import LexborHTMLParser

from gateway.outbound import Document

MEDIA_TYPES = ("text/html", "application/xhtml+xml")
METAS_MAX = 300
TITLE_MAX, SITE_MAX, ABOUT_MAX, URL_MAX = 200, 100, 400, 2000
_CHARSET = re.compile(rb"""<meta[^>]{0,200}?charset\s*=\s*["']?\s*([A-Za-z0-9_.:-]{1,40})""", re.IGNORECASE)
# Each alternative goes to the end of the page where its own end is missing: nothing is looked at twice.
_PIECE = re.compile(
    r"""<!--.*?(?:-->|\Z)|<(script|style)\b.*?(?:</\1|\Z)|(?P<title><title\b[^>]*(?:>|\Z).*?)(?:</title|\Z)"""
    r"""|(?P<meta><meta\b(?:[^>=]|=\s*(?:"[^"]*(?:"|\Z)|'[^']*(?:'|\Z))?)*)|(?P<end></head|<body)\b""",
    re.IGNORECASE | re.DOTALL,
)
# A meta with thousands of attributes is slow to read too; one with a long value is only cut.
PIECE_MAX, HEAD_MAX = 4096, 64 * 1024
_LONG_VALUE = re.compile(r"""(=\s*(["'])(?:(?!\2).){2100})(?:(?!\2).)*""", re.DOTALL)
# Slow, and no page is written in them.
_NO_ALPHABETS = {"idna", "punycode"}
# Signs within words that some languages and emoji are written with.
_JOINERS = "\u200c\u200d"


@dataclass(frozen=True)
class Facts:
    title: str
    site_name: str = ""
    description: str = ""
    image_url: str = ""

    @property
    def fields(self) -> dict[str, str]:
        return {"title": self.title, "site_name": self.site_name, "description": self.description}


def read(document: Document) -> Facts | None:
    """What the page says; None when it has no title."""
    page = LexborHTMLParser(head(_text(document)))
    told = _metas(page)
    first = page.css_first("head > title")
    title = plain(told.get("og:title") or told.get("twitter:title") or (first.text() if first else ""), TITLE_MAX)
    if not title:
        return None
    about = told.get("og:description") or told.get("twitter:description") or told.get("description", "")
    image = told.get("og:image:secure_url") or told.get("og:image") or told.get("twitter:image", "")
    return Facts(
        title=title,
        site_name=plain(told.get("og:site_name", ""), SITE_MAX),
        description=plain(about, ABOUT_MAX),
        image_url=_address(document.url, image),
    )


def head(text: str) -> str:
    """A page of nothing but the first title and the metas of the head, each and all of bounded length."""
    metas: list[str] = []
    title, size = "", 0
    for piece in _PIECE.finditer(text):
        if piece["end"]:
            break
        if piece["title"]:
            title = title or piece["title"][:PIECE_MAX] + "</title>"
        elif piece["meta"] and len(meta := _short(piece["meta"])) <= PIECE_MAX:
            if len(metas) == METAS_MAX or size + len(meta) > HEAD_MAX:
                break
            metas.append(f"{meta}>")
            size += len(meta)
    return f"<head>{title}{''.join(metas)}"


def plain(text: str, longest: int) -> str:
    """One line without controls, invisible signs and signs that turn the writing; cut with an ellipsis."""
    shown = (char if _is_shown(char) else " " for char in text[: longest * 20])
    line = " ".join("".join(shown).split())
    return line if len(line) <= longest else line[: longest - 1].rstrip() + "…"


def _short(meta: str) -> str:
    return meta if len(meta) <= PIECE_MAX else _LONG_VALUE.sub(r"\1", meta)


def _is_shown(char: str) -> bool:
    return char in _JOINERS or not unicodedata.category(char).startswith("C")


def _metas(page: LexborHTMLParser) -> dict[str, str]:
    """The first of each kind; a page with hundreds of them is not read to its end."""
    told: dict[str, str] = {}
    for node in page.css("meta"):
        attributes = node.attributes
        name = (attributes.get("property") or attributes.get("name") or "").strip().lower()
        content = (attributes.get("content") or "").strip()
        if name and content:
            told.setdefault(name, content)
    return told


def _address(page_url: str, address: str) -> str:
    if not address:
        return ""
    try:
        url = urljoin(page_url, address.strip())
        is_web = urlsplit(url).scheme in ("http", "https") and bool(urlsplit(url).hostname)
    except ValueError:
        return ""
    return url if is_web and len(url) <= URL_MAX else ""


def _text(document: Document) -> str:
    """The page in the alphabet that it names: in its header, else in its first lines, else UTF-8."""
    named = _CHARSET.search(document.body[:2048])
    for charset in (document.charset, named[1].decode("ascii") if named else ""):
        try:
            if charset and codecs.lookup(charset).name not in _NO_ALPHABETS:
                return document.body.decode(charset, "replace")
        except (LookupError, UnicodeError):
            continue
    return document.body.decode("utf-8", "replace")
