"""How much a file of others may hold: checked before it is read, so that no file fills the memory.

A zip of 1 MB can hold 1 GB. What is counted is what a file becomes when it is unpacked.
"""

from typing import Annotated

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from viewcast.base.errors import DataError

MB = 10**6
CELL = 131_072  # characters, the most that Python's csv module reads unless all of it is told

Most = Annotated[int, Field(ge=1)]


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class Limits:
    """What the files of one export may hold; the key ``limits`` of a data set or a source.

    ``bytes``: of all tables together, unpacked. ``rows``, ``columns``: of one table. ``cell``:
    characters of one cell. ``files``: in one folder or zip. No limit changes a result: those of a
    run are no part of its identity.

    The defaults leave room for a day and country, or a day and video, of all years of YouTube, and
    reading stays far below 1 GB of memory.
    """

    bytes: Most = 250 * MB
    rows: Most = 5_000_000
    columns: Most = 2_000
    cell: Annotated[int, Field(ge=1, le=CELL)] = 10_000
    files: Most = 1_000

    def refuse(self, key: str, source: object, found: int, what: str) -> None:
        """Refuse (DataError) more of something than the limit ``key`` allows.

        ``what``: what is counted, such as ``rows``; ``source`` names it in the message.
        """
        most = getattr(self, key)
        if found > most:
            raise DataError(
                f"{source}: found {found:,} {what}, expected at most {most:,}; if they are meant, "
                f"raise limits.{key} of the data set, its reader or the source: in conf/, or "
                f"+data.limits.{key}=..., +data.reader.limits.{key}=..., +source.limits.{key}=..."
            )


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class PanelLimits(Limits):
    """The same of a table of many videos, which people bring on purpose and is read in parts."""

    bytes: Most = 2_000 * MB
    rows: Most = 100_000_000


DEFAULT = Limits()
PANEL = PanelLimits()
