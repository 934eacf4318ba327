"""Folders and files that are replaced or removed: only those that a former run of ours has made.

A path from the configuration can be wrong: ``output=.`` names the project itself. So a place is
checked before any work, by two rules:

1. it lies below the root of the project, symbolic links and ``..`` resolved, and outside of the
   folders of Git and DVC;
2. it is absent or empty, or it carries the mark of a former run and holds nothing else than what
   such a run makes.

The mark is a small hidden file, ``.viewcast.json``. It is written first, so that the folder of an
interrupted run can be used again. Single files are removed by name, and a folder only once it is
empty: a file that somebody adds in the meantime stays.
"""

import contextlib
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path, PurePath

from viewcast.base import files
from viewcast.base.errors import ConfigError
from viewcast.base.former_file import FileKind
from viewcast.base.parse import json_of

MARK = ".viewcast.json"
NOT_OURS = (".git", ".dvc")  # folders of the project that other programs keep
SHOWN = 5  # names in a message


def _never(_: Path) -> bool:
    return False


@dataclass(frozen=True)
class Kind:
    """What makes a folder, and what it makes in it.

    ``makes``: patterns of the files, relative to the folder, such as ``model/*``; ``*`` does not
    match ``/``. They count until the mark names the files that were made. ``unmarked``: whether a
    folder without a mark was made by version 0.1, which wrote none.
    """

    name: str
    makes: tuple[str, ...] = ()
    unmarked: Callable[[Path], bool] = _never


def within(root: Path, path: Path) -> Path:
    """The path, relative to the project or absolute, with all links resolved.

    Refuses (ConfigError) the project itself, a folder that holds it, anything outside of it, the
    folders of Git and DVC, and a path below a file.
    """
    base, shown = root.resolve(), _shown(root, path)
    try:
        resolved = (base / path).resolve()
    except (OSError, RuntimeError, ValueError) as error:  # a circle of links, a null character
        raise ConfigError(f"{shown}: no path that can be used ({error})") from error
    expected = "expected a path below the project, such as build/runs/mine"
    if resolved == base:
        raise ConfigError(f"{shown}: is the project itself, {base}; {expected}")
    if resolved in base.parents:
        raise ConfigError(f"{shown}: holds the project, {base}; {expected}")
    if base not in resolved.parents:
        raise ConfigError(f"{shown}: lies outside of the project, at {resolved}; {expected}")
    relative = resolved.relative_to(base)
    if relative.parts[0] in NOT_OURS:
        raise ConfigError(f"{shown}: lies in {relative.parts[0]}, which is not ours; {expected}")
    for parent in relative.parents:
        if (base / parent).exists() and not (base / parent).is_dir():
            raise ConfigError(f"{shown}: {parent} is a file, no folder; {expected}")
    return resolved


def _shown(root: Path, path: Path) -> str:
    """A path as people would type it: relative to the project if it begins there."""
    whole = root / path
    return str(whole.relative_to(root) if whole.is_relative_to(root) else path)


def check_folder(root: Path, folder: Path, kind: Kind) -> Path:
    """The resolved path of a folder that may be replaced; refuses (ConfigError) any other."""
    path = within(root, folder)
    if path.exists() and not path.is_dir():
        raise ConfigError(
            f"{_shown(root, folder)}: is a file; expected a folder, or a name that is not taken"
        )
    if foreign := _foreign(path, kind):
        names = ", ".join(foreign[:SHOWN])
        more = f" and {len(foreign) - SHOWN} more" if len(foreign) > SHOWN else ""
        raise ConfigError(
            f"{_shown(root, folder)}: holds {names}{more}, which no {kind.name} of viewcast made; "
            "nothing was changed: move it away, or choose another folder"
        )
    return path


def check_file(root: Path, file: Path, what: str, is_former: Callable[[Path], bool]) -> Path:
    """The resolved path of a file that may be written or replaced; refuses (ConfigError) any other.

    ``is_former``: whether an existing file is a former ``what``, which alone may be replaced.
    """
    return FileKind(what, is_former).check(within(root, file), _shown(root, file))


def is_ours(folder: Path, kind: Kind) -> bool:
    """Whether a folder was made by a former run of this kind and holds nothing else."""
    path = Path(folder)
    if path.is_symlink() or not path.is_dir():
        return False
    return (_marked(path, kind) or kind.unmarked(path)) and not _foreign(path, kind)


def claim(root: Path, folder: Path, kind: Kind) -> Path:
    """An empty folder with our mark in it; refuses (ConfigError) what ``check_folder`` does."""
    path = check_folder(root, folder, kind)
    path.mkdir(parents=True, exist_ok=True)
    if known := _known(path, kind):
        _mark(path, kind, known)
        _clear(path, kind)
    _mark(path, kind)
    return path


def remove(folder: Path, kind: Kind) -> bool:
    """Remove a folder if it is ours; returns whether it was."""
    if not is_ours(folder, kind):
        return False
    _mark(folder, kind, _known(folder, kind))  # one of version 0.1 that is interrupted here
    _clear(folder, kind)
    (folder / MARK).unlink()
    folder.rmdir()
    return True


@contextmanager
def replacing(root: Path, folder: Path, kind: Kind) -> Iterator[Path]:
    """Give an empty folder to fill; it takes the place of ``folder`` when the block ends.

    An error leaves the former folder as it was, and nothing beside it. The mark keeps the names of
    the files that were made. Refuses (ConfigError) what ``check_folder`` does.
    """
    path = within(root, folder)
    beside, former = (path.with_name(f".{path.name}.{end}") for end in ("partial", "former"))
    _put_back(former, path, kind)
    check_folder(root, folder, kind)
    for hidden in (beside, former):
        _discard(hidden, kind)
        if hidden.exists() or hidden.is_symlink():
            raise ConfigError(f"{hidden}: is in the way and was not made by viewcast; move it away")
    beside.mkdir(parents=True)
    _mark(beside, kind)
    try:
        yield beside
        _mark(beside, kind, _entries(beside))
        check_folder(root, folder, kind)  # a file may have been added while the block ran
        _swap(beside, path, former, kind)
    except BaseException:
        _discard(beside, kind)
        raise
    _discard(former, kind)


def made_in(folder: Path) -> list[str]:
    """The files that the mark of a folder names, relative to it; none without a mark."""
    try:
        mark = json_of((folder / MARK).read_text(encoding="utf-8"))
        return [str(name) for name in mark["files"]]
    except (OSError, ValueError, KeyError, TypeError):
        return []


def note_made(folder: Path, kind: Kind, names: Sequence[str] | None = None) -> None:
    """Write into the mark which files were made; by default all that the folder holds now."""
    _mark(folder, kind, _entries(folder) if names is None else names)


def _swap(beside: Path, path: Path, former: Path, kind: Kind) -> None:
    """Put the new folder in the place of the old one, which then lies under another name."""
    if not path.exists():
        beside.rename(path)
        return
    if not _marked(path, kind):
        _mark(path, kind, _known(path, kind))  # after a crash nothing else says that it is ours
    path.rename(former)
    try:
        beside.rename(path)
    except BaseException:
        former.rename(path)
        raise


def _put_back(former: Path, path: Path, kind: Kind) -> None:
    """What a process that was killed while it swapped has left: the former folder at most."""
    if _marked(former, kind) and not path.exists():
        former.rename(path)


def _discard(folder: Path, kind: Kind) -> None:
    """Remove a folder under a hidden name of ours, if it is empty or carries our mark."""
    if folder.is_symlink() or not folder.is_dir():
        return
    if _marked(folder, kind):
        shutil.rmtree(folder)
    else:
        with contextlib.suppress(OSError):  # it is not empty, and stays
            folder.rmdir()


def _mark(folder: Path, kind: Kind, names: Sequence[str] = ()) -> None:
    mark = {"viewcast": 1, "kind": kind.name, "files": sorted(set(names) - {MARK})}
    files.write_json(folder / MARK, mark, sync=False)


def _marked(folder: Path, kind: Kind) -> bool:
    try:
        mark = json_of((folder / MARK).read_text(encoding="utf-8"))
        return bool(mark["viewcast"] and mark["kind"] == kind.name)
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _known(folder: Path, kind: Kind) -> list[str]:
    """The files in a folder of ours that we have made, relative to it."""
    made = {MARK, *made_in(folder)}
    files_of_kind = [PurePath(pattern) for pattern in (MARK, *kind.makes)]
    patterns = [file.with_name(files.partial_name(file.name)) for file in files_of_kind]
    if len(made) == 1:  # the mark names none: whatever made the folder has not finished
        patterns += files_of_kind
    return [
        name
        for name in _entries(folder)
        if name in made or any(_matches(name, pattern) for pattern in patterns)
    ]


def _foreign(folder: Path, kind: Kind) -> list[str]:
    """What keeps a folder from being replaced: files that we have not made; empty if none."""
    if not folder.is_dir():
        return []
    if not _marked(folder, kind) and not kind.unmarked(folder):
        return sorted(entry.name for entry in folder.iterdir())
    return sorted(set(_entries(folder)) - set(_known(folder, kind)))


def _entries(folder: Path) -> list[str]:
    """Every file and link below a folder, relative to it, and every empty folder with a ``/``."""
    names = []
    for place, inner, outer in os.walk(folder):
        here = Path(place)
        links = [name for name in inner if (here / name).is_symlink()]
        names += [(here / name).relative_to(folder).as_posix() for name in (*links, *outer)]
        if not inner and not outer and here != folder:
            names.append(f"{here.relative_to(folder).as_posix()}/")
    return names


def _matches(name: str, pattern: PurePath) -> bool:
    """Whether a file has the pattern, or an empty folder that of a file's folder."""
    parts, wanted = PurePath(name).parts, pattern.parts
    depth = len(parts) < len(wanted) if name.endswith("/") else len(parts) == len(wanted)
    return depth and all(map(fnmatchcase, parts, wanted))


def _clear(folder: Path, kind: Kind) -> None:
    """Remove the files that we have made but for the mark, then the folders that are empty now."""
    for name in _known(folder, kind):
        if name != MARK and not name.endswith("/"):
            (folder / name).unlink()
    for place, _, _ in os.walk(folder, topdown=False):
        if Path(place) != folder:
            with contextlib.suppress(OSError):
                Path(place).rmdir()
