"""What the audit says of each holdout, read for the pictures, the page and the terminal.

The audit is optional: a project that was never audited has none, and the report says so.
"""

import json
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from viewcast.base.errors import DataError
from viewcast.base.paths import audit_path, uses_path

SEARCH, ATTACK = "channel_search", "channel_leaderboard"  # the studies that tell a story
TITLES = {SEARCH: "A random search", ATTACK: "A leaderboard under attack"}
COMMAND = "python pipelines/audit.py"
FEW = 25  # runs that a picture can name


@dataclass(frozen=True)
class Audit:
    """What is known of one holdout; ``slug`` names its files and anchors."""

    said: dict[str, Any]
    slug: str

    def __getitem__(self, key: str) -> Any:
        return self.said[key]

    @property
    def story(self) -> str | None:
        """The story this holdout was made for, if it was made for one."""
        names = [str(run["experiment"]) for run in self.said["runs"]]
        for story in (SEARCH, ATTACK):
            if 2 * sum(name.startswith(story) for name in names) > len(names):
                return story
        return None

    @property
    def place(self) -> str:
        """The data set and the split, as far as they are known."""
        label = self.said["label"] or self.said["data"] or f"experiment {self.said['experiment']}"
        return f"{label}, split “{self.said['split']}”" if self.said["split"] else str(label)

    @property
    def title(self) -> str:
        """What the holdout is called."""
        rows = f", {self.said['rows']:,} {self.rows_word}" if self.said["rows"] else ""
        title = self.place + rows
        return f"{TITLES[self.story]}: {title}" if self.story else title

    @property
    def rows_word(self) -> str:
        """What the rows are called."""
        return "days" if self.said["dated"] else "rows"

    @cached_property
    def runs(self) -> list[dict[str, Any]]:
        """The runs that took part in the choice and have a loss, best first."""
        taking_part = [run for run in self.said["runs"] if not run["excluded"]]
        return [run for run in taking_part if run["shown"] is not None]

    @property
    def naive(self) -> float | None:
        """The loss of the reference on the same rows."""
        winner, gain = self.said["winner"], self.said["gain"]
        if winner is None or gain is None:
            return None
        return float(winner["shown"] + gain["shown"])

    @property
    def rounds(self) -> str:
        """How often the rows were looked at."""
        looks = self.said["looks"]
        return (
            f"{_counted(looks['scores'], 'score')} of {_counted(looks['runs'], 'run')} "
            f"in {_counted(looks['rounds'], 'round')}"
        )

    def name(self, run: str) -> str:
        """How a run is called beside the label of its data set."""
        own = re.sub(rf"^({self.story}|{re.escape(self.said['data'])})[-_/ ]", "", run)
        return f"run {int(own)}" if own.isdecimal() else own.replace("_", " ")

    @property
    def run_ids(self) -> list[str]:
        """The run that pictures of this holdout are stored with: one, not hundreds."""
        if self.said["winner"] is not None:
            return [self.said["winner"]["run_id"]]
        return [run["run_id"] for run in self.said["runs"][:1]]


def read(root: Path) -> list[Audit] | None:
    """The audits of a project, or None where nothing was audited; refuses a damaged file."""
    path = audit_path(root)
    if not path.is_file():
        return None
    try:
        found = json.loads(path.read_text())
    except json.JSONDecodeError as error:
        raise DataError(f"{path}: damaged ({error}); type `{COMMAND}` to make it again") from error
    return named(found)


def named(found: list[dict[str, Any]]) -> list[Audit]:
    """Audits under names of their own: a story's, or data set and split, and where that repeats
    the holdout's."""
    slugs = [
        Audit(audit, "").story or _slug(f"{audit['data']}_{audit['split']}") for audit in found
    ]
    repeated = {slug for slug, count in Counter(slugs).items() if count > 1}
    return [
        Audit(audit, f"{slug}_{audit['holdout'][:6]}" if slug in repeated else slug)
        for audit, slug in zip(found, slugs, strict=True)
    ]


def in_order(audits: Iterable[Audit], datasets: Iterable[str]) -> list[Audit]:
    """In the order in which the story tells them: data sets first, then what was made for it."""
    place = {data: at for at, data in enumerate(dict.fromkeys(datasets))}
    last = {None: 0, SEARCH: 1, ATTACK: 2}
    return sorted(audits, key=lambda a: (last[a.story], place.get(a["data"], len(place))))


def uses(root: Path) -> pd.DataFrame:
    """How often each row was used: data, entity, time, row, holdout, runs, scores."""
    path = uses_path(root)
    if not path.is_file():
        columns = ["data", "entity", "time", "row", "holdout", "runs", "scores"]
        return pd.DataFrame({column: [] for column in columns})
    return pd.read_parquet(path)


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}" + ("s" if count != 1 else "")


def of_run(audits: Iterable[Audit]) -> dict[str, dict[str, Any]]:
    """What the audits say of each run, by its identity in MLflow."""
    return {run["run_id"]: run for audit in audits for run in audit["runs"]}


def stated(text: str) -> str:
    """A statement of the audit as a sentence of its own."""
    return f"{text[:1].upper()}{text[1:].rstrip('.')}." if text else ""
