"""Pictures as PNG files, with the standard library."""

from __future__ import annotations

import base64
import struct
import zlib

SIGNATURE = b"\x89PNG\r\n\x1a\n"


def png(rgb: bytes, *, width: int, height: int) -> bytes:
    """A PNG of 8-bit colours.

    Args:
        rgb: Three bytes a pixel, row by row from the top left.
        width: Pixels across.
        height: Pixels down.

    Raises:
        ValueError: There are not as many bytes as pixels need.

    Source:
        ISO/IEC 15948:2004: signature, IHDR, one IDAT of unfiltered rows, IEND.
    """
    if len(rgb) != 3 * width * height:
        raise ValueError(f"{width} × {height} pixels take {3 * width * height} bytes, not {len(rgb)}")
    rows = b"".join(b"\0" + rgb[start : start + 3 * width] for start in range(0, len(rgb), 3 * width))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return SIGNATURE + _chunk(b"IHDR", header) + _chunk(b"IDAT", zlib.compress(rows, 9)) + _chunk(b"IEND", b"")


def data_uri(picture: bytes) -> str:
    """A PNG as an address that holds it, for a page that fetches nothing."""
    return "data:image/png;base64," + base64.b64encode(picture).decode()


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
