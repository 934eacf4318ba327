"""The shadow: what the choice gained on the rows it was shown, and on rows nobody saw."""

from collections.abc import Iterator

import pandas as pd

from viewcast.base.numbers import plain, rounded
from viewcast.report.audits import Audit
from viewcast.report.figures.run_results import Results
from viewcast.report.figures.style import BAND, INK, MUTED, VALIDATION, Drawing, legend_above, sheet


def draw(results: Results) -> Iterator[Drawing]:
    """One per holdout with a shadow whose gains were kept look by look."""
    for audit in results.audits:
        if audit["shadow"] is not None and len(audit["shadow"].get("path") or []) > 1:
            yield _gains(audit)


def finding(audit: Audit) -> str:
    """Both gains and the state of the alarm."""
    shadow = audit["shadow"]
    alarm = "the alarm rings" if shadow["alarm"] else "no alarm"
    return (
        f"After {plain(shadow['looks'])} looks the shown {audit.rows_word} gained "
        f"{rounded(shadow['gain_shown'], shadow['error'])}, the shadow "
        f"{rounded(shadow['gain_shadow'], shadow['error'])}: {alarm}"
    )


def _gains(audit: Audit) -> Drawing:
    shadow = audit["shadow"]
    path = pd.DataFrame(shadow["path"])
    title = finding(audit)
    figure, (axes,) = sheet(audit["label"], title, 2.9)
    last = path.iloc[-1]
    if shadow["error"]:
        # What the shadow would have to gain for the two to agree.
        reach = 2 * shadow["error"]
        axes.fill_between(
            path["look"], path["shown"] - reach, path["shown"] + reach, color=BAND, lw=0,
            label="agreement: two standard errors",
        )  # fmt: skip
    axes.plot(path["look"], path["shown"], color=VALIDATION, lw=2, label="shown")
    axes.plot(path["look"], path["shadow"], color=INK, lw=2, label="shadow")
    axes.axhline(0, color=MUTED, lw=0.8)
    axes.margins(x=0)
    if shadow["alarm"]:
        x = last["look"]
        ends = ([x, x], [last["shadow"], last["shown"]])
        axes.plot(*ends, "_-", color=INK, lw=1, ms=6, clip_on=False)
        axes.annotate(
            f"{rounded(shadow['difference'], shadow['error'])} too much",
            (x, (last["shown"] + last["shadow"]) / 2), (-6, 0), textcoords="offset points",
            ha="right", va="center", size=8.5,
        )  # fmt: skip
    axes.set(xlabel="looks at the shown rows", ylabel=f"gain over the first run\n({audit['unit']})")
    legend_above(axes, 3)
    caption = (
        f"{plain(shadow['rows'])} {audit.rows_word} were scored at every look and shown to nobody. "
        "A gain that is real appears on both; one that only fits the shown rows does not. The "
        "alarm tests the difference at looks 1, 2, 4, 8 and so on, with a false alarm in at most "
        "5 % of honest studies."
    )
    alt = f"{title}. Gain over the first run by look, shown and shadow."
    return Drawing(f"{audit.slug}_shadow", figure, title, caption, alt, audit.run_ids)
