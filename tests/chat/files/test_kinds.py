"""What a file is, and how large a picture is, told by the first bytes."""

import pytest

from chat.files import kinds, shapes
from tests.doubles import uploads

SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
KINDS = {
    "png": (uploads.picture("PNG"), "image", "image/png"),
    "jpeg": (uploads.picture("JPEG"), "image", "image/jpeg"),
    "webp": (uploads.picture("WEBP"), "image", "image/webp"),
    "gif": (uploads.animation(), "image", "image/gif"),
    "pdf": (uploads.document(), "pdf", "application/pdf"),
    "svg": (SVG, "text", kinds.PLAIN),
    "html": (b"<!doctype html><script>alert(1)</script>", "text", kinds.PLAIN),
    "utf-8": ("grüße\n".encode(), "text", kinds.PLAIN),
    "utf-16": ("grüße\n".encode("utf-16"), "text", kinds.PLAIN),
    "cut in a character": ("é".encode() * 10 + b"\xc3", "text", kinds.PLAIN),
    "latin-1": ("gr\xfc\xdfe".encode("latin-1"), "other", kinds.OCTETS),
    "a program": (b"\x7fELF\x02\x01\x01" + b"\0" * 40, "other", kinds.OCTETS),
    "bytes": (b"\x00\x01\x02", "other", kinds.OCTETS),
    "a bitmap that is not drawn here": (b"BM" + b"\0" * 60, "other", kinds.OCTETS),
}


@pytest.mark.parametrize("what", KINDS)
def test_the_bytes_tell_what_a_file_is(what: str) -> None:
    head, kind, media_type = KINDS[what]

    found = kinds.of(head)

    assert found.kind == kind
    assert found.media_type == media_type or kind == "other" and not found.media_type.startswith(("text", "image"))


def test_an_archive_is_just_a_file() -> None:
    assert kinds.of(b"PK\x03\x04" + b"\0" * 60).kind == "other"


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP", "GIF"])
def test_a_pictures_size_is_read_from_its_head(form: str) -> None:
    assert shapes.size(uploads.picture(form, (321, 123))) == (321, 123)


def test_a_photograph_that_was_held_sideways_is_as_high_as_it_is_wide() -> None:
    assert shapes.size(uploads.photograph()) == (300, 400)


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP", "GIF"])
def test_a_head_that_is_cut_anywhere_raises_nothing(form: str) -> None:
    head = uploads.photograph() if form == "JPEG" else uploads.picture(form)

    for end in range(min(len(head), 400)):
        assert shapes.size(head[:end]) in (None, (300, 400), (320, 200))
