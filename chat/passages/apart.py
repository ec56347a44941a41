"""One passage, carried in a process of its own.

*Called by*: chat.passages.runner, as a program: the passage's id. *Keeps true*: memory and time are bounded before the
first byte of an archive is read; it ends with the worker that began it. *Why*: to read the JSON of strangers takes the
interpreter for as long as it lasts, and a hundred times its size in memory; the worker writes answers meanwhile.
"""

import os
import resource
import sys
import threading
import time
import uuid

MEMORY_BYTES = 1 << 30
CPU_SECONDS = 6 * 3600
# Exit code of "try again later", as sysexits.h names it.
POSTPONED = 75
PARENT_SECONDS = 1.0


def main() -> None:
    passage_id = uuid.UUID(sys.argv[1])
    bound()
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    _django()
    from django.db import InterfaceError, OperationalError

    from chat.passages import running

    try:
        running.run(passage_id)
    except (OperationalError, InterfaceError):
        sys.exit(POSTPONED)


def bound() -> None:
    """People who wait for an answer come first; what grows past its bounds dies alone."""
    os.nice(10)
    for what, most in (
        (resource.RLIMIT_AS, MEMORY_BYTES),
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (most, most))


def _django() -> None:
    import django

    django.setup()


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(PARENT_SECONDS)
    os._exit(POSTPONED)


if __name__ == "__main__":
    main()
