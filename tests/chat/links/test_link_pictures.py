"""Pictures of previews: made anew and small, given to whoever sees the message, and asked for nowhere inside."""

import asyncio
import io
import uuid
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.files.storage import storages
from django.test import Client
from django.utils import timezone
from PIL import Image

from chat import deletions, feed
from chat.files import store
from chat.links import pages, pictures, reading, showing
from chat.models import Link, LinkState, Message
from gateway import outbound
from tests.doubles.site import Site
from workspace.models import Member, SpaceMember


def post(room: SimpleNamespace, text: str, *, author: Member | None = None) -> Message:
    return feed.post(room.space, author or room.ana, text=text, client_id=uuid.uuid4())[0]


async def ask(url: str) -> tuple[pages.Facts | None, bytes | None]:
    async with outbound.client(guarded=True) as http:
        facts = await reading.ask(url, http)
        return facts, await pictures.ask(facts.image_url, http) if facts and facts.image_url else None


def read(text_url: str) -> Link:
    """What the worker does, here and now."""
    link = Link.objects.get(url=text_url)
    assert reading.claim(link.pk)
    facts, body = asyncio.run(ask(text_url))
    reading.keep(link.pk, facts, pictures.make(body) if body else None)
    return Link.objects.get(pk=link.pk)


def shown(room: SimpleNamespace, site: Site, path: str = "/with/small.jpg", **options: Any) -> tuple[Message, Link]:
    message = post(room, f"{site.url}{path}", **options)
    return message, read(f"{site.url}{path}")


def page_of(room: SimpleNamespace, client: Client) -> str:
    client.force_login(room.mei.user)
    return client.get(f"/spaces/{room.space.pk}/").content.decode()


def test_a_picture_is_made_anew_small_and_given_by_this_server(
    juniper: SimpleNamespace, client: Client, trusted: Site
) -> None:
    _, link = shown(juniper, trusted, "/with/picture.png")

    page = page_of(juniper, client)
    answer = client.get(f"/links/{link.pk}/picture")

    assert f'src="/links/{link.pk}/picture" alt="" width="480" height="240"' in page
    assert "picture.png" not in page.replace(f"{trusted.url}/with/picture.png", "")
    assert (answer.status_code, answer["Content-Type"], answer["Content-Disposition"]) == (200, "image/webp", "inline")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer["Cache-Control"] == "private, no-cache"
    with Image.open(io.BytesIO(answer.content)) as made:
        assert (made.format, made.size) == ("WEBP", (480, 240))


def test_nothing_that_a_picture_tells_besides_is_kept_and_a_small_one_stays_small(
    juniper: SimpleNamespace, trusted: Site
) -> None:
    _, link = shown(juniper, trusted, "/with/small.jpg")

    body = store.read(link.image_key, length=1 << 20)

    assert (link.image_width, link.image_height) == (200, 100)
    assert b"secret" not in body and b"EXIF" not in body


@pytest.mark.parametrize("name", ["lying.png", "vector.svg", "huge.png", "dot.png", "wide.png", "missing", "slow", "hops/9"])  # fmt: skip
def test_what_is_no_picture_or_too_much_leaves_the_card_of_words(
    juniper: SimpleNamespace, client: Client, trusted: Site, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(pictures, "SECONDS", 1.0)

    _, link = shown(juniper, trusted, f"/with/{name}")

    assert trusted.asked(f"/{name}")
    assert (link.state, link.title, link.image_key) == (LinkState.READ, "With a picture", "")
    assert "preview__title" in (page := page_of(juniper, client)) and "preview__picture" not in page
    assert client.get(f"/links/{link.pk}/picture").status_code == 404


# A page may be outside and name a picture inside: by address, by name, by another port, or through a redirect.
INSIDE = [
    "http://169.254.169.254/latest/meta-data/", "http://localhost:{port}/picture.png", "http://[::1]:{port}/picture.png", "http://127.0.0.1:22/",
    "http://2130706433:{port}/picture.png", "http://redis:6379/", "http://10.0.0.1/", "http://[::ffff:127.0.0.1]/", "http://u:p@127.0.0.1:{port}/picture.png",
    "/to/x?where=http://169.254.169.254/", "/to/x?where=http://localhost:{port}/picture.png", "/to/x?where=http://127.0.0.1:22/", "/to/x?where=file:///etc/passwd",
]  # fmt: skip


@pytest.mark.parametrize("where", INSIDE)
def test_a_page_cannot_send_us_for_its_picture_to_a_place_inside(
    juniper: SimpleNamespace, trusted: Site, connections_made: list[Any], where: str
) -> None:
    port = trusted.place.rpartition(":")[2]
    url = f"{trusted.url}/naming?picture={where.format(port=port)}"
    post(juniper, url)
    before = len(trusted.asked("/picture.png"))
    connections_made.clear()

    link = read(url)

    assert {address[:2] for address in connections_made} == {("127.0.0.1", int(port))}
    assert len(trusted.asked("/picture.png")) == before
    assert (link.title, link.image_key) == ("With a picture", "")


def test_a_picture_is_opened_by_those_who_see_a_message_that_shows_it(
    juniper: SimpleNamespace, other: SimpleNamespace, client: Client, trusted: Site
) -> None:
    message, link = shown(juniper, trusted, author=juniper.mei)
    address = f"/links/{link.pk}/picture"

    def status(member: Member) -> int:
        client.force_login(member.user)
        return client.get(address).status_code

    assert (status(juniper.mei), status(juniper.gus), status(other.ana)) == (200, 404, 404)
    SpaceMember.objects.create(org=juniper.org, space=juniper.space, member=juniper.gus)
    assert status(juniper.gus) == 200
    showing.hide(juniper.mei, message, link.pk)
    assert status(juniper.mei) == 404


def test_a_deleted_message_shows_no_picture(juniper: SimpleNamespace, client: Client, trusted: Site) -> None:
    message, link = shown(juniper, trusted)

    deletions.delete(juniper.ana, message)

    client.force_login(juniper.ana.user)
    assert client.get(f"/links/{link.pk}/picture").status_code == 404


def test_pictures_that_no_message_shows_are_let_go_after_a_while(juniper: SimpleNamespace, trusted: Site) -> None:
    kept_message, kept = shown(juniper, trusted, "/with/small.jpg")
    message, link = shown(juniper, trusted, "/with/picture.png")
    deletions.delete(juniper.ana, message)
    assert pictures.sweep() == 0

    Link.objects.update(asked_at=timezone.now() - pictures.UNSHOWN - timedelta(minutes=1))

    assert pictures.sweep() == 1
    assert (store.has(link.image_key), store.has(kept.image_key)) == (False, True)
    assert Link.objects.get(pk=link.pk).image_key == ""


def test_whoever_comes_second_leaves_no_bytes_behind(juniper: SimpleNamespace, trusted: Site) -> None:
    _, link = shown(juniper, trusted)
    before = set(Path(storages["files"].location).rglob("*"))

    reading.keep(link.pk, pages.Facts("too late"), pictures.Card(b"late picture", 48, 40))

    added = set(Path(storages["files"].location).rglob("*")) - before
    assert not [path for path in added if path.is_file() and path.read_bytes() == b"late picture"]
    assert Link.objects.get(pk=link.pk).image_key == link.image_key
