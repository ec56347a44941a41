"""What is heard of a process that may have been taken over: little, in time, and of a known shape."""

import json
import sys
from pathlib import Path

import pytest

from chat.files import child


def hear(program: str, folder: Path, *, seconds: float = 60) -> bytes:
    return child.hear([sys.executable, "-I", "-c", program], folder, timeout_seconds=seconds)


def test_what_it_says_is_heard(tmp_path: Path) -> None:
    assert hear("print('{}', end='')", tmp_path) == b"{}"


def test_one_that_says_too_much_is_not_heard_out(tmp_path: Path) -> None:
    said = hear("import sys; sys.stdout.write('x' * 1_000_000); sys.stdout.close(); open('end', 'w')", tmp_path)

    assert said == b"" and not (tmp_path / "end").exists()


@pytest.mark.parametrize(
    "program",
    [
        "import time; time.sleep(600)",
        "import os, time; os.close(1); time.sleep(600)",
        "print('{}'); raise SystemExit(1)",
        "import os; print('{}', flush=True); os.abort()",
    ],
)
def test_one_that_takes_too_long_or_fails_has_said_nothing(tmp_path: Path, program: str) -> None:
    assert hear(program, tmp_path, seconds=2) == b""


@pytest.mark.parametrize(
    "said", [b"", b"{", b"\xff", b"[1]", b"null", b"[" * 10_000, b'{"width": "9"}', b'{"width": 1e9}']
)
def test_what_is_no_answer_is_an_empty_one(said: bytes) -> None:
    assert child.read(said) == {}


def test_numbers_are_held_within_bounds_and_words_must_be_known() -> None:
    told = {"width": 10**12, "height": -5, "pages": True, "previews": 10**9, "media_type": "text/html", "else": 1}

    made = child.read(json.dumps(told).encode())

    assert made == {"width": 50_000_000, "height": 0, "previews": 20}
    assert child.read(b'{"media_type": "image/png", "refused": "pixels"}') == {
        "media_type": "image/png",
        "refused": "pixels",
    }
