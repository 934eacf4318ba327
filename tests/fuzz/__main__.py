"""``python -m fuzz``: many inputs of each target, or a kept one again."""

import argparse
import json
import sys
import tempfile
from pathlib import Path

from fuzz.campaign import campaign, together
from fuzz.case import Case
from fuzz.targets import NAMES, SHARES, target
from fuzz.verdict import judge
from viewcast.base.files import write_json
from viewcast.base.progress import runs

ROOT = Path(__file__).resolve().parents[2]
SEED = 2021
ALL = 20_000


def main() -> None:
    """Fuzz, or repeat."""
    parser = argparse.ArgumentParser(prog="python -m fuzz", description=__doc__)
    parser.add_argument("case", type=Path, nargs="?", help="a kept input to repeat")
    parser.add_argument("--inputs", type=int, default=ALL, help="of all targets together")
    parser.add_argument("--only", choices=NAMES, nargs="+", default=list(NAMES))
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--folder", type=Path, default=ROOT / "build" / "fuzz")
    parser.add_argument("--figures", type=Path, default=ROOT / "benchmarks/results/fuzz.json")
    asked = parser.parse_args()
    if asked.case is not None:
        sys.exit(_repeated(asked.case))
    asked.folder.mkdir(parents=True, exist_ok=True)
    folder = asked.folder.resolve()
    whole = sum(SHARES[name] for name in asked.only)
    counts = {name: asked.inputs * SHARES[name] // whole for name in asked.only}
    found = json.loads(asked.figures.read_text()) if asked.figures.is_file() else {}
    with runs(sum(counts.values())) as bar:
        for name, count in counts.items():
            bar.update(bar.task_ids[0], description=name)
            figures = campaign(
                name, count, asked.seed, folder, lambda: bar.advance(bar.task_ids[0])
            ).to_dict()
            targets = {**found.get("targets", {}), name: figures}
            found |= {"seed": asked.seed, "targets": targets, "all": together(targets.values())}
            write_json(asked.figures, found)
            told = {key: value for key, value in figures.items() if key != "faults"}
            print(f"{name}: {', '.join(f'{key} {value}' for key, value in told.items())}")


def _repeated(file: Path) -> int:
    """What comes of a kept input; returns the exit code."""
    case = Case.from_bytes(file.read_bytes())
    with tempfile.TemporaryDirectory() as work:
        verdict = judge(target(file.name.partition("-")[0]), case, Path(work))
    print(f"{', '.join(case.made)}\n{verdict.kind} after {verdict.seconds:.2f} s: {verdict.told}")
    return int(verdict.is_fault)


if __name__ == "__main__":
    main()
