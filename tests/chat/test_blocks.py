"""Finished blocks of a text that is still growing."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chat import blocks, markdown
from chat.blocks import Blocks, utf16_len

ANSWER = """# Packing

Take *three* things:

1. a coat
2. shoes

```python
def pack():

    return ["coat"]
```

| What | Days |
|:--|--:|
| Rooms | 2 |

> Remember the tickets.

- [ ] book
- [x] pack

The speed is $v = s / t$, and so

$$
t = \\frac{s}{v}
- 1
$$

\\[ a = b \\]

That is all, for $5 and $6. 💩
"""


def grow(text: str, cuts: list[int]) -> tuple[list[str], int]:
    """Feed a text piece by piece; the HTML of each step, and how much is covered at the end."""
    follower, shown = Blocks(), []
    for end in [*sorted(cuts), len(text)]:
        if html := follower.advance(text[:end]):
            shown.append(html)
    return shown, follower.covered


def test_nothing_is_finished_before_another_block_has_begun() -> None:
    assert blocks.finished("one") == blocks.finished("one\n") == blocks.finished("one\ntwo") == 0
    assert blocks.finished("one\n\n") == 0
    assert blocks.finished("one\n\ntwo") == len("one\n\n")
    assert blocks.finished("# one\ntwo") == len("# one\n")


def test_a_fence_is_finished_only_after_it_is_closed_and_something_follows() -> None:
    assert blocks.finished("```\ncode\n\nmore\n") == 0
    assert blocks.finished("```\ncode\n```\n") == 0
    assert blocks.finished("```\ncode\n```\nafter") == len("```\ncode\n```\n")


@settings(deadline=None)
@given(st.lists(st.integers(0, len(ANSWER)), max_size=40))
def test_the_blocks_shown_are_the_beginning_of_the_whole(cuts: list[int]) -> None:
    shown, covered = grow(ANSWER, cuts)

    assert "".join(shown) == markdown.render(ANSWER[:covered])
    assert markdown.render(ANSWER).startswith("".join(shown))


@pytest.mark.parametrize("odd", ["\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029", "\r", "\r\n"])
def test_lines_are_counted_as_markdown_counts_them(odd: str) -> None:
    text = f"one{odd}still{odd}here\n\ntwo{odd}\n\nthree"

    covered = blocks.finished(text)

    assert text[covered:] == "three"
    assert markdown.render(text[:covered]) + markdown.render("three") == markdown.render(text)


@settings(deadline=None)
@given(st.text(st.sampled_from("a#`~>-*1. \n|💩\r\u2028\t$\\[]"), max_size=120), st.integers(0, 2**32))
def test_whatever_grows_is_covered_in_whole_lines_and_never_past_its_end(text: str, seed: int) -> None:
    cuts = random.Random(seed).sample(range(len(text) + 1), k=min(8, len(text) + 1))

    _, covered = grow(text, cuts)

    assert 0 <= covered <= len(text)
    assert covered == 0 or text[covered - 1] in "\r\n"


def test_a_formula_that_is_still_growing_begins_no_list_and_no_heading() -> None:
    assert blocks.finished("$$\nx\n- y\n# z\n") == 0
    assert blocks.finished("$$\nx\n- y\n$$\nafter") == len("$$\nx\n- y\n$$\n")
    assert blocks.finished("$$\nx\n\nafter") == len("$$\nx\n\n")


def test_a_long_list_is_looked_at_again_only_when_it_has_grown() -> None:
    follower, text = Blocks(), "- item\n" * 2000

    assert follower.advance(text) == ""
    assert follower.advance(text + "- item\n") == ""
    assert follower.advance(text + "- item\n" * 400 + "\n\nafter") != ""


@given(st.text(max_size=50))
def test_lengths_are_those_of_a_browser(text: str) -> None:
    assert utf16_len(text) == len(text.encode("utf-16-le", "surrogatepass")) // 2
