"""One input: files, and the right value where it is known."""

import io
import json
import os
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

MINUTE = 60


@dataclass(frozen=True)
class Case:
    """``files``: contents by name, the oldest first. ``right``: what the target must make of them
    if it accepts them, as plain values; None where nothing is known. ``made``: how it was made, for
    a reader.
    """

    files: Mapping[str, bytes]
    right: Any = None
    made: tuple[str, ...] = field(default=())

    def lay(self, folder: Path) -> Path:
        """Write the files into a new folder, a minute of age between one and the next."""
        folder.mkdir(parents=True)
        for place, (name, content) in enumerate(self.files.items()):
            file = folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
            changed = 1_700_000_000 + MINUTE * place
            os.utime(file, (changed, changed))
        return folder

    def to_bytes(self) -> bytes:
        """The case as one file."""
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            about = {"names": list(self.files), "right": self.right, "made": self.made}
            archive.writestr("case.json", json.dumps(about))
            for place, content in enumerate(self.files.values()):
                archive.writestr(str(place), content)
        return packed.getvalue()

    @classmethod
    def from_bytes(cls, content: bytes) -> "Case":
        """The inverse of ``to_bytes``."""
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            about = json.loads(archive.read("case.json"))
            files = {name: archive.read(str(n)) for n, name in enumerate(about["names"])}
        return cls(files, about["right"], tuple(about["made"]))
