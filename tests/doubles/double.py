"""What every stand-in has in common: a process of its own that says on which port it listens.

*Called by*: tests.doubles. *Keeps true*: it ends with its test, or when what started it is gone (its stdin closes).
"""

import subprocess
import sys
from typing import ClassVar, Self


class Double:
    """The handle on the process."""

    module: ClassVar[str]

    def __init__(self, process: subprocess.Popen[str], port: int) -> None:
        self.process = process
        self.place = f"127.0.0.1:{port}"
        self.url = f"http://{self.place}"

    @classmethod
    def start(cls) -> Self:
        process = subprocess.Popen(
            [sys.executable, "-m", cls.module], stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True
        )
        assert process.stdout
        return cls(process, int(process.stdout.readline()))

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(10)
        for pipe in (self.process.stdout, self.process.stdin):
            if pipe:
                pipe.close()
