"""The hidden_holdout: what the choice gained on the rows it was shown, and on rows nobody saw."""

from collections.abc import Iterator

import pandas as pd

from viewcast.base.numbers import plain, rounded
from viewcast.report.audits import Audit
from viewcast.report.figures.run_results import Results
from viewcast.report.figures.style import BAND, INK, MUTED, VALIDATION, Drawing, legend_above, sheet


def draw(results: Results) -> Iterator[Drawing]:
    """One per holdout with a hidden holdout whose gains were kept look by look."""
    for audit in results.audits:
        if (
            audit["hidden_holdout"] is not None
            and len(audit["hidden_holdout"].get("path") or []) > 1
        ):
            yield _gains(audit)


def finding(audit: Audit) -> str:
    """Both gains and the state of the alarm."""
    hidden_holdout = audit["hidden_holdout"]
    alarm = "the alarm rings" if hidden_holdout["alarm"] else "no alarm"
    return (
        f"After {plain(hidden_holdout['looks'])} looks the shown {audit.rows_word} gained "
        f"{rounded(hidden_holdout['gain_shown'], hidden_holdout['error'])}, the hidden holdout "
        f"{rounded(hidden_holdout['gain_shadow'], hidden_holdout['error'])}: {alarm}"
    )


def _gains(audit: Audit) -> Drawing:
    hidden_holdout = audit["hidden_holdout"]
    path = pd.DataFrame(hidden_holdout["path"])
    title = finding(audit)
    figure, (axes,) = sheet(audit["label"], title, 2.9)
    last = path.iloc[-1]
    if hidden_holdout["error"]:
        # What the hidden holdout would have to gain for the two to agree.
        reach = 2 * hidden_holdout["error"]
        axes.fill_between(
            path["look"], path["shown"] - reach, path["shown"] + reach, color=BAND, lw=0,
            label="agreement: two standard errors",
        )  # fmt: skip
    axes.plot(path["look"], path["shown"], color=VALIDATION, lw=2, label="shown")
    axes.plot(path["look"], path["hidden_holdout"], color=INK, lw=2, label="hidden_holdout")
    axes.axhline(0, color=MUTED, lw=0.8)
    axes.margins(x=0)
    if hidden_holdout["alarm"]:
        x = last["look"]
        ends = ([x, x], [last["hidden_holdout"], last["shown"]])
        axes.plot(*ends, "_-", color=INK, lw=1, ms=6, clip_on=False)
        axes.annotate(
            f"{rounded(hidden_holdout['difference'], hidden_holdout['error'])} too much",
            (x, (last["shown"] + last["hidden_holdout"]) / 2), (-6, 0), textcoords="offset points",
            ha="right", va="center", size=8.5,
        )  # fmt: skip
    axes.set(xlabel="looks at the shown rows", ylabel=f"gain over the first run\n({audit['unit']})")
    legend_above(axes, 3)
    caption = (
        f"{plain(hidden_holdout['rows'])} {audit.rows_word} were scored at every look and shown to nobody. "
        "A gain that is real appears on both; one that only fits the shown rows does not. The "
        "alarm tests the difference at looks 1, 2, 4, 8 and so on, with a false alarm in at most "
        "5 % of honest studies."
    )
    alt = f"{title}. Gain over the first run by look, shown and hidden_holdout."
    return Drawing(f"{audit.slug}_shadow", figure, title, caption, alt, audit.run_ids)
