"""One call of the API, from its bytes to its answer: key, faults, idempotency, parameters, verb, expansion.

*Called by*: server.py. *Keeps true*: the same idempotency key with the same parameters gives the first answer and
does nothing; an answer that is an error has Stripe's shape.
"""

import base64
import hashlib
import json
import time
from dataclasses import dataclass, field
from typing import Any

import config.local.stripe_stand_in.nouns  # noqa: F401  (registers what there is)
from config.local.stripe_stand_in import answers, parameters, renewals, routes
from config.local.stripe_stand_in.deliveries import Deliveries
from config.local.stripe_stand_in.faults import Faults
from config.local.stripe_stand_in.trouble import Refusal, Thing
from config.local.stripe_stand_in.world import World

SEEN_MAX = 5000


@dataclass
class Call:
    method: str
    path: str
    query: str
    headers: dict[str, str]  # by lower-case name
    body: bytes


@dataclass
class Answer:
    status: int
    body: Thing
    headers: dict[str, str] = field(default_factory=dict)

    def encode(self) -> bytes:
        return json.dumps(self.body, indent=2).encode()


@dataclass
class Kept:
    """What an idempotency key stands for; no answer yet while it is in flight."""

    mark: str
    request: str
    answer: Answer | None = None


class Api:
    def __init__(self, world: World, deliveries: Deliveries) -> None:
        self.world, self.deliveries = world, deliveries
        self.faults = Faults()
        self.kept: dict[str, Kept] = {}

    def answer(self, call: Call) -> Answer | None:
        """The answer to a call; None where a fault says that there is none."""
        with self.world.lock:
            request = self.world.make_id("request")
            seen: Thing = {"id": request, "method": call.method, "path": call.path, "query": call.query}
            seen |= {"body": call.body.decode(errors="replace"), "idempotency_key": call.headers.get("idempotency-key")}
            seen |= {"version": call.headers.get("stripe-version"), "at": time.time(), "status": None}
            self.world.requests.append(seen)
            del self.world.requests[:-SEEN_MAX]
        answer = self._answer(call, request)
        if answer:
            seen["status"] = answer.status
            answer.headers |= {"Request-Id": request, "Stripe-Version": self._version(call)}
        return answer

    def _version(self, call: Call) -> str:
        return call.headers.get("stripe-version") or self.world.version

    def _answer(self, call: Call, request: str) -> Answer | None:
        try:
            self._check_key(call)
            fault = self.faults.take(call.method, call.path)
            if fault and fault.breaks and fault.before:
                time.sleep(fault.wait)
                return fault.answer()
            answer = self._once(call, request, fault.wait if fault else 0.0)
            return fault.answer() if fault and fault.breaks else answer
        except Refusal as refusal:
            return Answer(refusal.status, {"error": refusal.error})

    def _check_key(self, call: Call) -> None:
        given = call.headers.get("authorization", "")
        scheme, _, key = given.partition(" ")
        if scheme.lower() == "basic":
            key = base64.b64decode(key + "==").decode(errors="replace").split(":")[0]
        if not key:
            why = "You did not provide an API key. You need to provide your API key in the Authorization header,"
            raise Refusal(401, f"{why} using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY').")
        if key != self.world.options.key:
            raise Refusal(401, f"Invalid API Key provided: {key[:7]}{'*' * 8}{key[-4:]}")

    def _once(self, call: Call, request: str, wait: float) -> Answer:
        """Answer a POST with an idempotency key once only."""
        key = call.headers.get("idempotency-key") if call.method == "POST" else None
        if not key:
            time.sleep(wait)
            return self._act(call, request, None)
        mark = hashlib.sha256(f"{call.path}\n".encode() + call.body).hexdigest()
        with self.world.lock:
            if kept := self.kept.get(key):
                return self._again(kept, key, mark)
            self.kept[key] = Kept(mark, request)
        try:
            time.sleep(wait)
            answer = self._act(call, request, key)
        except BaseException:
            del self.kept[key]
            raise
        # As at Stripe: what was refused before anything was done may be sent again.
        if answer.status in (400, 401, 404, 409, 429):
            del self.kept[key]
        else:
            self.kept[key].answer = answer
        return answer

    def _again(self, kept: Kept, key: str, mark: str) -> Answer:
        if kept.mark != mark:
            why = "Keys for idempotent requests can only be used with the same parameters they were first used with."
            more = f"Try using a key other than '{key}' if you meant to execute a different request."
            raise Refusal(400, f"{why} {more}", kind="idempotency_error")
        if kept.answer is None:
            why = f"There is currently another in-progress request using this Idempotent Key: {key}."
            raise Refusal(409, f"{why} Please try again later.", code="idempotency_key_in_use")
        headers = {"Idempotent-Replayed": "true", "Original-Request": kept.request, "Idempotency-Key": key}
        return Answer(kept.answer.status, kept.answer.body, headers)

    def _act(self, call: Call, request: str, key: str | None) -> Answer:
        with self.world.lock:
            renewals.catch_up(self.world)
            self.world.request = {"id": request, "idempotency_key": key}
            try:
                body = self._run(call)
                return Answer(200, body, {"Idempotency-Key": key} if key else {})
            except Refusal as refusal:
                return Answer(refusal.status, {"error": refusal.error})
            finally:
                self.world.request = {"id": None, "idempotency_key": None}
                self.deliveries.send_new()

    def _run(self, call: Call) -> Thing:
        found = routes.find(call.method, call.path)
        if not found:
            why = f"Unrecognized request URL ({call.method}: {call.path}). The stand-in does not know it"
            raise Refusal(404, f"{why}, or it has no such address at Stripe.")
        route, keys = found
        text = call.query if call.method == "GET" else (call.body.decode() or call.query)
        given: dict[str, Any] = parameters.check(parameters.decode(text), route.takes)
        expand = given.pop("expand", None) or []
        thing = route.answer(self.world, given, keys)
        return answers.tell(self.world, thing, expand)
