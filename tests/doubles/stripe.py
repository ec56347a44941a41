"""The Stripe stand-in of bin/up as a double: a process of its own, with the controls that tests need.

*Called by*: tests (StripeStandIn). *Keeps true*: what it knows is gone with the process.
"""

import json
import subprocess
import sys
import time
import urllib.error
import urllib.request
from typing import Any, Self
from urllib.parse import urlencode

from tests.doubles.double import Double

KEY = "sk_test_stand_in"
SECRET = "whsec_stand_in"
QUIET_SECONDS = 15.0


class StripeStandIn(Double):
    module = "config.local.stripe_stand_in"

    @classmethod
    def start(cls, *, webhook_url: str = "", seed: str = "parley") -> Self:
        command = [sys.executable, "-m", cls.module, "--while-stdin", "--key", KEY, "--webhook-secret", SECRET]
        command += ["--seed", seed, "--webhook-url", webhook_url]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True)
        assert process.stdout
        return cls(process, int(process.stdout.readline()))

    @property
    def environment(self) -> dict[str, str]:
        """What points Parley at it."""
        return {"STRIPE_SECRET_KEY": KEY, "STRIPE_WEBHOOK_SECRET": SECRET, "STRIPE_API_BASE": self.url}

    def reset(self) -> None:
        """Forget everything, as if it had just been started; only the address stays."""
        self.ask("POST", "reset")

    # Time

    def now(self) -> int:
        return int(self.ask("GET", "clock")["now"])

    def advance(self, *, seconds: int = 0, days: int = 0) -> int:
        """Move everybody's time; what falls due on the way has happened when this returns."""
        return int(self.ask("POST", "clock", seconds=seconds + days * 86_400)["now"])

    def advance_to(self, moment: int) -> int:
        return int(self.ask("POST", "clock", to=moment)["now"])

    # Calls

    def requests(self) -> list[dict[str, Any]]:
        """The calls so far: method, path, query, body, status, idempotency_key, version."""
        return list(self.ask("GET", "requests")["requests"])

    def fail_next(self, status: int = 500, **how: Any) -> None:
        """Let the next call fail. `times`, `method`, `path` (its beginning); `before=False`: done, but not answered;
        status 0: the connection closes; 200 with `wait`: slow.
        """
        self.ask("POST", "faults", status=status, **how)

    def fail_no_more(self) -> None:
        self.ask("POST", "faults")

    # Webhooks

    def add_endpoint(self, url: str, *, secret: str = SECRET, only: bool = True) -> None:
        self.ask("POST", "endpoints", url=url, secret=secret, only=only)

    def mischief(self, **how: Any) -> None:
        """What befalls the next deliveries: duplicate, drop, delay (delay_seconds), reorder; pause, release."""
        self.ask("POST", "deliveries", **how)

    def deliveries(self) -> list[dict[str, Any]]:
        return list(self.ask("GET", "deliveries")["deliveries"])

    def send_again(self, event: str, **how: Any) -> None:
        """Post an event again: as it was, or with `stamp_offset`, `secret`, `changed`."""
        self.ask("POST", "deliveries/again", event=event, **how)

    def settle(self) -> None:
        """Wait until nothing is on its way to an endpoint."""
        until = time.monotonic() + QUIET_SECONDS
        while not self.ask("GET", "deliveries")["is_quiet"]:
            assert time.monotonic() < until, "deliveries do not come to rest"
            time.sleep(0.02)

    # What people and banks do

    def dispute(self, **which: Any) -> dict[str, Any]:
        return dict(self.ask("POST", "disputes", **which))

    def end_dispute(self, dispute: str, *, won: bool) -> dict[str, Any]:
        return dict(self.ask("POST", "disputes/end", dispute=dispute, won=won))

    def set_options(self, **options: Any) -> None:
        """tax_percent, draft_seconds, retry_days, after_retries (cancel, unpaid, past_due), delivery_pauses."""
        self.ask("POST", "options", **options)

    def submit(self, url: str, **form: str) -> tuple[int, str, str]:
        """Send a form of a hosted page without a browser: the status, where it leads, and the page."""
        fields = {
            "number": "4242 4242 4242 4242",
            "expiry": "12 / 34",
            "cvc": "123",
            "email": "ana@example.org",
            **form,
        }
        request = urllib.request.Request(url, urlencode(fields).encode(), method="POST")
        try:
            with _OPENER.open(request, timeout=10) as response:
                return response.status, response.headers.get("Location", ""), response.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.headers.get("Location", ""), error.read().decode()

    def ask(self, method: str, control: str, /, **given: Any) -> Any:
        data = json.dumps(given).encode() if method == "POST" else None
        request = urllib.request.Request(f"{self.url}/_stand_in/{control}", data, method=method)
        with urllib.request.urlopen(request, timeout=60) as response:
            return json.loads(response.read())


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


_OPENER = urllib.request.build_opener(_Stay)
