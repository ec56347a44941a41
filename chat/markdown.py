"""Markdown to HTML: the one renderer.

*Called by*: chat.feed, chat.replies, chat.blocks. *Keeps true*: text of anybody comes out as allow-listed tags
only; sanitising is the last step; no image ever loads; links go to http, https or mail and say so.
"""

import re
import time
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import nh3
import pygments
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name

PIECE_MAX = 20_000
HIGHLIGHT_MAX = 10_000
LINE_MAX = 300
HIGHLIGHT_SECONDS = 0.05
HIGHLIGHT_ALL_SECONDS = 0.25
# Those whose lexers were tried on hostile text and found quick between two tokens; the words of a fence that mean them.
_LEXERS = {
    word: lexer
    for lexer, words in {
        "python": "python py python3",
        "javascript": "javascript js jsx mjs node",
        "typescript": "typescript ts tsx",
        "json": "json jsonc",
        "bash": "bash sh shell zsh",
        "console": "console terminal",
        "html": "html htm",
        "xml": "xml svg",
        "css": "css",
        "sql": "sql postgresql mysql sqlite",
        "java": "java",
        "kotlin": "kotlin kt",
        "swift": "swift",
        "c": "c h",
        "cpp": "cpp c++ cc hpp",
        "csharp": "csharp c# cs",
        "go": "go golang",
        "rust": "rust rs",
        "ruby": "ruby rb",
        "php": "php",
        "perl": "perl",
        "lua": "lua",
        "r": "r",
        "scala": "scala",
        "haskell": "haskell hs",
        "elixir": "elixir ex exs",
        "dart": "dart",
        "yaml": "yaml yml",
        "toml": "toml",
        "ini": "ini cfg",
        "diff": "diff patch",
        "docker": "dockerfile docker",
        "make": "make makefile",
        "graphql": "graphql",
        "markdown": "markdown md",
        "http": "http",
    }.items()
    for word in words.split()
}
MENTION = re.compile(r"<@([MAG]):([0-9a-f-]{36}|\d{1,18}|here|space)>")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})(.*)", re.DOTALL)
_LINK = re.compile(r"(?:https?://|mailto:)[^\x00-\x20\x7f-\x9f\u2028\u2029]+\Z", re.IGNORECASE)
_ADDRESS = re.compile(r"https?://[^\s<>\"`|\x00-\x20\x7f-\x9f\u2028\u2029]{1,2000}", re.IGNORECASE)
_CONTROLS = {code: 0x2400 + code for code in range(32) if code not in (9, 10, 13)} | {127: 0x2421}
_CODE = HtmlFormatter(nowrap=True)
_TAGS = {
    *("p", "br", "hr", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "ul", "ol", "li"),
    *("strong", "em", "s", "a", "code", "pre", "span"),
    *("table", "thead", "tbody", "tr", "th", "td"),
}
_ATTRIBUTES = {
    "a": {"href", "title"},
    "code": {"class"},
    "pre": {"class", "data-language"},
    "span": {"class", "data-mention"},
    "ol": {"start"},
    "th": {"class"},
    "td": {"class"},
}


def render(text: str, names: Mapping[str, str] | None = None) -> str:
    """HTML of the text. `names` maps a mention's key ("M:<id>") to the name shown; unknown ones stay text."""
    text = text.translate(_CONTROLS)
    env = {"names": names or {}, "highlight_seconds": HIGHLIGHT_ALL_SECONDS}
    pieces = [text] if len(text) <= PIECE_MAX else _pieces(text)
    html = "".join(_markdown.render(piece, env) for piece in pieces)
    return nh3.clean(
        html, tags=_TAGS, attributes=_ATTRIBUTES, url_schemes={"http", "https", "mailto"}, link_rel="noopener nofollow"
    )


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


def _mention_rule(state: StateInline, silent: bool) -> bool:
    if not state.src.startswith("<@", state.pos):
        return False
    found = MENTION.match(state.src, state.pos)
    key = f"{found[1]}:{found[2]}" if found else ""
    if found is None or key not in state.env.get("names", {}):
        return False
    if not silent:
        token = state.push("mention", "span", 0)
        token.meta = {"key": key, "name": state.env["names"][key]}
    state.pos = found.end()
    return True


def _link_addresses(state: StateCore) -> None:
    """A bare http(s) address becomes a link to itself; a link with words of its own tells where it leads."""
    for block in state.tokens:
        if block.type == "inline" and block.children and ("://" in block.content or "](" in block.content):
            depth, found = 0, []
            for token in block.children:
                depth += {"link_open": 1, "link_close": -1}.get(token.type, 0)
                if token.type == "link_open" and token.markup != "autolink":
                    token.attrSet("title", str(token.attrs.get("href", "")))
                found += _linked(token) if token.type == "text" and not depth else [token]
            block.children = found


def _linked(text: Token) -> list[Token]:
    found, end = [], 0
    for hit in _ADDRESS.finditer(text.content):
        address = hit[0].rstrip(".,:;!?'\"*_~")
        if address.endswith(")") and address.count(")") > address.count("("):
            address = address[:-1]
        found += [_text(text.content[end : hit.start()]), Token("link_open", "a", 1, attrs={"href": address})]
        found += [_text(address), Token("link_close", "a", -1)]
        end = hit.start() + len(address)
    return [*found, _text(text.content[end:])] if found else [text]


def _text(content: str) -> Token:
    return Token("text", "", 0, content=content)


def _show_mention(self: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    meta = tokens[index].meta
    return f'<span class="mention" data-mention="{escape(meta["key"])}">@{escape(meta["name"])}</span>'


def _show_image(self: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    token = tokens[index]
    href, label = str(token.attrs.get("src", "")), token.content or "image"
    return f'<a href="{escape(href)}">{escape(label)}</a>'


def _show_code(self: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    token = tokens[index]
    language = re.sub(r"[^\w+#.-]", "", (token.info or "").split(" ", 1)[0])[:30]
    code = _colored(token.content, language, env)
    return f'<pre class="highlight" data-language="{escape(language)}"><code>{code}</code></pre>\n'


def _colored(code: str, language: str, env: Any) -> str:
    """Highlighted code; plain where it would take long: some lexers are quadratic on hostile text."""
    lexer = _LEXERS.get(language.lower())
    if not lexer or len(code) > HIGHLIGHT_MAX or any(len(line) > LINE_MAX for line in code.split("\n")):
        return escape(code)
    tokens, reading = [], get_lexer_by_name(lexer, stripnl=False).get_tokens(code)
    # Time of this thread alone: neither loading the lexer nor a busy machine is the text's fault.
    begun = time.thread_time()
    until = begun + min(HIGHLIGHT_SECONDS, env["highlight_seconds"])
    for token in reading:
        if time.thread_time() > until:
            env["highlight_seconds"] -= time.thread_time() - begun
            return escape(code)
        tokens.append(token)
    env["highlight_seconds"] -= time.thread_time() - begun
    return pygments.format(tokens, _CODE)


def _show_cell(self: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    token = tokens[index]
    side = str(token.attrs.get("style", "")).removeprefix("text-align:")
    side_class = f' class="is-{side}"' if side in ("left", "center", "right") else ""
    return f"<{token.tag}{side_class}>"


def _show_heading(self: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    """A heading of a message stands below those of the page, which are h1 and h2."""
    level = min(int(tokens[index].tag[1]) + 2, 6)
    return f"<h{level}>" if tokens[index].nesting == 1 else f"</h{level}>\n"


def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "breaks": True}).enable(["table", "strikethrough"])
    parser.disable("html_inline").disable("html_block")
    parser.validateLink = lambda url: bool(_LINK.match(url))  # type: ignore[method-assign]
    parser.inline.ruler.before("autolink", "mention", _mention_rule)
    parser.core.ruler.push("addresses", _link_addresses)
    for name, show in {
        "mention": _show_mention,
        "image": _show_image,
        "fence": _show_code,
        "code_block": _show_code,
        "th_open": _show_cell,
        "td_open": _show_cell,
        "heading_open": _show_heading,
        "heading_close": _show_heading,
    }.items():
        parser.add_render_rule(name, show)
    return parser


_markdown = _parser()
_blocks = _parser().disable(["inline"])
