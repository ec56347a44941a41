"""A picture for the example organization: the sun over the sea, drawn line by line. *Called by*: chat.demo."""

import struct
import zlib

WIDTH, HEIGHT = 960, 600
_HORIZON = 380
_SUN = (620, 330, 74)
_SKY, _GLOW = (236, 214, 190), (226, 140, 96)
_SHALLOW, _DEEP = (150, 120, 118), (34, 66, 92)
_LIGHT = (250, 222, 170)


def png() -> bytes:
    rows = b"".join(b"\x00" + _line(y) for y in range(HEIGHT))
    head = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", head), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_part(*part) for part in parts)


def _line(y: int) -> bytes:
    if y < _HORIZON:
        return _lit(_mix(_SKY, _GLOW, y / _HORIZON), _chord(y))
    depth = (y - _HORIZON) / (HEIGHT - _HORIZON)
    # The light lies on the waves in bars that grow longer towards the shore.
    half = int(20 + 90 * depth) if (y - _HORIZON) % int(6 + 14 * depth) < 3 + 4 * depth else 0
    return _lit(_mix(_SHALLOW, _DEEP, depth), half)


def _lit(colour: tuple[int, ...], half: int) -> bytes:
    """A line of one colour, with light for `half` to each side of the sun."""
    start = _SUN[0] - half
    return bytes(colour) * start + bytes(_LIGHT) * (2 * half) + bytes(colour) * (WIDTH - start - 2 * half)


def _chord(y: int) -> int:
    _, centre, radius = _SUN
    return int(max(radius**2 - (y - centre) ** 2, 0) ** 0.5)


def _mix(one: tuple[int, ...], other: tuple[int, ...], share: float) -> tuple[int, ...]:
    return tuple(round(a + (b - a) * share) for a, b in zip(one, other, strict=True))


def _part(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
