"""Decodes what strangers send, in a process of its own that may die of it.

*Called by*: chat.files.child, as a program: kind, source, folder for what it makes; it answers in JSON.
*Keeps true*: memory, time and the size of what it writes are bounded before the first byte is looked at; no metadata
comes out. *Why* no Django here: it starts in a tenth of a second, and knows no key that could be stolen.
"""

import json
import math
import resource
import sys
from pathlib import Path
from typing import Any

MEMORY_BYTES = 1_200 << 20
CPU_SECONDS = 20
WRITTEN_BYTES = 200 << 20
PIXELS_MAX = 50_000_000
# All frames of an animation together; more are made smaller, and what comes after FRAMES_MAX is left out.
MOVING_PIXELS_MAX = 60_000_000
FRAMES_MAX = 200
# Frames that ask to be shown no longer, in milliseconds, are shown for 100 by every browser.
SOONEST = 10
PREVIEW_SIDE = 960
MOVING_SIDE = 480
PAGES_MAX = 20
CARD_SIDE = 480
# Smaller ones are dots that count readers, or icons.
CARD_SIDE_MIN = 40
PORTRAIT_PIXELS_MAX = 16_000_000
# The squares of a portrait, by their names.
PORTRAIT_SIDES = {"large": 256, "small": 64}
FORMATS = {"JPEG": "image/jpeg", "PNG": "image/png", "GIF": "image/gif", "WEBP": "image/webp"}


def main() -> None:
    kind, source, folder = sys.argv[1:4]
    _bound()
    makers = {"image": picture, "pdf": pages, "card": card, "portrait": portrait}
    json.dump(makers[kind](Path(source), Path(folder)), sys.stdout)


def picture(source: Path, folder: Path) -> dict[str, Any]:
    """Make "original" anew without what it tells besides the picture, and previews 1 (still) and 2 (moving)."""
    from PIL import Image, ImageOps

    Image.MAX_IMAGE_PIXELS = None  # ours is the limit, and it is not a warning
    with Image.open(source, formats=list(FORMATS)) as opened:
        form = str(opened.format)
        if opened.width * opened.height > PIXELS_MAX:
            return {"refused": "pixels"}
        frames = min(getattr(opened, "n_frames", 1), FRAMES_MAX)
        if frames > 1:
            return _moving(opened, form, frames, folder)
        image = _in_plain_colors(ImageOps.exif_transpose(opened))
    _save(image, folder / "original", form)
    preview = image.copy()
    preview.thumbnail((PREVIEW_SIDE, PREVIEW_SIDE))
    _save(preview, folder / "1", "WEBP", quality=80)
    return {"media_type": FORMATS[form], "width": image.width, "height": image.height, "previews": 1}


def pages(source: Path, folder: Path) -> dict[str, Any]:
    """Render the first pages; a document that asks for a password has none."""
    import pypdfium2

    document = pypdfium2.PdfDocument(source)
    count = len(document)
    made = 0
    for number in range(min(count, PAGES_MAX)):
        page = document[number]
        width, height = page.get_size()
        if not (0 < width < 20_000 and 0 < height < 20_000):
            break
        image = page.render(scale=PREVIEW_SIDE / max(width, height)).to_pil().convert("RGB")
        _save(image, folder / str(number + 1), "WEBP", quality=80)
        if number == 0:
            first = image.size
        made += 1
    if not made:
        return {"pages": count, "previews": 0}
    return {"pages": count, "previews": made, "width": first[0], "height": first[1]}


def card(source: Path, folder: Path) -> dict[str, Any]:
    """Make "card": small and still, for the preview of a link."""
    from PIL import Image, ImageOps

    Image.MAX_IMAGE_PIXELS = None  # ours is the limit, and it is not a warning
    with Image.open(source, formats=list(FORMATS)) as opened:
        if opened.width * opened.height > PIXELS_MAX:
            return {"refused": "pixels"}
        if min(opened.size) < CARD_SIDE_MIN:
            return {"refused": "small"}
        image = _in_plain_colors(ImageOps.exif_transpose(opened))
    image.thumbnail((CARD_SIDE, CARD_SIDE))
    _save(image, folder / "card", "WEBP", quality=80)
    return {"width": image.width, "height": image.height}


def portrait(source: Path, folder: Path) -> dict[str, Any]:
    """Make "large" and "small": squares out of the middle, on white where the picture lets light through."""
    from PIL import Image, ImageOps

    Image.MAX_IMAGE_PIXELS = None  # ours is the limit, and it is not a warning
    with Image.open(source, formats=list(FORMATS)) as opened:
        if opened.width * opened.height > PORTRAIT_PIXELS_MAX:
            return {"refused": "pixels"}
        large = PORTRAIT_SIDES["large"]
        opened.draft("RGB", (2 * large, 2 * large))
        image = _in_plain_colors(ImageOps.exif_transpose(opened)).convert("RGBA")
    square = ImageOps.fit(image, (large, large), Image.Resampling.LANCZOS)
    ground = Image.new("RGBA", square.size, "white")
    ground.alpha_composite(square)
    for name, side in PORTRAIT_SIDES.items():
        shown = ground.convert("RGB").resize((side, side), Image.Resampling.LANCZOS)
        _save(shown, folder / name, "WEBP", quality=84)
    return {"width": large}


def _moving(opened: Any, form: str, count: int, folder: Path) -> dict[str, Any]:
    """An animation stays one, as far as it fits."""
    scale = min(1.0, math.sqrt(MOVING_PIXELS_MAX / (count * opened.width * opened.height)))
    size = max(1, round(opened.width * scale)), max(1, round(opened.height * scale))
    frames, durations = [], []
    for number in range(count):
        opened.seek(number)
        shown = int(opened.info.get("duration") or 0)
        durations.append(shown if shown > SOONEST else 100)
        frames.append(opened.convert("RGBA").resize(size) if scale < 1 else opened.convert("RGBA"))
    # A GIF that does not say how often plays once.
    often = {"loop": int(opened.info["loop"])} if "loop" in opened.info else {"loop": 1} if form != "GIF" else {}
    timing = {"save_all": True, "duration": durations}
    # Where light comes through, what the frame before drew has to go first, or it stays as a trail.
    is_clear = form == "GIF" and any(frame.getextrema()[3][0] < 255 for frame in frames)
    cleared = {"disposal": 2} if is_clear else {}
    _save(frames[0], folder / "original", form, append_images=frames[1:], **timing, **often, **cleared)
    still = frames[0].copy()
    still.thumbnail((PREVIEW_SIDE, PREVIEW_SIDE))
    _save(still, folder / "1", "WEBP", quality=80)
    for frame in frames:
        frame.thumbnail((MOVING_SIDE, MOVING_SIDE))
    often = {"loop": 1, **often}
    _save(frames[0], folder / "2", "WEBP", append_images=frames[1:], quality=70, method=2, **timing, **often)
    return {"media_type": FORMATS[form], "width": size[0], "height": size[1], "previews": 2}


def _in_plain_colors(image: Any) -> Any:
    """In sRGB, with transparency where there is any."""
    from io import BytesIO

    from PIL import ImageCms

    profile = image.info.get("icc_profile")
    if image.mode in ("P", "PA", "LA"):
        image = image.convert("RGBA")
    elif image.mode not in ("RGB", "RGBA", "L"):
        if image.mode != "CMYK" or not profile:
            image = image.convert("RGB")
    if profile and image.mode in ("RGB", "RGBA", "CMYK"):
        mode = "RGBA" if image.mode == "RGBA" else "RGB"
        try:
            srgb = ImageCms.createProfile("sRGB")
            image = ImageCms.profileToProfile(image, ImageCms.ImageCmsProfile(BytesIO(profile)), srgb, outputMode=mode)
        except (ImageCms.PyCMSError, OSError, ValueError):
            image = image.convert(mode)
    return image


def _save(image: Any, path: Path, form: str, **options: Any) -> None:
    """Write the pixels and nothing else: what an image carries in `info` would be written too."""
    image.info = {}
    if form == "JPEG":
        image, options = image.convert("RGB"), {"quality": 90, "progressive": True, **options}
    if form == "WEBP":
        options = {"quality": 90, "method": 4, **options}
    image.save(path, form, **options)


def _bound() -> None:
    for what, most in (
        (resource.RLIMIT_AS, MEMORY_BYTES),
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_FSIZE, WRITTEN_BYTES),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 64),
    ):
        hard = resource.getrlimit(what)[1]  # who began it may be bounded closer
        bound = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (bound, bound))


if __name__ == "__main__":
    main()
