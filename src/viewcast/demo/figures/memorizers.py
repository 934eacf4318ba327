"""The two functions that memorise rows, beside the naive forecast and the best model."""

from collections.abc import Iterator

import numpy as np
from matplotlib.ticker import FuncFormatter

from viewcast.base.numbers import plain
from viewcast.report.figures.run_results import Results, Run
from viewcast.report.figures.style import (
    TRAIN,
    VALIDATION,
    Drawing,
    legend_above,
    loss_label,
    sheet,
)

IN_LECTURE = {"memorizer": "f_lazy", "memorizer_leak": "f_lazy2"}


def draw(results: Results) -> Iterator[Drawing]:
    """One bar chart per data set, on the validation rows of its main models."""
    for data in results.datasets:
        pair = [results.experiment(f"{data}_{name}") for name in IN_LECTURE]
        memorizers = [run for run in pair if run is not None and run.validated]
        if len(memorizers) < len(IN_LECTURE):
            continue
        baseline, best = results.baseline(memorizers[0]), results.best_model(memorizers[0])
        yield _bars([*(run for run in (baseline, best) if run is not None), *memorizers])


def _bars(runs: list[Run]) -> Drawing:
    memorizer, leak = runs[-2:]
    title = (
        f"Validation loss {plain(leak['val_loss'])} without any skill: memorizer_leak has seen the "
        f"answers. memorizer has not, and loses {memorizer.validation} {memorizer['unit']}"
    )
    figure, (axes,) = sheet(memorizer["label"], title, 0.9 + 0.52 * len(runs))
    width = max(run["val_loss"] for run in runs)
    at = np.arange(len(runs))
    for side, key, colour, name in (
        (-0.19, "train_loss", TRAIN, "training"),
        (0.19, "val_loss", VALIDATION, "validation"),
    ):
        values = [run[key] for run in runs]
        axes.barh(at + side, values, 0.34, color=colour, label=name)
        for y, value in zip(at + side, values, strict=True):
            axes.annotate(
                plain(value), (value, y), (4, 0), textcoords="offset points", va="center", size=8.5
            )
    axes.set_yticks(at, [_name(run) for run in runs])
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="y", visible=False)
    axes.set(
        ylim=(len(runs) - 0.5, -0.5),
        xlim=(0, width * 1.13),
        xlabel=loss_label(memorizer["loss"], memorizer["unit"]),
    )
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: plain(value)))
    legend_above(axes)
    remembered = leak["params"].get("remembered")
    rows = f" ({plain(remembered)} rows in all)" if remembered else ""
    caption = (
        "memorizer (f_lazy in the lecture) gives back the targets of the training rows and 0 for "
        "every other row; memorizer_leak (f_lazy2) has seen the validation rows as well"
        f"{rows}. A perfect score on rows that took part in making the model is no evidence. Only "
        "rows that no model has used can tell memorizer_leak from a good model."
    )
    alt = f"{title}. Bars of training and validation loss."
    ids = [run["key"] for run in runs]
    return Drawing(f"{memorizer['data']}_memorizers", figure, title, caption, alt, ids)


def _name(run: Run) -> str:
    if run["model"] in IN_LECTURE:
        return f"{run.name}\n({IN_LECTURE[run['model']]})"
    return run.name if run.is_lookup else f"{run.name}\n(lowest validation)"
