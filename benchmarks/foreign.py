"""Runs that viewcast did not make: what an audit makes of them.

    python benchmarks/foreign.py --make FOLDER     # the experiments of tests/foreign, to look at

They are made by the libraries themselves (extra ``foreign``) in FOLDER/mlflow.db.
"""

import argparse
import logging
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from foreign.every import EXPERIMENTS
from foreign.experiment import Expected, build


def make(folder: Path, names: list[str]) -> dict[str, Expected]:
    """The experiments of these names (all by default) in a store in ``folder``."""
    logging.disable(logging.WARNING)
    folder.mkdir(parents=True, exist_ok=True)
    uri, artifacts = f"sqlite:///{folder.resolve()}/mlflow.db", (folder / "artifacts").resolve()
    made = {}
    for name in names or list(EXPERIMENTS):
        made[name] = build(name, EXPERIMENTS[name], uri, artifacts.as_uri())
        print(name, made[name], sep="\n    ", flush=True)
    return made


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--make", type=Path, metavar="FOLDER", required=True)
    parser.add_argument("names", nargs="*", help=", ".join(EXPERIMENTS))
    asked = parser.parse_args()
    make(asked.make, asked.names)
