"""Previews of links: which a message has, what a page may say in them, and where nobody is ever sent."""

import asyncio
import json
import re
import uuid
from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from chat import feed
from chat.links import pages, reading, showing
from chat.models import Link, LinkState, Message, MessageLink
from gateway import outbound
from gateway.outbound import Document
from tests.doubles.site import Site
from workspace import orgs
from workspace.errors import Forbidden, NotFound
from workspace.models import AuditLine, Member, Org


def post(room: SimpleNamespace, text: str, *, author: Member | None = None, **options: Any) -> Message:
    return feed.post(room.space, author or room.ana, text=text, client_id=uuid.uuid4(), **options)[0]


def fresh(message: Message) -> Message:
    return Message.objects.for_page().get(pk=message.pk)


def ask(url: str) -> pages.Facts | None:
    async def once() -> pages.Facts | None:
        async with outbound.client(guarded=True) as http:
            return await reading.ask(url, http)

    return asyncio.run(once())


def read_all() -> None:
    """What the worker does, here and now."""
    for link_id in reading.forgotten():
        if url := reading.claim(link_id):
            reading.keep(link_id, ask(url))


def test_a_message_shows_what_a_page_says_of_itself(juniper: SimpleNamespace, trusted: Site) -> None:
    message = post(juniper, f"see {trusted.url}/article")
    before = fresh(message).revision

    read_all()

    (link,) = fresh(message).previews
    assert (link.title, link.site_name) == ("A walk <b>in the woods</b>", "Field Notes")
    assert link.description == "What one sees there, and hears."
    assert link.host == "127.0.0.1"
    assert fresh(message).revision == before + 1
    assert feed.changes(juniper.space, since=before).messages == [message]


def test_only_the_first_three_of_a_persons_message_are_asked(juniper: SimpleNamespace, trusted: Site) -> None:
    message = post(
        juniper, f"{trusted.url}/1 `{trusted.url}/in-code` {trusted.url}/2 <a@e.test> {trusted.url}/1 {trusted.url}/3 {trusted.url}/4"
    )  # fmt: skip

    urls = [row.link.url for row in message.links.select_related("link")]

    assert urls == [f"{trusted.url}/{number}" for number in (1, 2, 3)]


def test_a_member_has_only_so_many_new_pages_asked_within_a_while(juniper: SimpleNamespace) -> None:
    for number in range(showing.ASKED_MAX // 3 + 1):
        last = post(juniper, " ".join(f"https://e{number}.test/{part}" for part in "abc"))
    known = post(juniper, "https://e0.test/a https://new.test/")
    other = post(juniper, "https://new.test/", author=juniper.mei)

    assert (last.links.count(), other.links.count()) == (0, 1)
    assert [row.link.url for row in known.links.select_related("link")] == ["https://e0.test/a"]


def test_addresses_of_our_own_and_overlong_ones_are_not_asked(juniper: SimpleNamespace, settings: Any) -> None:
    post(juniper, f"{settings.PARLEY_URL}/spaces/{juniper.space.pk}/ https://e.test/{'x' * 2000}")

    assert not Link.objects.exists()


def test_a_message_can_be_sent_without_previews_and_an_organization_can_do_without(juniper: SimpleNamespace) -> None:
    post(juniper, "https://e.test/1", has_previews=False)
    orgs.change_settings(juniper.ben, has_link_previews=False)
    post(juniper, "https://e.test/2", author=Member.objects.select_related("org").get(pk=juniper.mei.pk))

    assert not Link.objects.exists()
    assert AuditLine.objects.get(action="org.settings_changed").details == {"has_link_previews": False}
    with pytest.raises(Forbidden):
        orgs.change_settings(juniper.mei, has_link_previews=True)
    assert not Org.objects.get(pk=juniper.org.pk).has_link_previews


def test_a_page_is_asked_once_a_day_and_organization_and_what_was_shown_stays(
    juniper: SimpleNamespace, other: SimpleNamespace, trusted: Site
) -> None:
    url = f"{trusted.url}/once"
    first = post(juniper, url)
    read_all()
    second = post(juniper, f"again {url}")
    theirs = post(other, url)
    read_all()
    assert len(trusted.asked("/once")) == 2
    assert [link.title for link in second.previews] == ["Page /once"]
    assert fresh(theirs).previews[0].pk != fresh(first).previews[0].pk

    Link.objects.update(asked_at=timezone.now() - timedelta(days=1, minutes=1))
    third = post(juniper, f"tomorrow {url}")
    before = fresh(first)
    read_all()

    assert len(trusted.asked("/once")) == 3
    assert fresh(third).previews[0].pk != fresh(first).previews[0].pk
    assert fresh(first).revision == before.revision


def test_what_says_nothing_is_remembered_too(juniper: SimpleNamespace, trusted: Site) -> None:
    post(juniper, f"{trusted.url}/missing")
    read_all()
    post(juniper, f"and {trusted.url}/missing")
    read_all()

    assert len(trusted.asked("/missing")) == 1
    assert Link.objects.get().state == LinkState.NOTHING


NOTHING = ["/silent", "/text", "/missing", "/bomb", "/late", "/picture.png", "/hops/4", "/to/x?where=http://127.0.0.1:9/", "/to/x?where=file:///etc/passwd"]  # fmt: skip


@pytest.mark.parametrize("path", NOTHING)
def test_what_is_no_page_shows_nothing(trusted: Site, path: str) -> None:
    assert ask(trusted.url + path) is None


TITLES = {"/article": "A walk <b>in the woods</b>", "/hops/2": "A walk <b>in the woods</b>", "/latin": "Café", "/odd-alphabet": "Odd", "/endless": "Endless"}  # fmt: skip


@pytest.mark.parametrize(("path", "title"), TITLES.items())
def test_a_page_is_read_through_redirects_in_its_alphabet_and_no_further_than_its_head(
    trusted: Site, path: str, title: str
) -> None:
    facts = ask(trusted.url + path)

    assert facts and facts.title == title


def test_a_page_that_does_not_answer_is_left_in_time(trusted: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "SECONDS", 0.2)

    assert ask(f"{trusted.url}/slow") is None


def test_no_cookie_is_kept_from_one_page_to_the_next(trusted: Site) -> None:
    async def twice() -> None:
        async with outbound.client(guarded=True) as http:
            for path in ("/cookie", "/cookie", "/article"):
                await reading.ask(trusted.url + path, http)

    asyncio.run(twice())

    assert all("cookie" not in each["headers"] for each in trusted.asked())
    assert {"authorization", "referer"}.isdisjoint(trusted.asked("/article")[-1]["headers"])


def facts_of(html: str) -> pages.Facts | None:
    return pages.read(Document("https://e.test/a/b", "text/html", "", html.encode("utf-8", "surrogatepass")))


def test_whatever_a_page_says_comes_out_as_a_short_line_of_plain_text() -> None:
    told = "<script>1</script>\u202e\u2066\x00\x1b[31m\n\n‍👩‍👩‍👧" + "x" * 5000
    facts = facts_of(f"<title>{told}</title><meta name=description content='{told}'><meta property=og:site_name content='{told}'>")  # fmt: skip

    assert facts
    for words, longest in ((facts.title, 200), (facts.description, 400), (facts.site_name, 100)):
        assert words.startswith("<script>1</script>")
        assert "👩‍👩‍👧" in words
        assert len(words) <= longest and words.endswith("…")
        assert not set(words) & set("\u202e\u2066\x00\x1b\n")


@pytest.mark.parametrize(
    ("image", "url"),
    [
        ("c.png", "https://e.test/a/c.png"),
        ("//f.test/c.png", "https://f.test/c.png"),
        ("javascript:alert(1)", ""),
        ("data:image/png;base64,x", ""),
        ("http://[", ""),
        ("file:///etc/passwd", ""),
        ("https://e.test/" + "x" * 3000, ""),
    ],
)
def test_a_picture_is_on_the_web_or_there_is_none(image: str, url: str) -> None:
    facts = facts_of(f'<title>t</title><meta property="og:image" content="{image}">')

    assert facts and facts.image_url == url


@pytest.mark.parametrize("html", ["", "\x00", "<title>", "<title> \u200b </title>", "<" * 50_000, "<meta property=og:title>" * 5000, "<div>" * 50_000])  # fmt: skip
def test_a_page_without_a_title_or_sense_shows_nothing(html: str) -> None:
    assert facts_of(html) is None


def test_the_author_and_who_manages_take_a_preview_away_for_everyone(juniper: SimpleNamespace, trusted: Site) -> None:
    message = post(juniper, f"{trusted.url}/article {trusted.url}/two", author=juniper.mei)
    read_all()
    first, second = fresh(message).previews

    hidden = showing.hide(juniper.mei, fresh(message), first.pk)
    assert [link.pk for link in hidden.previews] == [second.pk]
    showing.hide(juniper.ben, fresh(message), second.pk)

    assert fresh(message).previews == []
    with pytest.raises(NotFound):
        showing.hide(juniper.ana, fresh(message), uuid.uuid4())


def test_nobody_else_takes_a_preview_away(juniper: SimpleNamespace, trusted: Site) -> None:
    message = post(juniper, f"{trusted.url}/article", author=juniper.ana)
    read_all()

    with pytest.raises(Forbidden):
        showing.hide(juniper.mei, fresh(message), fresh(message).previews[0].pk)
    assert len(fresh(message).previews) == 1


def test_a_changed_text_shows_its_own_links_and_none_that_was_taken_away(juniper: SimpleNamespace) -> None:
    message = post(juniper, "https://e.test/1 https://e.test/2")
    MessageLink.objects.filter(link__url="https://e.test/2").update(is_hidden=True)
    before = message.html
    message.html = feed.markdown.render("https://e.test/2 https://e.test/3")

    showing.note_edit(message, juniper.org, before=before)

    rows = MessageLink.objects.filter(message=message).values_list("link__url", "is_hidden")
    assert set(rows) == {("https://e.test/2", True), ("https://e.test/3", False)}


def test_one_reader_asks_at_a_time_and_what_was_lost_is_asked_again(juniper: SimpleNamespace) -> None:
    post(juniper, "https://e.test/1")
    (link_id,) = reading.forgotten()

    assert reading.claim(link_id) == "https://e.test/1"
    assert reading.claim(link_id) == ""
    assert reading.forgotten() == []
    Link.objects.update(asked_at=timezone.now() - reading.LEASE - timedelta(seconds=1))

    assert reading.forgotten() == [link_id]
    assert reading.claim(link_id) == "https://e.test/1"
    reading.keep(link_id, None)
    reading.keep(link_id, pages.Facts("too late"))
    assert Link.objects.get().state == LinkState.NOTHING


def test_a_message_without_a_link_costs_no_query_for_previews(
    juniper: SimpleNamespace, django_assert_max_num_queries: Callable[..., Any]
) -> None:
    post(juniper, "https://e.test/known")
    with django_assert_max_num_queries(100) as plain:
        post(juniper, "hello")
    with django_assert_max_num_queries(100) as known:
        post(juniper, "https://e.test/known")

    assert not [each for each in plain.captured_queries if "link" in each["sql"]]
    assert len(known.captured_queries) - len(plain.captured_queries) <= 3


# Every way to write a place that is not the open web: those of the tester's list, and a few more.
INSIDE = [
    "http://127.0.0.1", "http://0x7f000001", "http://0177.0.0.1", "http://2130706433", "http://127.1", "http://①②⑦.⓪.⓪.①", "http://0", "http://0.0.0.0",
    "http://[::1]", "http://[::]", "http://[::ffff:127.0.0.1]", "http://[2002:a9fe:a9fe::]", "http://[::127.0.0.1]", "http://[fe80::1%25eth0]",
    "http://169.254.169.254/latest/meta-data/", "http://metadata.google.internal/", "http://100.64.0.1", "http://10.0.0.1", "http://172.16.0.1",
    "http://192.168.0.1", "http://198.18.0.1", "http://224.0.0.1", "http://redis:6379", "http://postgres:5432", "http://web:8000/admin", "http://localhost/",
    "http://evil.test@127.0.0.1/", "ftp://127.0.0.1", "dict://127.0.0.1:6379", "data:text/plain,x", "javascript:alert(1)", "https://evil.test:99999",
    "https://evil.test:0", "http://[", "https://", "//evil.test", "https://evil.test/%24%7BDATABASE_URL%7D", "unix:///var/run/docker.sock",
    "https://" + "a" * 300 + ".test", "http://127.0.0.1:{port}/", "http://localhost:{port}/", "http://[::1]:{port}/", "http://127.0.0.1:{port}#@e.test/",
]  # fmt: skip


@pytest.mark.parametrize("url", INSIDE)
def test_no_address_inside_is_ever_connected_to(
    juniper: SimpleNamespace, client: Client, site: Site, connections_made: list[Any], url: str
) -> None:
    client.force_login(juniper.ana.user)
    url = url.format(port=site.place.rpartition(":")[2]) if "{port}" in url else url
    text = f"{url} [a]({url}) <{url}>"
    answer = client.post(
        f"/spaces/{juniper.space.pk}/messages/", {"text": text}, headers={"Accept": "application/json"}
    )
    connections_made.clear()

    read_all()

    assert answer.status_code == 201
    assert connections_made == []
    assert not Link.objects.exclude(state=LinkState.NOTHING).exists()


def test_a_redirect_to_a_place_inside_is_not_followed(trusted: Site, connections_made: list[Any]) -> None:
    for where in (
        "http://169.254.169.254/",
        "http://127.0.0.1:22/",
        "http://localhost/",
        "gopher://127.0.0.1/",
        "http://[::1]/",
    ):
        assert ask(f"{trusted.url}/to/x?where={where}") is None

    own = int(trusted.place.rpartition(":")[2])
    assert {address[1] for address in connections_made} == {own}


def test_a_preview_is_removed_through_its_address(juniper: SimpleNamespace, client: Client, trusted: Site) -> None:
    message = post(juniper, f"{trusted.url}/article")
    read_all()
    link = fresh(message).previews[0]
    client.force_login(juniper.ana.user)
    page = client.get(f"/spaces/{juniper.space.pk}/").content.decode()
    assert "A walk &lt;b&gt;in the woods&lt;/b&gt;" in page
    assert f'formaction="/messages/{message.pk}/links/{link.pk}/hide/"' in page

    answer = client.post(f"/messages/{message.pk}/links/{link.pk}/hide/", headers={"Accept": "application/json"})

    assert "preview" not in json.loads(answer.content)["message"]["html"]


HEAVY = {
    "tags within each other": "<head><title>Deep</title></head>" + "<div>" * 100_000,
    "tags before the head ends": "<title>Deep</title>" + "<div>" * 100_000,
    "a meta of a thousand attributes": "<title>Deep</title><meta " + " ".join(f"a{n}" for n in range(60_000)) + ">",
    "many metas": "<title>Deep</title>" + '<meta name="a" content="b">' * 15_000,
    "many scripts": "<title>Deep</title>" + "<script>" * 60_000,
    "many comments": "<title>Deep</title>" + "<!-- " * 100_000,
    "many beginnings": "<title>Deep</title>" + "<meta" * 100_000 + "<title" * 10_000,
}


@pytest.mark.parametrize("what", HEAVY)
def test_of_a_heavy_page_only_a_small_head_is_parsed(what: str) -> None:
    page = HEAVY[what]

    parsed = pages.head(page)
    facts = pages.read(Document(url="https://e.test/", media_type="text/html", charset="", body=page.encode()))

    assert len(parsed) <= pages.HEAD_MAX + 2 * pages.PIECE_MAX
    assert set(re.findall(r"</?[a-z]+", parsed)) <= {"<head", "<title", "</title", "<meta"}
    assert parsed.count("<meta") <= pages.METAS_MAX
    assert facts and facts.title == "Deep"


def test_what_a_head_says_is_read_wherever_signs_stand() -> None:
    page = """<!doctype html><html lang=en><head><script>let a = "<body><title>No</title>"</script>
        <!-- <meta property="og:title" content="Old"> --><noscript><link rel=x></noscript>
        <META content='a > b, "c"' name=description><meta property=og:site_name content=it's>
        <title>One &amp; two</title></head><body><title>Three</title><meta property="og:title" content="Body">"""

    facts = pages.read(Document(url="https://e.test/", media_type="text/html", charset="punycode", body=page.encode()))

    assert facts and (facts.title, facts.site_name, facts.description) == ("One & two", "it's", 'a > b, "c"')
