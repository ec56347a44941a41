"""The stand-in as a process: reads its options, says its port, serves until it is ended.

*Called by*: stripe_server.py (bin/up), tests/doubles/stripe.py.
"""

import argparse
import os
import signal
import sys
import threading
from pathlib import Path
from typing import NoReturn

from config.local.stripe_stand_in import webhook_endpoints
from config.local.stripe_stand_in.keeping import Keeper
from config.local.stripe_stand_in.server import StandIn
from config.local.stripe_stand_in.world import Options


def main() -> None:
    given = _parse()
    server = StandIn(Options(key=given.key, webhook_secret=given.webhook_secret, seed=given.seed), given.port)
    if given.state:
        keeper = Keeper(server.world, given.state)
        keeper.load()
        keeper.start()
        signal.signal(signal.SIGTERM, lambda *_: _leave(keeper))
    if given.webhook_url:
        # The address may be another than last time.
        server.world.things["webhook_endpoint"].clear()
        webhook_endpoints.add(server.world, given.webhook_url, secret=given.webhook_secret)
    server.deliveries.start()
    sys.stdout.write(f"{server.server_address[1]}\n")
    sys.stdout.flush()
    if given.while_stdin:
        threading.Thread(target=_end_with_stdin, daemon=True).start()
    server.serve_forever()


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m config.local.stripe_stand_in", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--key", default=Options.key, help="the secret key that it takes")
    parser.add_argument("--webhook-url", default="", help="where events are posted")
    parser.add_argument("--webhook-secret", default=Options.webhook_secret, help="what they are signed with")
    parser.add_argument("--seed", default=Options.seed, help="what ids are made of")
    parser.add_argument("--state", type=Path, help="a file that keeps what it knows")
    parser.add_argument("--while-stdin", action="store_true", help="end when standard input is closed")
    return parser.parse_args()


def _leave(keeper: Keeper) -> NoReturn:
    keeper.save()
    os._exit(0)


def _end_with_stdin() -> None:
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    main()
