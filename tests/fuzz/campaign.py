"""Many inputs in processes of their own: each may hang, die or fill the memory it may take."""

import json
import os
import select
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args

from fuzz.verdict import FAULTS, WAITING, Kind
from fuzz.worker import NOW, kept

TESTS = Path(__file__).resolve().parents[1]
START = 120.0  # seconds until a process has read its first input; it imports before
MAKING = 30.0  # seconds until the next input is made, at most
AT_ONCE = 500  # inputs of a process
SHOWN = 5  # faults of a kind, of each target
MOST = ("peak_memory_mb", "slowest_seconds")
REPEAT = "PYTHONPATH=tests python -m fuzz"


@dataclass
class Figures:
    """What came of the inputs of a target. ``faults``: how many there are of each, in one line."""

    kinds: Counter[str] = field(default_factory=Counter)
    peak: int = 0
    slowest: float = 0.0
    faults: Counter[str] = field(default_factory=Counter)

    def add(self, told: dict[str, Any]) -> None:
        """Count one input."""
        self.kinds[told["kind"]] += 1
        self.peak = max(self.peak, told.get("peak", 0))
        self.slowest = max(self.slowest, told.get("seconds", 0.0))
        if told["kind"] in FAULTS:
            self.faults[f"{told['kind']}: {_line(told)}"] += 1

    def to_dict(self) -> dict[str, Any]:
        """The figures as plain values."""
        counts = {kind: self.kinds[kind] for kind in get_args(Kind)}
        return {
            "inputs": sum(self.kinds.values()),
            "accepted_right": counts["right"],
            "accepted_nothing_known": counts["accepted"],
            "accepted_wrong": counts["wrong"],
            "refused_in_words": counts["refused"],
            "refused_in_unclear_words": counts["unclear"],
            "tracebacks": counts["traceback"],
            "hangs": counts["hang"],
            "over_1_gb": counts["memory"],
            "writes_before_a_refusal": counts["wrote"],
            "peak_memory_mb": round(self.peak / 2**20),
            "slowest_seconds": round(self.slowest, 2),
            "faults": dict(self.faults.most_common(40)),
        }


def together(targets: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """The figures of several targets as one: sums, and the largest of what is a most."""
    every = list(targets)
    names = [name for name in Figures().to_dict() if name != "faults"]
    return {
        name: (max if name in MOST else sum)(each.get(name, 0) for each in every) for name in names
    }


def campaign(target: str, count: int, seed: int, folder: Path, each: Callable[[], None]) -> Figures:
    """Read ``count`` inputs of a target; faulty ones are kept in ``folder``. ``each``: called
    after every input.
    """
    figures, done, part = Figures(), 0, 0
    while done < count:
        before = done
        for told in _process(target, seed + part, min(AT_ONCE, count - done), folder):
            figures.add(told)
            if told["kind"] in FAULTS and figures.kinds[told["kind"]] <= SHOWN:
                print(f"{_line(told)}\n  {REPEAT} {told['kept']}", file=sys.stderr)
            done += 1
            each()
        part += 1
        if done == before:
            raise RuntimeError(f"{target}: no input could be read; see {folder / 'errors.log'}")
    return figures


def _process(target: str, seed: int, count: int, folder: Path) -> Iterator[dict[str, Any]]:
    """What a process tells of each input, the one it hung on or died of among them."""
    now = folder / NOW
    now.unlink(missing_ok=True)
    command = [sys.executable, "-m", "fuzz.worker", target, str(seed), str(count), str(folder)]
    with (
        (folder / "errors.log").open("ab") as errors,
        subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            bufsize=0,  # what is buffered would not be seen to have come
            stderr=errors,
            cwd=TESTS,
            env={**os.environ, "VIEWCAST_CACHE": str(folder / "cache")},
        ) as process,
    ):
        assert process.stdout is not None
        wait, ended = START, False
        while not ended:
            if not select.select([process.stdout], [], [], wait)[0]:
                process.kill()
                file = str(kept(target, "hang", folder))
                told = f"no answer in {wait:.0f} s"
                yield {"kind": "hang", "told": told, "seconds": wait, "kept": file}
                return
            line = process.stdout.readline()
            ended = not line
            if line:
                yield json.loads(line)
                wait = WAITING + MAKING
        if process.wait() and now.is_file():
            kind = "memory" if process.returncode < 0 else "traceback"
            told = f"the process died ({process.returncode}); see {folder / 'errors.log'}"
            yield {"kind": kind, "told": told, "kept": str(kept(target, kind, folder))}


def _line(told: dict[str, Any]) -> str:
    """A fault in one line: the last of a traceback and where, or the first of a message."""
    lines = [line.strip() for line in told["told"].strip().splitlines()] or [""]
    if told["kind"] != "traceback":
        return lines[0][:100]
    places = [line for line in lines if line.startswith("File") and "viewcast" in line]
    place = places[-1].rpartition("/")[2].replace('", line', ":") if places else ""
    return f"{lines[-1][:100]} ({place})"
