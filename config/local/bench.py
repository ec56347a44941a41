"""bin/bench: one benchmark of tests/bench, on services of its own with durable settings.

*Called by*: `__main__.py`. *Keeps true*: standard output is the benchmark's own, so that `--json` can be piped.
"""

import contextlib
import sys

from config.local import foreground, install
from config.local.checkup import own_services
from config.local.supervisor import make_environment
from config.local.wheels import PYTHON


def run(arguments: list[str]) -> int:
    with contextlib.ExitStack() as stack:
        with contextlib.redirect_stdout(sys.stderr):
            install.ensure([install.RUNTIME, install.STAND_INS, install.TESTS])
            is_asking = all(argument.startswith("-") for argument in arguments)  # --list, --help: nothing is measured
            environment = make_environment() if is_asking else stack.enter_context(own_services(durable=True))
        return foreground.run([str(PYTHON), "-m", "tests.bench", *arguments], environment)
