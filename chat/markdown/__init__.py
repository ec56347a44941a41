"""Markdown to HTML: the one renderer.

*Called by*: chat.feed, chat.replies, chat.blocks. *Keeps true*: text of anybody comes out as allow-listed tags
only; sanitising is the last step; no image ever loads; links go to http, https or mail and say so.
"""

import re
from collections.abc import Mapping
from html.parser import HTMLParser

import nh3

from chat.markdown import formulas, highlighting, syntax
from chat.markdown.syntax import MENTION

__all__ = ["MENTION", "code_spans", "highlight", "plain", "render", "top_blocks"]

PIECE_MAX = 20_000
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})(.*)", re.DOTALL)
_CONTROLS = {code: 0x2400 + code for code in range(32) if code not in (9, 10, 13)} | {127: 0x2421}
_TAGS = {
    *("p", "br", "hr", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "ul", "ol", "li"),
    *("strong", "em", "s", "a", "code", "pre", "span"),
    *("table", "thead", "tbody", "tr", "th", "td"),
    *formulas.TAGS,
}
_ATTRIBUTES = {
    "a": {"href", "title", "class", "data-mention"},
    "code": {"class"},
    "pre": {"class", "data-language"},
    "span": {"class", "data-mention"},
    "ol": {"start"},
    "th": {"class"},
    "td": {"class"},
    **formulas.ATTRIBUTES,
}


def render(text: str, names: Mapping[str, str] | None = None) -> str:
    """HTML of the text. `names` maps a mention's key ("M:<id>") to the name shown; unknown ones stay text."""
    text = text.translate(_CONTROLS)
    env = {
        "names": names or {},
        "highlight_seconds": highlighting.HIGHLIGHT_ALL_SECONDS,
        "formula_seconds": formulas.ALL_SECONDS,
    }
    pieces = [text] if len(text) <= PIECE_MAX else _pieces(text)
    html = "".join(_markdown.render(piece, env) for piece in pieces)
    return nh3.clean(
        html, tags=_TAGS, attributes=_ATTRIBUTES, url_schemes={"http", "https", "mailto"}, link_rel="noopener nofollow"
    )


def highlight(code: str, language: str) -> str:
    """HTML of a piece of code or text, as it stands inside of <pre>."""
    html = highlighting.colored(
        code.translate(_CONTROLS), language, {"highlight_seconds": highlighting.HIGHLIGHT_SECONDS}
    )
    return nh3.clean(html, tags={"span"}, attributes={"span": {"class"}})


def plain(text: str, names: Mapping[str, str]) -> str:
    """The text with mentions as @names, for models and mails."""
    return MENTION.sub(lambda found: "@" + names.get(f"{found[1]}:{found[2]}", "someone"), text)


def code_spans(text: str) -> list[tuple[int, int]]:
    """Where code stands, as line ranges of fences and indented blocks: nothing in there is a mention."""
    return [
        (token.map[0], token.map[1])
        for token in _blocks.parse(text)
        if token.type in ("fence", "code_block") and token.map
    ]


def top_blocks(text: str) -> list[int]:
    """The first line of each top-level block."""
    return [token.map[0] for token in _blocks.parse(text) if token.level == 0 and token.map and token.nesting >= 0]


def addresses(html: str) -> list[str]:
    """The web addresses that a rendered text links to, each once, in order."""
    found = _Links()
    found.feed(html)
    return list(dict.fromkeys(found.hrefs))


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.hrefs: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.hrefs += [value for name, value in attrs if tag == "a" and name == "href" and value]


def _pieces(text: str) -> list[str]:
    """Cut a very long text at blank lines, so that no rendering is longer than a few hundred milliseconds.

    Code that is cut is closed in the one piece and opened again in the next.
    """
    found: list[str] = []
    current: list[str] = []
    size, opening = 0, ""
    for line in text.splitlines(keepends=True):
        for part in (line[start : start + PIECE_MAX] for start in range(0, len(line), PIECE_MAX)):
            if size + len(part) > PIECE_MAX and (opening or not part.strip() or size > 2 * PIECE_MAX):
                found.append("".join([*current, *_closing(opening)]))
                current, size = [opening], 0
            current.append(part)
            size += len(part)
        opening = _fence_after(line, opening)
    return [*found, "".join(current)]


def _fence_after(line: str, opening: str) -> str:
    """The line that opened the code which is still open after this line; "" outside of code."""
    fence = _FENCE.match(line)
    if opening and fence and not fence[2].strip() and fence[1].startswith(tuple(_closing(opening))):
        return ""
    if not opening and fence and not (fence[1][0] == "`" and "`" in fence[2]):
        return line
    return opening


def _closing(opening: str) -> list[str]:
    fence = _FENCE.match(opening)
    return [fence[1]] if fence else []


_markdown = syntax.parser()
_blocks = syntax.parser().disable(["inline"])
