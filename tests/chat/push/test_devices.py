"""Subscribing, and everything that ends a subscription."""

import uuid
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse

from chat.models import Push, PushSubscription
from chat.push import devices, sealing, telling
from tests.chat.notices.cast import say
from tests.chat.push.cast import AUTH, post_all, turn_on
from tests.doubles.push_service import PushService
from tests.test_access_matrix import P256DH
from workspace.errors import Invalid, NotFound

JSON = {"Accept": "application/json"}
GOOD = {"endpoint": "https://fcm.googleapis.com/fcm/send/abc", "p256dh": P256DH, "auth": AUTH}
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


def subscribe(client: Client, **fields: str) -> Any:
    return client.post(reverse("push"), {**GOOD, **fields}, headers={**JSON, "User-Agent": FIREFOX})


def test_a_browser_asks_for_the_key_and_subscribes(client: Client, juniper: SimpleNamespace) -> None:
    client.force_login(juniper.mei.user)
    asked = client.get(reverse("push"), headers=JSON).json()
    assert asked["key"] == sealing.public_key() and len(asked["key"]) == 87

    answer = subscribe(client)

    mine = PushSubscription.objects.get()
    assert (answer.status_code, answer.json()) == (201, {"device": str(mine.pk)})
    assert (mine.user, mine.device, mine.session_key) == (
        juniper.mei.user,
        "Firefox · Linux",
        client.session.session_key,
    )
    page = client.get(reverse("notice_settings", args=[juniper.org.slug])).content.decode()
    assert "Firefox · Linux" in page and "this device" in page


HOSTILE = {
    "http": "http://fcm.googleapis.com/fcm/send/x",
    "a stranger": "https://evil.test/",
    "an address": "https://93.184.216.34/",
    "this machine": "https://127.0.0.1/",
    "this machine by name": "https://localhost/",
    "the cloud's secrets": "http://169.254.169.254/latest/meta-data/",
    "six colons": "https://[::1]/",
    "a name and a password": "https://user:pw@fcm.googleapis.com/x",
    "a host as a name": "https://fcm.googleapis.com@evil.test/x",
    "a host before a host": "https://fcm.googleapis.com.evil.test/x",
    "a host that ends like one": "https://evilfcm.googleapis.com/x",
    "a domain that ends like one": "https://evilnotify.windows.com/x",
    "the bare domain": "https://notify.windows.com/x",
    "another port": "https://fcm.googleapis.com:8443/x",
    "backslashes": "https://evil.test\\@fcm.googleapis.com/x",
    "a fragment": "https://evil.test#@fcm.googleapis.com/",
    "a dot at the end": "https://fcm.googleapis.com./x",
    "a script": "javascript:alert(1)",
    "a file": "file:///etc/passwd",
    "nothing": "",
    "no address": "fcm.googleapis.com",
    "a line break": "https://fcm.googleapis.com/\r\nHost: evil.test",
    "too long": "https://fcm.googleapis.com/" + "x" * 1000,
    "far too long": "https://fcm.googleapis.com/" + "x" * 10_000,
    "a zero": "https://fcm.googleapis.com/\x00",
}


@pytest.mark.parametrize("endpoint", HOSTILE.values(), ids=HOSTILE)
def test_an_address_of_no_known_service_is_refused(endpoint: str, client: Client, juniper: SimpleNamespace) -> None:
    client.force_login(juniper.mei.user)

    answer = subscribe(client, endpoint=endpoint)

    assert answer.status_code == 422
    assert answer.json()["error"]["sentence"]
    assert not PushSubscription.objects.exists()


KNOWN = [
    "https://updates.push.services.mozilla.com/wpush/v2/gAAA",
    "https://fcm.googleapis.com:443/fcm/send/x",
    "https://web.push.apple.com/QGuQ",
    "https://sin.notify.windows.com/w/?token=BQYA%2B",
]


@pytest.mark.parametrize("endpoint", KNOWN)
def test_the_services_of_the_browsers_are_known(endpoint: str, client: Client, juniper: SimpleNamespace) -> None:
    client.force_login(juniper.mei.user)

    assert subscribe(client, endpoint=endpoint).status_code == 201


BAD_KEYS: dict[str, dict[str, str]] = {
    "no key": {"p256dh": ""},
    "short": {"p256dh": P256DH[:-4]},
    "long": {"p256dh": P256DH + "AAAA"},
    "off the curve": {"p256dh": P256DH[:-2] + "AA"},
    "compressed": {"p256dh": "A2sX0fLhLEJH-Lzm5WOkQPJ3A32BLeszoPShOUXYmMKW"},
    "zeros": {"p256dh": "B" + "A" * 86},
    "no letters of it": {"p256dh": "!" * 87},
    "ten thousand": {"p256dh": "A" * 10_000},
    "padded": {"p256dh": P256DH + "="},
    "padded without end": {"p256dh": P256DH + "=" * 100},
    "of the other alphabet": {"p256dh": P256DH.replace("-", "+").replace("_", "/") + "="},
    "padded secret": {"auth": AUTH + "=="},
    "secret padded without end": {"auth": AUTH + "=" * 100},
    "no secret": {"auth": ""},
    "short secret": {"auth": "A" * 20},
    "long secret": {"auth": "A" * 24},
    "secret of something else": {"auth": "é" * 22},
}


@pytest.mark.parametrize("fields", BAD_KEYS.values(), ids=BAD_KEYS)
def test_keys_that_cannot_be_are_refused(fields: dict[str, str], client: Client, juniper: SimpleNamespace) -> None:
    client.force_login(juniper.mei.user)

    answer = subscribe(client, **fields)

    assert answer.status_code == 422
    assert not PushSubscription.objects.exists()


def test_a_server_without_a_key_offers_nothing_and_says_so(
    client: Client, juniper: SimpleNamespace, settings: Any
) -> None:
    settings.VAPID_PRIVATE_KEY = 0
    client.force_login(juniper.mei.user)

    assert client.get(reverse("push"), headers=JSON).json()["key"] == ""
    assert subscribe(client).json()["error"]["code"] == "push_off"
    page = client.get(reverse("notice_settings", args=[juniper.org.slug])).content.decode()
    assert "push-switch" not in page.split("</head>")[1]
    assert "has not given it a key" in page


def test_a_browser_belongs_to_whoever_asked_in_it_last_and_tells_nothing_of_the_one_before(
    juniper: SimpleNamespace,
) -> None:
    given = {**GOOD, "session_key": "one", "device": "", "language": "en"}
    devices.subscribe(juniper.mei.user, **given)
    say(juniper.space, juniper.ana, "@mei secret")
    telling.spread()
    assert Push.objects.count() == 1

    devices.subscribe(juniper.ben.user, **{**given, "session_key": "two"})

    mine = PushSubscription.objects.get()
    assert (mine.user, mine.session_key) == (juniper.ben.user, "two")
    assert not Push.objects.exists()


def test_asking_again_renews_and_doubles_nothing(juniper: SimpleNamespace) -> None:
    given = {**GOOD, "session_key": "one", "device": "", "language": "en"}
    first = devices.subscribe(juniper.mei.user, **given)

    again = devices.subscribe(juniper.mei.user, **{**given, "session_key": "two"})

    assert again.pk == first.pk
    assert PushSubscription.objects.get().session_key == "two"


def test_beyond_twenty_the_one_that_was_told_least_lately_goes(juniper: SimpleNamespace) -> None:
    given = {**GOOD, "session_key": "one", "device": "", "language": "en"}
    made = [
        devices.subscribe(juniper.mei.user, **{**given, "endpoint": f"{GOOD['endpoint']}{number}"})
        for number in range(devices.DEVICES_MAX)
    ]
    PushSubscription.objects.filter(pk__in=[each.pk for each in made[:-1]]).update(used_at=made[0].created_at)

    devices.subscribe(juniper.mei.user, **{**given, "endpoint": f"{GOOD['endpoint']}new"})

    assert len(devices.of(juniper.mei.user)) == devices.DEVICES_MAX
    assert made[-1] not in devices.of(juniper.mei.user)


def test_signing_out_ends_this_browser_and_no_other(
    client: Client, juniper: SimpleNamespace, service: PushService
) -> None:
    turn_on(juniper.mei, service, "elsewhere")
    client.force_login(juniper.mei.user)
    subscribe(client)

    client.post(reverse("account_logout"))

    assert [each.endpoint for each in PushSubscription.objects.all()] == [f"{service.url}/send/elsewhere"]


def test_a_new_password_silences_what_was_subscribed_by_the_old_one(
    juniper: SimpleNamespace, service: PushService
) -> None:
    turn_on(juniper.mei, service, "thief")
    juniper.mei.user.set_password("another horse entirely")
    juniper.mei.user.save()
    say(juniper.space, juniper.ana, "@mei secret")

    post_all()

    assert service.letters("thief") == []
    assert PushSubscription.objects.get().session_key == ""


def test_a_browser_whose_sign_in_ran_out_is_silent_until_its_person_signs_in_there_again(
    client: Client, juniper: SimpleNamespace, service: PushService
) -> None:
    phone = turn_on(juniper.mei, service, "old-phone")
    Session.objects.all().delete()
    for _ in range(2):
        say(juniper.space, juniper.ana, "@mei secret")
        post_all()
    assert service.letters("old-phone") == []
    assert not Push.objects.exists()
    client.force_login(juniper.mei.user)
    page = client.get(reverse("notice_settings", args=[juniper.org.slug])).content.decode()
    assert "Signed out there" in page and "Send a test" not in page
    with pytest.raises(Invalid):
        devices.test(juniper.mei.user, phone.pk)

    given = {"endpoint": phone.endpoint, "p256dh": phone.p256dh, "auth": phone.auth}
    assert subscribe(client, **given, renews=phone.endpoint).status_code == 201
    say(juniper.space, juniper.ana, "@mei again")
    post_all()

    assert [told["body"] for told in service.told("old-phone")] == ["@mei again"]


def test_what_was_removed_elsewhere_does_not_come_back_by_itself(client: Client, juniper: SimpleNamespace) -> None:
    client.force_login(juniper.mei.user)
    subscribe(client)
    devices.remove(juniper.mei.user, PushSubscription.objects.get().pk)

    answer = subscribe(client, renews=GOOD["endpoint"])

    assert answer.status_code == 404
    assert not PushSubscription.objects.exists()


def test_a_new_address_of_the_same_browser_takes_the_place_of_the_old_one_and_of_ones_own_only(
    client: Client, juniper: SimpleNamespace
) -> None:
    client.force_login(juniper.mei.user)
    subscribe(client)
    first = PushSubscription.objects.get()
    for person in (juniper.mei, juniper.ana):
        given = {**GOOD, "session_key": "x", "device": "", "language": "en"}
        devices.subscribe(person.user, **{**given, "endpoint": GOOD["endpoint"] + "2"})

    moved = subscribe(client, endpoint=GOOD["endpoint"] + "2", renews=GOOD["endpoint"])
    client.force_login(juniper.ben.user)
    others = subscribe(client, endpoint=GOOD["endpoint"] + "3", renews=GOOD["endpoint"] + "2")

    assert (moved.status_code, others.status_code) == (201, 404)
    mine = PushSubscription.objects.get()
    assert (mine.pk, mine.endpoint, mine.user) == (first.pk, GOOD["endpoint"] + "2", juniper.mei.user)


def test_a_device_is_tested_and_removed_by_its_person_only(
    client: Client, juniper: SimpleNamespace, service: PushService
) -> None:
    name = uuid.uuid4().hex
    mine = turn_on(juniper.mei, service, name)
    with pytest.raises(NotFound):
        devices.test(juniper.ben.user, mine.pk)
    with pytest.raises(NotFound):
        devices.remove(juniper.ben.user, mine.pk)
    client.force_login(juniper.mei.user)

    sent = client.post(reverse("push_test", args=[mine.pk]), {"org": juniper.org.slug})
    post_all()
    (told,) = service.told(name)
    assert (sent["Location"], told["title"], told["tag"]) == (
        reverse("notice_settings", args=[juniper.org.slug]),
        "Parley",
        "test",
    )

    client.post(reverse("push_remove", args=[mine.pk]), {"org": "somebody-elses"})
    assert not PushSubscription.objects.exists()


def test_tests_that_wait_are_not_heaped_up(client: Client, juniper: SimpleNamespace, service: PushService) -> None:
    mine = turn_on(juniper.mei, service, "tested")
    client.force_login(juniper.mei.user)

    answers = [client.post(reverse("push_test", args=[mine.pk]), headers=JSON) for _ in range(devices.TESTS_MAX + 1)]

    assert [answer.status_code for answer in answers] == [200] * devices.TESTS_MAX + [422]
    assert Push.objects.count() == devices.TESTS_MAX


def test_what_devices_are_told_is_chosen_for_each_organization(client: Client, juniper: SimpleNamespace) -> None:
    client.force_login(juniper.mei.user)
    address = reverse("push_settings", args=[juniper.org.slug])

    client.post(address, {"pushed": "on"})
    juniper.mei.refresh_from_db()
    assert (juniper.mei.notice_settings.is_pushed, juniper.mei.notice_settings.shows_text) == (True, False)

    client.post(address, {})
    juniper.mei.notice_settings.refresh_from_db()
    assert not juniper.mei.notice_settings.is_pushed


NAMES = {
    FIREFOX: "Firefox · Linux",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36 Edg/141.0.0.0": "Edge · Windows",
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Mobile Safari/537.36": "Chrome · Android",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1": "Safari · iPhone",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Safari/605.1.15": "Safari · Mac",
    "Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36": "Chrome · ChromeOS",
    "curl/8.0": "",
    "": "",
    "x" * 100_000: "",
}


@pytest.mark.parametrize(("agent", "name"), NAMES.items(), ids=range(len(NAMES)))
def test_a_browser_is_called_as_its_person_would(agent: str, name: str) -> None:
    assert devices.name(agent) == name
