"""The common look of all pictures: one width, one header (data set, finding), fixed colours.

A picture is 4.8 inches wide. A phone shows it at 3.8 inches, where 9-point letters are readable.
"""

import math
import re
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import (
    FixedFormatter,
    FixedLocator,
    FuncFormatter,
    MaxNLocator,
    NullFormatter,
    NullLocator,
)
from PIL import Image

from viewcast.base import files
from viewcast.base.numbers import plain
from viewcast.report.figures import fonts
from viewcast.scoring.labels import label_of

WIDTH = 4.8  # inches
UNBROKEN = re.compile(r" (?=[±%])|(?<=±) ")  # no line of a title begins with an error
JOINER = "\u2060"  # takes the second place of a wide letter while a line is measured
DPI = 220
FEWEST = 2  # ticks from which a logarithmic axis can be read
INK, MUTED, GRID = "#20262d", "#65707c", "#e4e7eb"
TRAIN, VALIDATION = "#2c6a9c", "#cf5c36"
BAND = "#e3e7eb"  # where a value may lie
NAIVE, LINE, DEEP, OTHER = "#8d97a1", "#1b8a7a", "#6b4fa0", "#c99a1c"

_SETTINGS: Any = {
    "font.size": 9,
    "axes.labelsize": 9,
    "axes.labelcolor": INK,
    "axes.edgecolor": MUTED,
    "axes.linewidth": 0.7,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "grid.color": GRID,
    "grid.linewidth": 0.7,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.labelsize": 8.5,
    "ytick.labelsize": 8.5,
    "text.color": INK,
    "text.parse_math": False,  # a label of the user may hold dollar signs
    "legend.fontsize": 8.5,
    "legend.frameon": False,
    "lines.linewidth": 1.6,
}


@dataclass(frozen=True)
class Picture:
    """A stored picture: ``title`` is its finding, ``run_ids`` the runs it shows.

    The report names runs by their keys (``viewcast.tracking.run_keys``), MLflow by its ids.

    ``section``: the part of the page that its module declares, empty for none.
    """

    name: str
    path: Path
    title: str
    caption: str
    alt: str
    run_ids: list[str]
    section: str = ""


@dataclass(frozen=True)
class Drawing:
    """A picture before it is stored."""

    name: str
    figure: Figure
    title: str
    caption: str
    alt: str
    run_ids: list[str]

    def save(self, folder: Path) -> Picture:
        """Write the PNG; a former one is replaced in one step."""
        path = folder / f"{self.name}.png"
        meant = fonts.replace_undrawable(self.figure)
        canvas: Any = FigureCanvasAgg(self.figure)
        canvas.draw()
        # A palette makes the file a third as large, and the page that embeds all of them.
        image = Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")
        with files.replacing(path, sync=False) as partial:
            image.quantize(200, dither=Image.Dither.NONE).save(partial, optimize=False)
        label = self.figure.get_label()
        caption, alt = f"{label}. {self.caption}", f"{label}: {self.alt}"
        if meant:
            pairs = ", ".join(f"{stand_in} is “{letters}”" for stand_in, letters in meant.items())
            caption += f" In the picture {pairs}: no font of this machine has these letters."
        return Picture(self.name, path, self.title, caption, alt, self.run_ids)


@contextmanager
def applied() -> Iterator[None]:
    """The settings of all pictures, within the context."""
    with fonts.silent(), mpl.rc_context({**_SETTINGS, "font.family": fonts.families()}):
        yield


def sheet(
    label: str, title: str, height: float, rows: int = 1, columns: int = 1, **layout: Any
) -> tuple[Figure, list[Axes]]:
    """A figure with its header, and its axes; ``height`` in inches is that without the header."""
    lines = _balanced(title, 51)
    header = (24 + 14 * len(lines)) / 72
    whole = height + header
    figure = Figure((WIDTH, whole), DPI, facecolor="white", layout="constrained")
    figure.set_label(label)
    _leave_above(figure, header)
    figure.text(0.015, 1 - 5 / 72 / whole, label, size=8.5, color=MUTED, va="top")
    figure.text(
        0.015, 1 - 19 / 72 / whole, "\n".join(lines), size=10.5, weight="bold", va="top",
        linespacing=1.2,
    )  # fmt: skip
    return figure, list(figure.subplots(rows, columns, squeeze=False, **layout).flat)


def day_axis(axes: Axes) -> None:
    """Few dates, written short."""
    locator = AutoDateLocator(minticks=4, maxticks=8)  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))  # type: ignore[no-untyped-call]
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: plain(value, 2)))


def legend_above(axes: Axes, columns: int = 3) -> None:
    """A legend between header and axes, where it hides no data."""
    figure = axes.get_figure(root=True)
    assert figure is not None
    handles, labels = axes.get_legend_handles_labels()
    height = (6 + 14 * math.ceil(len(labels) / columns)) / 72
    whole = figure.get_figheight()
    top = _top(figure)
    figure.set_figheight(whole + height)
    for text in figure.texts:  # the header keeps its distance in inches from the upper edge
        text.set_y(1 - (1 - text.get_position()[1]) * whole / (whole + height))
    _leave_above(figure, (1 - top) * whole + height)
    edge = (top * whole + height) / (whole + height)
    legend = figure.legend(
        handles, labels, loc="upper left", bbox_to_anchor=(0.003, edge),
        ncols=columns, borderpad=0.2, handlelength=1.5, columnspacing=1.3, handletextpad=0.5,
        borderaxespad=0.2,
    )  # fmt: skip
    legend.set_in_layout(False)


def _balanced(title: str, width: int) -> list[str]:
    """The title in as few lines as possible, of similar lengths."""
    title = UNBROKEN.sub("\u00a0", title)
    title = "".join(letter + JOINER * (fonts.width(letter) - 1) for letter in title)
    lines = [textwrap.wrap(title, w, break_on_hyphens=False) for w in range(width // 2, width + 1)]
    fewest = len(lines[-1])
    chosen = next(broken for broken in lines if len(broken) == fewest)
    return [line.replace(JOINER, "").replace("\u00a0", " ") for line in chosen]


def _leave_above(figure: Figure, inches: float) -> None:
    engine = figure.get_layout_engine()
    assert isinstance(engine, ConstrainedLayoutEngine)
    engine.set(rect=(0, 0, 1, 1 - inches / figure.get_figheight()), w_pad=0.06, h_pad=0.04)


def _top(figure: Figure) -> float:
    engine = figure.get_layout_engine()
    assert engine is not None
    return float(engine.get()["rect"][3])


def log_ticks(axis: Any, low: float, high: float, most: int = 6, zero: bool = False) -> None:
    """A logarithmic axis with few ticks, written as plain numbers.

    ``zero``: the lower end stands for 0, which a logarithmic scale cannot show.
    """
    axis.axes.set(**{f"{axis.axis_name}scale": "log"})
    exponents = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for steps in ((1, 2, 5), (1, 3), (1,)):
        ticks = [step * 10.0**exponent for exponent in exponents for step in steps]
        bottom = low * (high / low) ** 0.05 if zero else low * 0.999
        ticks = [tick for tick in ticks if bottom <= tick <= high * 1.001]
        if len(ticks) <= most:
            break
    if len(ticks) < FEWEST:  # the ends are near each other
        ticks = [
            tick for tick in MaxNLocator(most - 1).tick_values(low, high) if low <= tick <= high
        ]
    ticks = ticks[:: math.ceil(len(ticks) / most)]
    labels = [f"{tick:,g}" if tick < 1e6 else plain(tick, 1) for tick in ticks]
    if zero:
        ticks, labels = [low, *ticks], ["0", *labels]
    axis.set_major_locator(FixedLocator(ticks))
    axis.set_major_formatter(FixedFormatter(labels))
    axis.set_minor_locator(NullLocator())
    axis.set_minor_formatter(NullFormatter())
    axis.axes.set(**{f"{axis.axis_name}lim": (low, high)})


def row_labels(axes: Axes, rows: list[tuple[float, str]], headings: list[float]) -> None:
    """Names beside horizontal rows; those at the heights ``headings`` head a group."""
    axes.set_yticks([y for y, _ in rows], [name for _, name in rows])
    for (y, _), label in zip(rows, axes.get_yticklabels(), strict=True):
        if y in headings:
            label.set(color=MUTED, weight="bold")
    axes.tick_params(axis="y", length=0, pad=8)
    axes.grid(axis="y", visible=False)


def loss_label(loss: str, unit: str) -> str:
    """A loss with its unit, for an axis."""
    return label_of(loss) + (f" ({unit})" if unit else "")
