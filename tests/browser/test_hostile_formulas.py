"""What Chromium makes of hostile formulas: its own parser is the only judge of what a text becomes."""

import random
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from chat import markdown
from tests.chat.test_formulas import HOSTILE

pytestmark = pytest.mark.xdist_group("browser")

# Shapes that got through other sanitisers by what MathML does to the parser, written as messages and inside formulas.
SHAPES = [
    "<math><mtext><table><mglyph><style><!--</style><img title=\"--&gt;&lt;img src=x onerror=alert(1)&gt;\">",
    "<math><mtext><mglyph><svg><mtext><textarea><path id=\"</textarea><img onerror=alert(1) src=1>\">",
    "<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    "<math><annotation-xml encoding=\"text/html\"><style><img src=x onerror=alert(1)></style></annotation-xml></math>",
    "<math><mi//xlink:href=\"data:x,<script>alert(1)</script>\">",
    "<math><maction actiontype=\"statusline#http://e.test\" xlink:href=\"javascript:alert(1)\">click</maction></math>",
    "<math href=\"javascript:alert(1)\">click</math>",
    "<math><semantics><annotation-xml><foreignObject><script>alert(1)</script>",
    "<svg><math><mtext><malignmark><style><a title=\"</style><img src onerror=alert(1)>\">",
    "</mtext></math><img src=x onerror=alert(1)>",
]  # fmt: skip
LOOK = """(html) => {
  window.ran = [];
  window.alert = (what) => window.ran.push(what);
  const box = document.createElement("div");
  box.innerHTML = html;
  document.body.replaceChildren(box);
  const MATH = "http://www.w3.org/1998/Math/MathML";
  const all = [...box.querySelectorAll("*")];
  const names = (each) => [...each.attributes].map(({ name }) => name);
  return {
    ran: window.ran,
    again: box.innerHTML === html || (box.innerHTML = box.innerHTML, box.querySelectorAll("*").length === all.length),
    foreign: all.filter((each) => each.closest("math") && each.namespaceURI !== MATH).map((each) => each.outerHTML),
    loads: all.filter((each) => /^(script|style|img|svg|iframe|object|embed|form|input|link|meta|base|video|audio|textarea|mglyph|malignmark|maction|semantics|annotation|annotation-xml)$/i.test(each.localName)).map((each) => each.localName),
    speaks: all.flatMap((each) => names(each).filter((name) => name.startsWith("on") || /^(style|src|srcset|xlink:href|action|formaction|id|name)$/.test(name) || (name === "href" && each.localName !== "a"))),
  };
}"""


@pytest.fixture(scope="module")
def blank(chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context(offline=True)
    page = context.new_page()
    yield page
    context.close()


def messages() -> Iterator[str]:
    """Every payload as it is, and in every place where a formula puts text."""
    for payload in [*SHAPES, *HOSTILE]:
        yield payload
        for around in ("${}$", "$$\n{}\n$$", "```math\n{}\n```", "$\\text{{{}}}$", "$x^{{{}}}$", "\\[ x = {} \\]"):
            yield around.format(payload)
    pieces = [
        "<",
        ">",
        "</",
        "math",
        "mtext",
        "mi",
        "style",
        "img src onerror=alert(1)",
        "$",
        "\\text{",
        "}",
        "&lt;",
        "&#x3c;",
        "'",
        '"',
        "!--",
        "-->",
    ]
    dice = random.Random(20)
    for _ in range(1500):
        yield "$" + "".join(dice.choices(pieces, k=dice.randint(2, 14))) + "$"


def test_no_formula_becomes_anything_but_mathematics_in_a_browser(blank: Page) -> None:
    wrong = []
    for text in messages():
        html = markdown.render(text)

        seen = blank.evaluate(LOOK, html)

        if seen["ran"] or seen["foreign"] or seen["loads"] or seen["speaks"] or not seen["again"]:
            wrong.append((text, html, seen))

    assert wrong == []


def test_a_browser_would_run_what_these_shapes_hold_if_it_were_let_through(blank: Page) -> None:
    seen = [blank.evaluate(LOOK, shape) for shape in SHAPES]

    assert all(each["loads"] or each["speaks"] or each["foreign"] for each in seen)
