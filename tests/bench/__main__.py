"""Runs one benchmark and prints its figures: a table for people, or one line of JSON.

*Called by*: bin/bench, which starts throw-away services first. *Keeps true*: what each figure must reach is DESIGN's
section on targets, and is printed beside it, met or not; how long it may take is bounded.
"""

import argparse
import importlib
import json
import os
import sys
from typing import Any

from tests.bench import machine
from tests.bench.figures import Figure

BENCHES = {
    "mention": "from a posted mention to the provider, and from the provider to another member's screen",
    "fanout": "one post to every socket of a Space, and twenty streaming answers to a thousand people",
    "streams": "hundreds of answers at 50 tokens a second through one worker process",
    "ledger": "holds and settlements a second on one organization",
    "up": "from bin/up to the first page; memory and disk",
    "history": "opening a Space of a million messages against one of a hundred; finding words among them",
    "page": "what a Space costs a browser: JavaScript, CSS, first content",
}


def main(arguments: list[str]) -> int:
    options = _parse(arguments)
    if options.list or not options.name:
        for name, sentence in BENCHES.items():
            print(f"{name:9} {sentence}")
        return 0
    if options.name not in BENCHES:
        print(f"There is no benchmark called {options.name!r}; there are {', '.join(BENCHES)}.", file=sys.stderr)
        return 2
    if "DATABASE_SUPERUSER_URL" not in os.environ:
        print("A benchmark needs services of its own: run it with bin/bench.", file=sys.stderr)
        return 2
    bench = importlib.import_module(f"tests.bench.{options.name}")
    found = [_plain(figure) for figure in bench.run(quick=options.quick, sizes=options.sizes)]
    taken = {"bench": options.name, "machine": machine.describe(), "commit": machine.commit(), "figures": found}
    print(json.dumps(taken) if options.json else _table(taken))
    return 0


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser("bin/bench", description="Measure Parley on this machine.")
    parser.add_argument("name", nargs="?", help="which benchmark; --list names them")
    parser.add_argument("--json", action="store_true", help="end with one line of JSON")
    parser.add_argument("--quick", action="store_true", help="fewer rounds: under 40 seconds, rougher figures")
    parser.add_argument("--list", action="store_true", help="say which benchmarks there are")
    parser.add_argument(
        "--sizes",
        type=lambda text: [int(part) for part in text.split(",")],
        help="how many sockets or answers at once, instead of the usual ones: 20,500",
    )
    return parser.parse_args(arguments)


def _plain(figure: Figure | dict[str, Any]) -> dict[str, Any]:
    return figure if isinstance(figure, dict) else figure.as_json()


def _table(taken: dict[str, Any]) -> str:
    about = taken["machine"]
    lines = [f"{taken['bench']} at {taken['commit']}, {about['cpus']} x {about['cpu']}, Python {about['python']}", ""]
    width = max(len(row["name"]) for row in taken["figures"])
    for row in taken["figures"]:
        verdict = "" if row["met"] is None else ("met" if row["met"] else "NOT MET")
        target = "" if row["target"] is None else f"target {row['target']:g}"
        value = "-" if row["value"] is None else f"{row['value']:g}"
        lines.append(f"{row['name']:{width}}  {value:>10} {row['unit']:12} {target:16} {verdict}".rstrip())
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
