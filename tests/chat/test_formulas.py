"""Formulas: what is one, how it is shown, and that nothing but mathematics gets through."""

import sys

import pytest

from chat import markdown
from chat.markdown import formulas
from tests.chat.test_markdown import Tags, harmless

INLINE = [
    "$x$", "$x^2$", "$a + b$", "($x$)", "$3x - 2$", "$2 \\times 3$", "is $O(n \\log n)$.", "\\(a_1\\)", "$$x = 1$$ here", "see \\[x = 1\\] there",
    "$f(x)=\\frac{1}{x}$", "**$x$**", "[$x$](https://e.test)", "|$x$|\n|-|\n|1|",
]  # fmt: skip
NONE = [
    "$5 and $6", "$5 (was 10$)", "$HOME and $PATH", "$HOME/$PATH", "US$5, US$6", "$5-$10", "$ x $", "\\$x\\$", "`$x$`", "```\n$x$\n```", "    $x$",
    "\\(a note\\)", "\\[see below\\]", "\\[1\\]", "\\[not a link\\](https://e.test)", "$$$", "$$", "$$\n$$", "$x\n\ny$", "$<@G:here>$", "a $10 b 20$1",
]  # fmt: skip
BLOCKS = [
    "$$x$$", "$$\nx\n$$", "$$ x\n+ y $$", "\\[ x = 1 \\]", "\\[\nx\n\\]", "```math\nx\n```", "~~~ math\nx\n~~~", "> $$\n> x\n> $$", "- $$\n  x\n  $$",
    "text\n$$\nx\n$$\ntext",
]  # fmt: skip


@pytest.mark.parametrize("text", INLINE)
def test_a_formula_in_a_line_is_shown_as_one(text: str) -> None:
    assert harmless(markdown.render(text)).tags.count("math") == 1


@pytest.mark.parametrize("text", NONE)
def test_prices_shells_and_words_in_brackets_stay_text(text: str) -> None:
    assert "math" not in harmless(markdown.render(text)).tags


@pytest.mark.parametrize("text", BLOCKS)
def test_a_formula_of_its_own_is_shown_as_a_block_with_its_source(text: str) -> None:
    found = harmless(markdown.render(text))

    assert found.tags.count("math") == 1
    assert ("math", "display", "block") in found.attributes
    (source,) = [value for _, name, value in found.attributes if name == "alttext"]
    assert source.startswith("x")


SHOWN = {
    "a fraction": (r"$\frac{a}{b}$", "<mfrac><mrow><mi>a</mi></mrow><mrow><mi>b</mi></mrow></mfrac>"),
    "a root": (r"$\sqrt[3]{x}$", "<mroot>"),
    "limits of a sum": ("$$\\sum_{i=1}^n i$$", "<munderover>"),
    "a matrix": (r"$\begin{pmatrix}a&b\\c&d\end{pmatrix}$", "<mtr><mtd><mi>a</mi></mtd><mtd><mi>b</mi></mtd></mtr>"),
    "aligned lines": ("$$\n\\begin{align*}\na &= b \\\\\nc &= d\n\\end{align*}\n$$", '<mtd class="is-right"><mi>a</mi></mtd>'),
    "letters of an alphabet": (r"$\mathbf{AB}\mathbb{RZ}\mathcal{LF}\mathtt{1}$", "<mi>𝐀</mi>"),
    "upright": (r"$\mathrm{kg}$", '<mi mathvariant="normal">k</mi>'),
    "words": (r"$x \text{ if } y$", "<mtext>&nbsp;if&nbsp;</mtext>"),
    "a dollar": (r"$a \$ b$", "<mi>$</mi>"),
    "what is smaller": ("$a<b$", "<mo>&lt;</mo>"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "html"), SHOWN.values(), ids=SHOWN)
def test_mathematics_is_written_as_mathml(text: str, html: str) -> None:
    rendered = markdown.render(text)

    assert html in rendered
    harmless(rendered)


HOSTILE = [
    r"\text{<img src=x onerror=alert(1)>}", r"\text{</mtext></math><script>alert(1)</script>}", r"\mbox{<svg onload=alert(1)>}", r"\hbox{<b>$x$</b>}",
    r"\href{javascript:alert(1)}{x}", r"\href{https://evil.test}{x}", r"\style{position:fixed;inset:0}{x}", r"\class{app}{x}", r"\color{red}{x}",
    r"\textcolor{url(//evil.test)}{x}", r"\colorbox{red}{x}", r"\operatorname{a}<img src=x>", r"\verb|<script>1</script>|", r"\tag{<img src=x>} x",
    r"\text{&#x3c;script&#x3e;}", r"\text{&lt;img src=x onerror=1&gt;}", r"\unicode{x3c}script\unicode{x3e}", r"\unicode{x0}\unicode{xd800}\unicode{x110000}",
    r"\text{<math><annotation-xml encoding=text/html><img src=x>}", r"\text{<mglyph><svg><mtext><style><path id='</style><img onerror=1 src>'>}",
    r"\text{<maction actiontype=statusline xlink:href=javascript:1>}", r"\text{<semantics><annotation-xml><a href=javascript:1>}", r"\fbox{<malignmark>}",
    r"\hspace{9999999em}x", r"\raise{-9999em}{x}", r"\rule{9999em}{9999em}", r"\mathchoice", '\\text{"onmouseover="alert(1)}', r"\text{<table><mi//><style>}",
    r"\llap{<form action=//evil>}", "<img src=x>", "a\\\\\n<script>1</script>", r"\begin{matrix}<img src=x>&b\end{matrix}", r"\left<img src=x\right>",
]  # fmt: skip


@pytest.mark.parametrize("mark", ["$", "$$", "```math\n"])
@pytest.mark.parametrize("source", HOSTILE)
def test_a_hostile_formula_is_mathematics_or_words(source: str, mark: str) -> None:
    closing = "\n```" if mark.startswith("`") else mark

    harmless(markdown.render(mark + source + closing))


@pytest.mark.parametrize(
    "source",
    [
        r"\newcommand{\a}{\b\b}\a",
        r"\def\a{\a\a}\a",
        r"\hbox{$\def\a{\a\a}\a$}",
        r"\let\a\b",
        r"\DeclareMathOperator{\a}{b}\a",
    ],
)
def test_a_formula_that_defines_words_is_shown_as_it_was_written(source: str) -> None:
    assert "math" not in Tags(markdown.render(f"$$\n{source}\n$$")).tags
    assert Tags(markdown.render(f"$$\n{source}\n$$")).text.strip() == source


@pytest.mark.parametrize(
    "source", [r"\frac", "{", "a^b^c", r"\left(", "x" * 2001, "{" * 900, "\\sqrt" * 300, "\\\\" * 900]
)
def test_a_formula_that_cannot_be_read_is_shown_as_code(source: str) -> None:
    found = harmless(markdown.render(f"```math\n{source}\n```"))

    assert "math" not in found.tags
    assert source in found.text


def test_formulas_past_the_time_of_a_message_are_shown_as_code(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formulas, "ALL_SECONDS", 0.0)

    assert markdown.render("$x$") == "<p><code>$x$</code></p>\n"


# Pieces that a hostile formula is made of; each is repeated until the formula is as long as it may be.
PIECES = [
    "{", "\\sqrt", "\\frac", "x^{", "\\left(", "\\displaystyle ", "\\Huge ", "a\\over ", "\\atop ", "x'", "\\begin{matrix}", "&", "\\\\", "\\text{a}",
    "\\hbox{$a$}", "\\not", "\\mathbf{", "\\sqrt[", "\\xrightarrow[", "\\verb|", "\\overbrace{", "\\cfrac{a}{", "\\genfrac(){", "\\substack{", "\\limits_",
    "\\sideset", "\\root", "\\matrix ", "\\hfil ", "\\mod ", "%a\n", "a",
]  # fmt: skip


@pytest.mark.parametrize("piece", PIECES)
def test_no_formula_of_the_longest_length_takes_many_steps(piece: str) -> None:
    source = (piece * formulas.SOURCE_MAX)[: formulas.SOURCE_MAX]
    closed = source[: formulas.SOURCE_MAX // 2] + "x" + "}" * (formulas.SOURCE_MAX // 2 - 1)

    assert max(_calls(source), _calls(closed)) < 150_000


def _calls(source: str) -> int:
    count = 0

    def note(frame: object, event: str, argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        formulas.mathml(source, {"formula_seconds": 1000.0}, is_block=True)
    finally:
        sys.setprofile(before)
    return count


def test_what_looks_like_html_in_a_formula_is_shown_as_it_was_written() -> None:
    found = harmless(markdown.render(r"$\text{<b>bold</b><img src=x>}$"))

    assert "<b>bold</b><img\xa0src=x>" in found.text
