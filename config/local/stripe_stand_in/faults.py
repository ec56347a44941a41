"""Calls of the API that are made to fail, by number and by place.

*Called by*: api.py, control.py. *Keeps true*: a fault befalls the next calls that it is for, in the order in which
faults were set, and is then over.
"""

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from config.local.stripe_stand_in.api import Answer


@dataclass
class Fault:
    """`before`: nothing was done; else it was done, and the answer is lost.

    Status 0 closes the connection without an answer; 200 answers as ever, after `wait` seconds.
    """

    status: int = 500
    times: int = 1
    method: str = ""
    path: str = ""
    before: bool = True
    wait: float = 0.0

    @property
    def breaks(self) -> bool:
        return self.status != 200

    def fits(self, method: str, path: str) -> bool:
        return self.times > 0 and self.method in ("", method) and path.startswith(self.path)

    def answer(self) -> "Answer | None":
        from config.local.stripe_stand_in.api import Answer

        if not self.status:
            return None
        if self.status == 429:
            why = "Request rate limit exceeded. You can learn more about rate limits here https://stripe.com/docs/rate-limits."
            return Answer(429, {"error": {"message": why, "type": "invalid_request_error", "code": "rate_limit"}})
        why = "An unknown error occurred"
        return Answer(self.status, {"error": {"message": why, "type": "api_error"}})


class Faults:
    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.waiting: list[Fault] = []

    def add(self, fault: Fault) -> None:
        with self.lock:
            self.waiting.append(fault)

    def take(self, method: str, path: str) -> Fault | None:
        with self.lock:
            for fault in self.waiting:
                if fault.fits(method, path):
                    fault.times -= 1
                    return fault
        return None

    def clear(self) -> None:
        with self.lock:
            self.waiting.clear()
