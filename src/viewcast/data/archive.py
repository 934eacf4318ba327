"""Packed files of others, a zip or a gzip file: whatever is wrong with one is said in words.

What zipfile raises on a damaged zip is not documented (eleven kinds of errors are known), so each
error while a zip or its member is read is a refusal that names both, the cause and what to do.
"""

import gzip
import io
import re
import stat
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from viewcast.base.errors import CutFileError, DataError
from viewcast.base.quoted import quoted
from viewcast.data.limits import DEFAULT, Limits

ENTRY = b"PK\x01\x02"  # begins what the directory of a zip says of one file
BEGIN = b"PK\x03\x04"
LONGEST = 200  # bytes of a name, which also gets a number in front; file systems take 255
ENCRYPTED = 0x1
STEP = 2**20  # bytes
_PARTS = re.compile(r"[/\\]")


@dataclass(frozen=True)
class Member:
    """A file in a zip, never unpacked: it is read as a ``Path`` is.

    Only the last part of its name is used, so that no name can lead out of a folder.
    """

    archive: zipfile.ZipFile
    info: zipfile.ZipInfo

    @property
    def name(self) -> str:
        """The last part of its name; empty for a folder."""
        return _PARTS.split(self.info.filename)[-1]

    @property
    def size(self) -> int:
        """Its bytes when it is unpacked, as the zip says."""
        return self.info.file_size

    def __str__(self) -> str:
        name = self.info.filename
        shown = name if name.isprintable() and len(name) <= LONGEST else quoted(name)
        return f"{self.archive.filename}/{shown}"

    def is_file(self) -> bool:
        """Whether it is no folder, and nothing that a system adds (hidden, or a fork of macOS)."""
        return not self.info.is_dir() and not self.info.filename.startswith("__MACOSX/")

    def read_bytes(self) -> bytes:
        """What it holds, at most ``size`` bytes.

        Refuses (DataError) a member that is locked, damaged, a link, packed in another way, or more
        than the memory holds.
        """
        try:
            return b"".join(self.parts())
        except MemoryError as error:
            raise _too_large(self) from error

    def parts(self) -> Iterator[bytes]:
        """What it holds, some at a time. Refuses what ``read_bytes`` refuses."""
        if stat.S_ISLNK(self.info.external_attr >> 16):
            raise DataError(f"{self}: is a link and no file; pack the file that it leads to")
        if self.info.flag_bits & ENCRYPTED:
            raise DataError(
                f"{self}: is protected by a password; unpack the zip, and give the folder"
            )
        try:
            # In steps: read at once, a member is unpacked as a whole, whatever size the zip tells.
            with self.archive.open(self.info) as packed:
                yield from iter(partial(packed.read, STEP), b"")
        except MemoryError as error:
            raise _too_large(self) from error
        except NotImplementedError as error:
            raise DataError(
                f"{self}: is packed in a way that is not read here ({quoted(str(error))}); unpack "
                "the zip, and give the folder"
            ) from error
        except Exception as error:
            raise DataError(f"{self}: is damaged ({_cause(error)}); download it again") from error


def members(source: Path, limits: Limits = DEFAULT) -> list[Member]:
    """The files in a zip at any depth, by name, as its directory lists them; none is read yet.

    Refuses (DataError) what is no whole zip, and more files than ``limits`` allow; a zip whose
    directory is not there yet, because the zip is cut short, is a CutFileError.
    """
    content = whole(source, limits)
    # Each entry becomes an object of 1 KB; what the zip says of their number may be wrong.
    limits.refuse("files", source, content.count(ENTRY), "files in it")
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
    except MemoryError as error:
        raise _too_large(source) from error
    except Exception as error:  # as above
        begun = content.startswith(BEGIN[: len(content)]) or not content.strip(b"\0")
        if begun and not zipfile.is_zipfile(io.BytesIO(content)):
            raise CutFileError(source, "not a complete zip file, its end is missing") from error
        raise DataError(f"{source}: not a zip file ({_cause(error)}); download it again") from error
    archive.filename = str(source)  # names the zip in messages about its members
    inside = [Member(archive, info) for info in archive.infolist()]
    return sorted(
        (member for member in inside if member.is_file()), key=lambda each: each.info.filename
    )


def whole(file: Path, limits: Limits = DEFAULT) -> bytes:
    """The bytes of a file. Refuses (DataError) one that is too large or cannot be read."""
    try:
        limits.refuse("bytes", file, file.stat().st_size, "bytes")
        return file.read_bytes()
    except MemoryError as error:
        raise _too_large(file) from error
    except OSError as error:
        raise DataError(f"{file}: cannot be read ({error.strerror or error})") from error


def unzipped(content: bytes, source: object, limits: Limits = DEFAULT) -> bytes:
    """The bytes in a gzip file. Refuses (DataError) a damaged one, and more than allowed.

    One that ends too early is a CutFileError.
    """
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(content)) as packed:
            found = packed.read(limits.bytes + 1)
    except MemoryError as error:
        raise _too_large(source) from error
    except EOFError as error:
        raise CutFileError(source, "not a complete gzip file") from error
    except (OSError, zlib.error, ValueError) as error:
        raise DataError(
            f"{source}: not a complete gzip file ({_cause(error)}); download it again"
        ) from error
    limits.refuse("bytes", source, len(found), "bytes or more in it")
    return found


def check_unzipped(file: Path, limits: Limits = DEFAULT, step: int = 2**20) -> None:
    """Refuse (DataError) a gzip file that holds more bytes than allowed; keeps none of them."""
    read = 0
    try:
        with gzip.open(file) as packed:
            while part := packed.read(step):
                read += len(part)
                limits.refuse("bytes", file, read, "bytes or more in it")
    except EOFError as error:
        raise CutFileError(file, "not a complete gzip file") from error
    except (OSError, zlib.error) as error:
        raise DataError(
            f"{file}: not a complete gzip file ({_cause(error)}); download it again"
        ) from error


def _too_large(source: object) -> DataError:
    """The refusal of what takes more memory to read than there is."""
    return DataError(
        f"{source}: the memory is used up while it is read, which says nothing of the file: end "
        "other programs, or give less at a time (a shorter period, or the unpacked table alone)"
    )


def _cause(error: Exception) -> str:
    """An error of a library in words; some say nothing."""
    return quoted(str(error)).strip("'\"") or type(error).__name__
