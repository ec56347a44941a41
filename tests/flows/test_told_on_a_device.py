"""From a mention to the phone: web, worker and push service as processes of their own."""

import time
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import httpx2
import pytest

from chat import feed
from chat.models import Push
from chat.notices import unread
from tests.chat.push.cast import turn_on
from tests.doubles.provider import ScriptedProvider
from tests.doubles.push_service import PushService
from tests.stack import Stack


@pytest.fixture
def service(settings: Any) -> Iterator[PushService]:
    double = PushService.start()
    settings.PUSH_PLACES = frozenset([double.url])
    yield double
    double.stop()


@pytest.fixture
def running(committed_db: None, provider: ScriptedProvider, service: PushService, tmp_path: Any) -> Iterator[Stack]:
    """Everything, with two seconds in which a notice may be read before devices are told."""
    known = {"PUSH_PLACES": service.url, "OUTBOUND_ALLOWED": service.place, "PUSH_DELAY_SECONDS": "2"}
    stack = Stack(tmp_path, provider_url=provider.url, settings=known)
    stack.start_web()
    stack.start_worker()
    yield stack
    stack.stop()


def wait(is_so: Callable[[], Any], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_a_mention_that_nobody_reads_comes_to_the_phone_and_one_that_was_read_does_not(
    running: Stack, service: PushService, make_org: Callable[..., SimpleNamespace]
) -> None:
    juniper = make_org()
    turn_on(juniper.mei, service, "phone")

    seen = feed.post(juniper.space, juniper.ana, text="@mei seen", client_id=uuid4())[0]
    unread.read(juniper.mei, juniper.space, seen.position)
    feed.post(juniper.space, juniper.ben, text="@mei not seen", client_id=uuid4())

    wait(lambda: service.told("phone"))
    wait(lambda: not Push.objects.exists())
    assert [told["body"] for told in service.told("phone")] == ["@mei not seen"]


def test_a_test_is_asked_for_over_http_and_comes_at_once(
    running: Stack, service: PushService, make_org: Callable[..., SimpleNamespace]
) -> None:
    juniper = make_org()
    device = turn_on(juniper.mei, service, "phone")
    cookies = {"parley": device.session_key}
    headers = {"Accept": "application/json", "Origin": running.url}

    with httpx2.Client(base_url=running.url, cookies=cookies, headers=headers) as browser:
        token = browser.get("/push/").json()["token"]
        answer = browser.post(f"/push/devices/{device.pk}/test/", headers={"X-CSRFToken": token})

    assert answer.status_code == 200
    wait(lambda: service.told("phone"))
    assert service.told("phone")[0]["tag"] == "test"
