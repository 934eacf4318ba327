"""The loss against the size of a model: days of the window, units and layers of the network."""

from collections.abc import Iterator
from dataclasses import dataclass

from matplotlib.axes import Axes

from viewcast.base.numbers import plain
from viewcast.models.fitted import FittedNetwork
from viewcast.report.figures.run_results import Results, Run
from viewcast.report.figures.style import (
    TRAIN,
    VALIDATION,
    Drawing,
    legend_above,
    loss_label,
    sheet,
)

DAYS = ("channel/linear", "channel_linear_7", "channel_linear_28", "channel_linear_56")
UNITS = ("channel_relu_10", "channel/deep", "channel_relu_1000")
LAYERS = ("channel/deep", "channel_layers_2", "channel_layers_3", "channel_layers_4")


@dataclass(frozen=True)
class Ladder:
    """Runs that differ in one size, smallest first."""

    noun: str
    steps: list[tuple[int, Run]]


def draw(results: Results) -> Iterator[Drawing]:
    """One panel per kind of size, ours and the published figures."""
    ladders = [
        Ladder("days the line uses", [(len(r["features"]), r) for r in _validated(results, DAYS)]),
        Ladder("units in one layer", [(h[0], r) for r, h in _nets(results, UNITS) if h]),
        Ladder("layers of the network", [(len(h), r) for r, h in _nets(results, LAYERS)]),
    ]
    ladders = [ladder for ladder in ladders if len(ladder.steps) > 1]
    if ladders:
        yield _panels(ladders)


def _validated(results: Results, names: tuple[str, ...]) -> list[Run]:
    return [run for run in results.finished(*names) if run.validated]


def _nets(results: Results, names: tuple[str, ...]) -> list[tuple[Run, tuple[int, ...]]]:
    runs = [(run, run.learnt) for run in _validated(results, names)]
    return [(run, model.hidden) for run, model in runs if isinstance(model, FittedNetwork)]


def _panels(ladders: list[Ladder]) -> Drawing:
    changes = []
    for ladder in ladders:
        (small, first), (large, last) = ladder.steps[0], ladder.steps[-1]
        changes.append(
            f"{plain(large)} {ladder.noun.split()[0]} instead of {small}: "
            f"{first.validation} to {last.validation}"
        )
    run = ladders[0].steps[0][1]
    title = f"Validation loss in {run['unit']} with {'; '.join(changes)}"
    figure, panels = sheet(run["label"], title, 3.1, columns=len(ladders), sharey=True)
    for axes, ladder in zip(panels, ladders, strict=True):
        _ladder(axes, ladder)
    top = max(axes.get_ylim()[1] for axes in panels)
    panels[0].set(ylabel=loss_label(run["loss"], run["unit"]), ylim=(0, top))
    legend_above(panels[0], 2)
    runs = {step["key"]: step for ladder in ladders for _, step in ladder.steps}
    caption = (
        "Filled: ours, with one standard error in validation. Hollow: the lecturer's published "
        "figures, on his own series, never ours. Differences smaller than the whiskers are no "
        "findings. Networks are stopped at their best validation epoch, so a bigger one need not "
        "end with a lower training loss. The simulated series was made so that straight lines lose "
        "about as much as his did, so the first panel agrees by construction."
    )
    alt = f"{title}. Training and validation loss against size, ours and published."
    return Drawing(f"{run['data']}_sizes", figure, title, caption, alt, list(runs))


def _ladder(axes: Axes, ladder: Ladder) -> None:
    at = range(len(ladder.steps))
    runs = [run for _, run in ladder.steps]
    for side, other, colour, name in (
        ("train_loss", "published_train", TRAIN, "training"),
        ("val_loss", "published_val", VALIDATION, "validation"),
    ):
        hollow = [(x, run[other]) for x, run in zip(at, runs, strict=True) if run[other]]
        if hollow:
            axes.plot(
                *zip(*hollow, strict=True), "o", ls=(0, (1, 2)), lw=1, ms=7, color=colour,
                mfc="none", label=f"{name}, published",
            )  # fmt: skip
        axes.plot(at, [run[side] for run in runs], "o-", ms=4.5, color=colour, label=name)
    errors = [run["val_error"] or 0 for run in runs]
    axes.errorbar(
        at, [run["val_loss"] for run in runs], errors, fmt="none", ecolor=VALIDATION, elinewidth=0.8
    )
    axes.set_xticks(list(at), [plain(size) for size, _ in ladder.steps])
    axes.set_xlabel(ladder.noun)
    axes.margins(x=0.15)
