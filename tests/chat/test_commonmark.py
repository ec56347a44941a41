"""CommonMark 0.31, section by section: what each says of a text, in our own examples.

Deviations, each on purpose: a line end is a break; headings stand two levels lower; raw HTML is words; an image is a
link; links go to http, https and mail only, say where they lead, and bare addresses are links too.
"""

import re

import pytest

from chat import markdown

CASES = {
    "2.2 tabs: of code": ("\tfoo\tbaz", "<pre><code>foo\tbaz\n</code></pre>"),
    "2.2 tabs: in a list": ("-\t\tfoo", "<ul><li><pre><code>  foo\n</code></pre></li></ul>"),
    "2.3 insecure characters": ("a\x00b", "<p>a␀b</p>"),
    "2.4 escapes": (r"\*a\* \# \\ \`", r"<p>*a* # \ `</p>"),
    "2.4 escapes: not of letters": (r"\a\é", r"<p>\a\é</p>"),
    "2.4 escapes: not in code": (r"`\*`", r"<p><code>\*</code></p>"),
    "2.5 entities": ("&amp; &copy; &#35; &#x22;", '<p>&amp; © # "</p>'),
    "2.5 entities: unknown ones": ("&nothing; &#0;", "<p>&amp;nothing; �</p>"),
    "2.5 entities: no structure": ("&#42;a&#42;", "<p>*a*</p>"),
    "3.1 precedence of blocks": ("- `a\n- b`", "<ul><li>`a</li><li>b`</li></ul>"),
    "4.1 breaks between themes": ("***\n---\n_ _ _", "<hr><hr><hr>"),
    "4.1 breaks: too few": ("--\n**\n__", "<p>--<br>**<br>__</p>"),
    "4.1 breaks: not a heading's line": ("- a\n***\n- b", "<ul><li>a</li></ul><hr><ul><li>b</li></ul>"),
    "4.2 headings": ("# a\n### b ###", "<h3>a</h3><h5>b</h5>"),
    "4.2 headings: seven are none": ("####### a\n#b", "<p>####### a<br>#b</p>"),
    "4.2 headings: escaped": (r"\# a", "<p># a</p>"),
    "4.2 headings: with emphasis": ("## *a*", "<h4><em>a</em></h4>"),
    "4.3 underlined headings": ("a\n===\nb\n---", "<h3>a</h3><h4>b</h4>"),
    "4.3 underlined: not in a quote": ("> a\n---", "<blockquote><p>a</p></blockquote><hr>"),
    "4.4 indented code": ("    a\n\n      b", "<pre><code>a\n\n  b\n</code></pre>"),
    "4.4 indented code: breaks no paragraph": ("a\n    b", "<p>a<br>b</p>"),
    "4.5 fences": ("```\n<\n```", "<pre><code>&lt;\n</code></pre>"),
    "4.5 fences: of tildes hold ticks": ("~~~\n```\n~~~", "<pre><code>```\n</code></pre>"),
    "4.5 fences: the closing is as long": ("````\na\n```\n````", "<pre><code>a\n```\n</code></pre>"),
    "4.5 fences: unclosed": ("```\na\n", "<pre><code>a\n</code></pre>"),
    "4.5 fences: lose their indent": ("  ```\n  a\n   b\n  ```", "<pre><code>a\n b\n</code></pre>"),
    "4.6 html blocks are words": ("<div>\n*a*\n</div>", "<p>&lt;div&gt;<br><em>a</em><br>&lt;/div&gt;</p>"),
    "4.7 definitions of links": ('[a]: https://e.test "t"\n\n[a]', '<p><a href="https://e.test">a</a></p>'),
    "4.7 definitions: the first counts": ("[a]\n\n[a]: https://1.test\n[a]: https://2.test", '<p><a href="https://1.test">a</a></p>'),
    "4.7 definitions: of any case": ("[ΑΓΩ]: https://e.test\n\n[αγω]", '<p><a href="https://e.test">αγω</a></p>'),
    "4.8 paragraphs": ("a\n\nb", "<p>a</p><p>b</p>"),
    "4.8 paragraphs: lose spaces": ("  a\n b", "<p>a<br>b</p>"),
    "4.9 blank lines": ("\n\na\n\n\n", "<p>a</p>"),
    "5.1 quotes": ("> # a\n> b\nc", "<blockquote><h3>a</h3><p>b<br>c</p></blockquote>"),
    "5.1 quotes: in quotes": ("> > a\n\n> b", "<blockquote><blockquote><p>a</p></blockquote></blockquote><blockquote><p>b</p></blockquote>"),
    "5.1 quotes: of code": (">     a\n> b", "<blockquote><pre><code>a\n</code></pre><p>b</p></blockquote>"),
    "5.2 items: of two blocks": ("1.  a\n\n    b", "<ol><li><p>a</p><p>b</p></li></ol>"),
    "5.2 items: not deep enough": ("- a\n\n b", "<ul><li>a</li></ul><p>b</p>"),
    "5.2 items: a number starts": ("123. a", '<ol start="123"><li>a</li></ol>'),
    "5.2 items: too long a number": ("1234567890. a", "<p>1234567890. a</p>"),
    "5.2 items: only 1 breaks a paragraph": ("a\n14. b\n1. c", "<p>a<br>14. b</p><ol><li>c</li></ol>"),
    "5.2 items: empty": ("- a\n-\n- c", "<ul><li>a</li><li></li><li>c</li></ul>"),
    "5.2 items: lazy lines": ("- a\nb", "<ul><li>a<br>b</li></ul>"),
    "5.3 lists: another sign, another list": ("- a\n+ b", "<ul><li>a</li></ul><ul><li>b</li></ul>"),
    "5.3 lists: loose": ("- a\n\n- b", "<ul><li><p>a</p></li><li><p>b</p></li></ul>"),
    "5.3 lists: in lists": ("- a\n  - b\n    - c", "<ul><li>a<ul><li>b<ul><li>c</li></ul></li></ul></li></ul>"),
    "6.1 code spans": ("`` a`b ``", "<p><code>a`b</code></p>"),
    "6.1 code spans: spaces": ("` `` ` `b `", "<p><code>``</code> <code>b </code></p>"),
    "6.1 code spans: before emphasis": ("*a`*`", "<p>*a<code>*</code></p>"),
    "6.1 code spans: unclosed": ("```a``", "<p>```a``</p>"),
    "6.2 emphasis": ("*a* _b_ **c** __d__", "<p><em>a</em> <em>b</em> <strong>c</strong> <strong>d</strong></p>"),
    "6.2 emphasis: not between spaces": ("a * b * c", "<p>a * b * c</p>"),
    "6.2 emphasis: lines within words": ("a_b_c a*b*c", "<p>a_b_c a<em>b</em>c</p>"),
    "6.2 emphasis: both": ("***a***", "<p><em><strong>a</strong></em></p>"),
    "6.2 emphasis: threes": ("*a**b**c*", "<p><em>a<strong>b</strong>c</em></p>"),
    "6.2 emphasis: overlapping": ("*a _b* c_", "<p><em>a _b</em> c_</p>"),
    "6.2 emphasis: too many": ("**a*", "<p>*<em>a</em></p>"),
    "6.3 links": ('[a](https://e.test "t")', '<p><a href="https://e.test">a</a></p>'),
    "6.3 links: in pointed brackets": ("[a](<https://e.test/b>)", '<p><a href="https://e.test/b">a</a></p>'),
    "6.3 links: with brackets inside": ("[a [b]](https://e.test/(c))", '<p><a href="https://e.test/(c)">a [b]</a></p>'),
    "6.3 links: not in links": ("[a [b](https://1.test)](https://2.test)", '<p>[a <a href="https://1.test">b</a>](<a href="https://2.test">https://2.test</a>)</p>'),
    "6.3 links: to nowhere we go": ("[a](/b) [c](ftp://e.test)", "<p>[a](/b) [c](ftp://e.test)</p>"),
    "6.3 links: bind tighter than stars": ("*[a*](https://e.test)", '<p>*<a href="https://e.test">a*</a></p>'),
    "6.3 links: full, collapsed, short": ("[a][b] [b][] [b]\n\n[b]: https://e.test", "<p>" + " ".join(f'<a href="https://e.test">{word}</a>' for word in "abb") + "</p>"),
    "6.4 images are links": ("![a *b*](https://e.test/c.png)", '<p><a href="https://e.test/c.png">a *b*</a></p>'),
    "6.5 autolinks": ("<https://e.test/a> <a@e.test>", '<p><a href="https://e.test/a">https://e.test/a</a> <a href="mailto:a@e.test">a@e.test</a></p>'),
    "6.5 autolinks: none of other kinds": ("<ftp://e.test> <a b>", "<p>&lt;ftp://e.test&gt; &lt;a b&gt;</p>"),
    "6.6 raw html is words": ('<b class="x">a</b> <!-- c -->', '<p>&lt;b class="x"&gt;a&lt;/b&gt; &lt;!-- c --&gt;</p>'),
    "6.7 hard breaks": ("a  \nb\\\nc", "<p>a<br>b<br>c</p>"),
    "6.7 hard breaks: not at the end": ("a  \n\nb\\", "<p>a</p><p>b\\</p>"),
    "6.8 soft breaks": ("a\nb", "<p>a<br>b</p>"),
    "6.9 text": ("hello $.;'there", "<p>hello $.;'there</p>"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "html"), CASES.values(), ids=CASES)
def test_commonmark_is_kept(text: str, html: str) -> None:
    assert bare(markdown.render(text)) == html


def bare(html: str) -> str:
    """Without what we add to every link and code, and without the line ends between blocks."""
    html = re.sub(r'( title="[^"]*")?( rel="noopener nofollow")| class="highlight"| data-language="[^"]*"', "", html)
    return "".join(re.sub(r"(^|>)\n(?=<|$)|\n(?=</?(?:ul|ol|li|p|blockquote|h\d))", r"\1", part) if not part.startswith("<pre") else part
                   for part in re.split(r"(<pre>.*?</pre>)", html.replace("<br>\n", "<br>"), flags=re.DOTALL))  # fmt: skip
