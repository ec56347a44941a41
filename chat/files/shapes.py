"""How large a picture is, read from its first bytes without decoding it.

*Called by*: chat.files.intake. *Keeps true*: it looks at a bounded number of bytes and never raises; a guess that is
wrong is put right when the picture has been prepared. *Why* by hand: the web process never opens a stranger's image.
"""

import struct

SIDE_MAX = 65_535
_SIDEWAYS = {5, 6, 7, 8}
# Frames of a JPEG that say its size: all SOF markers but DHT, JPG and DAC.
_FRAMES = set(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


def size(head: bytes) -> tuple[int, int] | None:
    """Width and height in pixels as it will be shown, or None."""
    try:
        found = _size(head)
    except (struct.error, IndexError):
        return None
    return found if found and all(0 < side <= SIDE_MAX for side in found) else None


def _size(head: bytes) -> tuple[int, int] | None:
    if head.startswith(b"\x89PNG"):
        return struct.unpack(">II", head[16:24])
    if head.startswith(b"GIF"):
        return struct.unpack("<HH", head[6:10])
    if head[8:12] == b"WEBP":
        return _webp(head)
    return _jpeg(head) if head.startswith(b"\xff\xd8") else None


def _webp(head: bytes) -> tuple[int, int] | None:
    form = head[12:16]
    if form == b"VP8X":
        return 1 + int.from_bytes(head[24:27], "little"), 1 + int.from_bytes(head[27:30], "little")
    if form == b"VP8 ":
        width, height = struct.unpack("<HH", head[26:30])
        return width & 0x3FFF, height & 0x3FFF
    if form == b"VP8L":
        bits = int.from_bytes(head[21:25], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    return None


def _jpeg(head: bytes) -> tuple[int, int] | None:
    at, is_sideways = 2, False
    while at + 9 < len(head) and head[at] == 0xFF:
        marker, length = head[at + 1], struct.unpack(">H", head[at + 2 : at + 4])[0]
        if marker in _FRAMES:
            height, width = struct.unpack(">HH", head[at + 5 : at + 9])
            return (height, width) if is_sideways else (width, height)
        if marker == 0xE1 and head[at + 4 : at + 10] == b"Exif\0\0":
            is_sideways = _orientation(head[at + 10 : at + 2 + length]) in _SIDEWAYS
        at += 2 + length
    return None


def _orientation(tiff: bytes) -> int:
    """Tag 0x0112 of the first directory (TIFF 6.0, section 2)."""
    order = "<" if tiff.startswith(b"II") else ">"
    start = struct.unpack(f"{order}I", tiff[4:8])[0]
    (count,) = struct.unpack(f"{order}H", tiff[start : start + 2])
    for index in range(min(count, 64)):
        entry = tiff[start + 2 + 12 * index : start + 14 + 12 * index]
        tag, _, _, value = struct.unpack(f"{order}HHIH", entry[:10])
        if tag == 0x0112:
            return int(value)
    return 1
