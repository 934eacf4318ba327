"""How time and memory grow: with candidates, rows, features, epochs, recorded and audited runs.

``--case AXIS SIZE`` (called by itself): one size, in a process of its own. ``AXIS ...``: these
alone, without keeping the result. Shape letters: S sizes.
"""

import json
import math
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from own_use import peak_mib
from peers import ours
from peers.work import starts, work_of
from side_by_side import keep

ROUNDS = 3
LINEAR = 1.1  # the largest exponent between the two largest sizes that still counts as linear
MEMORY = 1.5  # most that training may take at its peak, in units of the rows' own size
MIB = 2**20

Taken = dict[str, float]


def main() -> None:
    asked = sys.argv[1:]
    axes = {axis: sizes for axis, (sizes, _) in AXES.items() if not asked or axis in asked}
    rows = [row for axis, sizes in axes.items() for row in measured(axis, sizes)]
    if asked:
        print(*rows, sep="\n")
        return
    keep(
        "growth",
        rows,
        f"CPU seconds, the best of {ROUNDS} processes a size (one for the largest), and peak "
        "MiB above what the engine takes once it is loaded; exponent: slope of log seconds by log "
        "size, with its standard error; last: the same between the two largest sizes, linear up "
        f"to {LINEAR}; memory / rows: peak by the size of the table of rows, itself included, "
        f"target {MEMORY}",
    )


def measured(axis: str, sizes: list[int]) -> Iterator[dict[str, Any]]:
    """A row for each size and each thing that was measured there."""
    found: dict[str, list[Taken]] = {}
    for size in sizes:
        tries = [_alone(axis, size) for _ in range(ROUNDS if size < max(sizes) else 1)]
        for what in tries[0]:
            found.setdefault(what, []).append(min((t[what] for t in tries), key=_seconds))
    for what, taken in found.items():
        seconds = [each["CPU s"] for each in taken]
        slope, error, last = exponents(sizes, seconds)
        for size, each in zip(sizes, taken, strict=True):
            largest = size == max(sizes)
            yield {
                "what": what,
                "by": axis,
                "size": size,
                "CPU s": each["CPU s"],
                "peak MiB": each["peak MiB"],
                "memory / rows": each.get("memory / rows", ""),
                "exponent": slope if largest else "",
                "error": error if largest else "",
                "last": last if largest else "",
                "linear": (last <= LINEAR) if largest else "",
            }


def exponents(sizes: list[int], seconds: list[float]) -> tuple[float, float, float]:
    """Slope (least squares) of log seconds by log size, its standard error; that of the end."""
    x, y = np.log(sizes), np.log(seconds)
    x, y = x - x.mean(), y - y.mean()
    slope = float(x @ y / (x @ x))
    error = math.sqrt(float(((y - slope * x) ** 2).sum() / (len(x) - 2) / (x @ x)))
    return slope, error, float((y[-1] - y[-2]) / (x[-1] - x[-2]))


def load_engine() -> None:
    """What is done once for any number of trainings; a first one leaves some memory to the next."""
    work = work_of(40, (100,), 32, 1)
    ours.fit(work, starts(work, 1))


def candidates(size: int) -> dict[str, Taken]:
    work = work_of(1400, (100,), 32, 2)
    return _training(work, size)


def rows(size: int) -> dict[str, Taken]:
    """Rows are in double precision, as in a table of the project."""
    x, x_val = np.empty((size, 56)), np.empty((45, 56))
    rng = np.random.default_rng(0)
    rng.standard_normal(out=x)
    rng.standard_normal(out=x_val)
    work = replace(
        work_of(2, (100,), 256, 3), x=x, y=x[:, 0].copy(), x_val=x_val, y_val=x_val[:, 0].copy()
    )
    taken = _training(work, 1)
    for each in taken.values():
        each["memory / rows"] = each["peak MiB"] * MIB / (x.nbytes + work.y.nbytes)
    return taken


def features(size: int) -> dict[str, Taken]:
    return _training(work_of(1400, (100,), 32, 20, features=size), 1)


def epochs(size: int) -> dict[str, Taken]:
    return _training(work_of(1400, (100,), 32, size), 1)


def runs(size: int) -> dict[str, Taken]:
    """A sweep of short trainings on the channel, its record, its pictures, and its audit."""
    sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
    # Here alone: they are a large part of the memory that the other cases measure.
    from support.project import Project  # noqa: PLC0415
    from viewcast.assessment.settings import AuditSettings  # noqa: PLC0415
    from viewcast.base.settings import construct  # noqa: PLC0415
    from viewcast.report.figures.search import draw_sweep  # noqa: PLC0415
    from viewcast.runs.audit import audit_experiment  # noqa: PLC0415
    from viewcast.runs.sweep import sweep  # noqa: PLC0415
    from viewcast.tracking.write.sweep_recorder import finish, record  # noqa: PLC0415

    taken: dict[str, Taken] = {}
    with tempfile.TemporaryDirectory() as folder:
        project = Project(Path(folder))
        options = ("data=channel", "model=deep", "trainer.epochs=20", "trainer.patience=null")
        plain = project.plain(*options, config_name="sweep")
        plain["sweep"] = {"seed": list(range(size))}
        project.prepare(project.config("data=channel", "model=deep"))
        with _measuring(taken, "sweep, trained"):
            at, results, members = sweep(plain, project.root)
        with _measuring(taken, "sweep, recorded"):
            parent = record(results, members, at, project.root)
        first = members[0].config
        with _measuring(taken, "sweep, pictures"):
            pictures = draw_sweep(
                results.candidates, results.curves, first.data.label, "views", at / "pictures"
            )
            finish(parent, [picture.path for picture in pictures], members)
        asked = project.plain(config_name="audit")
        which = asked.pop("which")
        settings = construct(AuditSettings, {**asked, **which}, "")
        with _measuring(taken, "audit"):
            audit_experiment(settings, project.root)
    return taken


# Sizes of each axis, smallest first.
AXES: dict[str, tuple[list[int], Callable[[int], dict[str, Taken]]]] = {
    "candidates": ([64, 256, 1024, 4096], candidates),
    "rows": ([1_400, 10_000, 100_000, 1_000_000], rows),
    "features": ([14, 56, 224, 896], features),
    "epochs": ([10, 100, 1_000, 10_000], epochs),
    "runs": ([64, 256, 1024, 4096], runs),
}


def _training(work: Any, count: int) -> dict[str, Taken]:
    taken: dict[str, Taken] = {}
    first = starts(work, count)
    with _measuring(taken, "training"):
        ours.fit(work, first)
    return taken


@contextmanager
def _measuring(taken: dict[str, Taken], what: str) -> Iterator[None]:
    start, before = time.process_time(), STARTED[0]
    yield
    seconds = time.process_time() - start
    taken[what] = {"CPU s": seconds, "peak MiB": peak_mib() - before}


def _alone(axis: str, size: int) -> dict[str, Taken]:
    command = [sys.executable, __file__, "--case", axis, str(size)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    found: dict[str, Taken] = json.loads(done.stdout.splitlines()[-1])
    return found


def _seconds(taken: Taken) -> float:
    return taken["CPU s"]


STARTED: list[float] = []  # peak MiB before a case

if __name__ == "__main__":
    if sys.argv[1:2] == ["--case"]:
        load_engine()
        STARTED.append(peak_mib())
        print(json.dumps(AXES[sys.argv[2]][1](int(sys.argv[3]))))
    else:
        main()
