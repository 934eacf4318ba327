"""The attack on the leaderboard beside the same attack before a referee."""

from collections.abc import Iterator

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MaxNLocator

from viewcast.base.numbers import plain
from viewcast.demo import two_climbs
from viewcast.demo.two_climbs import Ascent, TwoClimbs
from viewcast.report.audits import ATTACK, Audit
from viewcast.report.figures.run_results import Results
from viewcast.report.figures.style import (
    INK,
    LINE,
    MUTED,
    VALIDATION,
    Drawing,
    legend_above,
    sheet,
)
from viewcast.scoring.labels import label_of

CLAIMED, TRUE = "claimed by the rows that judge", "true, in fresh simulations"
ESTIMATE = "the referee's estimate, 95 % interval"


def draw(results: Results) -> Iterator[Drawing]:
    """One, where the demonstration was made of a data set that is shown."""
    two = two_climbs.read(results.root)
    if two is not None and two.data in results.datasets:
        attacked = [audit for audit in results.audits if audit.story == ATTACK]
        yield of_climbs(two, two_climbs.runs(results.root), attacked)


def of_climbs(two: TwoClimbs, run_ids: list[str], attacked: list[Audit]) -> Drawing:
    """The picture; ``run_ids``: of the attack. It is stored with the winner of its audit too."""
    title = two_climbs.finding(two)
    figure, (board, referee) = sheet(two.label, title, 2.9, columns=2, sharex=True, sharey=True)
    _climb(board, two.leaderboard, two.submissions)
    _climb(referee, two.referee, two.submissions)
    board.set_title("leaderboard: shows a score", size=9, loc="left")
    referee.set_title("referee: answers one bit", size=9, loc="left")
    _verdict(referee, two)
    board.set_ylabel(f"gain in {label_of(two.loss)}\nover the base model ({two.unit})")
    board.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}".replace("-", "−")))
    board.xaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 5, 10], integer=True))
    figure.supxlabel("submission", size=9)
    legend_above(referee if two.verdict.acceptances else board, 2)
    caption = _caption(two)
    alt = (
        f"{title}. Claimed and true gain by submission: on the leaderboard they part, before the "
        "referee they do not."
    )
    ids = [*run_ids, *(run_id for audit in attacked for run_id in audit.run_ids)]
    return Drawing(f"{ATTACK}_refereed", figure, title, caption, alt, list(dict.fromkeys(ids)))


def _climb(axes: Axes, ascent: Ascent, submissions: int) -> None:
    """Both gains of the submission that was kept last, after each submission."""
    steps = [*ascent.steps, ascent.last]
    at = [*(step.submission for step in ascent.steps), submissions]
    true, error = np.array([[step.true, step.error] for step in steps]).T
    axes.axhline(0, color=MUTED, lw=0.8)
    axes.plot(
        at, [step.claimed for step in steps], color=VALIDATION, lw=2, drawstyle="steps-post",
        label=CLAIMED,
    )  # fmt: skip
    axes.plot(at, true, color=INK, lw=2, drawstyle="steps-post", label=TRUE)
    axes.fill_between(
        at, true - 2 * error, true + 2 * error, step="post", color=INK, alpha=0.15, lw=0
    )


def _verdict(axes: Axes, two: TwoClimbs) -> None:
    """The accepted steps, with the estimate at the end; or that there was none."""
    verdict, steps = two.verdict, two.referee.steps[1:]
    if not steps:
        axes.annotate(
            f"none of {plain(two.submissions - 1)} is accepted", (0.5, 0),
            (0, 6), xycoords=("axes fraction", "data"), textcoords="offset points",
            ha="center", va="bottom", size=8.5,
        )  # fmt: skip
        return
    axes.plot(
        [step.submission for step in steps], [step.claimed for step in steps], "o",
        color=VALIDATION, mec="white", ms=6, label="accepted",
    )  # fmt: skip
    ends = [[verdict.estimate - verdict.low], [verdict.high - verdict.estimate]]
    axes.errorbar(
        two.submissions * 1.06, verdict.estimate, ends, fmt="D", color=LINE, ms=4.5, capsize=3,
        label=ESTIMATE,
    )  # fmt: skip


def _caption(two: TwoClimbs) -> str:
    verdict = two.verdict
    words = (
        "The same base model, steps and rows. On the left the attacker sees the score of all "
        f"{plain(two.rows)} rows and keeps what scores better. On the right a referee judges by "
        f"{plain(two.gate)} of them, says accepted or not, and reads the other "
        f"{plain(two.hidden)} once, at the end"
    )
    if verdict.acceptances:
        low, high = plain(verdict.low, 2), plain(verdict.high, 2)
        words += (
            f": it estimates the gain at {plain(verdict.estimate, 2)}, with a 95 % interval from "
            f"{low} to {high}. Its own rows claim {plain(verdict.claimed)}."
        )
    else:
        words += "; it accepted nothing, so the model is the one that it was."
    board, refereed = (plain(each.sealed, 2) for each in (two.leaderboard, two.referee))
    words += (
        f" On the {plain(two.sealed)} rows of the hidden holdout, which neither has, the last "
        f"models gain {board} and {refereed}."
    )
    return words
