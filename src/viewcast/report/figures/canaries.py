"""The canaries: functions that memorise, beside the naive forecast and the best model."""

from collections.abc import Iterator

import numpy as np
from matplotlib.ticker import FuncFormatter

from viewcast.base.numbers import plain
from viewcast.report.figures.run_results import BASELINES, MEMORIES, Results, Run
from viewcast.report.figures.style import (
    TRAIN,
    VALIDATION,
    Drawing,
    legend_above,
    loss_label,
    sheet,
)


def draw(results: Results) -> Iterator[Drawing]:
    """One bar chart per data set, on the validation rows of its main models."""
    for data in results.datasets:
        memorizer_leak = results.experiment(f"{data}_memorizer_leak")
        memorizer = results.experiment(f"{data}_memorizer")
        if (
            memorizer is None
            or memorizer_leak is None
            or not memorizer.validated
            or not memorizer_leak.validated
        ):
            continue
        rivals = [run for run in results.same_rows(memorizer) if _skilled(run)]
        best = min(rivals, key=lambda run: float(run["val_loss"]), default=None)
        shown = [run for run in (results.baseline(memorizer), best) if run is not None]
        yield _bars([*shown, memorizer, memorizer_leak])


def _skilled(run: Run) -> bool:
    return bool(run["val_loss"]) and run["model"] not in (*BASELINES, *MEMORIES)


def _bars(runs: list[Run]) -> Drawing:
    memorizer, memorizer_leak = runs[-2:]
    title = (
        f"Validation loss {plain(memorizer_leak['val_loss'])}, and no skill: memorizer_leak has seen the answers. "
        f"Its twin that has not, memorizer, loses {plain(memorizer['val_loss'])} {memorizer['unit']}"
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
    axes.set(ylim=(len(runs) - 0.5, -0.5), xlim=(0, width * 1.13), xlabel=loss_label(memorizer))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: plain(value)))
    legend_above(axes)
    remembered = memorizer_leak["params"].get("remembered")
    caption = (
        "memorizer gives back what it has seen and 0 for everything else; memorizer_leak has seen the validation "
        "rows as well"
        + (f" ({plain(remembered)} rows in all)" if remembered else "")
        + ". A perfect score on rows that took part in making the model is no evidence. Only rows "
        "that nobody has looked at can tell memorizer_leak from a good model."
    )
    alt = f"{title}. Bars of training and validation loss."
    ids = [run["run_id"] for run in runs]
    return Drawing(f"{memorizer['data']}_canaries", figure, title, caption, alt, ids)


def _name(run: Run) -> str:
    skilled = run["model"] not in (*BASELINES, *MEMORIES)
    return f"{run.name}\n(lowest validation)" if skilled else run.name
