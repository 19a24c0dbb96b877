"""Taking in a file from outside: what it is by its content, never by its name, and what of it is kept.

A picture is decoded and made anew as a JPEG in sRGB, turned the way it was held: neither place, device nor anything
else that stood beside its pixels is kept, nor a second file hidden in it. A PDF is kept as it came.
"""

import contextlib
import hashlib
import struct
import warnings
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Final

from hub.workflows.attachments import AttachmentKind

if TYPE_CHECKING:
    from PIL.Image import Image

KEPT_BYTES_MAX: Final = 10 << 20
"""Of what is kept: a PDF as it came, a picture as it was made anew."""
SENT_BYTES_MAX: Final = 30 << 20
"""Of a picture as it comes: the largest that telephones take."""
PIXELS_MAX: Final = 64_000_000
"""Of a picture as it comes; it takes four bytes each while it is decoded, a JPEG mostly far less (``draft``)."""
SIDE_MAX: Final = 2_560
"""Pixels of the longer side of what is kept: the letters of a page that fills the picture can be read."""
QUALITY: Final = 85

_PDF: Final = "application/pdf"
_PICTURES: Final = {"image/jpeg": "JPEG", "image/png": "PNG", "image/webp": "WEBP"}
_HEIF: Final = frozenset({"image/heic", "image/heif"})

TOO_LARGE: Final = "This file is over 30 MB. Send a smaller one."
PAPER_TOO_LARGE: Final = "This PDF is over 10 MB. Send it in parts, or as photos."
EMPTY: Final = "Choose a photo or a PDF."
OTHER_KIND: Final = "This is neither a photo (JPEG, PNG or WebP) nor a PDF. Send it as one of these."
PHONE_KIND: Final = (
    "This photo is in the format HEIC. Set the camera to “Most compatible”, or send a picture of the screen."
)
BROKEN: Final = "This photo can't be read. Take it again, or send another one."
TOO_MANY_PIXELS: Final = "This picture has too many pixels. Send a smaller one."


class NotTakenError(ValueError):
    """The file can't be taken; its message says to the person what to do."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What is kept of a file."""

    kind: AttachmentKind
    content: bytes
    digest: str
    """SHA-256 in hexadecimal."""


def taken_in(raw: bytes) -> Taken:
    """Return what is kept of a file. Takes up to seconds and some hundred megabytes: on a thread, one at a time.

    Raises:
        NotTakenError: it is too large, broken, or of no kind that is taken.
    """
    if not raw:
        raise NotTakenError(EMPTY)
    if len(raw) > SENT_BYTES_MAX:
        raise NotTakenError(TOO_LARGE)
    kinds = _kinds(raw)
    if _PDF in kinds and raw.startswith(b"%PDF-"):
        if len(raw) > KEPT_BYTES_MAX:
            raise NotTakenError(PAPER_TOO_LARGE)
        return _taken(AttachmentKind.PAPER, raw)
    formats = [name for kind, name in _PICTURES.items() if kind in kinds]
    if not formats:
        raise NotTakenError(PHONE_KIND if kinds & _HEIF else OTHER_KIND)
    return _taken(AttachmentKind.PICTURE, _made_anew(raw, formats))


def _taken(kind: AttachmentKind, content: bytes) -> Taken:
    return Taken(kind, content, hashlib.sha256(content).hexdigest())


def _kinds(raw: bytes) -> frozenset[str]:
    """Return the media types whose marks stand in the file."""
    import puremagic  # noqa: PLC0415 - its tables are read when the first file comes, not whenever a hub starts.

    try:
        return frozenset(each.mime_type for each in puremagic.magic_string(raw))
    except (puremagic.PureError, ValueError):
        return frozenset()


def _made_anew(raw: bytes, formats: list[str]) -> bytes:
    from PIL import Image  # noqa: PLC0415 - as above.

    warnings.filterwarnings("ignore", module="PIL")  # Of odd words beside the pixels, which are not kept.
    try:
        with Image.open(BytesIO(raw), formats=formats) as found:
            if found.width * found.height > PIXELS_MAX:
                raise NotTakenError(TOO_MANY_PIXELS)
            found.draft("RGB", (SIDE_MAX, SIDE_MAX))  # A JPEG is decoded no larger than it takes.
            plain = _plain(found)
    except Image.DecompressionBombError:
        raise NotTakenError(TOO_MANY_PIXELS) from None
    except NotTakenError:
        raise
    except (OSError, ValueError, SyntaxError, EOFError, OverflowError, IndexError, KeyError, TypeError, struct.error):
        raise NotTakenError(BROKEN) from None  # Whatever a decoder finds wrong with it: the file is at fault.
    written = BytesIO()
    plain.save(written, "JPEG", quality=QUALITY, optimize=True, progressive=True)
    assert written.tell() <= KEPT_BYTES_MAX, "so many pixels in this quality are far smaller"
    return written.getvalue()


def _plain(found: "Image") -> "Image":
    """Return the pixels alone, upright, in sRGB, on white where nothing stood."""
    from PIL import Image, ImageCms, ImageOps  # noqa: PLC0415 - as above.

    profile = found.info.get("icc_profile")
    upright = ImageOps.exif_transpose(found)
    if upright.mode not in ("RGB", "RGBA", "L", "LA"):
        upright = upright.convert("RGBA" if upright.has_transparency_data else "RGB")
    upright.thumbnail((SIDE_MAX, SIDE_MAX), Image.Resampling.LANCZOS, reducing_gap=2.0)
    if profile and upright.mode == "RGB":
        srgb = ImageCms.createProfile("sRGB")
        with contextlib.suppress(ImageCms.PyCMSError, OSError):  # Of a profile that is none they stay as they stand.
            upright = ImageCms.profileToProfile(upright, ImageCms.ImageCmsProfile(BytesIO(profile)), srgb) or upright
    plain = Image.new("RGB", upright.size, "white")
    if upright.has_transparency_data:
        see_through = upright.convert("RGBA")
        plain.paste(see_through, mask=see_through.getchannel("A"))
    else:
        plain.paste(upright.convert("RGB"))
    return plain
