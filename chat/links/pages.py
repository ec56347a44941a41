"""What a page says of itself: title, site, description, picture.

*Called by*: chat.links.reading. *Keeps true*: whatever the page says comes out as short plain text on one line, without
signs that hide or turn what stands around them.
"""

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
    page = LexborHTMLParser(_text(document))
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


def plain(text: str, longest: int) -> str:
    """One line without controls, invisible signs and signs that turn the writing; cut with an ellipsis."""
    shown = (char if _is_shown(char) else " " for char in text[: longest * 20])
    line = " ".join("".join(shown).split())
    return line if len(line) <= longest else line[: longest - 1].rstrip() + "…"


def _is_shown(char: str) -> bool:
    return char in _JOINERS or not unicodedata.category(char).startswith("C")


def _metas(page: LexborHTMLParser) -> dict[str, str]:
    """The first of each kind; a page with hundreds of them is not read to its end."""
    told: dict[str, str] = {}
    for node in page.css("meta")[:METAS_MAX]:
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
            if charset:
                return document.body.decode(charset, "replace")
        except (LookupError, UnicodeError):
            continue
    return document.body.decode("utf-8", "replace")
