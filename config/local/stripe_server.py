"""The Stripe stand-in of bin/up --with-stripe-stand-in: its process, its keys, what points Parley at it.

*Called by*: stand_ins.py. *Keeps true*: it listens on loopback; port, keys and what it knows outlive a restart.
"""

import secrets
from pathlib import Path

from config.local import ports, wheels
from config.local.child import Child
from config.local.data_dir import DataDir

# Where billing takes Stripe's events.
WEBHOOK = "/stripe/webhook/"


class StripeServer:
    def __init__(self, data: DataDir, log: Path, *, parley_url: str) -> None:
        self.log, self.state = log, data.path / "stripe_stand_in.json"
        self.port = ports.find_free(preferred=int(data.recall("stripe_port") or 0))
        self.url = f"http://127.0.0.1:{self.port}"
        self.webhook_url = parley_url + WEBHOOK
        if not data.recall("stripe_secret"):
            data.note("stripe_secret", secrets.token_hex(16))
        self.secret = str(data.recall("stripe_secret"))

    @property
    def environment(self) -> dict[str, str]:
        return {
            "STRIPE_SECRET_KEY": f"sk_test_{self.secret}",
            "STRIPE_WEBHOOK_SECRET": f"whsec_{self.secret}",
            "STRIPE_API_BASE": self.url,
        }

    def make_child(self) -> Child:
        named = self.environment
        argv = [
            str(wheels.PYTHON),
            "-m",
            "config.local.stripe_stand_in",
            "--port",
            str(self.port),
            "--seed",
            self.secret,
        ]
        argv += ["--key", named["STRIPE_SECRET_KEY"], "--webhook-secret", named["STRIPE_WEBHOOK_SECRET"]]
        argv += ["--webhook-url", self.webhook_url, "--state", str(self.state)]
        return Child("stripe", argv, self.log, is_ready=self._answers, folder=wheels.ROOT)

    def _answers(self) -> bool:
        return ports.get_status("127.0.0.1", self.port, "/_stand_in/clock") == 200
