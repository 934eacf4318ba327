"""What came of one input."""

import hashlib
import re
import shutil
import time
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from fuzz.case import Case
from fuzz.target import Accepted, Refused, Target
from viewcast.base.errors import ViewcastError

Kind = Literal[
    "right", "accepted", "wrong", "refused", "unclear", "traceback", "memory", "hang", "wrote"
]
FAULTS: tuple[Kind, ...] = ("wrong", "unclear", "traceback", "memory", "hang", "wrote")
LONGEST = 2_000  # characters of a message
QUOTED = 100  # characters of one word in it; a path is several
SLOW = 10.0  # seconds of the processor: others may load the machine
WAITING = 60.0  # seconds of the clock
_WORD = re.compile(rf"\w{{{QUOTED + 1},}}")


@dataclass(frozen=True)
class Verdict:
    """``told``: the message of a refusal, or what is wrong. ``seconds``: of the processor."""

    kind: Kind
    told: str
    seconds: float

    @property
    def is_fault(self) -> bool:
        """Whether something is to be mended."""
        return self.kind in FAULTS


def judge(target: Target, case: Case, work: Path) -> Verdict:
    """Let a target read a case in ``work``, where it keeps a project between the cases."""
    given, project = work / "given", work / "project"
    shutil.rmtree(given, ignore_errors=True)
    case.lay(given)
    if not project.exists():
        target.project(project)
    before = _state(work)
    start, begun = time.process_time(), time.monotonic()
    kind, told = _outcome(target, case, given, project)
    seconds, waited = time.process_time() - start, time.monotonic() - begun
    after = _state(work)
    if before != after:
        if kind in ("refused", "unclear"):
            changed = sorted(name for name, _ in before.items() ^ after.items())
            kind, told = "wrote", f"{', '.join(changed[:5])}; {told}"
        shutil.rmtree(project)
    if seconds > SLOW or waited > WAITING:
        kind, told = "hang", f"{seconds:.1f} s, of the clock {waited:.1f} s; {told}"
    return Verdict(kind, told, seconds)


def _outcome(target: Target, case: Case, given: Path, project: Path) -> tuple[Kind, str]:
    try:
        result = target.run(given, project)
    except ViewcastError as error:
        result = Refused(str(error))
    except MemoryError:
        return "memory", traceback.format_exc()
    except Exception:  # noqa: BLE001 (this is what is looked for)
        return "traceback", traceback.format_exc()
    if isinstance(result, Accepted):
        if case.right is None:
            return "accepted", ""
        if target.agrees(result.value, case.right):
            return "right", ""
        return "wrong", _difference(result.value, case.right)
    lacking = _lacking(result.message, (*target.places, *case.files, str(given)))
    return ("unclear", f"{lacking}: {result.message}") if lacking else ("refused", result.message)


def _lacking(message: str, places: tuple[str, ...]) -> str:
    """What is wrong with a message; empty for nothing."""
    if len(message) > LONGEST:
        return f"has {len(message):,} characters"
    if word := _WORD.search(message):
        return f"quotes {len(word[0]):,} characters"
    if not any(place in message for place in places):
        return "does not say where"
    return ""


def _difference(value: object, right: object) -> str:
    if isinstance(value, dict) and isinstance(right, dict):
        keys = [key for key in (*value, *right) if value.get(key) != right.get(key)]
        shown = [f"{key}: {value.get(key)!r}, right {right.get(key)!r}" for key in keys[:3]]
        return f"{len(keys)} differ: {'; '.join(shown)}"
    return f"{str(value)[:200]}, right {str(right)[:200]}"


def _state(folder: Path) -> dict[str, str]:
    """Every file, link and folder below, with what it holds."""
    found = {}
    for path in folder.rglob("*"):
        name = str(path.relative_to(folder))
        if path.is_symlink():
            found[name] = f"link to {path.readlink()}"
        elif path.is_file():
            found[name] = hashlib.blake2b(path.read_bytes()).hexdigest()
        else:
            found[name] = "folder"
    return found
