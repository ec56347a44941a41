"""Webhooks: events posted to the endpoints, signed, and posted again while they are not taken.

*Called by*: server.py (start), api.py (send_new), control.py. *Keeps true*: an event is posted in the background,
never while anybody waits for an answer of the API, and with a signature made at the moment at which it is posted.
"""

import hashlib
import hmac
import http.client
import json
import threading
import time
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from config.local.stripe_stand_in import webhook_endpoints
from config.local.stripe_stand_in.answers import tell
from config.local.stripe_stand_in.trouble import Thing
from config.local.stripe_stand_in.world import World

PATIENCE_SECONDS = 10.0
AT_ONCE_MAX = 4
KEPT_MAX = 2000


@dataclass
class Delivery:
    """One event on its way to one endpoint. `stamp` and `secret` are other than they should be when a test says so."""

    event: Thing
    endpoint: Thing
    due: float
    id: str
    attempts: list[Thing] = field(default_factory=list)
    state: str = "waiting"  # waiting, sending, taken, given up, dropped
    stamp_offset: int = 0
    secret: str = ""
    body: bytes = b""

    def tell(self) -> Thing:
        return {
            "id": self.id,
            "event": self.event["id"],
            "type": self.event["type"],
            "url": self.endpoint["url"],
            "state": self.state,
            "attempts": self.attempts,
        }


@dataclass
class Mischief:
    """What befalls the next deliveries: each number is how many are still to come."""

    duplicate: int = 0
    drop: int = 0
    delay: int = 0
    delay_seconds: float = 2.0
    reorder: int = 0
    held: list[Delivery] = field(default_factory=list)


class Deliveries:
    def __init__(self, world: World) -> None:
        self.world = world
        self.all: list[Delivery] = []
        self.mischief = Mischief()
        self.is_paused = False
        self.wake = threading.Condition(world.lock)
        self.busy = 0

    def start(self) -> None:
        for _ in range(AT_ONCE_MAX):
            threading.Thread(target=self._run, daemon=True).start()

    def forget(self) -> None:
        """Send nothing of what waits. Whoever calls holds the lock."""
        self.all.clear()
        self.mischief = Mischief()
        self.is_paused = False

    def send_new(self) -> None:
        """Queue every event that has happened since. Whoever calls holds the lock."""
        for event in list(self.world.things["event"].values()):
            if event.pop("_new", False):
                for endpoint in self.world.all("webhook_endpoint"):
                    if webhook_endpoints.takes(endpoint, event["type"]):
                        self._queue(self.make(event, endpoint))
        self.wake.notify_all()

    def make(self, event: Thing, endpoint: Thing) -> Delivery:
        event["pending_webhooks"] += 1
        return Delivery(event, endpoint, time.monotonic(), self.world.make_id("delivery"))

    def _queue(self, delivery: Delivery) -> None:
        self.all.append(delivery)
        if len(self.all) > 2 * KEPT_MAX:  # those that are over are told no more
            over = [each for each in self.all if each.state in ("taken", "given up", "dropped")]
            gone = {each.id for each in over[:KEPT_MAX]}
            self.all = [each for each in self.all if each.id not in gone]
        mischief = self.mischief
        if mischief.drop > 0:
            mischief.drop -= 1
            self._close(delivery, "dropped")
        elif mischief.reorder > 0:
            mischief.reorder -= 1
            delivery.due = float("inf")
            mischief.held.append(delivery)
            if not mischief.reorder:
                self.let_go_in_reverse()
        elif mischief.delay > 0:
            mischief.delay -= 1
            delivery.due += mischief.delay_seconds
        elif mischief.duplicate > 0:
            mischief.duplicate -= 1
            self.all.append(self.make(delivery.event, delivery.endpoint))

    def let_go_in_reverse(self) -> None:
        """Post what was held back, the last one first, each a moment after the one before."""
        now = time.monotonic()
        for place, delivery in enumerate(reversed(self.mischief.held)):
            delivery.due = now + place * 0.15
        self.mischief.held = []
        self.wake.notify_all()

    def send(self, delivery: Delivery) -> None:
        self.all.append(delivery)
        self.wake.notify_all()

    def _run(self) -> None:
        while True:
            with self.wake:
                delivery = self._next()
                while delivery is None:
                    self.wake.wait(self._pause())
                    delivery = self._next()
                delivery.state = "sending"
                self.busy += 1
                body = delivery.body or json.dumps(tell(self.world, delivery.event), indent=2).encode()
            outcome = self._post(delivery, body)
            with self.wake:
                self.busy -= 1
                self._note(delivery, outcome)
                self.wake.notify_all()

    def _next(self) -> Delivery | None:
        """The one that is due longest. An event waits while an earlier one of its endpoint is only now being sent."""
        if self.is_paused:
            return None
        now = time.monotonic()
        sending = {delivery.endpoint["id"] for delivery in self.all if delivery.state == "sending"}
        due = [
            each
            for each in self.all
            if each.state == "waiting" and each.due <= now and each.endpoint["id"] not in sending
        ]
        return min(due, key=lambda each: each.due, default=None)

    def _pause(self) -> float:
        if self.is_paused:
            return 60.0
        soonest = min((each.due for each in self.all if each.state == "waiting"), default=float("inf"))
        return max(0.005, min(60.0, soonest - time.monotonic()))

    def _post(self, delivery: Delivery, body: bytes) -> Thing:
        url = urlsplit(delivery.endpoint["url"])
        kind = http.client.HTTPSConnection if url.scheme == "https" else http.client.HTTPConnection
        stamp = int(time.time()) + delivery.stamp_offset
        secret = delivery.secret or delivery.endpoint["_secret"]
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "Stripe-Signature": sign(body, secret, stamp),
            "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
        }
        connection = kind(url.hostname or "", url.port, timeout=PATIENCE_SECONDS)
        try:
            connection.request("POST", url.path + (f"?{url.query}" if url.query else "") or "/", body, headers)
            response = connection.getresponse()
            return {"status": response.status, "answer": response.read(2000).decode(errors="replace")}
        except (OSError, http.client.HTTPException) as error:
            return {"status": 0, "answer": str(error)}
        finally:
            connection.close()

    def _note(self, delivery: Delivery, outcome: Thing) -> None:
        delivery.attempts.append(outcome)
        pauses = self.world.options.delivery_pauses
        if 200 <= outcome["status"] < 300:
            self._close(delivery, "taken")
        elif delivery.body or len(delivery.attempts) > len(pauses):
            self._close(delivery, "given up")
        else:
            delivery.state = "waiting"
            delivery.due = time.monotonic() + pauses[len(delivery.attempts) - 1]

    def _close(self, delivery: Delivery, state: str) -> None:
        delivery.state = state
        if state != "given up" and delivery.event.get("pending_webhooks"):
            delivery.event["pending_webhooks"] -= 1

    @property
    def is_quiet(self) -> bool:
        """Say whether nothing is on its way, but for what is held back and what waits to be tried again."""
        now = time.monotonic()
        waiting = [each for each in self.all if each.state == "waiting" and each.due <= now + 0.05]
        return not self.busy and not waiting


def sign(body: bytes, secret: str, stamp: int) -> str:
    """The Stripe-Signature header: an HMAC-SHA256 of the stamp, a dot and the body."""
    digest = hmac.new(secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={stamp},v1={digest}"
