"""Small archives of very large files, made without the large files."""

import io
import struct
import zipfile
import zlib
from functools import cache

LINES = (b"\x00", b"2021-01-01,1\n", b"a,", b"x", b'"')
HEADER = b"Date,Views\n"
BLOCK = 2**20  # bytes, about
BLOCKS = 1_024


@cache
def _deflated(line: bytes) -> tuple[bytes, int, int]:
    """A header and ``line`` over and over, deflated; its check sum and its length."""
    block = line * (BLOCK // len(line))
    packer = zlib.compressobj(6, zlib.DEFLATED, -zlib.MAX_WBITS)
    head = packer.compress(HEADER) + packer.flush(zlib.Z_FULL_FLUSH)
    # What follows a full flush does not look back: one packed block stands for any number of them.
    one = packer.compress(block) + packer.flush(zlib.Z_FULL_FLUSH)
    tail = packer.flush(zlib.Z_FINISH)
    return head + one * BLOCKS + tail, _check_sum(block), len(HEADER) + len(block) * BLOCKS


def _check_sum(block: bytes) -> int:
    check = zlib.crc32(HEADER)
    for _ in range(BLOCKS):
        check = zlib.crc32(block, check)
    return check


@cache
def zipped(line: bytes) -> bytes:
    """A zip of one such file, ``Totals.csv``."""
    stream, check, length = _deflated(line)
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr(zipfile.ZipInfo("Totals.csv", (2024, 1, 1, 0, 0, 0)), stream)
    changed = bytearray(made.getvalue())
    central = changed.rfind(b"PK\x01\x02")
    for method, crc, size in ((8, 14, 22), (central + 10, central + 16, central + 24)):
        struct.pack_into("<H", changed, method, zipfile.ZIP_DEFLATED)
        struct.pack_into("<I", changed, crc, check)
        struct.pack_into("<I", changed, size, length)
    return bytes(changed)


@cache
def gzipped(line: bytes) -> bytes:
    """The same as a gzip file."""
    stream, check, length = _deflated(line)
    head = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
    return head + stream + struct.pack("<II", check, length & 0xFFFFFFFF)
