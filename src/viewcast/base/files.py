"""Files that a crash cannot tear: whole files replaced in one step, and logs that only grow.

Every file that is replaced in place is replaced by this module. A file is written under a hidden
name beside its place, and takes that place when it is complete.
"""

import contextlib
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePath
from typing import Any, TypeVar

from viewcast.base.errors import DataError
from viewcast.base.parse import json_of

Entry = TypeVar("Entry")


@contextmanager
def replacing(path: Path, sync: bool = True) -> Iterator[Path]:
    """Give a path to write to; it takes the place of ``path`` when the block ends without an error.

    The given path has the suffix of ``path``. An error (OSError: the disk is full) leaves the
    former file as it was, and nothing beside it. A reader, and a process that starts after a crash,
    finds the former file or the new one.

    ``sync``: wait until the file is on the disk. Without it a loss of power may lose the file, but
    never tears it for a reader. That is enough for a file that is written every few seconds.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(partial_name(path.name))
    try:
        yield partial
        if sync:
            wait_for_disk(partial)
        partial.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)
        raise
    if sync:
        wait_for_disk(path.parent)


def partial_name(name: str) -> str:
    """The name under which a file is written before it takes its place."""
    path = PurePath(name)
    return f".{path.stem}.partial{path.suffix}"


def write(path: Path, text: str, sync: bool = True) -> None:
    """Replace a file by this text in UTF-8; see ``replacing``."""
    with replacing(path, sync) as partial:
        partial.write_text(text, encoding="utf-8")


def write_json(path: Path, value: Any, sync: bool = True) -> None:
    """Replace a file by a value as JSON; see ``replacing``.

    A name of a file that is no text in any encoding keeps its bytes, as an escape of JSON.
    """
    text = json.dumps(value, indent=2, ensure_ascii=False) + "\n"
    with replacing(path, sync) as partial:
        partial.write_bytes(text.encode(errors="backslashreplace"))


def remove(path: Path) -> None:
    """Remove a file, if there is one, for good."""
    path.unlink(missing_ok=True)
    if path.parent.is_dir():
        wait_for_disk(path.parent)


def append(path: Path, *entries: dict[str, Any]) -> None:
    """Add a line of JSON per entry to a log and wait until they are on the disk.

    A line that a crash has torn is cut off first: no step that depends on it has begun. A crash may
    leave the first of several lines and not the others.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [json.dumps(entry, ensure_ascii=False, sort_keys=True) + "\n" for entry in entries]
    with path.open("ab+") as file:
        file.seek(0)
        whole = file.read()
        if whole and not whole.endswith(b"\n"):
            file.truncate(whole.rfind(b"\n") + 1)
        file.write("".join(lines).encode(errors="backslashreplace"))
        file.flush()
        os.fsync(file.fileno())
    wait_for_disk(path.parent)


def entries(path: Path) -> list[dict[str, Any]]:
    """The lines of a log, the oldest first, without one that a crash has torn; none without it.

    Refuses (DataError) what ``parsed`` refuses.
    """
    return parsed(path, lambda entry: entry)


def parsed(path: Path, parse: Callable[[dict[str, Any]], Entry]) -> list[Entry]:
    """``entries``, each as the object that ``parse`` makes of it.

    Refuses (DataError), with its number, a line that no program of ours wrote: damaged, or one of
    which ``parse`` cannot make anything.
    """
    if not path.is_file():
        return []
    content = path.read_bytes()
    found = []
    lines = content[: content.rfind(b"\n") + 1].split(b"\n")[:-1]
    for number, line in enumerate(lines, start=1):
        try:
            entry = json_of(line)
            if not isinstance(entry, dict):
                raise ValueError("found no table of keys")
            found.append(parse(entry))
        except (ValueError, TypeError, LookupError, AttributeError) as error:
            why = f"{type(error).__name__}: {error}"
            raise DataError(
                f"{path}, line {number}: is damaged ({why}); take the file from a backup, or "
                "remove this line: what it tells cannot be found out again"
            ) from error
    return found


def read_json(path: Path, todo: str) -> Any:
    """The value of a JSON file. Refuses (DataError), with ``todo``, a missing or damaged one."""
    try:
        return json_of(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        why = "is missing" if isinstance(error, FileNotFoundError) else f"is damaged ({error})"
        raise DataError(f"{path}: {why}; {todo}") from error


def wait_for_disk(path: Path) -> None:
    """Wait until a file is on the disk, or the names in a folder; a rename is one of the latter."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
