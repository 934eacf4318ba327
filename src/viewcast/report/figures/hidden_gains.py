"""What the choice gained on the shown rows, and on the rows of the hidden holdout."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pandas as pd

from viewcast.assessment.result import HiddenHoldout
from viewcast.assessment.sentences import hidden_gain
from viewcast.assessment.wording import capitalised, hidden_figure
from viewcast.base.numbers import plain
from viewcast.report.audits import Audit
from viewcast.report.figures.style import BAND, INK, MUTED, VALIDATION, Drawing, legend_above, sheet
from viewcast.selection.hidden_holdout import FALSE_ALARMS, TESTED

if TYPE_CHECKING:  # the results of a project: an audit alone does not need them
    from viewcast.report.figures.run_results import Results


def draw(results: "Results") -> Iterator[Drawing]:
    """One per holdout with a hidden holdout whose gains were kept look by look."""
    for audit in results.audits:
        yield from of_audit(audit)


def of_audit(audit: Audit) -> Iterator[Drawing]:
    """The picture of one holdout, where gains were kept look by look."""
    holdout = audit.result.hidden_holdout
    if holdout is not None and len(holdout.path) > 1:
        yield _gains(audit, holdout)


def alarm_rule() -> str:
    """After which looks the alarm is tested, and how often it may ring for nothing."""
    first = ", ".join(f"{look:,}" for look in TESTED[:5])
    return (
        f"The alarm tests the difference after {first} and so on to {TESTED[-1]:,} looks, with a "
        f"false alarm in at most {100 * FALSE_ALARMS:g} % of honest studies."
    )


def _gains(audit: Audit, holdout: HiddenHoldout) -> Drawing:
    result = audit.result
    title = capitalised(hidden_gain(result))
    figure, (axes,) = sheet(audit.label, title, 2.9)
    looks = [point.look for point in holdout.path]
    shown = pd.Series([point.shown for point in holdout.path])
    hidden = pd.Series([point.hidden for point in holdout.path])
    if holdout.error:
        # What the hidden holdout would have to gain for the two to agree.
        reach = 2 * holdout.error
        axes.fill_between(
            looks, shown - reach, shown + reach, color=BAND, lw=0,
            label="agreement: two standard errors",
        )  # fmt: skip
    axes.plot(looks, shown, color=VALIDATION, lw=2, label="shown")
    axes.plot(looks, hidden, color=INK, lw=2, label="hidden")
    axes.axhline(0, color=MUTED, lw=0.8)
    axes.margins(x=0)
    if holdout.alarm:
        x, ends = looks[-1], (hidden.iloc[-1], shown.iloc[-1])
        axes.plot([x, x], ends, "_-", color=INK, lw=1, ms=6, clip_on=False)
        axes.annotate(
            f"{hidden_figure(holdout.difference, holdout)} too much",
            (x, sum(ends) / 2), (-6, 0), textcoords="offset points",
            ha="right", va="center", size=8.5,
        )  # fmt: skip
    axes.set(xlabel="looks at the shown rows", ylabel=f"gain over the first run\n({result.unit})")
    legend_above(axes, 3)
    caption = (
        f"{plain(holdout.rows)} {result.rows_word} were scored at every look and never shown. "
        "A gain that is real appears on both; one that only fits the shown rows does not. "
        f"{alarm_rule()}"
    )
    alt = f"{title}. Gain over the first run by look, on shown and on hidden rows."
    name = f"{audit.slug}_hidden_holdout"
    return Drawing(name, figure, title, caption, alt, audit.run_ids)
