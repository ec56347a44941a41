"""What our Markdown says beyond CommonMark, and how each piece is shown.

*Called by*: chat.markdown. *Keeps true*: a picture is a link; raw HTML is words; a rule looks at each character a
bounded number of times, so that twice the text is twice the work.
"""

import re
from collections.abc import Sequence
from html import escape
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

from chat.markdown import formula_syntax, formulas
from chat.markdown.highlighting import colored

MENTION = re.compile(r"<@([MAG]):([0-9a-f-]{36}|\d{1,18}|here|space)>")
_LINK = re.compile(r"(?:https?://|mailto:)[^\x00-\x20\x7f-\x9f\u2028\u2029]+\Z", re.IGNORECASE)
_ADDRESS = re.compile(r"https?://[^\s<>\"`|\x00-\x20\x7f-\x9f\u2028\u2029]{1,2000}", re.IGNORECASE)
_TASK = re.compile(r"\[([ xX])\][ \t]+(?=\S)")
UNDONE, DONE = "\N{BALLOT BOX}", "\N{BALLOT BOX WITH CHECK}"


def parser() -> MarkdownIt:
    found = MarkdownIt("commonmark", {"html": False, "breaks": True}).enable(["table", "strikethrough"])
    found.disable("html_inline").disable("html_block")
    found.validateLink = lambda url: bool(_LINK.match(url))  # type: ignore[method-assign]
    found.inline.ruler.before("autolink", "mention", _mention_rule)
    formula_syntax.add(found)
    found.core.ruler.push("deed", _mark_deed)
    found.core.ruler.push("tasks", _mark_tasks)
    found.core.ruler.push("addresses", _link_addresses)
    for name, show in {
        "mention": _show_mention,
        "image": _show_image,
        "fence": _show_code,
        "code_block": _show_code,
        "formula": _show_formula,
        "formula_block": _show_formula_block,
        "task": _show_task,
        "th_open": _show_cell,
        "td_open": _show_cell,
        "heading_open": _show_heading,
        "heading_close": _show_heading,
    }.items():
        found.add_render_rule(name, show)
    return found


def _mention_rule(state: StateInline, silent: bool) -> bool:
    if not state.src.startswith("<@", state.pos):
        return False
    found = MENTION.match(state.src, state.pos)
    key = f"{found[1]}:{found[2]}" if found else ""
    if found is None or key not in state.env.get("names", {}):
        return False
    if not silent:
        token = state.push("mention", "span", 0)
        token.meta = {"key": key, "name": state.env["names"][key], "is_in_link": state.linkLevel > 0}
    state.pos = found.end()
    return True


def _mark_deed(state: StateCore) -> None:
    """ "/me waves" is something that the author does, not says: its first line stands without the word, slanted."""
    if not state.src.startswith("/me ") or len(state.tokens) < 2 or not state.tokens[1].children:
        return
    words = state.tokens[1].children
    words[0].content = words[0].content.removeprefix("/me ")
    state.tokens[1].children = [Token("em_open", "em", 1), *words, Token("em_close", "em", -1)]


def _mark_tasks(state: StateCore) -> None:
    """An item of a list that begins with [ ] or [x] shows a box instead."""
    for item, paragraph, words in zip(state.tokens, state.tokens[1:], state.tokens[2:], strict=False):
        if item.type != "list_item_open" or paragraph.type != "paragraph_open" or not words.children:
            continue
        first = words.children[0]
        if first.type == "text" and (found := _TASK.match(words.content)) and first.content.startswith(found[0]):
            first.content = first.content[found.end() :]
            words.children.insert(0, Token("task", "span", 0, content=UNDONE if found[1] == " " else DONE))


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
    """A person's leads to their card, by the keyboard too."""
    meta = tokens[index].meta
    kind, _, number = meta["key"].partition(":")
    about = f'class="mention" data-mention="{escape(meta["key"])}"'
    name = f"@{escape(meta['name'])}"
    if kind != "M" or meta["is_in_link"]:
        return f"<span {about}>{name}</span>"
    return f'<a {about} href="/members/{escape(number)}/">{name}</a>'


def _show_image(self: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    token = tokens[index]
    href, label = str(token.attrs.get("src", "")), token.content or "image"
    return f'<a href="{escape(href)}">{escape(label)}</a>'


def _show_code(self: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    token = tokens[index]
    language = re.sub(r"[^\w+#.-]", "", (token.info or "").strip().split(" ", 1)[0])[:30]
    if language == "math":
        return _show_formula_block(self, tokens, index, options, env)
    code = colored(token.content, language, env)
    return f'<pre class="highlight" data-language="{escape(language)}"><code>{code}</code></pre>\n'


def _show_formula(self: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    token = tokens[index]
    math = formulas.mathml(token.content, env, is_block=token.markup in ("$$", "\\["))
    closing = {"\\(": "\\)", "\\[": "\\]"}.get(token.markup, token.markup)
    return math or f"<code>{escape(token.markup + token.content + closing)}</code>"


def _show_formula_block(self: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    source = tokens[index].content.strip()
    if math := formulas.mathml(source, env, is_block=True):
        return f"<p>{math}</p>\n"
    return f'<pre class="highlight" data-language="math"><code>{escape(source)}\n</code></pre>\n'


def _show_task(self: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    box = tokens[index].content
    return f'<span class="task{" is-done" if box == DONE else ""}">{box}</span> '


def _show_cell(self: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    token = tokens[index]
    side = str(token.attrs.get("style", "")).removeprefix("text-align:")
    side_class = f' class="is-{side}"' if side in ("left", "center", "right") else ""
    return f"<{token.tag}{side_class}>"


def _show_heading(self: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    """A heading of a message stands below those of the page, which are h1 and h2."""
    level = min(int(tokens[index].tag[1]) + 2, 6)
    return f"<h{level}>" if tokens[index].nesting == 1 else f"</h{level}>\n"
