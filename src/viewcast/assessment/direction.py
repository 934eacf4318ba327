"""A result in the direction of the user's metric.

Inside a study everything is a loss. A metric of which more is better stands there as its negative,
and its levels are turned back here; gains, optimism, errors and widths keep their sign.
"""

from dataclasses import replace

from viewcast.assessment.choice import (
    BestOf,
    ScalarScores,
    ScoreRange,
    SearchComparison,
    SeedShare,
    Truth,
    Winner,
)
from viewcast.assessment.result import AuditedRun, AuditResult, HiddenHoldout


def turned(result: AuditResult) -> AuditResult:
    """The result as the user knows the metric: of losses as it is, of scores turned back."""
    if not result.more_is_better:
        return result
    return replace(
        result,
        winner=result.winner and _winner(result.winner),
        best_of=tuple(_point(point) for point in result.best_of),
        scalar=result.scalar and _scalar(result.scalar),
        score_range=result.score_range and _range(result.score_range),
        seed_share=result.seed_share and _seeds(result.seed_share),
        searches=result.searches and _searches(result.searches),
        hidden_holdout=result.hidden_holdout and _hidden(result.hidden_holdout),
        runs=tuple(_run(run) for run in result.runs),
    )


def _other(level: float | None) -> float | None:
    return None if level is None else 0.0 - level  # and not −0.0


def _winner(winner: Winner) -> Winner:
    truth = winner.truth
    return replace(
        winner,
        shown=_other(winner.shown),
        expected=_other(winner.expected),
        bound95=_other(winner.bound95),
        truth=truth and Truth(0.0 - truth.mean, truth.error),
    )


def _point(point: BestOf) -> BestOf:
    return BestOf(
        point.k,
        0.0 - point.shown,
        _other(point.honest),
        _other(point.honest_high),
        _other(point.honest_low),
    )


def _scalar(scores: ScalarScores) -> ScalarScores:
    return replace(
        scores,
        shown=0.0 - scores.shown,
        level=0.0 - scores.level,
        gaussian=0.0 - scores.gaussian,
    )


def _range(scores: ScoreRange) -> ScoreRange:
    return replace(
        scores,
        shown=0.0 - scores.shown,
        low=0.0 - scores.high,
        high=0.0 - scores.low,
        bound95=_other(scores.bound95),
    )


def _seeds(share: SeedShare) -> SeedShare:
    return replace(share, another_seed=0.0 - share.another_seed)


def _searches(compared: SearchComparison) -> SearchComparison:
    return replace(
        compared,
        first_loss=0.0 - compared.first_loss,
        second_loss=0.0 - compared.second_loss,
    )


def _hidden(holdout: HiddenHoldout) -> HiddenHoldout:
    return replace(holdout, estimate=_other(holdout.estimate))


def _run(run: AuditedRun) -> AuditedRun:
    return replace(
        run,
        train_loss=_other(run.train_loss),
        shown=_other(run.shown),
        expected=_other(run.expected),
        bound95=_other(run.bound95),
    )
