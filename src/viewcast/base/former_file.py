"""A file that a user names for an output is replaced only where it is a former one of its kind."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from viewcast.base.errors import ConfigError


@dataclass(frozen=True)
class FileKind:
    """``name``: in words; ``is_former``: whether an existing file, which is not empty, is one."""

    name: str
    is_former: Callable[[Path], bool]

    def check(self, path: Path, shown: str | None = None) -> Path:
        """The path. Refuses (ConfigError) a folder, and a file of another kind; an empty one is
        nobody's. ``shown``: the path in the words of whoever named it.
        """
        named = str(path) if shown is None else shown
        if path.is_dir():
            raise ConfigError(f"{named}: is a folder; expected the name of a file")
        if path.is_file() and path.stat().st_size and not self.is_former(path):
            raise ConfigError(
                f"{named}: exists and is no {self.name}; nothing was changed: move it away, or "
                "choose another name"
            )
        return path
