"""What the intervals held: the share of cases inside, by day of the horizon and for the week."""

from collections.abc import Iterator

from viewcast.report.figures.run_results import Results
from viewcast.report.figures.style import INK, MUTED, TRAIN, Drawing, row_labels, sheet
from viewcast.report.nights_record import NightsRecord
from viewcast.report.nights_text import PATH, TOTAL, coverage, coverage_of, percent

SECTION = "retraining"


def draw(results: Results) -> Iterator[Drawing]:
    """One, where the intervals of past forecasts are known."""
    if results.nights is not None and results.nights.coverage:
        yield _shares(results.nights)


def finding(record: NightsRecord) -> str:
    """What intervals for the next day and for the sum held, as a sentence without a full stop."""
    known = {one.of: one for one in record.coverage}
    horizon = len(record.days)
    parts = [
        f"{coverage(known[of])} for {coverage_of(of, horizon)}"
        for of in ("1", TOTAL)
        if of in known
    ]
    return f"Intervals made to hold {percent(record.level)} held " + " and ".join(parts)


def _shares(record: NightsRecord) -> Drawing:
    title, horizon = finding(record), len(record.days)
    figure, (axes,) = sheet(record.label, title, 0.75 + 0.23 * len(record.coverage))
    rows = []
    for y, one in enumerate(record.coverage):
        # That every day of a week lies inside at once is rarer: it has no nominal share.
        colour = MUTED if one.of == PATH else TRAIN
        error = 100 * (one.error or 0.0)
        axes.errorbar(
            100 * one.covered, y, xerr=error, fmt="o", color=colour, ms=4.5, lw=1.3, capsize=2
        )
        rows.append((float(y), coverage_of(one.of, horizon)))
    axes.axvline(100 * record.level, color=INK, lw=0.9, ls=(0, (3, 2)))
    low = min(100 * (one.covered - (one.error or 0.0)) for one in record.coverage)
    axes.set(
        xlim=(max(0.0, min(low - 4, 100 * record.level - 15)), 101),
        ylim=(len(rows) - 0.4, -0.6),
        xlabel="share of cases inside the interval (%)",
    )
    row_labels(axes, rows, [])
    caption = (
        f"Dashed: the {percent(record.level)} that they are made to hold. Bars: ± one standard "
        "error. All days at once lie inside less often than each day alone."
    )
    alt = f"{title}. One share with its error for each day of the horizon, for all, for the sum."
    return Drawing("retraining_coverage", figure, title, caption, alt, [])
