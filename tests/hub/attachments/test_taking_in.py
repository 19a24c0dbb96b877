"""What is kept of a file from outside: its kind by content, pixels and nothing beside them, within bounds."""

import contextlib
import random
import zlib
from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from PIL import Image, ImageCms, PngImagePlugin

from hub.attachments.taking_in import (
    BROKEN,
    EMPTY,
    KEPT_BYTES_MAX,
    OTHER_KIND,
    PAPER_TOO_LARGE,
    PHONE_KIND,
    PIXELS_MAX,
    SENT_BYTES_MAX,
    SIDE_MAX,
    TOO_LARGE,
    TOO_MANY_PIXELS,
    NotTakenError,
    taken_in,
)
from hub.workflows.attachments import AttachmentKind

SECRET = b"SECRET-PLACE-48.2082-16.3738"
ORIENTATION, MAKER, GPS, LATITUDE = 0x0112, 0x010F, 0x8825, 2
PDF = b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer << /Root 1 0 R >>\n%%EOF\n"


def a_picture(format: str = "JPEG", size: tuple[int, int] = (60, 40), mode: str = "RGB", **more: Any) -> bytes:
    image = Image.new(mode, size, more.pop("color", 0))
    if mode == "RGB":
        image.paste((250, 0, 0), (0, 0, size[0] // 2, size[1] // 2))
    written = BytesIO()
    image.save(written, format, **more)
    return written.getvalue()


def with_place() -> bytes:
    """A picture as a telephone takes it: lying on its side, with place, maker, comment and a file hidden behind it."""
    exif = Image.Exif()
    exif[ORIENTATION], exif[MAKER] = 6, SECRET.decode()
    exif.get_ifd(GPS)[LATITUDE] = (48.0, 12.0, 29.5)
    return a_picture(exif=exif, comment=SECRET, xmp=b"<x>" + SECRET + b"</x>") + b"PK\x03\x04" + SECRET


def refusal(raw: bytes) -> str:
    with pytest.raises(NotTakenError) as refused:
        taken_in(raw)
    return str(refused.value)


def test_nothing_beside_the_pixels_of_a_picture_is_kept_and_it_stands_upright() -> None:
    taken = taken_in(with_place())

    with Image.open(BytesIO(taken.content)) as kept:
        assert (kept.format, kept.mode, kept.size) == ("JPEG", "RGB", (40, 60))
        assert not dict(kept.getexif())
        assert not {"exif", "comment", "xmp", "icc_profile"} & set(kept.info)
        red = kept.getpixel((35, 5))
    assert isinstance(red, tuple)
    assert red[0] > 200 > 60 > red[1], "the corner that was red is where it was held up"
    assert SECRET not in taken.content
    assert b"PK\x03\x04" not in taken.content
    assert taken.kind is AttachmentKind.PICTURE


@pytest.mark.parametrize("format", ["PNG", "WEBP"])
def test_other_pictures_become_jpegs_on_white_without_their_words(format: str) -> None:
    words = PngImagePlugin.PngInfo()
    words.add_text("Comment", SECRET.decode())
    more: dict[str, Any] = {"pnginfo": words} if format == "PNG" else {}
    raw = a_picture(format, mode="RGBA", color=(0, 0, 0, 0), **more)

    taken = taken_in(raw)

    with Image.open(BytesIO(taken.content)) as kept:
        assert (kept.format, kept.size) == ("JPEG", (60, 40))
        assert kept.getpixel((55, 35)) == (255, 255, 255)
    assert SECRET not in taken.content


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "I;16", "CMYK"])
def test_pictures_of_every_depth_are_taken(mode: str) -> None:
    raw = a_picture("JPEG" if mode == "CMYK" else "PNG", mode=mode)

    assert taken_in(raw).content.startswith(b"\xff\xd8\xff")


def test_a_picture_keeps_its_colours_where_it_says_which_they_are_and_any_where_it_says_so_wrongly() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()

    for told in (profile, b"no profile"):
        with Image.open(BytesIO(taken_in(a_picture(icc_profile=told)).content)) as kept:
            red = kept.getpixel((5, 5))
            assert isinstance(red, tuple)
            assert red[0] > 200 > 60 > red[1]


def test_a_large_picture_is_kept_smaller() -> None:
    taken = taken_in(a_picture(size=(5_000, 2_000)))

    with Image.open(BytesIO(taken.content)) as kept:
        assert kept.size == (SIDE_MAX, SIDE_MAX * 2 // 5)


def test_a_pdf_is_kept_as_it_came() -> None:
    taken = taken_in(PDF)

    assert (taken.kind, taken.content) == (AttachmentKind.PAPER, PDF)


def bomb() -> bytes:
    """A PNG of a few hundred bytes that says it has a hundred thousand pixels a side."""
    whole = bytearray(a_picture("PNG", (1, 1)))
    whole[16:24] = (100_000).to_bytes(4, "big") * 2
    whole[29:33] = zlib.crc32(whole[12:29]).to_bytes(4, "big")
    return bytes(whole)


def just_too_many() -> bytes:
    side = int(PIXELS_MAX**0.5) + 1
    whole = bytearray(a_picture("PNG", (1, 1)))
    whole[16:24] = side.to_bytes(4, "big") * 2
    whole[29:33] = zlib.crc32(whole[12:29]).to_bytes(4, "big")
    return bytes(whole)


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        (lambda: b"", EMPTY),
        (lambda: b"\xff\xd8\xff" + bytes(SENT_BYTES_MAX), TOO_LARGE),
        (lambda: PDF + bytes(KEPT_BYTES_MAX), PAPER_TOO_LARGE),
        (bomb, TOO_MANY_PIXELS),
        (just_too_many, TOO_MANY_PIXELS),
        (lambda: with_place()[:300], BROKEN),
        (lambda: b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", OTHER_KIND),
        (lambda: b"<!doctype html><script>alert(1)</script>", OTHER_KIND),
        (lambda: b"MZ" + bytes(400), OTHER_KIND),
        (lambda: a_picture("GIF", mode="P"), OTHER_KIND),
        (lambda: b"just words", OTHER_KIND),
        (lambda: b"<p>" + PDF, OTHER_KIND),
        (lambda: b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic" + bytes(200), PHONE_KIND),
    ],
)
def test_what_is_not_taken_is_told_with_what_to_do(raw: Callable[[], bytes], told: str) -> None:
    assert refusal(raw()) == told


def test_whatever_a_damaged_picture_holds_it_is_taken_or_told_and_nothing_else_goes_wrong() -> None:
    rolled = random.Random(17)
    words = PngImagePlugin.PngInfo()
    words.add_text("Comment", "x" * 500, zip=True)
    whole = [with_place(), a_picture("PNG", pnginfo=words), a_picture("WEBP"), PDF]
    for _ in range(200):
        damaged = bytearray(rolled.choice(whole))
        for _ in range(rolled.randrange(1, 12)):
            damaged[rolled.randrange(len(damaged))] = rolled.randrange(256)
        with contextlib.suppress(NotTakenError):
            taken_in(bytes(damaged[: rolled.randrange(20, len(damaged) + 1)]))
