"""Runs the darkroom, in a process that is ended when it takes too long, or says too much.

*Called by*: chat.files.workshop, chat.links.pictures. *Keeps true*: what was decoded knows no key of ours, and nothing
that it does, or becomes of it, is more than an empty answer: a short one, of known words and numbers within bounds.
"""

import json
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import structlog

from chat.files import darkroom

ANSWER_MAX = 10_000
# What an answer may hold: numbers up to these, and words of these.
NUMBERS = {
    "width": darkroom.PIXELS_MAX,
    "height": darkroom.PIXELS_MAX,
    "pages": 1_000_000,
    "previews": darkroom.PAGES_MAX,
}
WORDS = {"media_type": set(darkroom.FORMATS.values()), "refused": {"pixels", "small"}}
_log = structlog.get_logger(__name__)


def develop(kind: str, source: Path, folder: Path, *, timeout_seconds: float) -> dict[str, Any]:
    """What the darkroom says of what it has made in the folder; {} when it could not."""
    argv = [sys.executable, "-I", darkroom.__file__, kind, str(source), str(folder)]
    made = read(hear(argv, folder, timeout_seconds=timeout_seconds))
    if not made:
        _log.info("file.unreadable", kind=kind)
    return made


def hear(argv: Sequence[str], folder: Path, *, timeout_seconds: float) -> bytes:
    """What a program says; nothing when it fails, is not done in time, or says more than ANSWER_MAX."""
    # An environment of its own: it is not to know any key of ours.
    child = subprocess.Popen(
        argv, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env={}, cwd=folder, start_new_session=True
    )
    until = time.monotonic() + timeout_seconds
    try:
        said = _read_all(child, until)
        child.wait(max(until - time.monotonic(), 0))
    except (subprocess.TimeoutExpired, _TooMuch):
        return b""
    finally:
        # It, and whatever it has started.
        with suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()
        if child.stdout:
            child.stdout.close()
    return said if child.returncode == 0 else b""


def read(said: bytes) -> dict[str, Any]:
    """An answer without what it may not hold; {} for one that is none."""
    try:
        told = json.loads(said)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(told, dict):
        return {}
    numbers = {name: value for name, value in told.items() if name in NUMBERS and type(value) is int}
    words = {name: value for name, value in told.items() if name in WORDS and isinstance(value, str)}
    return {name: min(max(value, 0), NUMBERS[name]) for name, value in numbers.items()} | {
        name: value for name, value in words.items() if value in WORDS[name]
    }


class _TooMuch(Exception):
    pass


def _read_all(child: subprocess.Popen[bytes], until: float) -> bytes:
    """All that it says. A pipe knows no limit of size, so nothing past ANSWER_MAX is read. Raises TimeoutExpired."""
    assert child.stdout
    said = b""
    with selectors.DefaultSelector() as ready:
        ready.register(child.stdout, selectors.EVENT_READ)
        while len(said) <= ANSWER_MAX:
            if not ready.select(max(until - time.monotonic(), 0)):
                raise subprocess.TimeoutExpired(child.args, 0)
            piece = os.read(child.stdout.fileno(), ANSWER_MAX + 1 - len(said))
            if not piece:
                return said
            said += piece
    raise _TooMuch
