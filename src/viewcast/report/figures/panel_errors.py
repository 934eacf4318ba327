"""Errors of the forecasts of many videos: by the size of a video, by its age, by its category."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from viewcast.base.numbers import with_error
from viewcast.report.figures.panel_rows import Task, mean_of
from viewcast.report.figures.run_results import Results
from viewcast.report.figures.style import (
    DEEP,
    NAIVE,
    Drawing,
    legend_above,
    loss_label,
    row_labels,
    sheet,
)

Z = 1.96  # standard errors on both sides of a mean: 95 %
LEAST = 5  # videos in a class, below which no error of a mean is told


def draw(results: Results) -> Iterator[Drawing]:
    """One for each task of a panel."""
    for data in results.panels:
        for task in Task.of(results, data):
            drawing = _errors(results, task)
            if drawing is not None:
                yield drawing


def classes(rows: pd.DataFrame) -> dict[str, pd.Series]:
    """The class of each row (N,) by size, by age and by category, where these are known."""
    found: dict[str, pd.Series] = {}
    if "size" in rows:
        views = np.expm1(rows["size"])
        edges = [-np.inf, 10, 100, 1000, 10_000, np.inf]
        names = ["below 10", "10 to 100", "100 to 1,000", "1,000 to 10,000", "above 10,000"]
        found["views a day"] = pd.cut(views, edges, labels=names, right=False)
    if "age" in rows and rows["age"].nunique() > 1:
        days = np.expm1(rows["age"])
        edges = [-np.inf, 70, 120, 180, 365, np.inf]
        names = ["below 70", "70 to 120", "120 to 180", "180 to 365", "above 365"]
        found["days since the upload"] = pd.cut(days, edges, labels=names, right=False)
    kinds = [c for c in rows if str(c).startswith("category_")]
    if kinds:
        names = [str(c).removeprefix("category_").replace("_", " ") for c in kinds]
        own = rows[kinds].fillna(0).to_numpy().argmax(axis=1)
        found["category"] = pd.Series(pd.Categorical(np.array(names)[own], names), index=rows.index)
    return found


def _errors(results: Results, task: Task) -> Drawing | None:
    best, naive = task.best, task.naive
    rows = task.rows(results, best)
    groups = classes(rows)
    if not groups:
        return None
    shown = [(best, DEEP, best.name)]
    if naive is not None and naive is not best:
        shown.insert(0, (naive, NAIVE, "naive"))
    title, ticks = _title(rows, groups, best["cluster"], best["unit"]), []
    count = sum(len(group.cat.categories) for group in groups.values())
    figure, (axes,) = sheet(best["label"], title, 1.2 + 0.24 * (count + len(groups)))
    y, headings, told = 0.0, [], set[str]()
    for heading, group in groups.items():
        headings.append(y)
        ticks.append((y, heading))
        y += 1
        for name in group.cat.categories:
            inside = rows.loc[group == name, "row"]
            if rows.loc[group == name, "entity"].nunique() < LEAST:
                continue
            ticks.append((y, str(name)))
            for place, (run, colour, label) in enumerate(shown):
                own = run.of_split("validation").loc[inside].reset_index()
                found = mean_of(own, best["cluster"])
                axes.errorbar(
                    found.mean, y + 0.22 * (place - (len(shown) - 1) / 2), fmt="o", ms=4,
                    xerr=None if found.error is None else Z * found.error,
                    color=colour, lw=1.2, label=None if (label in told) else label,
                )  # fmt: skip
                told.add(label)
            y += 1
    row_labels(axes, ticks, headings)
    axes.invert_yaxis()
    axes.set(xlabel=loss_label(best["loss"], best["unit"]), xlim=(0, None))
    legend_above(axes)
    caption = (
        f"Task “{task.split}”: means of {len(rows):,} validation rows by class, with 95 % "
        f"intervals that resample whole {_word(best['cluster'])}. Classes of fewer than {LEAST} "
        "videos are left out."
    )
    ids = [run["key"] for run, _, _ in shown]
    return Drawing(f"{task.data}_{task.split}_errors", figure, title, caption, title, ids)


def _word(cluster: str) -> str:
    return {"entity": "videos", "time": "days", "both": "videos and days"}[cluster]


def _title(rows: pd.DataFrame, groups: dict[str, pd.Series], cluster: str, unit: str) -> str:
    """Where the best run errs most and least."""
    heading, group = next(iter(groups.items()))
    means = {
        str(name): mean_of(own, cluster)
        for name, own in rows.groupby(group, observed=True)
        if own["entity"].nunique() >= LEAST
    }
    if len(means) < 2:
        return "The error of the best forecast by class of videos"
    worst = max(means, key=lambda name: means[name].mean)
    least = min(means, key=lambda name: means[name].mean)
    missed = [
        f"{with_error(mean.mean, mean.error)} {unit}" for mean in (means[worst], means[least])
    ]
    others = in_words(least, heading).removesuffix(f" {heading}")  # it was said
    return (
        f"Videos {in_words(worst, heading)} are missed by {missed[0]}, those {others} by "
        f"{missed[1]}"
    )


def in_words(name: str, heading: str) -> str:
    """A class of videos in words; ``heading``: by what they are told apart."""
    if heading == "category":
        return f"of the category {name}"
    number = name.replace("below", "fewer than").replace("above", "more than")
    return f"with {number} {heading}"
