"""Files of other machines, kept on this one between audits.

A file is stored once under the digest of its content, and found again by what the store says of it.
"""

import hashlib
import os
import tempfile
from pathlib import Path


class ArtifactCache:
    """``folder``: as a rule ``paths.cache_folder()``. One that cannot be written keeps nothing."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def get(self, key: str) -> Path | None:
        """The file that was kept under this key; None without one, and for a damaged one."""
        entry = self._entry(key)
        try:
            digest, name = entry.read_text(encoding="utf-8").split("\n", 1)
            path = self._object(digest, name)
            return path if content_digest(path) == digest else None
        except (OSError, ValueError):
            return None

    def put(self, key: str, file: Path) -> Path:
        """Keep a file under this key; returns where it lies now."""
        digest = content_digest(file)
        path = self._object(digest, file.name)
        try:
            if not path.is_file() or content_digest(path) != digest:
                _place(path, file.read_bytes())
            _place(self._entry(key), f"{digest}\n{file.name}".encode())
        except OSError:
            return file
        return path

    def _entry(self, key: str) -> Path:
        name = hashlib.sha256(key.encode()).hexdigest()
        return self.folder / "entries" / name[:2] / name

    def _object(self, digest: str, name: str) -> Path:
        return self.folder / "files" / digest[:2] / digest / name


def _place(path: Path, content: bytes) -> None:
    """In one step, and under a name of its own until then: several threads may place one file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent)
    partial = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def content_digest(path: Path) -> str:
    """SHA-256 of a file (64 hex)."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
