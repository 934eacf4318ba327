"""A zip of tables of many videos: read as the folder that it holds."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from viewcast.base.errors import DataError
from viewcast.data.archive import Member, members
from viewcast.data.limits import PANEL, Limits
from viewcast.data.panel.readers.batches import KINDS, tables_in
from viewcast.data.raw import HIDDEN

_PARTS = re.compile(r"[/\\]")


@contextmanager
def unpacked(source: Path, limits: Limits = PANEL) -> Iterator[Path]:
    """The source itself; of a zip, and of a folder that holds one zip and no table, a folder with
    the tables of the zip, for as long as the block lasts.

    Refuses (DataError) a damaged zip, and more than ``limits`` allow; an error in the block names
    the zip in place of that folder.
    """
    packed = _zip_of(source)
    if packed is None:
        yield source
        return
    with TemporaryDirectory(prefix="viewcast-") as made:
        folder = Path(made)
        _unpack(packed, folder, limits)
        try:
            yield folder
        except DataError as error:
            raise DataError(str(error).replace(made, str(packed))) from error


def _zip_of(source: Path) -> Path | None:
    if source.is_file():
        return source if source.suffix.lower() == ".zip" else None
    if not source.is_dir() or tables_in(source):
        return None
    found = [file for file in source.iterdir() if file.suffix.lower() == ".zip" and file.is_file()]
    found = [file for file in found if not file.name.startswith(HIDDEN)]
    return found[0] if len(found) == 1 else None


def _unpack(packed: Path, folder: Path, limits: Limits) -> None:
    inside = [each for each in members(packed, limits) if Path(each.name).suffix.lower() in KINDS]
    limits.refuse("bytes", packed, sum(each.size for each in inside), "bytes of tables in it")
    for member in inside:
        place = folder.joinpath(*_names(member))
        if place.exists():
            raise DataError(f"{packed}: holds {member.name} twice; unpack it, and keep one")
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            with place.open("wb") as opened:
                opened.writelines(member.parts())
        except OSError as error:
            raise DataError(f"{member}: cannot be unpacked ({error.strerror or error})") from error


def _names(member: Member) -> list[str]:
    """The folders and the name of a file in a zip, none of which leads out of a folder."""
    return [part for part in _PARTS.split(member.info.filename) if part.strip(". ")]
