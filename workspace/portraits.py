"""Pictures of members: from what somebody uploads to the two squares that are shown.

*Called by*: chat.profiles, chat.views.profile. *Keeps true*: an upload is decoded within bounds and made anew, so that
nothing of its bytes, place or camera is kept; what is no picture is refused in words.
"""

import hashlib
import io

from django.utils.translation import gettext as _
from PIL import Image, ImageOps

from workspace.errors import Invalid, NotFound
from workspace.models import Member, Picture

LARGE, SMALL = 256, 64
BYTES_MAX = 480 * 1024
PIXELS_MAX = 16_000_000
_FORMATS = ("PNG", "JPEG", "WEBP", "GIF")
# All that Pillow raises for files that are broken, cut short, lie about themselves or are far too large.
_BROKEN = (
    *(OSError, ValueError, SyntaxError, EOFError, IndexError, KeyError, TypeError, OverflowError, MemoryError),
    *(Image.DecompressionBombError, Image.DecompressionBombWarning),
)


def keep(member: Member, raw: bytes) -> str:
    """Make the pictures and store them; the version for member.picture. Raises Invalid. Call inside a transaction."""
    square = _square(raw)
    large, small = _webp(square, LARGE), _webp(square, SMALL)
    Picture.objects.update_or_create(member=member, defaults={"large": large, "small": small})
    return hashlib.sha256(large).hexdigest()[:16]


def forget(member: Member) -> None:
    Picture.objects.filter(member=member).delete()


def read(member: Member, *, is_large: bool) -> bytes:
    """The WebP file. Raises NotFound for one who shows initials."""
    size = "large" if is_large else "small"
    found = Picture.objects.filter(member=member).values_list(size, flat=True).first()
    if found is None:
        raise NotFound
    return bytes(found)


def _square(raw: bytes) -> Image.Image:
    if len(raw) > BYTES_MAX:
        raise Invalid(_("The picture is larger than {most} KiB. Pick a smaller one.").format(most=BYTES_MAX // 1024))
    try:
        with Image.open(io.BytesIO(raw), formats=_FORMATS) as picture:
            if picture.width * picture.height > PIXELS_MAX:
                raise Invalid(_("The picture has too many pixels. Pick one of at most 4000 by 4000."))
            picture.draft("RGB", (2 * LARGE, 2 * LARGE))
            upright = ImageOps.exif_transpose(picture).convert("RGBA")
            square = ImageOps.fit(upright, (LARGE, LARGE), Image.Resampling.LANCZOS)
    except _BROKEN:
        raise Invalid(_("That is no picture that can be read. Pick a PNG, JPEG, WebP or GIF file.")) from None
    ground = Image.new("RGBA", square.size, "white")
    ground.alpha_composite(square)
    return ground.convert("RGB")


def _webp(square: Image.Image, size: int) -> bytes:
    out = io.BytesIO()
    square.resize((size, size), Image.Resampling.LANCZOS).save(out, "WEBP", quality=84, method=4)
    return out.getvalue()
