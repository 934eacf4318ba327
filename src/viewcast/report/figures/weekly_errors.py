"""The walk-forward: what the challenger's recipe would have lost, week by week, beside naive."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from viewcast.base.numbers import plain, with_error
from viewcast.report.champion_record import ChampionHistory
from viewcast.report.figures.run_results import Results
from viewcast.report.figures.style import (
    LINE,
    NAIVE,
    VALIDATION,
    Drawing,
    day_axis,
    legend_above,
    loss_label,
    sheet,
)

SECTION = "retraining"
FEW = 4  # weeks below which their spread says nothing of the error of their mean


def draw(results: Results) -> Iterator[Drawing]:
    """One, where the newest challenger's recipe was followed through the past."""
    if results.history is not None and results.history.walk_forward:
        yield _weeks(results.history)


def _weeks(history: ChampionHistory) -> Drawing:
    weeks = pd.DataFrame(
        [(w.week, w.loss, w.naive, w.days) for w in history.walk_forward],
        columns=["week", "loss", "naive", "days"],
    )
    weeks["week"] = pd.to_datetime(weeks["week"])
    model = history.walk_forward[-1].model.replace("_", " ")
    better = weeks["loss"] < weeks["naive"]
    loss, naive = (
        float(np.average(weeks[key], weights=weeks["days"])) for key in ("loss", "naive")
    )
    beaten = "Blind to what came after, " + (
        f"the recipe “{model}” beats the naive forecast in {better.sum()} of {len(weeks)} weeks: "
        f"{plain(loss)} against {plain(naive)} {history.loss_unit} a day"
    )
    figure, (axes,) = sheet(history.label, beaten, 2.5)
    names = {True: (LINE, "recipe, better"), False: (VALIDATION, "recipe, worse")}
    for won, (colour, label) in names.items():
        own = weeks[better == won]
        axes.vlines(own["week"], own["loss"], own["naive"], color=colour, lw=1.4, alpha=0.55)
        if len(own):
            axes.plot(own["week"], own["loss"], "o", color=colour, ms=4.5, label=label, zorder=3)
    axes.plot(
        weeks["week"], weeks["naive"], "o", mfc="white", mec=NAIVE, ms=4.5, mew=1.3, label="naive"
    )
    axes.set_ylim(0, 1.08 * float(weeks[["loss", "naive"]].to_numpy().max()) or 1.0)
    label = loss_label(history.loss, history.loss_unit)
    axes.set_ylabel(label.replace(" (", "\n("))
    axes.set_xlabel("week, by its first day")
    day_axis(axes)
    legend_above(axes)
    caption = (
        "Each week was forecast, one day ahead, by a model that the recipe trained on the days "
        "before it. Naive: the same weekday of the week before."
    )
    if len(weeks) >= FEW:
        gain = weeks["naive"] - weeks["loss"]
        error = float(gain.std() / np.sqrt(len(gain)))
        caption += f" Saved a day: {with_error(float(gain.mean()), error)} {history.loss_unit}, "
        caption += "± one standard error over weeks."
    alt = f"{beaten}. Loss by week, of the recipe and of the naive forecast."
    return Drawing("retraining_walk_forward", figure, beaten, caption, alt, [])
