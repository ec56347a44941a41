"""Where a formula begins and ends: $…$, $$…$$, \\(…\\) and \\[…\\].

*Called by*: chat.markdown.syntax. *Keeps true*: prices stay prices ("$5 and $6"); a formula ends within its
paragraph; a block that is still growing never turns what stands above it into something else.
"""

import re

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline

from chat.markdown.formulas import SOURCE_MAX

_BLOCK_ENDS = {"$$": "$$", "\\[": "\\]"}
_INLINE_ENDS = {"\\(": "\\)", "\\[": "\\]"}
_PROSE = re.compile(r"(?<![\\a-zA-Z])[a-zA-Z]{2,}(?![a-zA-Z])")
_SIGNS = re.compile(r"[\\^_={}<>+|]")
_DOLLAR = re.compile(r"\\.|\$", re.DOTALL)


def add(parser: MarkdownIt) -> None:
    parser.inline.ruler.before("escape", "formula_in_brackets", _bracketed_rule)
    parser.inline.ruler.before("escape", "formula", _dollar_rule)
    breaks = ["paragraph", "reference", "blockquote", "list"]
    parser.block.ruler.before("fence", "formula_block", _block_rule, {"alt": breaks})


def _dollar_rule(state: StateInline, silent: bool) -> bool:
    """$x$, as Pandoc has it: no space inside the signs, no digit or letter right after the second."""
    source, start = state.src, state.pos
    if source[start] != "$" or (start and (source[start - 1].isalnum() or source[start - 1] == "$")):
        return False
    mark = "$$" if source.startswith("$$", start) else "$"
    begin = start + len(mark)
    end = _closing_dollar(source, begin)
    if end < 0 or not source.startswith(mark, end):
        return False
    content, after = source[begin:end], source[end + len(mark) : end + len(mark) + 1]
    if mark == "$" and (content != content.strip() or after.isalnum() or _is_price(content)):
        return False
    if after == "$":
        return False
    return _push(state, mark, content, end + len(mark), silent=silent)


def _closing_dollar(source: str, begin: int) -> int:
    """The next $ that is not escaped. Only the next: looking further from every $ would take for ever."""
    for found in _DOLLAR.finditer(source, begin, begin + SOURCE_MAX):
        if found[0] == "$":
            return found.start()
    return -1


def _is_price(content: str) -> bool:
    """5 (was 10: begins with a figure, goes on in words."""
    return content[:1].isdigit() and not _SIGNS.search(content) and bool(_PROSE.search(content) or content[-1:] in ",;")


def _bracketed_rule(state: StateInline, silent: bool) -> bool:
    """\\(x\\) and \\[x\\]. What holds nothing but words is text with escaped brackets, as CommonMark has it."""
    mark = state.src[state.pos : state.pos + 2]
    if mark not in _INLINE_ENDS:
        return False
    end = state.src.find(_INLINE_ENDS[mark], state.pos + 2, state.pos + 2 + SOURCE_MAX)
    content = state.src[state.pos + 2 : end] if end > 0 else ""
    if _is_words(content):
        return False
    return _push(state, mark, content, end + 2, silent=silent)


def _is_words(content: str) -> bool:
    return (
        not content.strip()
        or content.strip().isdigit()
        or (not _SIGNS.search(content) and bool(_PROSE.search(content)))
    )


def _push(state: StateInline, mark: str, content: str, end: int, *, silent: bool) -> bool:
    if not content.strip() or "<@" in content:  # somebody is called in there: no formula holds a person
        return False
    if not silent:
        token = state.push("formula", "math", 0)
        token.markup, token.content = mark, content.strip()
    state.pos = end
    return True


def _block_rule(state: StateBlock, start_line: int, end_line: int, silent: bool) -> bool:
    """$$ or \\[ at the start of a line, up to its end at the end of a line; a blank line ends it unfinished.

    Unfinished, it is a paragraph of all its lines: what grows in it begins no list and no heading.
    """
    if state.is_code_block(start_line):
        return False
    begin = state.bMarks[start_line] + state.tShift[start_line]
    mark = state.src[begin : begin + 2]
    ending = _BLOCK_ENDS.get(mark)
    first = state.src[begin + 2 : state.eMarks[start_line]]
    if ending is None or first.startswith("$"):
        return False
    if first.strip() and (_is_words(first) or (ending in first and not _is_one_line(first, ending))):
        return False
    last = _last_line(state, start_line, end_line, ending)
    if silent:
        return True
    _push_block(state, start_line, last, end_line, mark)
    return True


def _is_one_line(first: str, ending: str) -> bool:
    content = first.rstrip().removesuffix(ending)
    return content != first.rstrip() and ending not in content and not _is_words(content)


def _last_line(state: StateBlock, start_line: int, end_line: int, ending: str) -> int | None:
    """The line that closes the block, if one does before a blank line."""
    for line in range(start_line, min(end_line, start_line + 200)):
        text = state.src[state.bMarks[line] + state.tShift[line] : state.eMarks[line]].rstrip()
        if line > start_line and (not text or state.sCount[line] < state.blkIndent):
            return None
        if text.endswith(ending) and (line > start_line or len(text) > 2):
            return line
    return None


def _push_block(state: StateBlock, start_line: int, last: int | None, end_line: int, mark: str) -> None:
    next_line = last + 1 if last is not None else _end_of_paragraph(state, start_line, end_line)
    lines = state.getLines(start_line, next_line, state.blkIndent, False).strip()
    state.line = next_line
    content = lines[2:-2].strip() if last is not None else ""
    if content:
        token = state.push("formula_block", "math", 0)
        token.map, token.markup, token.content = [start_line, next_line], mark, content
        return
    opening = state.push("paragraph_open", "p", 1)
    opening.map = [start_line, next_line]
    words = state.push("inline", "", 0)
    words.content, words.map, words.children = lines, [start_line, next_line], []
    state.push("paragraph_close", "p", -1)


def _end_of_paragraph(state: StateBlock, start_line: int, end_line: int) -> int:
    line = start_line + 1
    while line < end_line and not state.isEmpty(line) and state.sCount[line] >= state.blkIndent:
        line += 1
    return line
