"""What makes the site an application: manifest, service worker, the page for no connection."""

import re
from io import BytesIO
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.staticfiles.storage import staticfiles_storage
from django.test import Client
from django.urls import reverse
from PIL import Image


def picture(address: str) -> Image.Image:
    name = next(
        name for name in staticfiles_storage.hashed_files.items() if staticfiles_storage.url(name[0]) == address
    )
    with staticfiles_storage.open(name[1]) as file:
        return Image.open(BytesIO(file.read())).convert("RGBA")


def test_the_manifest_names_an_application_with_icons_that_are_what_it_says(client: Client, db: None) -> None:
    answer = client.get(reverse("manifest"))

    told = answer.json()
    assert answer["Content-Type"] == "application/manifest+json"
    assert (told["id"], told["start_url"], told["scope"], told["display"]) == ("/", "/", "/", "standalone")
    assert told["name"] and told["short_name"] and told["description"]
    drawn = [icon for icon in told["icons"] if icon["type"] == "image/png"]
    assert {(icon["sizes"], icon["purpose"]) for icon in drawn} == {
        ("192x192", "any"),
        ("512x512", "any"),
        ("512x512", "maskable"),
    }
    for icon in drawn:
        shown = picture(icon["src"])
        assert f"{shown.width}x{shown.height}" == icon["sizes"]
        if icon["purpose"] == "maskable":
            # Systems cut a circle of four fifths out of it: its ground reaches the edges, the mark stays within.
            corner = shown.getpixel((0, 0))
            assert corner[3] == 255
            assert all(shown.getpixel((x, y)) == corner for x in range(0, 512, 16) for y in (8, 52, 460, 504))


def test_every_page_leads_to_the_manifest(client: Client, juniper: SimpleNamespace) -> None:
    outside = client.get("/").content.decode()
    client.force_login(juniper.mei.user)
    inside = client.get(f"/spaces/{juniper.space.pk}/").content.decode()

    for page in (outside, inside):
        assert 'rel="manifest" href="/manifest.webmanifest"' in page
        assert 'rel="apple-touch-icon"' in page
        assert page.count('name="theme-color"') == 2


def test_the_worker_may_speak_for_the_whole_site_and_knows_nobody(client: Client, juniper: SimpleNamespace) -> None:
    outside = client.get(reverse("worker"))
    client.force_login(juniper.mei.user)
    inside = client.get(reverse("worker"))

    assert inside.content == outside.content
    assert reverse("worker") == "/sw.js"
    assert outside["Content-Type"] == "text/javascript; charset=utf-8"
    assert "worker-src 'self'" in outside["Content-Security-Policy"]
    for address in re.findall(r'"(/static/[^"]+)"', outside.content.decode()):
        assert picture(address)


def test_another_language_or_another_set_of_files_makes_another_worker(
    client: Client, db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    english = client.get(reverse("worker")).content
    chinese = client.get(reverse("worker"), headers={"Accept-Language": "zh-TW"}).content
    monkeypatch.setattr(staticfiles_storage, "manifest_hash", "another")

    assert len({english, chinese, client.get(reverse("worker")).content}) == 3


def test_the_page_for_no_connection_holds_nothing_of_anybody(
    client: Client, juniper: SimpleNamespace, settings: Any
) -> None:
    outside = client.get(reverse("offline")).content.decode()
    client.force_login(juniper.mei.user)
    inside = client.get(reverse("offline")).content.decode()

    assert inside == outside
    assert "csrf" not in inside and "nonce" not in inside and juniper.org.name not in inside
    kept = set(re.findall(r'"(/static/[^"]+)"', inside))
    assert set(re.findall(r'(?:src|href)="([^"]*)"', inside)) - kept <= {"", "/", "/manifest.webmanifest"}
