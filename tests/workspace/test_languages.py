"""Which language a page is in, and that it is that language from head to foot."""

import re
from types import SimpleNamespace

import pytest
from django.core import mail
from django.test import Client
from django.utils import translation

from billing.refusals import CapReached, NoCredits
from chat import broadcast, feed, reasons
from chat.models import Message, Reply
from tests.workspace.actors import World
from workspace.languages import told
from workspace.models import User

ZH = {"Accept-Language": "zh-TW,zh;q=0.9,en;q=0.8"}


def words_of(client: Client, path: str = "/accounts/login/", **headers: str) -> str:
    return client.get(path, headers=headers).content.decode()


@pytest.mark.parametrize(
    ("asked", "shown"),
    [
        ("zh-TW,zh;q=0.9,en;q=0.8", "zh-hant"),
        ("zh-HK", "zh-hant"),
        ("en-GB,en;q=0.9,zh-TW;q=0.5", "en"),
        ("de-DE,de", "en"),
        ("*", "en"),
        ("zh-Hant-TW;q=x, \x01", "en"),
        ("", "en"),
    ],
)
def test_a_page_is_in_the_language_that_the_browser_asks_for(asked: str, shown: str, db: None) -> None:
    answer = Client().get("/accounts/login/", headers={"Accept-Language": asked})

    assert f'<html lang="{shown}" dir="ltr"' in answer.content.decode()
    assert answer.headers["Content-Language"] == shown


def test_what_this_browser_has_chosen_comes_before_what_it_asks_for(db: None) -> None:
    browser = Client()

    browser.post("/language/", {"language": "zh-hant", "next": "/accounts/signup/"})

    assert 'lang="zh-hant"' in words_of(browser, **{"Accept-Language": "en"})
    browser.post("/language/", {"language": ""})
    assert 'lang="en"' in words_of(browser, **{"Accept-Language": "en"})
    assert 'lang="zh-hant"' in words_of(browser, **ZH)


def test_what_a_person_has_chosen_goes_with_them_to_every_browser(juniper: SimpleNamespace) -> None:
    here, there = Client(), Client()
    for browser in (here, there):
        browser.force_login(juniper.mei.user)

    here.post("/language/", {"language": "zh-hant", "next": "/"})

    assert User.objects.get(pk=juniper.mei.user_id).language == "zh-hant"
    there.cookies["parley-language"] = "en"
    assert 'lang="zh-hant"' in words_of(there, f"/spaces/{juniper.space.pk}/", **{"Accept-Language": "en"})


@pytest.mark.parametrize(
    "next_page",
    [
        "https://evil.example.com/",
        "//evil.example.com/",
        "javascript:alert(1)",
        "/\\evil",
        "foo",
        "?x",
        "#a",
        " ",
        "../",
    ],
)
def test_the_way_back_after_choosing_stays_on_this_server(next_page: str, db: None) -> None:
    answer = Client().post("/language/", {"language": "zh-hant", "next": next_page})

    assert (answer.status_code, answer["Location"]) == (302, "/")


@pytest.mark.parametrize("language", ["xx", "zh-hans", "../en", "en\x00", "e" * 5000])
def test_a_language_that_is_not_spoken_is_refused_and_nothing_is_stored(
    language: str, juniper: SimpleNamespace
) -> None:
    browser = Client()
    browser.force_login(juniper.mei.user)

    answer = browser.post("/language/", {"language": language})

    assert answer.status_code == 422
    assert "parley-language" not in browser.cookies
    assert User.objects.get(pk=juniper.mei.user_id).language == ""


def test_a_language_that_is_no_longer_spoken_here_is_passed_over(juniper: SimpleNamespace) -> None:
    User.objects.filter(pk=juniper.mei.user_id).update(language="tlh")
    browser = Client()
    browser.force_login(juniper.mei.user)

    assert 'lang="zh-hant"' in words_of(browser, f"/spaces/{juniper.space.pk}/", **ZH)


def test_a_refusal_is_said_in_the_language_of_who_is_refused(world: World) -> None:
    path = f"/spaces/{world.public.space.pk}/messages/"
    client = world.client("member")

    by_script = client.post(path, {"text": " "}, headers={"Accept": "application/json", **ZH})
    by_form = client.post(path, {"text": "x" * 10_001}, headers=ZH)

    assert by_script.json()["error"] == {"code": "invalid", "sentence": "訊息是空的。請寫點內容再送出。"}
    assert "這則訊息有 10,001 個字元，一則最多 10,000 個。" in by_form.content.decode()


def test_whoever_signs_up_in_a_language_gets_their_mail_in_it(db: None) -> None:
    form = {"name": "美玲", "email": "mei@people.example.com", "password1": "correct horse battery"}

    Client().post("/accounts/signup/", form, headers=ZH)

    assert User.objects.get(email=form["email"]).language == "zh-hant"
    assert mail.outbox[0].subject == "歡迎使用 Parley：請確認您的地址"
    assert "請點選這個連結" in mail.outbox[0].body


def test_a_row_that_is_sent_to_everybody_is_in_english_and_can_be_said_again(world: World) -> None:
    row = Message.objects.for_page().get(reply=world.public.stopped)

    with translation.override("zh-hant"):
        html = str(broadcast.as_json(row)["html"])

    assert '<span data-t="Retry">Retry</span>' in html
    assert not any("\u4e00" <= char <= "\u9fff" for char in html)


def test_the_same_row_on_a_page_is_in_the_language_of_the_page(world: World) -> None:
    page = words_of(world.client("member"), f"/spaces/{world.public.space.pk}/", **ZH)

    assert '<span data-t="Retry">重試</span>' in page


@pytest.mark.parametrize("held_ucr", [0, 1_500_000])
def test_a_kept_refusal_is_told_with_its_figures_in_each_readers_language(held_ucr: int, db: None) -> None:
    from datetime import UTC, datetime

    at = datetime(2026, 12, 1, tzinfo=UTC)
    with translation.override("zh-hant"), reasons.in_english():
        refusal = NoCredits.of(free_ucr=1_234_560_000, held_ucr=held_ucr, needed_ucr=5_000_000, resets_at=at)

    kept = reasons.words(refusal.code, reasons.detail(refusal))

    assert told(*kept) == refusal.message
    assert "1,234.56 free" in refusal.message and "1 December 2026, 00:00 UTC" in refusal.message
    with translation.override("zh-hant"):
        assert "可用 1,234.56 點" in told(*kept) and "2026年12月1日 00:00 UTC" in told(*kept)


def test_every_kept_sentence_has_room_in_its_row(db: None) -> None:
    from datetime import UTC, datetime

    room = Reply._meta.get_field("reason_detail").max_length or 0
    at, huge = datetime(2026, 12, 1, tzinfo=UTC), 10**18
    refusals = [
        CapReached.of(scope, limit_ucr=huge, left_ucr=huge, resets_at=at) for scope in ("member", "space", "key")
    ]
    refusals += [NoCredits.of(free_ucr=huge, held_ucr=huge, needed_ucr=huge, resets_at=at)]

    assert all(len(reasons.detail(refusal)) <= room for refusal in refusals)


def test_nobody_is_asked_for_their_language_where_nobody_is_signed_in(django_assert_num_queries, db: None) -> None:  # type: ignore[no-untyped-def]
    with django_assert_num_queries(0):
        Client().get("/livez")


@pytest.mark.parametrize("asked", ["en", "zh-TW"])
def test_each_language_is_offered_in_its_own_words(asked: str, db: None) -> None:
    page = words_of(Client(), **{"Accept-Language": asked})

    offered = re.findall(
        r'name="language" value="([^"]+)" lang="([^"]+)"[^>]*>.*?</svg>([^<]+?)\s*</button>', page, re.S
    )
    assert offered == [("en", "en", "English"), ("zh-hant", "zh-hant", "繁體中文")]


def test_the_first_space_is_named_in_the_language_of_its_founder(db: None) -> None:
    from chat import places

    person = User.objects.create_user("mei@people.example.com", "correct horse")

    with translation.override("zh-hant"):
        space = places.found(person, name="花園")

    assert space.name == "一般"
    assert feed.latest(space).messages == []
