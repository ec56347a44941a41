"""Runs the darkroom, in a process that is ended when it takes too long.

*Called by*: chat.files.workshop, chat.links.pictures. *Keeps true*: what was decoded knows no key of ours, and nothing
that it does, or becomes of it, is more than an empty answer.
"""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import structlog

from chat.files import darkroom

ANSWER_MAX = 10_000
_log = structlog.get_logger(__name__)


def develop(kind: str, source: Path, folder: Path, *, timeout_seconds: float) -> dict[str, Any]:
    """What the darkroom says of what it has made in the folder; {} when it could not."""
    argv = [sys.executable, "-I", darkroom.__file__, kind, str(source), str(folder)]
    # An environment of its own: it is not to know any key of ours.
    child = subprocess.Popen(
        argv, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env={}, cwd=folder, start_new_session=True
    )
    try:
        said, _ = child.communicate(timeout=timeout_seconds)
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)
        child.communicate()
        said = b""
    if child.returncode != 0 or len(said) > ANSWER_MAX:
        _log.info("file.unreadable", kind=kind, code=child.returncode)
        return {}
    return dict(json.loads(said))
