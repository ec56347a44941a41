"""Requests that once crashed a page or emptied what stood there: a clear answer, and nothing stored by half."""

import uuid

import pytest
from django.urls import reverse

from chat.models import Message
from tests.test_bad_input import JSON, post, raw, sentence
from tests.workspace.actors import World
from workspace.models import Space


@pytest.mark.parametrize("topic", ["a\x00b", "x" * 251, "x" * 3_000])
def test_a_topic_that_cannot_be_kept_is_refused_and_the_old_one_stays(topic: str, world: World) -> None:
    path, browser = reverse("space_topic", args=[world.private.space.pk]), world.client("member")
    browser.post(path, {"topic": "Launch on Friday"}, headers=JSON)

    answer = browser.post(path, {"topic": topic}, headers=JSON)

    assert (answer.status_code, bool(sentence(answer))) == (422, True)
    assert Space.objects.get(pk=world.private.space.pk).topic == "Launch on Friday"


FAR = ["2020-01-01T00:00:00+23:59", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"]


@pytest.mark.parametrize("moment", FAR)
def test_a_moment_that_no_table_holds_is_none(moment: str, world: World) -> None:
    browser, slug = world.client("member"), world.org.slug

    notices = browser.get(reverse("notices", args=[slug]), {"before": f"{moment}_{uuid.uuid4()}"})
    hits = browser.get(reverse("search", args=[slug]), {"q": "good", "after": f"{moment}~{uuid.uuid4()}~"})
    posted = post(world, "hello", draft=moment)

    assert [answer.status_code for answer in (notices, hits, posted)] == [200, 200, 201]


def test_an_organization_of_no_letters_is_missing(world: World) -> None:
    answer = world.client("member").get(reverse("profile"), {"org": "\x00"})

    assert answer.status_code == 404


@pytest.mark.parametrize("charset", ["zlib", "utf-16", "latin-1", "no-such", "rot13"])
def test_fields_in_another_charset_are_refused_and_nothing_is_stored(charset: str, world: World) -> None:
    before = Message.objects.count()
    body = b'--x\r\nContent-Disposition: form-data; name="text"\r\n\r\nhello\r\n--x--\r\n'

    in_it = raw(world, body, f"multipart/form-data; boundary=x; charset={charset}")
    in_ours = raw(world, body, 'multipart/form-data; boundary=x; charset="UTF-8"')

    assert (in_it.status_code, "UTF-8" in sentence(in_it), in_ours.status_code) == (400, True, 201)
    assert Message.objects.count() == before + 1


def test_a_topic_that_is_not_named_stays(world: World) -> None:
    path, browser = reverse("space_topic", args=[world.private.space.pk]), world.client("member")
    browser.post(path, {"topic": "Launch on Friday"}, headers=JSON)

    unnamed, emptied = browser.post(path, {}, headers=JSON), Space.objects.get(pk=world.private.space.pk).topic
    answer = browser.post(path, {"topic": ""}, headers=JSON)

    assert (unnamed.status_code, emptied) == (422, "Launch on Friday")
    assert (answer.status_code, Space.objects.get(pk=world.private.space.pk).topic) == (200, "")


def test_what_cannot_be_read_beside_the_text_is_not_called_too_long(world: World) -> None:
    browser, space = world.client("member"), world.private.space
    answers = [
        post(world, "hello", preview="x"),
        browser.post(reverse("draft", args=[space.pk]), {"text": "a", "device": "\x00"}, headers=JSON),
        browser.post(reverse("draft", args=[space.pk]), {"text": "a", "base": "x" * 41}, headers=JSON),
    ]

    assert [(answer.status_code, "beside the text" in sentence(answer)) for answer in answers] == [(422, True)] * 3


SEEN_BY = ("member", "guest_in_space")


def test_a_guest_sees_nothing_of_what_the_organization_has(world: World) -> None:
    space = reverse("space", args=[world.private.space.pk])
    limits = reverse("limits", args=[world.org.slug])

    pages = {who: [world.client(who).get(path).content.decode() for path in (space, limits)] for who in SEEN_BY}

    assert [["balance__figure" in page for page in pages[who]] for who in SEEN_BY] == [[True] * 2, [False] * 2]
    assert ["The organization has" in pages[who][1] for who in SEEN_BY] == [True, False]
