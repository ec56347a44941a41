"""Code in colours, as far as it can be had in time.

*Called by*: chat.markdown. *Keeps true*: what is hard to read, long or of an unknown language comes out plain; the
time of one message's code is bounded.
"""

import time
from html import escape
from typing import Any

import pygments
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name

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
_CODE = HtmlFormatter(nowrap=True)


def colored(code: str, language: str, env: Any) -> str:
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
