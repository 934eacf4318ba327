"""How often each validation row was used: days as a calendar, other rows as bars."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from matplotlib.ticker import MaxNLocator

from viewcast.base.numbers import plain
from viewcast.report.audits import Audit
from viewcast.report.figures.calendar import HIDDEN, LEARNT, SEALED, Kinds, calendar
from viewcast.report.figures.run_results import Results
from viewcast.report.figures.style import (
    INK,
    MUTED,
    VALIDATION,
    Drawing,
    legend_above,
    row_labels,
    sheet,
)

SETS = (VALIDATION, "#8c2f14", INK)  # colours by how many sets of validation rows share a row
LOOK = (
    "A look is one score that a person or a rule could act on: a run's final loss, or the loss "
    "after each epoch where the best epoch is kept."
)


def draw(results: Results) -> Iterator[Drawing]:
    """One per data set that was audited."""
    for data in dict.fromkeys(audit.result.data for audit in results.audits):
        audits = [audit for audit in results.audits if audit.result.data == data]
        uses = results.row_usage[results.row_usage["data"] == data]
        if uses.empty:
            continue
        if all(audit.result.dated for audit in audits):
            yield _calendar(results, audits, uses)
        else:
            yield _bars(audits, uses)


def _title(audits: list[Audit], counts: "pd.Series[int]", word: str) -> str:
    runs = sum(audit.result.usage.runs for audit in audits)
    low, high = int(counts.min()), int(counts.max())
    times = f"{plain(high)} times" if low == high else f"{plain(low)} to {plain(high)} times"
    return (
        f"Each of the {plain(len(counts))} validation {word} was looked at {times}, in "
        f"{plain(runs)} runs"
    )


def _calendar(results: Results, audits: list[Audit], uses: pd.DataFrame) -> Drawing:
    counts = uses.groupby("time")["scores"].max()  # each row counts the looks of all holdouts
    counts.index = pd.to_datetime(counts.index)
    title, kinds = _title(audits, counts, "days"), _kinds(results, audits)
    figure = calendar(audits[0].result.label, title, counts.sort_index(), kinds)
    caption = f"A column is a week, Monday above. {LOOK}"
    if len(audits) > 1:
        caption += " Where sets of validation days overlap, their looks add up."
    alt = f"{title}. Calendar of days, the darker the more often used."
    return Drawing(f"{audits[0].result.data}_looks", figure, title, caption, alt, audits[0].run_ids)


def _kinds(results: Results, audits: list[Audit]) -> Kinds:
    """What days without a look are for: training, the hidden holdout, or the sealed test."""
    data, learnt, hidden, sealed = audits[0].result.data, Kinds(), Kinds(), Kinds()
    table = results.table(data)
    for audit in audits:
        split = audit.result.split
        sealed |= dict.fromkeys(results.sealed_days(data, split), SEALED)
        column = f"split_{split}"
        if table is None or column not in table:
            continue
        days = pd.Series(pd.to_datetime(table["time"]).to_numpy(), index=table[column])
        learnt |= dict.fromkeys(days[days.index == "train"], LEARNT)
        if audit.result.hidden_holdout is not None:  # its validation days that are in no holdout
            hidden |= dict.fromkeys(days[days.index == "validation"], HIDDEN)
    return learnt | hidden | sealed


def _bars(audits: list[Audit], uses: pd.DataFrame) -> Drawing:
    in_order = uses.assign(number=pd.to_numeric(uses["time"], errors="coerce"))
    in_order = in_order.sort_values(["entity", "number", "row"])
    rows = in_order.groupby(["entity", "row"], sort=False)
    table = pd.DataFrame({"scores": rows["scores"].max(), "sets": rows["holdout"].nunique()})
    title = _title(audits, table["scores"], "rows")
    figure, (axes,) = sheet(audits[0].result.label, title, 0.8 + 0.2 * len(table))
    for sets, colour in zip(sorted(table["sets"].unique()), SETS, strict=False):
        label = "validates in one split" if sets == 1 else f"validates in {sets} splits"
        at = np.flatnonzero(table["sets"] == sets)
        axes.barh(at, table["scores"].iloc[at], 0.72, color=colour, label=label)
    for y, count in enumerate(table["scores"]):
        axes.annotate(
            plain(count), (count, y), (4, 0), textcoords="offset points", va="center", size=8,
            color=MUTED,
        )  # fmt: skip
    row_labels(axes, [(y, str(row)) for y, (_, row) in enumerate(table.index)], [])
    axes.set(ylim=(len(table) - 0.4, -0.6), xlim=(0, table["scores"].max() * 1.12), xlabel="looks")
    axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    legend_above(axes, 3)
    caption = f"{LOOK} A row that validates in two splits has the looks of both."
    alt = f"{title}. One bar per row, longer for more looks."
    return Drawing(f"{audits[0].result.data}_looks", figure, title, caption, alt, audits[0].run_ids)
