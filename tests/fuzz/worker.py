"""One process that reads inputs and tells of each on standard output, a line of JSON for each.

The input that is read lies in the file ``NOW`` until the next one does: whoever started the process
finds there what it hung on or died of. Inputs that were taken wrongly are kept beside it.
"""

import argparse
import contextlib
import hashlib
import json
import re
import resource
import shutil
import sys
import warnings
from pathlib import Path

from fuzz.case import Case
from fuzz.inputs import each
from fuzz.targets import NAMES, target
from fuzz.verdict import FAULTS, judge

NOW = "now.case"
MEMORY = 2**30  # bytes that a process may take for an input
ROOM = 2 * MEMORY  # of addresses, which are more than what is in memory
STATUS = Path("/proc/self/status")


def main() -> None:
    """Read ``count`` inputs of a target."""
    parser = argparse.ArgumentParser()
    parser.add_argument("target", choices=NAMES)
    parser.add_argument("seed", type=int)
    parser.add_argument("count", type=int)
    parser.add_argument("folder", type=Path)
    asked = parser.parse_args()
    read, work = target(asked.target), asked.folder / "work"
    warnings.simplefilter("error")
    warnings.filterwarnings("ignore", category=FutureWarning, module="google")
    shutil.rmtree(work, ignore_errors=True)
    said, sys.stdout = sys.stdout, sys.stderr
    number = 0

    def take(case: Case) -> None:
        nonlocal number
        if number == 1:
            _limit()  # the first input has imported what is needed
        (asked.folder / NOW).write_bytes(case.to_bytes())
        _forget_peak()
        verdict = judge(read, case, work)
        peak = _memory("VmHWM")
        kind = "memory" if peak > MEMORY else verdict.kind
        told = {
            "kind": kind,
            "told": verdict.told[-4_000:],
            "seconds": verdict.seconds,
            "peak": peak,
        }
        if kind in FAULTS:
            told["kept"] = str(kept(asked.target, kind, asked.folder))
        print(json.dumps(told), file=said, flush=True)
        number += 1

    each(read, asked.seed, asked.count, take)


def kept(target_name: str, kind: str, folder: Path) -> Path:
    """The input that is read now, put aside under a name of its content."""
    content = (folder / NOW).read_bytes()
    digest = hashlib.sha256(content).hexdigest()[:8]
    file = folder / f"{target_name}-{kind}-{digest}.case"
    file.write_bytes(content)
    return file


def _limit() -> None:
    if size := _memory("VmSize"):
        resource.setrlimit(resource.RLIMIT_AS, (size + ROOM, size + ROOM))


def _forget_peak() -> None:
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def _memory(name: str) -> int:
    """Bytes of this process, now or at most; 0 where the system does not tell."""
    if not STATUS.is_file():
        return 0
    found = re.search(rf"{name}:\s+(\d+) kB", STATUS.read_text())
    return int(found[1]) * 1024 if found else 0


if __name__ == "__main__":
    main()
