"""Losses against epochs: overfitting and stopping in time; batch sizes."""

from collections.abc import Iterator

from matplotlib.axes import Axes

from viewcast.base.numbers import plain
from viewcast.report.figures.run_results import Results, Run
from viewcast.report.figures.style import (
    DEEP,
    INK,
    LINE,
    OTHER,
    TRAIN,
    VALIDATION,
    Drawing,
    legend_above,
    log_ticks,
    loss_label,
    sheet,
)

# The run that goes on too long, and the same one stopped in time.
LONG = {"lectures": "lectures_deep_words_per_page", "channel": "channel_overfitting"}
STOPPED = {"lectures": "lectures_deep_early_stopping", "channel": "channel_layers_3"}
BATCHES = ("channel_batch_1", "channel/deep", "channel_full_batch")


def draw(results: Results) -> Iterator[Drawing]:
    """Overfitting for each data set that has a curve; the batch sizes of the channel."""
    for data in results.datasets:
        long = results.named(LONG.get(data, f"{data}/deep")) or results.main(data, "deep")
        if long is not None and _drawable(long):
            stopped = results.named(STOPPED.get(data, ""))
            yield _overfitting(long, stopped if stopped and _drawable(stopped) else None)
    batches = [run for run in results.found(*BATCHES) if _drawable(run)]
    if len(batches) > 1:
        yield _batches(results, batches)


def _drawable(run: Run) -> bool:
    curve = run.curve
    finished = run["status"] == "finished"
    return finished and len(curve) > 2 and bool(curve["val_loss"].notna().all())


def _overfitting(long: Run, stopped: Run | None) -> Drawing:
    curve = long.curve
    best, last = curve.iloc[int(curve["val_loss"].argmin())], curve.iloc[-1]
    title = (
        f"Validation is best at epoch {plain(best['epoch'])} ({plain(best['val_loss'])} "
        f"{long['unit']}); at epoch {plain(last['epoch'])} training stands at "
        f"{plain(last['train_loss'])}, validation at {plain(last['val_loss'])}"
    )
    figure, (axes,) = sheet(long["label"], title, 3.2)
    for column, colour, name in _SIDES:
        axes.plot(curve["epoch"], curve[column], color=colour, label=name, lw=1.1)
    axes.axvline(best["epoch"], color=INK, lw=0.9, ls=(0, (4, 3)))
    axes.plot(best["epoch"], best["val_loss"], "o", color=VALIDATION, mec="white", ms=7)
    _scales(axes, [long])
    _flag(axes, best["epoch"], f"best: epoch {plain(best['epoch'])}")
    caption = f"The run “{long.name}”. "
    if stopped is not None:
        gave_up = int(stopped.curve["epoch"].iloc[-1])
        axes.axvline(gave_up, color=INK, lw=0.9, ls=(0, (1, 2)))
        _flag(axes, gave_up, f"“{stopped.name}” stops")
        caption += (
            f"The same net stopped in time (“{stopped.name}”) waits until epoch {gave_up} for an "
            f"improvement, then goes back to epoch {stopped['best_epoch']}: validation loss "
            f"{plain(stopped['val_loss'])} instead of {plain(long['val_loss'])}. "
        )
    legend_above(axes)
    caption += (
        "The epoch was chosen by the validation rows themselves, so its loss flatters a little."
    )
    alt = f"{title}. Training and validation loss against the epoch."
    ids = [run["run_id"] for run in (long, stopped) if run is not None]
    return Drawing(f"{long['data']}_overfitting", figure, title, caption, alt, ids)


def _flag(axes: Axes, epoch: float, text: str) -> None:
    """A name above an upright line, outside of the curves."""
    axes.annotate(
        text, (epoch, 1.0), (0, 2), xycoords=("data", "axes fraction"),
        textcoords="offset points", ha="center", va="bottom", size=8.5,
    )  # fmt: skip


_SIDES = (("train_loss", TRAIN, "training"), ("val_loss", VALIDATION, "validation"))


def _batches(results: Results, runs: list[Run]) -> Drawing:
    sizes = {run["run_id"]: _size(results, run) for run in runs}
    told = ", ".join(f"{run['best_epoch']} with {sizes[run['run_id']]}" for run in runs)
    title = f"Epochs until validation is best: {told}"
    figure, panels = sheet(runs[0]["label"], title, 3.9, rows=2, sharex=True, sharey=True)
    for run, colour in zip(runs, (OTHER, DEEP, LINE), strict=False):
        for axes, (column, _, _) in zip(panels, _SIDES, strict=True):
            label = sizes[run["run_id"]]
            axes.plot(run.curve["epoch"], run.curve[column], color=colour, label=label, lw=1.3)
        best = run.curve.iloc[int(run.curve["val_loss"].argmin())]
        panels[1].plot(best["epoch"], best["val_loss"], "o", color=colour, mec="white", ms=6.5)
    for axes, (_, _, name) in zip(panels, _SIDES, strict=True):
        _scales(axes, runs)
        axes.text(0.99, 0.95, name, transform=axes.transAxes, ha="right", va="top", weight="bold")
        axes.set_ylabel("")
    panels[0].set_xlabel("")
    figure.supylabel(loss_label(runs[0]), size=9)
    legend_above(panels[0])
    rates = [
        f"{results.settings(run)['lr']:g} with {sizes[run['run_id']]}"
        for run in runs
        if "lr" in results.settings(run)
    ]
    best_losses = ", ".join(plain(run["val_loss"]) for run in runs)
    caption = (
        "The same net, updated after different numbers of days. An epoch of small batches holds "
        "many more updates, so fewer epochs are needed, and the curve is noisier. Where they end "
        f"hardly differs: validation losses {best_losses} in {runs[0]['unit']}."
    )
    caption += f" Learning rates: {', '.join(rates)}." if rates else ""
    alt = f"{title}. Training and validation loss against the epoch for each batch size."
    ids = [run["run_id"] for run in runs]
    return Drawing(f"{runs[0]['data']}_batches", figure, title, caption, alt, ids)


def _size(results: Results, run: Run) -> str:
    size = results.settings(run).get("batch_size")
    if size == "full":
        return f"all {plain(len(run.of_split('train')))} days"
    return run.name if size is None else "1 day" if size == 1 else f"{size} days"


def _scales(axes: Axes, runs: list[Run]) -> None:
    """Epochs on a logarithmic scale, since the best one is often among the first."""
    losses = [run.curve[column] for run in runs for column in ("train_loss", "val_loss")]
    low, high = min(c.min() for c in losses), max(c.max() for c in losses)
    if low > 0 and high / low > 30:
        log_ticks(axes.yaxis, low / 1.5, high * 1.4)
    else:
        # The first epochs of a noisy run would flatten all the others.
        axes.set_ylim(0, high * 1.05)
    log_ticks(axes.xaxis, 1, max(run.curve["epoch"].max() for run in runs) * 1.1, 8)
    axes.set_xlabel("epoch (logarithmic)")
    axes.set_ylabel(loss_label(runs[0]))
