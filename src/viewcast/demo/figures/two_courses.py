"""Two courses, two lines: what changes when the training data change."""

from collections.abc import Iterator

import numpy as np

from viewcast.base.numbers import plain
from viewcast.report.figures.run_results import Results
from viewcast.report.figures.style import TRAIN, VALIDATION, Drawing, legend_above, sheet


def draw(results: Results) -> Iterator[Drawing]:
    """Minutes against pages of both courses, with the least-squares line of each."""
    runs = results.finished("lectures_course", "lectures_swap")
    table = results.table("lectures")
    if len(runs) < 2 or table is None or any(set(run["params"]) != {"w", "b"} for run in runs):
        return
    rows = table.set_index("row")
    names = [str(rows.loc[run.of_split("train").index[0], "entity"]) for run in runs]
    slopes = [plain(run["params"]["w"], 2) for run in runs]
    title = (
        f"A page takes {slopes[0]} minutes in {names[0]} and {slopes[1]} in {names[1]}: the "
        f"line of the first course loses {runs[0].validation} {runs[0]['unit']} on the "
        f"second, the line of the second {runs[1].validation} on the first"
    )
    figure, (axes,) = sheet(runs[0]["label"], title, 3.6)
    edge = rows["pages"].max() * 1.04
    for run, name, colour, mark in zip(runs, names, (TRAIN, VALIDATION), "os", strict=True):
        own = rows.loc[run.of_split("train").index]
        axes.plot(own["pages"], own["target"], mark, color=colour, ms=5, label=name)
        x = np.array([0, edge])
        sign = "−" if run["params"]["b"] < 0 else "+"
        label = f"{plain(run['params']['w'])} · pages {sign} {abs(run['params']['b']):.1f}"
        axes.plot(x, run["params"]["w"] * x + run["params"]["b"], color=colour, label=label)
    axes.set(xlim=(0, edge), ylim=(0, None))
    axes.set(xlabel="pages of the slides", ylabel="length of the lecture (minutes)")
    legend_above(axes, 2)
    caption = (
        "Each line is the least-squares line of its own course (training losses "
        f"{plain(runs[0]['train_loss'])} and {plain(runs[1]['train_loss'])}). The lectures to be "
        "predicted are from the newer course: training data similar to the data to be predicted "
        "can help more than a better model."
    )
    alt = f"{title}. Scatter of two courses with two lines."
    yield Drawing("lectures_courses", figure, title, caption, alt, [r["key"] for r in runs])
