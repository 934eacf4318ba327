"""Ten thousand videos become prepared tables: seconds and memory, each in a process of its own.

``--case WHAT FOLDER`` (called by itself): one piece of work. The panel is made up, 14,041 videos of
162 days: 100 windows of 56 days and the 7 days behind each, 1,404,100 rows.
"""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from own_use import peak_mib
from side_by_side import keep

from viewcast.base.paths import prepared_path, sealed_path
from viewcast.data import table
from viewcast.data.panel import prepared
from viewcast.data.preparation import preparation

VIDEOS, DAYS = 14_041, 162
TASK = {
    **{"window": 56, "horizon": 7, "asked": "each", "moments": "sliding", "step": 1},
    **{"least_views": 0, "least_views_train": 0},
}
SECTION: dict[str, Any] = {
    "_target_": "viewcast.data.panel.videos.Videos",
    "reader": {
        "_target_": "viewcast.data.panel.readers.long.Long",
        **{"file": None, "video": "video", "day": "day", "views": "views", "known": []},
        **{"category": "category", "published": None, "clock": "age", "cumulative": False},
        **{"repeated": "refuse", "gaps": "refuse", "negative": "refuse"},
    },
    **{"name": "videos", "label": "videos", "raw": "data", "unit": "log views", "block": 1},
    **{"split": "week", "features": {}},
    "splits": {
        "week": {
            **{"task": TASK, "new": "videos", "cluster": "entity", "folds": 5, "seed": 1},
            **{"validation": [0], "test": [1], "validation_spans": None, "test_spans": None},
        }
    },
}


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        _write_panel(root / "data" / "panel.parquet")
        rows = [{"what": what, **_alone(what, root)} for what in CASES]
    keep(
        "panel_tables",
        rows,
        f"a long table of {VIDEOS:,} videos of {DAYS} days, windows of {TASK['window']} days; "
        "seconds, and peak MiB above what the process takes once its modules are loaded; targets: "
        "prepared in 20 s and 500 MiB in all; read: peak by the size of what is read, 2 at most",
    )


def _write_panel(path: Path) -> None:
    random = np.random.default_rng(2021)
    mean = np.exp(random.normal(4, 2, (VIDEOS, 1)))
    views = random.poisson(mean * np.exp(random.normal(0, 0.3, (VIDEOS, DAYS))))
    place = np.repeat(np.arange(VIDEOS), DAYS)
    columns = {
        "video": pa.array(f"video {video:06d}" for video in place),
        "day": np.tile(np.arange(1, DAYS + 1), VIDEOS),
        "views": views.ravel(),
        "category": pa.array(f"category {video % 12}" for video in place),
    }
    path.parent.mkdir()
    pq.write_table(pa.table(columns), path)


def _alone(what: str, root: Path) -> dict[str, Any]:
    command = [sys.executable, __file__, "--case", what, str(root)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def _case(what: str, root: Path) -> None:
    """Print what one piece of work takes."""
    before, wall, start = peak_mib(), time.perf_counter(), time.process_time()
    rows, size = CASES[what](root)
    used = {"s": time.perf_counter() - wall, "CPU s": time.process_time() - start}
    peak = peak_mib()
    share = (peak - before) / size if size else float("nan")
    shown = {"rows": rows, **used, "peak MiB": peak - before, "in all": peak, "peak / size": share}
    print(json.dumps(shown))


def _prepare(root: Path) -> tuple[int, float]:
    prepared.write(SECTION, root, root)
    paths = [place(root, "videos", "week") for place in (prepared_path, sealed_path)]
    return sum(pq.read_metadata(path).num_rows for path in paths), 0.0


def _read(root: Path) -> tuple[int, float]:
    """The lags of the training rows, and what targets are relative to."""
    path, identity = prepared_path(root, "videos", "week"), preparation(SECTION)
    names = table.columns_of(path, identity, "videos")
    lags = [name for name in names if name.startswith("lag_")]
    wanted = [*table.target_columns(names), "level", *lags]
    frame = table.read(path, identity, "videos", wanted, ("split_week", ["train"]))
    return len(frame), frame.memory_usage().sum() / 2**20


CASES: dict[str, Callable[[Path], tuple[int, float]]] = {"prepare": _prepare, "read": _read}

if __name__ == "__main__":
    if sys.argv[1:2] == ["--case"]:
        _case(sys.argv[2], Path(sys.argv[3]))
    else:
        main()
