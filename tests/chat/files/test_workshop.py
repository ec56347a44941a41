"""Preparing files, in the real child process: pictures made anew, documents, and what strangers try."""

import uuid
from datetime import timedelta
from io import BytesIO
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from PIL import Image

from chat import feed
from chat.files import attachments, intake, store, workshop
from chat.models import File, Message
from tests.doubles import uploads

pytestmark = pytest.mark.django_db


@pytest.fixture
def bring(juniper: SimpleNamespace) -> Any:
    """Take a file in from Ben, and prepare it as a worker would."""

    def take(name: str, data: bytes) -> File:
        row = intake.take(juniper.ben, juniper.space, SimpleUploadedFile(name, data))
        workshop.prepare(row.pk)
        row.refresh_from_db()
        return row

    return take


def stored(key: str) -> bytes:
    return store.read(key, length=10_000_000)


def test_a_photograph_is_turned_upright_and_tells_nothing_any_more(bring: Any) -> None:
    before = uploads.photograph()
    assert b"SecretCamera" in before and b"wrensecret" in before

    file = bring("holiday.jpg", before)

    after = stored(file.key)
    image = Image.open(BytesIO(after))
    assert (file.state, file.kind, file.media_type) == ("ready", "image", "image/jpeg")
    assert image.size == (file.width, file.height) == (300, 400)
    assert len(image.getexif()) == 0 and b"SecretCamera" not in after and b"wrensecret" not in after
    assert file.size_bytes == len(after)
    preview = Image.open(BytesIO(stored(f"{file.preview_key}-1")))
    assert preview.format == "WEBP" and b"EXIF" not in stored(f"{file.preview_key}-1")


def test_what_lay_there_before_is_gone(juniper: SimpleNamespace) -> None:
    row = intake.take(juniper.ben, juniper.space, SimpleUploadedFile("a.jpg", uploads.photograph()))

    workshop.prepare(row.pk)

    assert not store.has(row.key)
    row.refresh_from_db()
    assert store.has(row.key)


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP", "GIF"])
def test_a_large_picture_has_a_small_preview(form: str, bring: Any) -> None:
    file = bring("wide.png", uploads.picture(form, (2000, 1000)))

    preview = Image.open(BytesIO(stored(f"{file.preview_key}-1")))

    assert (file.width, file.height, file.previews) == (2000, 1000, 1)
    assert preview.size == (960, 480)


def test_an_animation_moves_on_and_has_a_preview_that_stands_still(bring: Any) -> None:
    file = bring("cat.gif", uploads.animation(frames=3))

    original, still, moving = [Image.open(BytesIO(stored(key))) for key in (file.key, *attachments.preview_keys(file))]

    assert file.is_animated and b"wrensecret" not in stored(file.key)
    assert [getattr(image, "n_frames", 1) for image in (original, still, moving)] == [3, 1, 3]


def test_a_dot_that_moves_over_nothing_leaves_no_trail(bring: Any) -> None:
    before = uploads.moving_dot()
    file = bring("dot.gif", before)

    given, kept = (Image.open(BytesIO(data)) for data in (before, stored(file.key)))

    assert (kept.format, kept.n_frames, kept.info["loop"]) == ("GIF", 4, 3)  # type: ignore[attr-defined]
    for number in range(4):
        given.seek(number)
        kept.seek(number)
        alphas = [image.convert("RGBA").getchannel("A").point(lambda a: 255 * (a > 127)) for image in (given, kept)]
        assert alphas[0].tobytes() == alphas[1].tobytes(), number
        assert given.info["duration"] == kept.info["duration"]


def test_nothing_that_an_animation_carries_besides_its_frames_is_kept(bring: Any) -> None:
    before = uploads.moving_dot()
    assert before.count(b"wrensecret") == 3

    file = bring("dot.gif", before)

    for key in (file.key, *attachments.preview_keys(file)):
        assert b"wrensecret" not in stored(key)


def test_an_animation_that_plays_once_plays_once(bring: Any) -> None:
    file = bring("cat.gif", uploads.animation())

    kept, moving = (Image.open(BytesIO(stored(key))) for key in (file.key, attachments.preview_keys(file)[1]))

    assert ("loop" in kept.info, moving.info["loop"]) == (False, 1)


def test_the_pages_of_a_document_are_counted_and_the_first_are_drawn(bring: Any) -> None:
    file = bring("report.pdf", uploads.document(pages=3))

    assert (file.kind, file.pages, file.previews, file.state) == ("pdf", 3, 3, "ready")
    assert Image.open(BytesIO(stored(f"{file.preview_key}-3"))).size == (720, 960)


HOSTILE = {
    "a bomb": uploads.bomb(),
    "cut short": uploads.picture("PNG")[:90],
    "only a head": b"\xff\xd8\xff\xe0" + b"\0" * 40,
    "a head and noise": b"GIF89a" + bytes(range(256)) * 40,
    "half a webp": uploads.picture("WEBP")[:30],
}


@pytest.mark.parametrize("what", HOSTILE)
def test_what_cannot_be_drawn_is_a_file_to_save_and_never_a_picture(what: str, bring: Any) -> None:
    file = bring("picture.png", HOSTILE[what])

    assert (file.state, file.kind, file.media_type) == ("ready", "other", "application/octet-stream")
    assert file.previews == 0 and stored(file.key) == HOSTILE[what]


@pytest.mark.parametrize("data", [b"%PDF-1.7\n" + b"\0" * 500, b"%PDF-1.4\n%%EOF", uploads.document()[:200]])
def test_a_document_that_cannot_be_read_is_still_one_to_save(data: bytes, bring: Any) -> None:
    file = bring("report.pdf", data)

    assert (file.state, file.kind, file.previews) == ("ready", "pdf", 0)


def test_a_second_meaning_is_lost_with_the_bytes_that_carried_it(bring: Any) -> None:
    file = bring("two.gif", uploads.two_faced())

    assert file.kind == "image" and b"wrensecret" not in stored(file.key)


def test_everyone_who_sees_the_message_is_shown_the_picture_when_it_is_ready(
    juniper: SimpleNamespace, django_capture_on_commit_callbacks: Any
) -> None:
    row = intake.take(juniper.ben, juniper.space, SimpleUploadedFile("a.png", uploads.picture()))
    (message,) = feed.post(juniper.space, juniper.ben, text="", client_id=uuid.uuid4(), files=[row.pk])

    workshop.prepare(row.pk)

    (after,) = feed.changes(juniper.space, since=message.revision).messages
    assert after.pk == message.pk and after.files[0].previews == 1


def test_nobody_prepares_what_another_has_claimed_and_a_claim_ends(juniper: SimpleNamespace) -> None:
    row = intake.take(juniper.ben, juniper.space, SimpleUploadedFile("a.png", uploads.picture()))
    File.objects.filter(pk=row.pk).update(claimed_at=timezone.now(), attempts=1)

    workshop.prepare(row.pk)
    waiting = File.objects.get(pk=row.pk).state
    File.objects.filter(pk=row.pk).update(claimed_at=timezone.now() - timedelta(hours=1))
    found = workshop.forgotten()
    workshop.prepare(row.pk)

    assert (waiting, found) == ("waiting", [row.pk])
    assert File.objects.get(pk=row.pk).state == "ready"


def test_a_file_that_was_let_go_meanwhile_leaves_nothing(juniper: SimpleNamespace) -> None:
    row = intake.take(juniper.ben, juniper.space, SimpleUploadedFile("a.png", uploads.picture()))
    claimed = workshop._claim(row.pk)
    attachments.let_go([row.pk])

    assert claimed and not store.has(row.key) and workshop.prepare(row.pk) is None
    assert not Message.objects.filter(attachments__file=row.pk).exists()
