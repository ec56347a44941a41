"""Trouble: a failure that a person can do something about, said in one sentence.

*Called by*: everything in config/local; `__main__.py` prints it. *Keeps true*: nobody who types
bin/up reads a traceback for a full disk, a missing network or a taken port.
"""

import errno
import sys


class Trouble(Exception):
    """Ends the command with this sentence on standard error and exit code 1."""


def say(line: str, *, file: object = None) -> None:
    """Print a line at once. A reader that went away (`bin/up | head`) must not bring the product down."""
    try:
        print(line, file=file or sys.stdout, flush=True)  # type: ignore[arg-type]
    except OSError:
        pass


def explain(error: OSError) -> str:
    """Put an operating system error in words."""
    place = f" ({error.filename})" if error.filename else ""
    if error.errno == errno.ENOSPC:
        return f"There is no space left on the disk{place}."
    if error.errno == errno.EROFS:
        return f"The disk is read-only{place}."
    if error.errno in (errno.EACCES, errno.EPERM):
        return f"This user has no permission there{place}."
    return f"{error.strerror or error}{place}."
