"""What the stand-in knows, kept in a file, so that a restart goes on where it was.

*Called by*: __main__.py. *Keeps true*: the file is whole at every moment; without a file nothing is kept.
"""

import json
import os
import threading
import time
from pathlib import Path

from config.local.stripe_stand_in.world import World

EVERY_SECONDS = 1.0


class Keeper:
    def __init__(self, world: World, path: Path) -> None:
        self.world, self.path = world, path
        self.last = ""

    def load(self) -> None:
        """Take up what the file says. What is no file of ours stops the process, and is left as it is."""
        if not self.path.exists():
            return
        known = json.loads(self.path.read_text())
        for kind, things in known["things"].items():
            self.world.things[kind].update(things)
        for event in self.world.things["event"].values():
            if event["pending_webhooks"]:  # what was on its way is sent anew
                event |= {"pending_webhooks": 0, "_new": True}
        self.world.counts.update(known["counts"])
        self.world.offset = known["offset"]

    def start(self) -> None:
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        while True:
            time.sleep(EVERY_SECONDS)
            self.save()

    def save(self) -> None:
        with self.world.lock:
            known = {"things": self.world.things, "counts": self.world.counts, "offset": self.world.offset}
            text = json.dumps(known)
        if text != self.last:
            draft = self.path.with_suffix(".tmp")
            draft.touch(mode=0o600)
            draft.write_text(text)
            os.replace(draft, self.path)
            self.last = text
