"""The recipes with their errors over all judged weeks, beside repeating the last week."""

from collections.abc import Iterator

from viewcast.report.figures.run_results import Results
from viewcast.report.figures.style import INK, LINE, MUTED, NAIVE, Drawing, row_labels, sheet
from viewcast.report.nights_record import NightsRecord
from viewcast.report.nights_text import error_of, errors_finding, name, serving

SECTION = "retraining"
MOST = 14  # rows; a person with more recipes reads the table


def draw(results: Results) -> Iterator[Drawing]:
    """One, where recipes have errors."""
    if results.nights is not None and results.nights.recipes:
        yield _recipes(results.nights)


def _recipes(record: NightsRecord) -> Drawing:
    title = errors_finding(record)
    shown = sorted(record.recipes, key=lambda one: one.mase)[:MOST]
    figure, (axes,) = sheet(record.label, title, 0.75 + 0.25 * len(shown))
    high = max(1.05, *(one.mase + (one.mase_error or 0.0) for one in shown))
    low = min(one.mase - (one.mase_error or 0.0) for one in shown)
    room = (high - low) or 1.0
    rows = []
    for y, one in enumerate(shown):
        serves = one.name == serving(record)
        colour = LINE if serves else INK if one.in_set else NAIVE
        axes.errorbar(
            one.mase, y, xerr=one.mase_error or 0.0, fmt="D" if serves else "o", color=colour,
            ms=5 if serves else 4.5, lw=1.4, capsize=2,
        )  # fmt: skip
        text = error_of(one)
        axes.text(
            1, y, f"{text}, serves" if serves else text, transform=axes.get_yaxis_transform(),
            ha="right", va="center", size=8, color=colour if serves else MUTED,
        ).set_in_layout(False)  # fmt: skip
        rows.append((float(y), name(one.name)))
    axes.axvline(1, color=MUTED, lw=0.9, ls=(0, (3, 2)))
    axes.set(
        xlim=(low - 0.08 * room, high + 0.5 * room),
        ylim=(len(rows) - 0.4, -0.6),
        xlabel="mean absolute error (1: repeating the last week)",
    )
    row_labels(axes, rows, [])
    weeks = record.recipes[0]
    which = "all" if weeks.backtest_weeks == weeks.weeks else f"{weeks.backtest_weeks} of them"
    caption = (
        f"Over {weeks.weeks} weeks, {which} forecast afterwards from earlier days only (a "
        "backtest); ± one standard error."
    )
    if not all(one.in_set for one in shown):
        caption += " Pale: proven not to be the best."
    if len(record.recipes) > MOST:
        caption += f" Shown: the best {MOST} of {len(record.recipes)}."
    alt = f"{title}. One error with its standard error for each recipe."
    return Drawing("retraining_recipes", figure, title, caption, alt, [])
