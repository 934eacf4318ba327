"""Pictures of a sweep: curves as quantile bands, losses of candidates, the loss by two settings."""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from viewcast.base.numbers import plain
from viewcast.report.figures.style import (
    INK,
    MUTED,
    TRAIN,
    VALIDATION,
    Drawing,
    Picture,
    applied,
    log_ticks,
    sheet,
)

BANDS = ((0.05, 0.95, 0.18), (0.25, 0.75, 0.32))  # quantiles and how dark the band between is
FEW = 12  # values of a setting that get a row or column of their own
DRAWN = ["candidate", "status", "failure", "train_loss", "val_loss", "val_error", "best_epoch",
         "epochs", "final_train_loss", "final_val_loss", "identity"]  # fmt: skip


def draw_sweep(
    candidates: pd.DataFrame, curves: pd.DataFrame, label: str, unit: str, folder: Path
) -> list[Picture]:
    """Store the pictures of a sweep (tables of ``viewcast.sweep.results``) in a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    finished = candidates[candidates["status"] == "finished"].dropna(subset=["val_loss"])
    if finished.empty:
        return []
    with applied():
        drawings = [*_fan(finished, curves, label, unit), *_cloud(finished, label, unit)]
        drawings += _heat(finished, label, unit)
        return [drawing.save(folder) for drawing in drawings]


def _fan(
    candidates: pd.DataFrame, curves: pd.DataFrame, label: str, unit: str
) -> Iterator[Drawing]:
    best = candidates.nsmallest(1, "val_loss").iloc[0]
    drawn = curves[curves["candidate"].isin(candidates["candidate"])]
    if drawn["epoch"].max() < 3:
        return
    title = (
        f"The best of {len(candidates):,} candidates has validation loss "
        f"{plain(best['val_loss'])} {unit}; half lie above {plain(candidates['val_loss'].median())}"
    )
    figure, axes = sheet(label, title, 4.6, rows=2, sharex=True)
    for panel, key, colour, name in zip(
        axes, ("train_loss", "val_loss"), (TRAIN, VALIDATION), ("training", "validation"),
        strict=True,
    ):  # fmt: skip
        by_epoch = drawn.groupby("epoch")[key]
        for low, high, shade in BANDS:
            lower, upper = by_epoch.quantile(low), by_epoch.quantile(high)
            panel.fill_between(lower.index, lower, upper, color=colour, alpha=shade, lw=0)
        median = by_epoch.median()
        panel.plot(median.index, median, color=colour, label=f"{name}, median and quantiles")
        winner = drawn[drawn["candidate"] == best["candidate"]]
        panel.plot(winner["epoch"], winner[key], color=INK, lw=0.9, label="best by validation")
        _loss_axis(panel.yaxis, by_epoch.quantile(0.02).min(), by_epoch.quantile(0.98).max())
        panel.set_ylabel(f"{name} loss\n({unit})")
    winner = drawn[(drawn["candidate"] == best["candidate"])]
    axes[1].plot(best["best_epoch"], best["val_loss"], "o", color=INK, mec="white", ms=6)
    log_ticks(axes[1].xaxis, 1, float(drawn["epoch"].max()))
    axes[1].set_xlabel("epoch (logarithmic)")
    caption = (
        "The bands hold 50 % and 90 % of the candidates that still train. The dot is the epoch "
        "that the best candidate keeps. These validation rows chose it, so its loss is too low."
    )
    alt = (
        f"Quantile bands of training and validation loss of {len(candidates)} candidates by epoch."
    )
    yield Drawing("sweep_fan", figure, title, caption, alt, [])


def _cloud(candidates: pd.DataFrame, label: str, unit: str) -> Iterator[Drawing]:
    gap = candidates["val_loss"] - candidates["train_loss"]
    worse = float((gap > 0).mean())
    title = (
        f"{worse:.0%} of {len(candidates):,} candidates lose more in validation than in training; "
        f"the gap is {plain(gap.median())} {unit} in the median"
    )
    figure, (axes,) = sheet(label, title, 3.8)
    train, val = candidates["train_loss"], candidates["val_loss"]
    axes.plot(train, val, "o", color=VALIDATION, ms=3.2, alpha=0.45, mec="none")
    best = candidates.nsmallest(1, "val_loss").iloc[0]
    axes.plot(best["train_loss"], best["val_loss"], "o", color=INK, mec="white", ms=7)
    axes.annotate(
        "best by validation", (best["train_loss"], best["val_loss"]), (6, -12),
        textcoords="offset points", size=8.5,
    )  # fmt: skip
    both = [min(train.min(), val.min()), max(train.max(), val.max())]
    axes.plot(both, both, color=MUTED, lw=0.9, ls=(0, (4, 3)))
    _loss_axis(axes.xaxis, train.min(), train.max())
    _loss_axis(axes.yaxis, val.min(), val.max())
    axes.set(xlabel=f"training loss ({unit})", ylabel=f"validation loss ({unit})")
    caption = "Each dot is a candidate at the epoch it keeps; on the dashed line both losses agree."
    alt = f"Validation loss against training loss of {len(candidates)} candidates."
    yield Drawing("sweep_cloud", figure, title, caption, alt, [])


def _heat(candidates: pd.DataFrame, label: str, unit: str) -> Iterator[Drawing]:
    swept = [key for key in candidates.columns if key not in DRAWN]
    settings = [key for key in swept if candidates[key].nunique() > 1 and key != "seed"]
    if len(settings) < 2:
        return
    down, across = settings[:2]
    axes_of = [_bins(candidates[key]) for key in (down, across)]
    losses = candidates["val_loss"].groupby([places for places, _ in axes_of]).median().unstack()
    row, column = np.unravel_index(np.nanargmin(losses.to_numpy()), losses.shape)
    low = (losses.index[int(row)], losses.columns[int(column)])
    at = ", ".join(
        f"{key.split('.')[-1]} {names[int(place)]}"
        for key, (_, names), place in zip((down, across), axes_of, low, strict=True)
    )
    title = f"The lowest median validation loss, {plain(losses.min().min())} {unit}, is at {at}"
    figure, (axes,) = sheet(label, title, 3.6)
    image = axes.imshow(losses, aspect="auto", origin="lower", cmap="YlOrRd")
    for axis, (_, names), places in zip(
        (axes.yaxis, axes.xaxis), axes_of, (losses.index, losses.columns), strict=True
    ):
        axis.set_ticks(range(len(places)), [names[place] for place in places])
    axes.grid(visible=False)
    axes.set(xlabel=across, ylabel=down)
    figure.colorbar(image, ax=axes, label=f"median validation loss ({unit})")
    caption = "Each cell is the median over the candidates that share both settings."
    yield Drawing("sweep_heat", figure, title, caption, f"{title}.", [])


def _bins(values: pd.Series) -> tuple[pd.Series, list[str]]:
    """Which of a few bins each value lies in, and the names of the bins."""
    if values.nunique() <= FEW or not pd.api.types.is_numeric_dtype(values):
        kinds = sorted(values.unique())
        return values.map({kind: place for place, kind in enumerate(kinds)}), [
            f"{kind:g}" if isinstance(kind, float) else str(kind) for kind in kinds
        ]
    edges = np.unique(np.quantile(values, np.linspace(0, 1, 9)))
    places = pd.Series(np.searchsorted(edges[1:-1], values, side="right"), index=values.index)
    names = [f"{a:.2g}–{b:.2g}" for a, b in pairwise(edges)]
    return places, names


def _loss_axis(axis: Any, low: float, high: float) -> None:
    """Logarithmic where losses span more than a factor of three."""
    if low > 0 and high > 3 * low:
        log_ticks(axis, low * 0.9, high * 1.1)
