"""Tables of a million rows, and a zip that holds a gigabyte: seconds and memory of each alone.

``--case WHAT FOLDER`` (called by itself): one piece of work. ``days`` has a row per day, which no
site has a million of: days come again, and are refused at the end. ``day and channel`` is read for
one of its channels; ``panel`` has a row for each video and day.
"""

import json
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from own_use import peak_mib
from side_by_side import keep

from viewcast.base.errors import DataError
from viewcast.data.export import Wanted, read_days
from viewcast.data.export_file import read_table
from viewcast.data.panel.readers.long import Long

ROWS = 1_000_000
KIB = 2**10
GB = 10**9
MANY = 40_000  # days of a long table; those since 1900 are read
SMALL = "Date,Views\n2026-01-01,5\n2026-01-02,6\n"


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        rows = [{"what": what, **_alone(what, Path(folder))} for what in CASES]
    keep(
        "reading",
        rows,
        f"{ROWS:,} rows, and a zip of 1 GB of zeros; peak MiB above what the process takes once "
        "its modules are loaded, and by the size of the file; targets: seconds, 5 times the file "
        "at most; the zip is refused within 1 s",
    )


def _alone(what: str, folder: Path) -> dict[str, Any]:
    for option in ("--write", "--case"):
        command = [sys.executable, __file__, option, what, str(folder)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def _case(what: str, folder: Path) -> None:
    """Print what reading takes."""
    small = folder / "small.csv"
    small.write_text(SMALL)
    read_days(small, Wanted())  # loads what is loaded late
    file, read = folder / FILES[what], CASES[what][1]
    before, wall, start = peak_mib(), time.perf_counter(), time.process_time()
    try:
        outcome = read(file)
    except DataError as error:
        told = str(error).replace(str(file), "").splitlines()[0].lstrip(",: ")
        outcome = f"refused: {told[:40]}"
    used = {"s": time.perf_counter() - wall, "CPU s": time.process_time() - start}
    size = file.stat().st_size / KIB**2
    peak = peak_mib() - before
    print(
        json.dumps(
            {"file MiB": size, **used, "peak MiB": peak, "peak / file": peak / size, "is": outcome}
        )
    )


def _lines(days: Any, words: str) -> Iterator[str]:
    counts = np.random.default_rng(2021).integers(900, 200_000, ROWS)
    for place, (day, count) in enumerate(zip(days.astype(str), counts, strict=True)):
        yield f"{day},{words.format(place % 250)}{count}\n"


def _write_days(file: Path) -> None:
    days = np.datetime64("2026-11-20") - (np.arange(ROWS) % MANY)[::-1]
    file.write_text("".join(["Date,Views\n", *_lines(days, "")]))


def _write_channels(file: Path) -> None:
    days = np.datetime64("2026-11-20") - np.repeat(np.arange(ROWS // 250), 250)[::-1]
    file.write_text("".join(["Date,Channel,Views\n", *_lines(days, "C{},")]))


def _write_bomb(file: Path) -> None:
    with (
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("Totals.csv", "w", force_zip64=True) as member,
    ):
        for _ in range(GB // 10**6):
            member.write(b"0" * 10**6)


def _panel(file: Path) -> str:
    names = {"video": "Channel", "day": "Date", "views": "Views", "file": None, "category": None}
    policies = {"repeated": "refuse", "gaps": "refuse", "negative": "refuse", "cumulative": False}
    reader = Long(**names, **policies, known=(), published=None, clock="calendar")
    return f"{len(reader.read(file)):,} videos"


def _channel(file: Path) -> str:
    return f"{len(read_days(file, Wanted(channel='C7'))[0].views):,} days"


CASES: dict[str, tuple[Callable[[Path], None], Callable[[Path], str]]] = {
    "days as text": (_write_days, lambda file: f"{len(read_table(file).rows):,} rows"),
    "days": (_write_days, lambda file: f"{len(read_days(file, Wanted())[0].views):,} days"),
    "day and channel": (_write_channels, _channel),
    "panel": (_write_channels, _panel),
    "zip of 1 GB": (_write_bomb, lambda file: f"{len(read_days(file, Wanted())):,} exports"),
}
FILES = {what: f"{place}.{'zip' if 'zip' in what else 'csv'}" for place, what in enumerate(CASES)}

if __name__ == "__main__":
    if sys.argv[1:2] == ["--case"]:
        _case(sys.argv[2], Path(sys.argv[3]))
    elif sys.argv[1:2] == ["--write"]:
        CASES[sys.argv[2]][0](Path(sys.argv[3]) / FILES[sys.argv[2]])
    else:
        main()
