"""What becomes of a letter, by what the push service answers."""

import time
import uuid
from collections.abc import Callable
from datetime import timedelta
from email.utils import format_datetime
from types import SimpleNamespace
from typing import Any

import pytest
from django.utils import timezone

from chat.models import Push, PushSubscription
from chat.push import pusher, telling
from gateway.outbound import Receipt
from tests.chat.notices.cast import say
from tests.chat.push.cast import post_all, turn_on
from tests.doubles.push_service import PushService


@pytest.fixture
def phone(juniper: SimpleNamespace, service: PushService) -> SimpleNamespace:
    """Mei's phone, with one mention that waits for it."""
    name = uuid.uuid4().hex
    turn_on(juniper.mei, service, name)
    say(juniper.space, juniper.ana, "@mei look")
    return SimpleNamespace(**vars(juniper), name=name, service=service)


def until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def waits() -> timedelta:
    return Push.objects.get().due_at - timezone.now()


def make_due() -> None:
    Push.objects.update(due_at=timezone.now())


@pytest.mark.parametrize("status", [404, 410])
def test_a_browser_that_is_gone_is_forgotten(status: int, phone: SimpleNamespace) -> None:
    phone.service.script(phone.name, (status, {}))

    post_all()

    assert not PushSubscription.objects.exists()
    assert not Push.objects.exists()


def test_what_comes_late_of_an_old_address_leaves_the_new_one_and_its_letter(phone: SimpleNamespace) -> None:
    telling.spread()
    (due,) = telling.due()
    PushSubscription.objects.update(endpoint=f"{phone.service.url}/send/{phone.name}?moved")

    for status in (404, 410, 403, 500):
        pusher.settle(due, Receipt(status, ""))
    pusher.settle(due, None)

    assert (PushSubscription.objects.get().failures, Push.objects.get().attempts) == (0, 0)
    make_due()
    assert post_all() == 1
    assert not Push.objects.exists()


def test_a_service_that_asks_for_patience_is_asked_again_when_it_said(phone: SimpleNamespace) -> None:
    later = format_datetime(timezone.now() + timedelta(minutes=9), usegmt=False)
    phone.service.script(phone.name, (429, {"Retry-After": "120"}), (503, {"Retry-After": later}), (201, {}))

    post_all()
    assert timedelta(seconds=100) < waits() <= timedelta(seconds=120)
    assert post_all() == 0
    make_due()
    post_all()
    assert timedelta(minutes=8) < waits() <= timedelta(minutes=9)
    make_due()
    post_all()

    assert [letter["status"] for letter in phone.service.letters(phone.name)] == [429, 503, 201]
    assert not Push.objects.exists()


def test_what_is_never_taken_is_given_up_after_a_few_tries(phone: SimpleNamespace) -> None:
    phone.service.script(phone.name, *[(500, {})] * 20)

    tries = 0
    while Push.objects.exists() or tries == 0:
        make_due()
        tries += post_all()

    assert tries == len(pusher.PAUSES_SECONDS) + 1
    assert PushSubscription.objects.exists()


@pytest.mark.parametrize("asked", ["", "soon", "-5", "999999999999999999", "Fri, 99 Nov 2026 00:00:00 GMT", "١٢"])
def test_an_odd_wish_for_patience_neither_hurries_nor_waits_for_ever(asked: str, phone: SimpleNamespace) -> None:
    assert 0 <= pusher._seconds(asked) < 10**9

    phone.service.script(phone.name, (429, {"Retry-After": asked.encode("ascii", "ignore").decode()}))
    post_all()

    assert timedelta(seconds=5) < waits() <= timedelta(seconds=pusher.PAUSE_MAX_SECONDS)


def test_a_service_that_cannot_be_reached_is_tried_again(phone: SimpleNamespace, settings: Any) -> None:
    nowhere = "http://127.0.0.1:9"
    PushSubscription.objects.update(endpoint=f"{nowhere}/send/x")
    settings.PUSH_PLACES = frozenset([nowhere])
    settings.OUTBOUND_ALLOWED = {"127.0.0.1:9"}

    post_all()

    assert Push.objects.get().attempts == 1


def test_letters_that_are_refused_again_and_again_end_the_subscription(phone: SimpleNamespace) -> None:
    refused = [(403, {})] * pusher.FAILURES_MAX
    phone.service.script(phone.name, *refused)
    for _ in refused[1:]:
        post_all()
        assert not Push.objects.exists()
        say(phone.space, phone.ana, "@mei look again")
    assert PushSubscription.objects.get().failures == pusher.FAILURES_MAX - 1

    post_all()

    assert not PushSubscription.objects.exists()


def test_one_that_was_taken_forgets_those_that_were_not(phone: SimpleNamespace) -> None:
    phone.service.script(phone.name, (403, {}))
    post_all()
    say(phone.space, phone.ana, "@mei look again")

    post_all()

    assert PushSubscription.objects.get().failures == 0


def test_a_service_that_was_struck_off_the_list_is_not_called(phone: SimpleNamespace, settings: Any) -> None:
    settings.PUSH_PLACES = frozenset(["push.example.com"])

    post_all()

    assert phone.service.letters(phone.name) == []
    assert PushSubscription.objects.get().failures == 1


def test_a_name_that_cannot_be_resolved_now_is_tried_again(phone: SimpleNamespace, settings: Any) -> None:
    settings.OUTBOUND_ALLOWED = set()

    post_all()

    assert phone.service.letters(phone.name) == []
    assert (Push.objects.get().attempts, PushSubscription.objects.get().failures) == (1, 0)


def test_a_worker_that_died_on_the_way_leaves_its_letters_to_the_next(phone: SimpleNamespace) -> None:
    telling.spread()
    assert len(telling.due()) == 1
    assert telling.due() == []

    make_due()

    assert post_all() == 1
    assert len(phone.service.told(phone.name)) == 1


def test_a_letter_whose_lease_ran_out_while_it_waited_is_the_next_workers_alone(phone: SimpleNamespace) -> None:
    telling.spread()
    (slow,) = telling.due()
    make_due()
    (next_one,) = telling.due()

    assert telling.hold(slow) is None
    held = telling.hold(next_one)

    assert held and held.until > next_one.until
    assert telling.hold(next_one) is None
    pusher.settle(slow, Receipt(500, ""))
    assert Push.objects.get().due_at == held.until


def test_a_worker_asks_before_it_posts_whether_the_letter_is_still_its_own(phone: SimpleNamespace) -> None:
    """The row stands in the test's transaction: to the worker's connection it is gone."""
    telling.spread()
    (due,) = telling.due()
    worker = pusher.Pusher()

    worker.submit(due)

    until(lambda: not worker.waiting)
    worker.loop.call_soon_threadsafe(worker.loop.stop)
    until(lambda: not worker.loop.is_running())
    worker.loop.close()
    assert phone.service.letters(phone.name) == []


def test_as_many_wait_as_can_begin_within_their_lease() -> None:
    rounds = -(-pusher.WAITING_MAX // pusher.AT_ONCE)

    assert rounds * pusher.SECONDS < telling.LEASE.total_seconds()
