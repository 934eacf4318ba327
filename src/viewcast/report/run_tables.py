"""The tables of all runs, one per data set and split: the losses, and what the audit adds."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby

from viewcast.assessment.result import AuditedRun
from viewcast.base.numbers import as_published, plain
from viewcast.report.figures.run_results import Results, Run

Audited = Mapping[str, AuditedRun]  # by the run's identity in MLflow


@dataclass(frozen=True)
class Row:
    """A run in a table.

    ``expected``, ``upper``, ``looks``: from the audit, empty if it does not know them. ``marks``:
    places of losses on the bar, in percent from its left end.
    """

    run: Run
    features: str
    train: str
    validation: str
    expected: str
    upper: str
    looks: str
    published: tuple[str, str] | None
    marks: dict[str, float]
    verdict: str


@dataclass(frozen=True)
class Table:
    """The runs of one data set on one split; only these can be compared with each other."""

    data: str
    label: str
    split: str
    unit: str
    train_rows: int
    validation_rows: int
    rows: list[Row]

    @property
    def expects(self) -> bool:
        """Whether the audit could correct one of the losses."""
        return any(row.expected for row in self.rows)


def tables(results: Results, audited: Audited) -> list[Table]:
    """All tables, in the order of the summary."""
    return [table for data in results.datasets for table in _of_data(results, data, audited)]


def _of_data(results: Results, data: str, audited: Audited) -> list[Table]:
    runs = results.of(data)
    scale = _Scale(runs)
    by_split = sorted(runs, key=lambda run: str(run["split"]))
    by_table = []
    for split, group in groupby(by_split, lambda run: run["split"]):
        of_split = list(group)
        counts = [[len(run.of_split(side)) for run in of_split] for side in ("train", "validation")]
        by_table.append(
            Table(
                data,
                str(of_split[0]["label"]),
                split,
                str(of_split[0]["unit"]),
                max(counts[0]),
                max(counts[1]),
                [_row(run, scale, audited.get(run["key"])) for run in of_split],
            )
        )
    return by_table


class _Scale:
    """Losses as places on a logarithmic bar that all runs of a data set share."""

    def __init__(self, runs: list[Run]) -> None:
        keys = ("train_loss", "val_loss", "published_train", "published_val")
        losses = [float(run[key]) for run in runs for key in keys if run[key]]
        self.low = math.log10(min(losses, default=1.0))
        self.high = math.log10(max(losses, default=1.0))

    def __call__(self, loss: float) -> float:
        if loss <= 0:
            return 0.0  # the left end stands for a loss of 0
        share = (math.log10(loss) - self.low) / (self.high - self.low or 1)
        return round(6 + 92 * min(max(share, 0.0), 1.0), 1)


def _row(run: Run, scale: _Scale, audit: AuditedRun | None) -> Row:
    published = (run["published_train"], run["published_val"])
    losses = {
        "train": run["train_loss"],
        "validation": run["val_loss"],
        "published_train": published[0],
        "published_validation": published[1],
    }
    return Row(
        run,
        _features(run["features"]),
        plain(run["train_loss"]),
        run.validation,
        "" if audit is None else _known(audit.expected),
        "" if audit is None else _known(audit.bound95),
        "" if audit is None else _known(audit.looks),
        None
        if published == (None, None)
        else (as_published(published[0]), as_published(published[1])),
        {name: scale(loss) for name, loss in losses.items() if loss is not None},
        verdict_of(run, audit),
    )


def _known(value: float | None) -> str:
    return "" if value is None else plain(value)


def verdict_of(run: Run, audit: AuditedRun | None) -> str:
    """The verdict of the run's own losses; parts that the audit also has are the audit's."""
    own = str(run["verdict"])
    audited = "" if audit is None else audit.excluded or audit.verdict
    parts = {part.split()[0]: part for part in own.split("; ") if part}
    for part in audited.split("; "):
        statement = part.removeprefix("fine").removeprefix(": ")
        if statement:
            parts[statement.split()[0]] = statement
    return "; ".join(parts.values())


def _features(names: list[str]) -> str:
    if len(names) <= 3:
        return ", ".join(name.replace("_", " ") for name in names)
    return f"{len(names)} features: {names[0].replace('_', ' ')} to {names[-1].replace('_', ' ')}"
