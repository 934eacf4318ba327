"""What lies in a folder of exports: which files are exports, and which are left out.

A folder of CSV files that lie side by side is an export as YouTube packs it (totals, chart and
table), or several; a zip is one; a folder in the folder is looked at in the same way.
"""

import re
import time
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from viewcast.base.errors import SourceError
from viewcast.base.escaped import is_text
from viewcast.base.folders import MARK, made_in
from viewcast.base.quoted import listed
from viewcast.data.raw import HIDDEN, is_csv

GOING_ON = (
    *(".crdownload", ".part", ".partial", ".download", ".opdownload", ".tmp", ".filepart"),
    ".icloud",  # stands for a file that is not on this machine yet
)
OF_SYSTEMS = ("__macosx", "thumbs.db", "desktop.ini")  # in small letters
QUIET = 600  # seconds without a change after which nobody is writing a file any more
EARLIEST = 1981  # a zip without times has 1980 in their place
SHOWN = 5
_NUMBERED = re.compile(r"(\d+) ")


@dataclass
class Found:
    """``places``: zips, and folders that hold CSV files. ``going_on``: downloads that are not
    complete by their names. ``others``: files that are no exports. ``closed``: folders that may not
    be looked into. ``lost``: links to files that are not there. ``unnamed``: what has a
    name that is no text, which no message, record or server could hold.
    """

    places: list[Path] = field(default_factory=list)
    going_on: list[Path] = field(default_factory=list)
    others: list[Path] = field(default_factory=list)
    closed: list[Path] = field(default_factory=list)
    lost: list[Path] = field(default_factory=list)
    unnamed: list[Path] = field(default_factory=list)

    @property
    def told(self) -> list[str]:
        """What is told of files that are no exports, and of folders that are closed."""
        return [
            f"left out, {why}: {listed([place.name for place in left], SHOWN)}"
            for why, left in (
                ("no exports by their names", self.others),
                ("folders that cannot be read", self.closed),
                ("links to files that are not there", self.lost),
                ("rename it, the name is no text", self.unnamed),
            )
            if left
        ]


@dataclass(frozen=True)
class Stat:
    """The size of a file in bytes, and when it was changed, in seconds since 1970."""

    size: int
    changed: float

    @classmethod
    def of(cls, place: Path) -> "Stat":
        """That of a file; of a folder, of its files together."""
        inside = [place] if place.is_file() else [file for file in place.iterdir() if is_csv(file)]
        stats = [file.stat() for file in inside] or [place.stat()]
        return cls(sum(one.st_size for one in stats), max(one.st_mtime for one in stats))


@dataclass(frozen=True)
class Watch:
    """Whether somebody is still writing a file; the clock and the look at a file can be replaced.

    A file that was changed within ten minutes, or since the look before it was read, may still
    grow. The clock of a share may be ahead, by ten minutes at most.
    """

    look: Callable[[Path], Stat] = Stat.of
    now: Callable[[], float] = time.time

    def growing(self, place: Path, before: Stat | None) -> bool:
        """``before``: how the file was before it was read; None where it could not be seen."""
        try:
            after = self.look(place)
        except OSError:  # it has been taken away
            return True
        return after != before or abs(self.now() - after.changed) < QUIET


def look(folder: Path) -> Found:
    """What lies in a folder, at any depth, or in place of it: a single file is an export itself.

    Refuses (SourceError) a folder that is not there or cannot be read.
    """
    if not folder.exists():
        raise SourceError(f"{folder}: no such folder; make it and put an export into it")
    found = Found()
    if not folder.is_dir():
        found.places.append(folder)
        return found
    _look(folder, found, set())
    if folder in found.closed:
        raise SourceError(f"{folder}: this folder cannot be read; look at its rights")
    return found


def downloaded(place: Path, name: str) -> float:
    """When an export was downloaded, in seconds since 1970; of several exports that an import has
    put together, their number.

    ``place``: a zip, or the folder or file that holds the file ``name``. A zip has the time at
    which YouTube wrote its files, which a copy of the zip does not change.
    """
    if place.is_file() and place.suffix.lower() == ".zip":
        return _packed(place)
    file = Path(name)
    number = _NUMBERED.match(file.name)
    if number and file.name in made_in(file.parent):
        return float(number[1])
    return file.stat().st_mtime


def has_end(file: Path) -> bool:
    """Whether a file ends with the end of a line, or is packed and so cannot be cut unseen."""
    if file.suffix.lower() != ".csv" or not file.is_file():
        return True
    with file.open("rb") as opened:
        opened.seek(max(0, file.stat().st_size - 2))
        # A letter of UTF-16 has two bytes, of which one is zero.
        return opened.read(2).strip(b"\0")[-1:] in (b"\n", b"\r", b"")


def _packed(archive: Path) -> float:
    changed = archive.stat().st_mtime
    with zipfile.ZipFile(archive) as opened:
        times = [info.date_time for info in opened.infolist() if info.date_time[0] >= EARLIEST]
    try:
        return min(changed, datetime(*max(times)).timestamp()) if times else changed
    except (OverflowError, ValueError):  # no time of this calendar
        return changed


def _look(folder: Path, found: Found, seen: set[Path]) -> None:
    if folder.resolve() in seen:  # a link to a folder above
        return
    seen.add(folder.resolve())
    try:
        inside = sorted(folder.iterdir())
    except OSError:
        found.closed.append(folder)
        return
    if any(map(is_csv, inside)):
        found.places.append(folder)
    for place in inside:
        name = place.name.lower()
        if not is_text(name):
            found.unnamed.append(place)
        elif name.endswith(GOING_ON):
            found.going_on.append(place)
        elif name.startswith(HIDDEN) or name in OF_SYSTEMS or name == MARK:
            continue
        elif place.is_dir():
            _look(place, found, seen)
        elif place.is_symlink() and not place.exists():
            found.lost.append(place)
        elif name.endswith(".zip") and (place.is_file() or not place.exists()):
            found.places.append(place)
        elif not is_csv(place):
            found.others.append(place)
