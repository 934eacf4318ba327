"""Zips and gzip files with exports: damaged, encrypted, packed in odd ways, bombs."""

import bz2
import gzip
import io
import lzma
import struct
import zipfile
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from fuzz import bombs, evil, exports
from fuzz.case import Case
from fuzz.real import archives as real_archives
from fuzz.target import Accepted, Target
from viewcast.data.export import Wanted
from viewcast.data.studio import read_folder

METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)
UNKNOWN = (1, 9, 93, 98, 99, 255)  # methods of zip that Python does not unpack
LOCAL, CENTRAL = b"PK\x03\x04", b"PK\x01\x02"
CHART = b"Date,Content,Views\n2021-01-01,abc,3\n2021-01-02,abc,4\n"
UNKNOWN_RIGHT: dict[str, Any] = {"days": {}, "whole": None}


@st.composite
def zips(draw: st.DrawFn) -> tuple[bytes, dict[str, Any], tuple[str, ...]]:
    """A zip with a whole or damaged export, maybe damaged itself."""
    content, right, made = draw(exports.contents())
    members = {draw(st.sampled_from(("Totals.csv", "Channel/Totals.csv"))): content}
    how = draw(
        st.sampled_from(
            (
                "plain",
                "plain",
                "plain",
                "names",
                "link",
                "many",
                "nested",
                "bomb",
                "folder",
                "twice",
            )
        )
    )
    if draw(st.booleans()):
        members = {"Chart data.csv": CHART, "__MACOSX/._Totals.csv": b"\x00\x05\x16\x07", **members}
    if how == "names":
        members = {draw(evil.names): content for _ in range(draw(st.integers(1, 3)))}
        right = UNKNOWN_RIGHT
    if how == "many":
        members |= {f"{n}.{draw(st.sampled_from(('txt', 'csv')))}": b"" for n in range(3_000)}
        right = UNKNOWN_RIGHT
    if how == "nested":
        members = {"inner.zip": packed(members, zipfile.ZIP_STORED), "readme.txt": b""}
        right = UNKNOWN_RIGHT
    if how == "bomb":
        archive, harm = draw(harmed(bombs.zipped(draw(st.sampled_from(bombs.LINES)))))
        return archive, UNKNOWN_RIGHT, (how, harm)
    if how == "folder":
        members = {"Totals.csv/": b"", **members}
        right = UNKNOWN_RIGHT
    method = draw(st.sampled_from(METHODS))
    archive = packed(members, method, link=how == "link", twice=how == "twice")
    right = UNKNOWN_RIGHT if how in ("link", "twice") else right
    archive, harm = draw(harmed(archive))
    if harm == "unharmed":
        return archive, right, (*made, how)
    lossy = {**right, "whole": None if right["whole"] is None else False}
    return archive, lossy, (*made, how, harm)


def packed(
    members: dict[str, bytes], method: int, link: bool = False, twice: bool = False
) -> bytes:
    """A zip of these members; ``link``: the first is a symbolic link; ``twice``: it comes twice."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", method) as archive:
        for name, content in members.items():
            about = zipfile.ZipInfo(name.replace("\x00", ""), (2024, 1, 1, 0, 0, 0))
            about.compress_type = method
            if link:
                about.external_attr = 0o120777 << 16
            archive.writestr(about, b"/etc/passwd" if link else content)
            link = False
        if twice:
            archive.writestr(f"again/{next(iter(members))}", content)
    return made.getvalue()


@st.composite
def harmed(draw: st.DrawFn, archive: bytes) -> tuple[bytes, str]:
    """A zip with wrong headers or broken bytes, or as it was."""
    how = draw(st.sampled_from(("unharmed", "bytes", "bytes", "crc", "password", "method", "size")))
    if how == "unharmed":
        return archive, how
    if how == "bytes":
        return draw(evil.broken(archive))
    changed = bytearray(archive)
    for mark, flags, method, crc, size in ((LOCAL, 6, 8, 14, 22), (CENTRAL, 8, 10, 16, 24)):
        start = archive.find(mark)
        if start < 0 or start + size + 4 > len(archive):
            continue
        if how == "crc":
            struct.pack_into("<I", changed, start + crc, 0xDEADBEEF)
        elif how == "password":
            changed[start + flags] |= 1
        elif how == "method":
            number = draw(st.sampled_from((*METHODS, *UNKNOWN)))
            struct.pack_into("<H", changed, start + method, number)
        else:
            told = draw(st.sampled_from((0, 1, 2**31, 2**32 - 1)))
            struct.pack_into("<I", changed, start + size, told)
    return bytes(changed), how


@st.composite
def streams(draw: st.DrawFn) -> tuple[bytes, dict[str, Any], tuple[str, ...]]:
    """A gzip file, or what is called one."""
    content, right, made = draw(exports.contents())
    how = draw(st.sampled_from(("gzip", "gzip", "broken", "bz2", "xz", "twice", "bomb")))
    if how == "bomb":
        return bombs.gzipped(draw(st.sampled_from(bombs.LINES))), UNKNOWN_RIGHT, (how,)
    archive = gzip.compress(content, 1)
    if how == "broken":
        archive, harm = draw(evil.broken(archive))
        return archive, UNKNOWN_RIGHT, (*made, harm)
    if how in ("bz2", "xz"):
        archive = bz2.compress(content) if how == "bz2" else lzma.compress(content)
    if how == "twice":
        archive, right = gzip.compress(archive, 1), UNKNOWN_RIGHT
    return archive, right, (*made, how)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """One archive, made here or a real one that was broken."""
    real = real_archives()
    choice = draw(st.integers(0, 9))
    if choice == 0 and real:
        chosen = draw(st.sampled_from(real))
        archive, how = draw(harmed(chosen.read_bytes()))
        return Case({"export.zip": archive}, None, (chosen.name, how))
    if choice < 3:
        archive, right, made = draw(streams())
        return Case({"Totals.csv.gz": archive}, right, made)
    archive, right, made = draw(zips())
    return Case({"export.zip": archive}, right, made)


def run(given: Path, project: Path) -> Accepted:
    """Read the one archive."""
    (file,) = given.iterdir()
    return Accepted(exports.days_of(read_folder(file, Wanted()).whole.views))


TARGET = Target("archives", cases(), run, exports.agrees)
