"""Losses against epochs: overfitting, and the same model stopped in time."""

from collections.abc import Iterator

from matplotlib.axes import Axes

from viewcast.base.numbers import plain
from viewcast.report.figures.run_results import Results, Run
from viewcast.report.figures.style import (
    INK,
    TRAIN,
    VALIDATION,
    Drawing,
    legend_above,
    log_ticks,
    loss_label,
    sheet,
)

SIDES = (("train_loss", TRAIN, "training"), ("val_loss", VALIDATION, "validation"))
STOPPING = ("restore_best", "patience", "epochs")  # settings that say when training ends
FACTOR = 30  # between the highest and the lowest loss; beyond it the axis is logarithmic


def draw(results: Results) -> Iterator[Drawing]:
    """One per data set that has a curve."""
    for data in results.datasets:
        runs = [run for run in results.of(data) if drawable(run)]
        pairs = [(run, twin) for run in runs if (twin := _stopped_twin(run, runs)) is not None]
        main = [run for run in runs if run.is_main]
        if pairs:
            yield learning_curve(*max(pairs, key=lambda pair: _rise(pair[0])))
        elif main:
            yield learning_curve(max(main, key=lambda run: len(run.curve)), None)


def drawable(run: Run) -> bool:
    """Whether a run has both losses for more than two epochs."""
    curve = run.curve
    finished = run["status"] == "finished"
    return finished and len(curve) > 2 and bool(curve["val_loss"].notna().all())


def _stopped_twin(run: Run, runs: list[Run]) -> Run | None:
    """The same model, trained alike on the same rows, but stopped at its best epoch.

    None for a run that restores its best epoch itself, and where there is no such other run.
    """
    if run["settings"].get("restore_best") is not False:
        return None
    same = (other for other in runs if other["settings"].get("restore_best") is True)
    return next((other for other in same if _design(other) == _design(run)), None)


def _design(run: Run) -> tuple[object, ...]:
    """Everything that two runs share that differ only in when they end."""
    settings = {key: value for key, value in run["settings"].items() if key not in STOPPING}
    hidden = getattr(run.learnt, "hidden", None)
    return run["holdout"], run["split"], run["model"], run["features"], hidden, settings


def _rise(run: Run) -> float:
    """How many times its lowest value the validation loss is in the end."""
    losses = run.curve["val_loss"]
    return float(losses.iloc[-1] / losses.min()) if losses.min() > 0 else 1.0


def learning_curve(long: Run, stopped: Run | None = None) -> Drawing:
    """Both losses of a run by epoch; ``stopped``: the same model, stopped at its best epoch."""
    curve = long.curve
    best, last = curve.iloc[int(curve["val_loss"].argmin())], curve.iloc[-1]
    title = (
        f"Validation is best at epoch {plain(best['epoch'])} ({plain(best['val_loss'])} "
        f"{long['unit']}); at epoch {plain(last['epoch'])} training stands at "
        f"{plain(last['train_loss'])}, validation at {plain(last['val_loss'])}"
    )
    figure, (axes,) = sheet(long["label"], title, 3.2)
    for column, colour, name in SIDES:
        axes.plot(curve["epoch"], curve[column], color=colour, label=name, lw=1.1)
    axes.axvline(best["epoch"], color=INK, lw=0.9, ls=(0, (4, 3)))
    axes.plot(best["epoch"], best["val_loss"], "o", color=VALIDATION, mec="white", ms=7)
    scale_axes(axes, [long])
    _flag(axes, best["epoch"], f"best: epoch {plain(best['epoch'])}")
    caption = f"The run “{long.name}”. "
    if stopped is not None:
        end = int(stopped.curve["epoch"].iloc[-1])
        axes.axvline(end, color=INK, lw=0.9, ls=(0, (1, 2)))
        _flag(axes, end, f"“{stopped.name}” stops")
        caption += (
            f"The same model with early stopping (“{stopped.name}”) trains until epoch {end} "
            f"without a further improvement and keeps epoch {stopped['best_epoch']}: validation "
            f"loss {plain(stopped['val_loss'])} instead of {plain(long['val_loss'])}. "
        )
    legend_above(axes)
    caption += (
        "The validation rows themselves chose the epoch, so its validation loss is a little too "
        "low."
    )
    alt = f"{title}. Training and validation loss against the epoch."
    ids = [run["key"] for run in (long, stopped) if run is not None]
    return Drawing(f"{long['data']}_overfitting", figure, title, caption, alt, ids)


def _flag(axes: Axes, epoch: float, text: str) -> None:
    """A name above an upright line, outside of the curves."""
    axes.annotate(
        text, (epoch, 1.0), (0, 2), xycoords=("data", "axes fraction"),
        textcoords="offset points", ha="center", va="bottom", size=8.5,
    )  # fmt: skip


def scale_axes(axes: Axes, runs: list[Run]) -> None:
    """Epochs on a logarithmic scale, since the best one is often among the first."""
    losses = [run.curve[column] for run in runs for column in ("train_loss", "val_loss")]
    low, high = min(c.min() for c in losses), max(c.max() for c in losses)
    if low > 0 and high / low > FACTOR:
        log_ticks(axes.yaxis, low / 1.5, high * 1.4)
    else:
        # The first epochs of a noisy run would flatten all the others.
        axes.set_ylim(0, high * 1.05)
    log_ticks(axes.xaxis, 1, max(run.curve["epoch"].max() for run in runs) * 1.1, 8)
    axes.set_xlabel("epoch (logarithmic)")
    axes.set_ylabel(loss_label(*runs[0].learning))
