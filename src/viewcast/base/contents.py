"""A folder that says what it holds: one JSON file describes it and has the hash of every file.

The description is written last. So a folder whose writing was broken off, a file that was edited, a
file that was cut short, and one that belongs to another folder are found before they are used.
"""

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from viewcast.base.errors import DataError
from viewcast.base.files import write_json
from viewcast.base.parse import json_of
from viewcast.base.quoted import quoted

HASHES = "sha256"  # key of the description: the hash of each file, and of the description itself


@dataclass(frozen=True)
class Contents:
    """``about``: what the description says. ``hashed``: whether the files were compared to hashes,
    which earlier versions did not write.
    """

    about: dict[str, Any]
    hashed: bool


def write(folder: Path, name: str, about: Mapping[str, Any], files: Sequence[str]) -> None:
    """Write the description ``name`` of a folder: ``about``, and the hashes of its ``files``."""
    hashes = {file: _hash((folder / file).read_bytes()) for file in files}
    own = _hash(_canonical(json.loads(json.dumps(about)), hashes))  # as it will be read
    write_json(folder / name, {**about, HASHES: {**hashes, name: own}}, sync=False)


def read(folder: Path, name: str, keys: Collection[str], todo: str) -> Contents:
    """The description ``name`` of a folder, after its files were compared to it.

    ``keys``: all that it may have, but HASHES.

    Refuses (DataError), naming the file and with ``todo`` at the end: a description that is missing
    or damaged, a file that is missing, that is not as it was written, or that was added. A hidden
    file may be added.
    """
    about = _described(folder, name, todo)
    if unknown := sorted(set(about) - {*keys, HASHES}):
        raise DataError(f"{folder / name}: found the key {quoted(unknown[0])}, unknown; {todo}")
    if HASHES not in about:
        return Contents(about, hashed=False)
    hashes = about.pop(HASHES)
    own = hashes.pop(name, None) if isinstance(hashes, dict) else None
    if own != _hash(_canonical(about, hashes)):
        raise DataError(f"{folder / name}: was edited after it was written; {todo}")
    present = {file.name for file in folder.iterdir() if not file.name.startswith(".")}
    for file in sorted(present - {name, *hashes}):
        raise DataError(f"{folder / file}: does not belong to this folder; move it away, or {todo}")
    for file, expected in hashes.items():
        found = _found(folder / file, todo)
        if found != expected:
            raise DataError(
                f"{folder / file}: has the SHA-256 {found[:8]}…, expected {expected[:8]}…, as it "
                f"was written: it was edited or cut short, or belongs to another folder; {todo}"
            )
    return Contents(about, hashed=True)


def _described(folder: Path, name: str, todo: str) -> dict[str, Any]:
    try:
        about = json_of((folder / name).read_text(encoding="utf-8"))
    except OSError as error:
        why = "is missing" if isinstance(error, FileNotFoundError) else f"cannot be read ({error})"
        raise DataError(f"{folder / name}: {why}; {todo}") from error
    except ValueError as error:
        raise DataError(f"{folder / name}: is cut short or no JSON ({error}); {todo}") from error
    if not isinstance(about, dict):
        raise DataError(f"{folder / name}: found no table of keys; {todo}")
    return about


def _found(file: Path, todo: str) -> str:
    try:
        return _hash(file.read_bytes())
    except OSError as error:
        why = "is missing" if isinstance(error, FileNotFoundError) else f"cannot be read ({error})"
        raise DataError(f"{file}: {why}; {todo}") from error


def _canonical(about: Mapping[str, Any], hashes: Mapping[str, str]) -> bytes:
    return json.dumps([about, hashes], sort_keys=True, ensure_ascii=False).encode()


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
