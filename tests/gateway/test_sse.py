"""Splitting server-sent events."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import CallFailed
from gateway.sse import EVENT_MAX, Events

PLAIN = 'data: {"a": "für 你好"}\n\ndata: two\ndata: lines\n\n: a comment\n\nevent: x\nid: 7\ndata:three\n\n'.encode()
EXPECTED = ['{"a": "für 你好"}'.encode(), b"two\nlines", b"three"]


def split(raw: bytes, cuts: list[int]) -> list[bytes]:
    events, found, start = Events(), [], 0
    for cut in [*sorted(cuts), len(raw)]:
        found += events.feed(raw[start:cut])
        start = max(start, cut)
    return found + events.rest()


@given(st.lists(st.integers(0, len(PLAIN)), max_size=30), st.sampled_from([b"\n", b"\r\n", b"\r"]), st.booleans())
def test_any_cut_of_any_legal_form_gives_the_same_events(cuts: list[int], newline: bytes, has_bom: bool) -> None:
    raw = PLAIN.replace(b"\n", newline)
    if has_bom:
        raw = b"\xef\xbb\xbf" + raw

    assert split(raw, [min(cut, len(raw)) for cut in cuts]) == EXPECTED


def test_a_stream_that_ends_without_its_blank_line_still_gives_its_last_event() -> None:
    assert split(b"data: one\n\ndata: two", []) == [b"one", b"two"]
    assert split(b"data: one\n\ndata: two\r\n", [3]) == [b"one", b"two"]


def test_an_event_without_end_is_refused_before_it_fills_the_memory() -> None:
    events = Events()

    with pytest.raises(CallFailed, match="not an answer"):
        for _ in range(EVENT_MAX // 65536 + 2):
            events.feed(b"a" * 65536)
