"""Losses against epochs of the channel's network, trained with batches of different sizes."""

from collections.abc import Iterator

from viewcast.base.numbers import plain
from viewcast.report.figures.curves import SIDES, drawable, scale_axes
from viewcast.report.figures.run_results import Results, Run
from viewcast.report.figures.style import (
    DEEP,
    LINE,
    OTHER,
    Drawing,
    legend_above,
    loss_label,
    sheet,
)

RUNS = ("channel_batch_1", "channel/deep", "channel_full_batch")


def draw(results: Results) -> Iterator[Drawing]:
    """One, as soon as two batch sizes can be compared."""
    runs = [run for run in results.finished(*RUNS) if drawable(run)]
    if len(runs) > 1:
        yield _curves(results, runs)


def _curves(results: Results, runs: list[Run]) -> Drawing:
    sizes = {run["key"]: _size(results, run) for run in runs}
    epochs = ", ".join(f"{run['best_epoch']} with {sizes[run['key']]}" for run in runs)
    title = f"Epochs until validation is best: {epochs}"
    figure, panels = sheet(runs[0]["label"], title, 3.9, rows=2, sharex=True, sharey=True)
    for run, colour in zip(runs, (OTHER, DEEP, LINE), strict=False):
        for axes, (column, _, _) in zip(panels, SIDES, strict=True):
            label = sizes[run["key"]]
            axes.plot(run.curve["epoch"], run.curve[column], color=colour, label=label, lw=1.3)
        best = run.curve.iloc[int(run.curve["val_loss"].argmin())]
        panels[1].plot(best["epoch"], best["val_loss"], "o", color=colour, mec="white", ms=6.5)
    for axes, (_, _, name) in zip(panels, SIDES, strict=True):
        scale_axes(axes, runs)
        axes.text(0.99, 0.95, name, transform=axes.transAxes, ha="right", va="top", weight="bold")
        axes.set_ylabel("")
    panels[0].set_xlabel("")
    figure.supylabel(loss_label(runs[0]["loss"], runs[0]["unit"]), size=9)
    legend_above(panels[0])
    rates = [
        f"{results.settings(run)['lr']:g} with {sizes[run['key']]}"
        for run in runs
        if "lr" in results.settings(run)
    ]
    best_losses = ", ".join(plain(run["val_loss"]) for run in runs)
    caption = (
        "The same network, updated after different numbers of days. An epoch of small batches has "
        "many more updates: it needs fewer epochs, and its curve is noisier. The final losses are "
        f"similar: validation losses {best_losses} in {runs[0]['unit']}."
    )
    caption += f" Learning rates: {', '.join(rates)}." if rates else ""
    alt = f"{title}. Training and validation loss against the epoch for each batch size."
    ids = [run["key"] for run in runs]
    return Drawing(f"{runs[0]['data']}_batches", figure, title, caption, alt, ids)


def _size(results: Results, run: Run) -> str:
    size = results.settings(run).get("batch_size")
    if size == "full":
        return f"all {plain(len(run.of_split('train')))} days"
    return run.name if size is None else "1 day" if size == 1 else f"{size} days"
