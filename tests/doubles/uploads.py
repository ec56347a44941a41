"""Files as strangers send them: honest ones, and some that lie about what they are.

*Called by*: tests of chat.files, browser stories. *Keeps true*: each is made here, byte by byte, and is small.
"""

import struct
import zlib
from io import BytesIO

from PIL import Image

# Of a camera that noted where it stood, and that it was held sideways.
_SIDEWAYS, _GPS_NORTH = 6, {1: "N", 2: (48.0, 51.0, 29.0), 3: "E", 4: (2.0, 17.0, 40.0)}


def picture(form: str = "PNG", size: tuple[int, int] = (320, 200), color: str = "teal") -> bytes:
    return _saved(Image.new("RGB", size, color), form)


def photograph() -> bytes:
    """400 by 300 as stored, held sideways, with a place, a maker and a comment."""
    exif = Image.Exif()
    exif[0x0112], exif[0x010F], exif[0x9286] = _SIDEWAYS, "SecretCamera", "wrensecret comment"
    exif.get_ifd(0x8825).update(_GPS_NORTH)
    return _saved(Image.new("RGB", (400, 300), "olive"), "JPEG", exif=exif, comment=b"wrensecret")


def animation(frames: int = 3, size: tuple[int, int] = (60, 40)) -> bytes:
    shades = [Image.new("RGB", size, (80 * number % 255, 90, 120)) for number in range(frames)]
    return _saved(shades[0], "GIF", save_all=True, append_images=shades[1:], duration=80, comment=b"wrensecret")


def moving_dot() -> bytes:
    """A GIF in which light comes through around a dot that moves, three times over; it tells a place in XMP, in a
    comment of its first frame and in one before its end."""
    frames = [Image.new("RGBA", (60, 40), (0, 0, 0, 0)) for _ in range(4)]
    for number, frame in enumerate(frames):
        frame.paste((200, 30, 30, 255), (number * 12, 8, number * 12 + 12, 20))
    times = [50, 100, 150, 200]
    made = _saved(
        frames[0],
        "GIF",
        save_all=True,
        append_images=frames[1:],
        duration=times,
        loop=3,
        disposal=2,
        comment=b"wrensecret",
    )
    xmp = b"!\xff\x0bXMP DataXMP" + bytes([18]) + b"<x>wrensecret</x>\0" + b"\0"
    comment = b"!\xfe" + bytes([10]) + b"wrensecret" + b"\0"
    return made[:-1] + xmp + comment + b";"


def document(pages: int = 2) -> bytes:
    sheets = [Image.new("RGB", (300, 400), "white") for _ in range(pages)]
    return _saved(sheets[0], "PDF", save_all=True, append_images=sheets[1:])


def bomb(side: int = 40_000) -> bytes:
    """A PNG of a few kB that says it has 1.6 thousand million pixels."""
    head = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    rows = zlib.compress(b"\0" * (side // 8 + 1) * 64, 9)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + _chunk(b"IDAT", rows) + _chunk(b"IEND", b"")


def two_faced() -> bytes:
    """A GIF that is a page with a script too."""
    return picture("GIF") + b"<!doctype html><script>alert('wrensecret')</script>"


def _saved(image: Image.Image, form: str, **options: object) -> bytes:
    kept = BytesIO()
    image.save(kept, form, **options)  # type: ignore[arg-type]
    return kept.getvalue()


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
