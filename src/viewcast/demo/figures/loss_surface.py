"""The loss surface of a line with one feature, and the paths of gradient descent across it."""

from collections.abc import Iterator

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, LogNorm

from viewcast.base.numbers import plain
from viewcast.report.figures.run_results import Results, Run
from viewcast.report.figures.style import DEEP, INK, TRAIN, VALIDATION, Drawing, legend_above, sheet

OFFSETS = {100: (0, 9), 1_000: (9, -2), 10_000: (9, -3)}  # points, of the label by updates
BATCHES = ("lectures_descent_1000", "lectures_descent_batch_5", "lectures_descent_batch_1")
SHADES = LinearSegmentedColormap.from_list("losses", ["#fdfcf8", "#dbe4e8", "#9fb4c2"])


def draw(results: Results) -> Iterator[Drawing]:
    """Two learning rates on the whole surface; three batch sizes on a stretch of its valley."""
    grid = results.experiment("lectures_grid_search")
    exact = results.experiment("lectures_course")
    if grid is None or grid.surface.empty or exact is None or "w" not in exact["params"]:
        return
    slow = results.experiment("lectures_descent")
    if slow is not None and not slow.path.empty:
        yield _learning_rates(results, grid, exact, slow)
    batches = [run for run in results.finished(*BATCHES) if not run.path.empty]
    if len(batches) > 1:
        yield _batches(results, grid, exact, batches)


def _learning_rates(results: Results, grid: Run, exact: Run, slow: Run) -> Drawing:
    fast = results.experiment("lectures_descent_diverges")
    params, last = exact["params"], slow.path.iloc[-1]
    rate = results.settings(slow).get("lr")
    of_rate = "Gradient descent" if rate is None else f"A learning rate of {rate:g}"
    title = (
        f"{of_rate} is slow in the valley: after {plain(last['update'])} updates the bias is "
        f"{plain(last['b'])}, the minimum lies at {plain(params['b'])}"
    )
    shown = [grid, exact, slow]
    if fast is not None and fast["status"] == "diverged" and len(fast.curve):
        rate, worst = results.settings(fast).get("lr"), fast.curve.iloc[-1]
        which = "A higher rate" if rate is None else f"A rate of {rate:g}"
        title += (
            f". {which} overshoots: a loss of {plain(worst['train_loss'])} "
            f"{fast['unit']} after "
            f"{plain(worst['epoch'])} updates"
        )
        shown.append(fast)
    figure, (axes,) = sheet(grid["label"], title, 4.3)
    _contours(axes, grid, labels=True)
    if fast in shown and fast is not None and not fast.path.empty:
        _overshooting(axes, fast, _rate(results, fast))
    start = results.settings(slow).get("init")
    w, b = slow.path["p0"].to_numpy(), slow.path["b"].to_numpy()
    if isinstance(start, list):
        axes.plot(start[0], start[1], "o", ms=5, mfc="white", mec=INK, zorder=3)
        axes.annotate(
            "start", (start[0], start[1]), (-7, 7), textcoords="offset points", ha="right", size=8.5
        )
        w, b = np.insert(w, 0, start[0]), np.insert(b, 0, start[1])
    axes.plot(w, b, color=INK, lw=1.8, label=_rate(results, slow))
    for mark, offset in OFFSETS.items():
        at = slow.path[slow.path["update"] == mark]
        if len(at):
            x, y = at.iloc[0][["p0", "b"]]
            axes.plot(x, y, "o", ms=5, color=INK, mec="white", mew=0.9)
            axes.annotate(
                f"{plain(mark)} updates", (x, y), offset, textcoords="offset points",
                ha="left" if offset[0] else "center", size=8.5,
            )  # fmt: skip
    _minimum(axes, exact)
    legend_above(axes)
    caption = (
        "Every point of the plane is a line, minutes = w · pages + b; the shade is its loss on the "
        "training lectures, light in the valley. Gradient descent goes down the steep wall in few "
        "updates. On the floor of the valley the slope is close to zero, and each update is small. "
        "If the learning rate is too high, each step overshoots the valley further than the one "
        "before."
    )
    alt = f"{title}. Contours of the loss over slope and bias with the paths of gradient descent."
    ids = [run["key"] for run in shown]
    return Drawing("lectures_learning_rates", figure, title, caption, alt, ids)


def _rate(results: Results, run: Run) -> str:
    rate = results.settings(run).get("lr")
    return run.name if rate is None else f"learning rate {rate:g}"


def _overshooting(axes: Axes, run: Run, label: str) -> None:
    """The path as far as it stays in the picture, its updates numbered, and where it leaves."""
    (left, right), path = axes.get_xlim(), run.path
    axes.plot(path["p0"], path["b"], color=VALIDATION, lw=1.1, label=label)
    inside = path[path["p0"].between(left, right)]
    axes.plot(inside["p0"], inside["b"], "o", ms=4, color=VALIDATION)
    for at in inside.itertuples():
        axes.annotate(
            f"update {at.update}", (at.p0, at.b), (0, -11), textcoords="offset points",
            ha="center", size=8, color=VALIDATION,
        )  # fmt: skip
    outside = path[~path["p0"].between(left, right)]
    if len(outside):
        gone = outside.iloc[0]
        axes.annotate(
            f"update {plain(gone['update'])}: w = {plain(gone['p0'])}",
            (right if gone["p0"] > right else left, gone["b"]),
            (-4 if gone["p0"] > right else 4, -11),
            textcoords="offset points", ha="right" if gone["p0"] > right else "left", size=8,
            color=VALIDATION,
        )  # fmt: skip


def _batches(results: Results, grid: Run, exact: Run, runs: list[Run]) -> Drawing:
    sizes = [_size(results, run) for run in runs]
    strays = [float(run.path["p0"].iloc[len(run.path) // 2 :].std()) for run in runs]
    spreads = ", ".join(
        f"{plain(stray, 2)} with {size}" for stray, size in zip(strays, sizes, strict=True)
    )
    title = f"Updates from fewer lectures are noisier: the slope spreads by {spreads}"
    figure, panels = sheet(grid["label"], title, 3.6, columns=len(runs), sharex=True, sharey=True)
    slopes = np.concatenate([run.path["p0"] for run in runs])
    biases = np.concatenate([run.path["b"] for run in runs])
    w_low, w_high = slopes.min() - 0.1, slopes.max() + 0.1
    b_low, b_high = biases.min() - 0.12, biases.max() + 0.03
    for axes, run, size, colour in zip(panels, runs, sizes, (INK, DEEP, TRAIN), strict=False):
        _contours(axes, grid, within=(w_low, w_high))
        axes.plot(run.path["p0"], run.path["b"], color=colour, lw=0.8)
        axes.plot(*run.path.iloc[-1][["p0", "b"]], "o", ms=5, color=colour, mec="white", mew=0.9)
        axes.set(xlim=(w_low, w_high), ylim=(b_low, b_high))
        axes.set_title(f"{size}\n{plain(len(run.path))} updates", size=9, loc="left")
        axes.set_xlabel("")
    for axes in panels[1:]:
        axes.set_ylabel("")
    figure.supxlabel("slope w (minutes per page)", size=9)
    below = f"minimum far below:\nw {plain(exact['params']['w'])}, b {plain(exact['params']['b'])}"
    panels[0].annotate(
        below, (exact["params"]["w"], b_low), (0.5, 0.1), textcoords="axes fraction", size=8,
        ha="center", arrowprops={"arrowstyle": "->", "color": INK},
    )  # fmt: skip
    caption = (
        "About the same number of updates, from the same start (top left). One update uses all "
        "training lectures, a few, or a single one: with fewer lectures the update is cheaper and "
        "its direction noisier. The bias falls equally slowly in all three. Spread: standard "
        "deviation of the slope, in minutes per page, over the second half of the path."
    )
    alt = f"{title}. Three panels of the same stretch of the valley, one path each."
    ids = [run["key"] for run in (grid, exact, *runs)]
    return Drawing("lectures_batches", figure, title, caption, alt, ids)


def _size(results: Results, run: Run) -> str:
    size = results.settings(run).get("batch_size", run.name)
    if size == "full":
        return f"all {len(run.of_split('train'))} lectures"
    return "1 lecture" if size == 1 else f"{size} lectures" if isinstance(size, int) else str(size)


def _contours(
    axes: Axes, grid: Run, within: tuple[float, float] | None = None, labels: bool = False
) -> None:
    rows = grid.surface
    if within is not None:
        rows = rows[rows["w"].between(within[0] - 0.1, within[1] + 0.1)]
    w, b = np.unique(rows["w"]), np.unique(rows["b"])
    loss = rows.sort_values(["b", "w"])["loss"].to_numpy().reshape(len(b), len(w))
    levels = np.geomspace(loss.min(), loss.max(), 11)
    axes.contourf(w, b, loss, levels, cmap=SHADES, norm=LogNorm(levels[0], levels[-1]))
    lines = axes.contour(w, b, loss, levels[1:-1], colors="white", linewidths=0.8)
    if labels:
        # On the left wall, low down, where no path comes by.
        row = loss[len(loss) // 5, : int(loss[len(loss) // 5].argmin())]
        high = [level for level in levels[2:-1:2] if row[-1] < level < row[0]]
        spots = [(float(np.interp(-level, -row, w[: len(row)])), b[len(b) // 5]) for level in high]
        axes.clabel(lines, high, manual=spots, fmt=lambda v: plain(v, 2), fontsize=7.5, colors=INK)
    axes.grid(False)
    axes.set(xlim=(w[0], w[-1]), ylim=(b[0], b[-1]))
    axes.set_xlabel(f"slope w ({grid['target_unit']} per page)")
    axes.set_ylabel(f"bias b ({grid['target_unit']})")


def _minimum(axes: Axes, exact: Run) -> None:
    w, b = exact["params"]["w"], exact["params"]["b"]
    axes.plot(w, b, "*", ms=12, color=VALIDATION, mec="white", mew=0.8)
    axes.annotate(
        f"least squares: {plain(exact['train_loss'])} {exact['unit']}", (w, b), (-10, 0),
        textcoords="offset points", size=8.5, ha="right",
    )  # fmt: skip
