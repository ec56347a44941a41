"""bin/nightly: what is too long for bin/test, on services of its own: whole stories of the ledger, and crowds at it.

*Called by*: `__main__.py`. *Keeps true*: every dice roll comes from one seed, which is said first, so that a night that
found something can be played again.
"""

import argparse
import secrets
import time

from config.local import foreground, install
from config.local.checkup import own_services
from config.local.trouble import say
from config.local.wheels import PYTHON

STEPS = 10_000


def run(arguments: list[str]) -> int:
    options, rest = _parse(arguments)
    install.ensure([install.RUNTIME, install.STAND_INS, install.TESTS])
    began = time.monotonic()
    say(f"· {options.steps:,} steps; again with: bin/nightly --seed {options.seed} --steps {options.steps}")
    named = {"NIGHTLY_SEED": str(options.seed), "NIGHTLY_STEPS": str(options.steps)}
    pytest = ["-m", "pytest", "-m", "nightly", f"--hypothesis-seed={options.seed}", "--timeout=14400", "-v"]
    with own_services(durable=False) as environment:
        code = foreground.run([str(PYTHON), *pytest, *rest], environment | named)
    say(f"\n{'FAILED' if code else 'All is well'} with seed {options.seed} ({time.monotonic() - began:.0f} s).")
    return code


def _parse(arguments: list[str]) -> tuple[argparse.Namespace, list[str]]:
    parser = argparse.ArgumentParser(
        "bin/nightly", description="Run what is too long for bin/test. Further arguments go to pytest."
    )
    parser.add_argument("--seed", type=int, default=secrets.randbelow(2**32), help="play this night again")
    parser.add_argument("--steps", type=int, default=STEPS, help="how many steps the long story takes")
    return parser.parse_known_args(arguments)
