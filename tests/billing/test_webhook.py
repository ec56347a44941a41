"""The webhook's door: what is believed, what is refused, and that nothing is applied at it."""

import hashlib
import hmac
import json
import time
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from billing.models import Lot, StripeAlarm, StripeEvent

pytestmark = pytest.mark.django_db
SECRET = "whsec_of_the_tests"


@pytest.fixture(autouse=True)
def on(settings: Any) -> None:
    settings.STRIPE_SECRET_KEY, settings.STRIPE_WEBHOOK_SECRET = "sk_test_1", SECRET
    settings.CELERY_BROKER_URL = ""


def body(event_id: str = "evt_1", **rest: Any) -> bytes:
    about = {"id": "in_1", "object": "invoice", "customer": "cus_unknown"}
    event = {"id": event_id, "object": "event", "type": "invoice.paid", "created": int(time.time()), "livemode": False}
    return json.dumps(event | {"data": {"object": about}} | rest).encode()


def send(payload: bytes, *, secret: str = SECRET, later: int = 0, signed: bytes | None = None) -> Any:
    stamp = int(time.time()) + later
    digest = hmac.new(secret.encode(), f"{stamp}.".encode() + (signed or payload), hashlib.sha256).hexdigest()
    return deliver(payload, f"t={stamp},v1={digest}")


def deliver(payload: bytes, signature: str) -> Any:
    headers = {"Stripe-Signature": signature}
    return Client(enforce_csrf_checks=True).post(
        "/stripe/webhook/", payload, content_type="application/json", headers=headers
    )


def reasons() -> list[str]:
    return list(StripeAlarm.objects.order_by("id").values_list("reason", flat=True))


def test_an_event_is_stored_as_it_came_and_nothing_is_applied_yet() -> None:
    answer = send(body())

    kept = StripeEvent.objects.get()
    assert (answer.status_code, kept.id, kept.type, kept.applied_at) == (200, "evt_1", "invoice.paid", None)
    assert kept.payload["data"]["object"]["id"] == "in_1"
    assert kept.next_try_at and not Lot.objects.exists() and not reasons()


def test_an_event_that_is_sent_again_is_stored_once_and_stays_as_it_was_applied() -> None:
    send(body(), later=-2)
    StripeEvent.objects.update(applied_at=timezone.now(), outcome="granted")

    answer = send(body())

    assert answer.status_code == 200
    kept = StripeEvent.objects.get()
    assert kept.applied_at and kept.outcome == "granted" and not reasons()


def test_the_very_same_delivery_again_changes_nothing_and_leaves_an_alarm() -> None:
    payload, stamp = body(), int(time.time())
    digest = hmac.new(SECRET.encode(), f"{stamp}.".encode() + payload, hashlib.sha256).hexdigest()
    deliver(payload, f"t={stamp},v1={digest}")

    answer = deliver(payload, f"t={stamp},v1={digest}")

    assert answer.status_code == 200
    assert (StripeEvent.objects.count(), reasons()) == (1, ["replayed"])


@pytest.mark.parametrize(
    ("how", "reason"),
    [
        ({"secret": "whsec_of_somebody_else"}, "forged"),
        ({"signed": b"another body"}, "forged"),
        ({"later": -600}, "stale"),
        ({"later": 600}, "future"),
    ],
)
def test_what_is_forged_stale_or_of_the_future_changes_nothing_and_leaves_an_alarm(how: Any, reason: str) -> None:
    answer = send(body(), **how)

    assert (answer.status_code, reasons()) == (400, [reason])
    assert not StripeEvent.objects.exists()


@pytest.mark.parametrize("signature", ["", "nonsense", "t=,v1=", "t=12", "v1=aa", "t=x,v1=aa", "t=1\x00,v1=é"])
def test_a_signature_that_is_none_is_forged(signature: str) -> None:
    answer = deliver(body(), signature)

    assert (answer.status_code, reasons()) == (400, ["forged"])


def test_an_event_of_the_other_mode_is_refused_and_named() -> None:
    answer = send(body(livemode=True))

    assert (answer.status_code, reasons()) == (400, ["mode"])
    assert StripeAlarm.objects.get().event_id == "evt_1" and not StripeEvent.objects.exists()


@pytest.mark.parametrize(
    "payload", [b"[]", b"{}", b'{"id": 4}', b"\xff", b"null", b'{"id":"e","type":"t","created":"x"}']
)
def test_a_signed_body_that_is_no_event_is_refused(payload: bytes) -> None:
    answer = send(payload)

    assert answer.status_code == 400 and len(reasons()) == 1


def test_a_flood_of_forged_events_leaves_only_so_many_alarms() -> None:
    for _ in range(30):
        send(body(), secret="guess")

    assert len(reasons()) == 20


def test_without_a_secret_there_is_no_such_address(settings: Any) -> None:
    settings.STRIPE_WEBHOOK_SECRET = ""

    answer = send(body())

    assert answer.status_code == 404 and not StripeEvent.objects.exists() and not reasons()


def test_nobody_gets_the_address() -> None:
    assert Client().get("/stripe/webhook/").status_code == 405
