"""Giving bytes: headers, parts, and what lies in a bucket."""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.files.storage import storages
from django.test import Client

from chat.files import store, workshop
from chat.models import File
from tests.chat.files.conftest import JSON
from tests.doubles import bucket as doubles
from tests.doubles import uploads

pytestmark = pytest.mark.django_db


@pytest.fixture
def shown(juniper: SimpleNamespace, show: Any, browser_of: Any) -> tuple[Client, File]:
    """Mei's browser, and a text of 26 letters that Ben has shown."""
    file, _ = show(juniper.ben, juniper.space, name="<b>.html", data=b"abcdefghijklmnopqrstuvwxyz")
    return browser_of(juniper.mei), file


def test_a_file_is_saved_and_can_run_nothing(shown: tuple[Client, File]) -> None:
    browser, file = shown

    answer = browser.get(file.address)

    assert answer.content == b"abcdefghijklmnopqrstuvwxyz"
    assert answer["Content-Disposition"].startswith("attachment;") and "<" not in answer["Content-Disposition"]
    assert answer["Content-Type"] == "text/plain; charset=utf-8" and answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer["Cache-Control"] == "private, no-cache" and answer["Cross-Origin-Resource-Policy"] == "same-origin"


PARTS = {
    "bytes=0-3": (206, b"abcd", "bytes 0-3/26"),
    "bytes=20-": (206, b"uvwxyz", "bytes 20-25/26"),
    "bytes=-2": (206, b"yz", "bytes 24-25/26"),
    "bytes=24-99": (206, b"yz", "bytes 24-25/26"),
    "bytes=26-": (416, b"", "bytes */26"),
    "bytes=5-2": (200, b"abcdefghijklmnopqrstuvwxyz", None),
    "bytes=" + "0-0," * 5000 + "1-1": (200, b"abcdefghijklmnopqrstuvwxyz", None),
    "lines=1-2": (200, b"abcdefghijklmnopqrstuvwxyz", None),
    "bytes=-": (200, b"abcdefghijklmnopqrstuvwxyz", None),
}


@pytest.mark.parametrize("asked", PARTS, ids=range(len(PARTS)))
def test_a_part_is_given_when_one_is_asked_for(asked: str, shown: tuple[Client, File]) -> None:
    browser, file = shown

    answer = browser.get(file.address, headers={"Range": asked})

    assert (answer.status_code, answer.content, answer.get("Content-Range")) == PARTS[asked]


def test_bytes_that_a_browser_has_are_not_sent_again_and_rights_are_looked_at_first(
    shown: tuple[Client, File], juniper: SimpleNamespace, browser_of: Any
) -> None:
    browser, file = shown
    tag = browser.get(file.address)["ETag"]

    again = browser.get(file.address, headers={"If-None-Match": tag})
    foreign = browser_of(juniper.gus).get(file.address, headers={"If-None-Match": tag})

    assert (again.status_code, again.content, foreign.status_code) == (304, b"", 404)


def test_a_picture_is_given_to_nobody_before_it_is_made_anew(
    juniper: SimpleNamespace, show: Any, browser_of: Any
) -> None:
    file, _ = show(juniper.ben, juniper.space, name="a.jpg", data=uploads.photograph())
    browser = browser_of(juniper.mei)

    early = browser.get(file.address, headers=JSON)
    workshop.prepare(file.pk)
    file.refresh_from_db()
    late, preview = browser.get(file.address), browser.get(f"/files/{file.pk}/preview")

    assert early.status_code == 409 and b"SecretCamera" not in early.content
    assert late.status_code == 200 and b"SecretCamera" not in late.content
    assert preview["Content-Type"] == "image/webp" and preview["Content-Disposition"] == "inline"
    assert browser.get(f"/files/{file.pk}/preview?page=2").status_code == 404


def test_bytes_that_were_lost_are_said_to_be_lost(shown: tuple[Client, File]) -> None:
    browser, file = shown
    store.drop([file.key])

    answer = browser.get(file.address, headers=JSON)

    assert (answer.status_code, answer.json()["error"]["code"]) == (410, "file_lost")


@pytest.fixture
def bucket(settings: Any) -> Iterator[doubles.Bucket]:
    """Files lie in a bucket, for one test."""
    running = doubles.Bucket()
    options = {"bucket_name": doubles.NAME, "location": "kept", "endpoint_url": running.url, "region_name": "us-east-1"}
    options |= {"access_key": "key", "secret_key": "secret", "default_acl": None}
    settings.STORAGES = {**settings.STORAGES, "files": {"BACKEND": "chat.files.bucket.Bucket", "OPTIONS": options}}
    yield running
    storages["files"].connection.meta.client.close()
    running.client.close()
    running.stop()


def test_a_bucket_keeps_files_and_everything_goes_through_this_server(
    bucket: doubles.Bucket, juniper: SimpleNamespace, show: Any, browser_of: Any
) -> None:
    file, _ = show(juniper.ben, juniper.space, name="a.png", data=uploads.picture())
    workshop.prepare(file.pk)
    file.refresh_from_db()
    browser = browser_of(juniper.mei)

    whole, part = browser.get(file.address), browser.get(file.address, headers={"Range": "bytes=1-3"})
    preview = browser.get(f"/files/{file.pk}/preview")

    assert whole.content.startswith(b"\x89PNG") and part.content == b"PNG" and preview.status_code == 200
    assert sorted(bucket.keys) == sorted([f"kept/{file.key}", f"kept/{file.preview_key}-1"])
    store.drop([file.key, f"{file.preview_key}-1"])
    assert bucket.keys == [] and browser.get(file.address, headers=JSON).status_code == 410
    assert Path(file.key).parts[0] == file.key[:2]
