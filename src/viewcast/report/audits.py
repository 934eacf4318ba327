"""The results of the audit under the names that pictures, page and terminal give them.

The audit is optional: a project that was never audited has no results, and the report says so.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd

from viewcast.assessment.refereed import Refereed
from viewcast.assessment.result import AuditedRun, AuditResult
from viewcast.assessment.result_file import from_json, read_file
from viewcast.assessment.study import UNKNOWN
from viewcast.base.paths import audit_path, uses_path
from viewcast.data import stored
from viewcast.scoring.labels import label_of

SEARCH, ATTACK = "channel_search", "channel_leaderboard"  # experiments of the demonstration
TITLES = {SEARCH: "A random search", ATTACK: "A leaderboard under attack"}
FEW = 25  # runs that a picture can name


@dataclass(frozen=True)
class Audit:
    """The result of one holdout; ``slug`` begins the names of its files and anchors.

    ``which``: tells it from others of the same experiment, empty where there are none.
    """

    result: AuditResult
    slug: str
    which: str = ""

    @property
    def story(self) -> str | None:
        """The experiment of the demonstration that most runs belong to, if there is one."""
        names = [run.experiment for run in self.result.runs]
        for story in (SEARCH, ATTACK):
            if 2 * sum(name.startswith(story) for name in names) > len(names):
                return story
        return None

    @property
    def place(self) -> str:
        """The data set and the split; of other people's runs, their experiment."""
        result = self.result
        if result.understood is not None:
            return f"experiment {result.experiment}"
        label = result.label or result.data or f"experiment {result.experiment}"
        return f"{label}, split “{result.split}”" if result.split else label

    @property
    def label(self) -> str:
        """The label of the data set; of other people's runs, their experiment."""
        return self.place if self.result.understood is not None else self.result.label or self.place

    @property
    def axis_label(self) -> str:
        """The metric with its unit, for an axis: by the name that the user gave it, if she did."""
        result = self.result
        label = label_of(result.loss) if result.understood is None else result.loss
        return f"{label} ({result.unit})" if result.unit else label

    @property
    def title(self) -> str:
        """The title of the holdout: its experiment, data set, split and number of rows."""
        result = self.result
        title = self.place + (f", {result.rows:,} {result.rows_word}" if result.rows else "")
        title += f" ({self.which})" if self.which else ""
        return f"{TITLES[self.story]}: {title}" if self.story else title

    @cached_property
    def runs(self) -> list[tuple[AuditedRun, float]]:
        """The runs that took part in the choice, best first, each with the loss that it shows."""
        return [(run, run.shown) for run in self.result.compared if run.shown is not None]

    def name(self, run: str) -> str:
        """The name of a run beside the label of its data set: without what the two share.

        Versions before 0.3 began names with the data set: ``channel_search-0180``.
        """
        data = self.result.data
        own = re.sub(rf"^{re.escape(data)}[-_/ ]", "", run)
        if self.story is not None:
            own = re.sub(rf"^{self.story.removeprefix(f'{data}_')}[-_/ ]", "", own)
        return f"run {int(own)}" if own.isdecimal() else own.replace("_", " ")

    @property
    def run_ids(self) -> list[str]:
        """The run that pictures of this holdout are stored with: one, not hundreds."""
        if self.result.winner is not None:
            return [self.result.winner.run_id]
        return [run.run_id for run in self.result.runs[:1]]


def read(root: Path) -> list[Audit] | None:
    """The audits of a project, or None where nothing was audited.

    Refuses (DataError) a file that is damaged or of another version.
    """
    path = audit_path(root)
    if not path.is_file():
        return None
    return named(from_json(path.read_text(encoding="utf-8"), str(path)))


def read_refereed(root: Path) -> list[Refereed]:
    """The referees of a project; none where nothing was audited. Refuses what ``read`` refuses."""
    path = audit_path(root)
    if not path.is_file():
        return []
    return list(read_file(path.read_text(encoding="utf-8"), str(path)).refereed)


def refereed_title(refereed: Refereed) -> str:
    """The name of a referee, its experiment, and its rows."""
    plan = refereed.plan
    return f"Referee “{plan.name}”: experiment {refereed.experiment}, {plan.rows:,} rows"


def of_datasets(audits: Iterable[Audit], datasets: Iterable[str]) -> list[Audit]:
    """The audits of these data sets, and those of runs that viewcast did not make.

    The store still holds the runs of data sets that the pipeline no longer runs.
    """
    known = {*datasets, ""}
    return [
        audit
        for audit in audits
        if audit.result.understood is not None or audit.result.data in known
    ]


def named(results: Sequence[AuditResult]) -> list[Audit]:
    """Results with their slugs, and what tells them apart.

    A slug is the experiment of the demonstration, or data set and split; where that repeats, the
    holdout too.
    """
    slugs = [
        Audit(result, "").story
        or _slug(f"{result.data}_{result.split}")
        or _slug(result.experiment)
        for result in results
    ]
    repeated = {slug for slug, count in Counter(slugs).items() if count > 1}
    return [
        Audit(result, f"{slug}_{_short(result)}", _which(result))
        if slug in repeated
        else Audit(result, slug)
        for result, slug in zip(results, slugs, strict=True)
    ]


def _short(result: AuditResult) -> str:
    return _slug(result.holdout) if result.holdout.startswith(UNKNOWN) else result.holdout[:6]


def _which(result: AuditResult) -> str:
    """What tells a result from others of an experiment that viewcast did not make."""
    if result.understood is None:
        return ""
    if result.understood.digest is not None:
        return f"rows {result.holdout[:8]}"
    return result.holdout.removeprefix(f"{UNKNOWN}: ")


def in_order(audits: Iterable[Audit], datasets: Iterable[str]) -> list[Audit]:
    """By data set in the order of ``datasets``, those of the demonstration last."""
    place = {data: at for at, data in enumerate(dict.fromkeys(datasets))}
    last = {None: 0, SEARCH: 1, ATTACK: 2}
    return sorted(audits, key=lambda a: (last[a.story], place.get(a.result.data, len(place))))


def row_usage(root: Path) -> pd.DataFrame:
    """How often each row was used: data, entity, time, row, holdout, runs, scores."""
    path = uses_path(root)
    if not path.is_file():
        columns = ["data", "entity", "time", "row", "holdout", "runs", "scores"]
        return pd.DataFrame({column: [] for column in columns})
    return stored.whole(path, "`make audit` writes it anew")


def of_run(audits: Iterable[Audit]) -> dict[str, AuditedRun]:
    """The audited runs by the key or id that the file of the audit names them by."""
    return {run.run_id: run for audit in audits for run in audit.result.runs}


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")
