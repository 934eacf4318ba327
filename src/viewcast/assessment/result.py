"""The result of an audit: what is known of one holdout and of the choice made on it.

Figures are those of the user's own metric, in ``unit`` and in its direction: where more is better
(``AuditResult.more_is_better``), "loss" below stands for a score. Gains, optimism and standard
errors are always positive where the winner gained or the choice was lucky. None stands for what is
not known or was refused. An object cannot hold NaN or infinity: they become None.
"""

from pydantic.dataclasses import dataclass

from viewcast.assessment.choice import (
    BestOf,
    ConfidenceSet,
    GainOver,
    ScalarScores,
    ScoreRange,
    SearchComparison,
    SeedShare,
    Winner,
)
from viewcast.assessment.figure import CONFIG, Figure, Number
from viewcast.assessment.understanding import Understanding
from viewcast.selection.clusters import Cluster


@dataclass(frozen=True, config=CONFIG)
class Usage:
    """How a holdout was used.

    ``runs``: that revealed a score; ``scores``: how many looks there were; ``distinct``: runs that
    differ in their losses; ``rounds``: of runs that were launched without sight of each other.
    ``by_purpose``: number of uses (``viewcast.holdout.looks.Purpose``); ``by_user``: scores.
    ``bits_spent`` by the choices, and ``bits_budget``: what the independent rows can answer within
    ``tolerance`` of the range of a bounded loss, None where rows are not known.
    """

    runs: int
    scores: int
    distinct: int
    rounds: int
    by_purpose: dict[str, int]
    by_user: dict[str, int]
    bits_spent: Number
    bits_budget: Figure
    tolerance: Number


@dataclass(frozen=True, config=CONFIG)
class HiddenPoint:
    """Gains since the first run after ``look`` looks, on shown and on hidden rows."""

    look: int
    shown: Number
    hidden: Number


@dataclass(frozen=True, config=CONFIG)
class HiddenHoldout:
    """``rows`` hidden rows after ``looks`` looks; ``seen``: of them, shown to other runs.

    Until the alarm rings, what tells about the hidden rows themselves stays sealed: None, and no
    ``path``. Then: ``gain_hidden`` beside ``gain_shown``, their ``difference`` with its
    standard ``error``, and ``estimate``, the loss to expect of the winner.
    """

    rows: int
    looks: int
    seen: int
    alarm: bool
    gain_shown: Number
    gain_hidden: Figure
    difference: Figure
    error: Figure
    estimate: Figure
    path: tuple[HiddenPoint, ...]


@dataclass(frozen=True, config=CONFIG)
class OpenedTest:
    """An opening of the sealed test; ``time``: ISO 8601, UTC; ``reuse``: openings before it."""

    run_id: str
    name: str
    time: str
    user: str
    reason: str | None
    loss: Figure
    error: Figure
    reuse: int


@dataclass(frozen=True, config=CONFIG)
class AuditedRun:
    """One run of the holdout.

    ``run_id``: of MLflow; in the project's file its key (``viewcast.tracking.run_keys``).
    ``expected``, ``optimism``, ``bound95``: as of the winner, for the run of this rank; ``looks``:
    scores that it revealed; ``excluded``: why it takes no part in the choice, None if it does.
    ``size``: its parameters or seconds to fit, as ``size_of`` says, None where not known.
    """

    run_id: str
    name: str
    model: str
    experiment: str
    train_loss: Figure
    shown: Figure
    expected: Figure
    optimism: Figure
    bound95: Figure
    looks: int
    in_confidence_set: bool | None
    verdict: str
    excluded: str | None
    size: Figure = None
    size_of: str = ""


@dataclass(frozen=True, config=CONFIG)
class Clustering:
    """Which rows are alike: those of one ``entity``, of one ``time``, or ``both``; and how many
    entities and times there are.
    """

    cluster: Cluster
    entities: int
    times: int


@dataclass(frozen=True, config=CONFIG)
class AuditResult:
    """The audit of one holdout.

    ``understood``: what was taken for what, None where viewcast made the runs itself.
    ``holdout``: its identity; ``experiment``: of MLflow; ``loss``: the name of the metric, and
    ``more_is_better`` its direction; ``approximate``: why figures of this metric are approximate,
    None where they are not; ``rows``: validation rows, 0 where no run
    tells them; ``first``, ``last``: their times; ``dated``: whether these are days.
    ``dependence``: length in rows; ``independent``: rows that would give the winner's mean the same
    error if they were independent; ``rows_wanted``: rows needed for a bound, 0 if there are enough;
    ``refusal``: why there is no figure or no bound.
    ``effective_runs``: how many independent runs would be as lucky; ``half_width``: how far the
    winner's loss may be above what is shown, whatever rule chose it (95 %).
    ``overfit_probability``: see ``viewcast.selection.overfit_probability``.
    ``scalar``, ``score_range``: only where no run has row losses, the latter where the noise of
    scores is known; ``seed_share``: where runs share settings but for the seed. ``searches``: where
    two searches made the runs. ``untracked``: runs that chose an epoch by these rows and kept no
    losses of the others. ``caveat``: what the figures assume, where runs were launched in sight of
    earlier scores. ``clustering``: None of one series, in which ``dependence`` is in rows, else in
    times. ``hidden_refusal``: why hidden rows could not be used. ``assumed``: what could
    not be checked. ``runs``: best first. ``headline``: what to do
    (``viewcast.assessment.headline``). ``verdict`` and ``sentences``: in words
    (``viewcast.assessment.study_verdict``, ``viewcast.assessment.sentences``).
    """

    understood: Understanding | None
    holdout: str
    experiment: str
    data: str
    label: str
    split: str
    unit: str
    loss: str
    more_is_better: bool
    approximate: str | None
    rows: int
    first: str | None
    last: str | None
    dated: bool
    usage: Usage
    dependence: Figure
    independent: Figure
    rows_wanted: int
    refusal: str | None
    winner: Winner | None
    gain: GainOver | None
    confidence_set: ConfidenceSet | None
    effective_runs: Figure
    half_width: Figure
    overfit_probability: Figure
    best_of: tuple[BestOf, ...]
    scalar: ScalarScores | None
    untracked: int
    caveat: str | None
    hidden_holdout: HiddenHoldout | None
    hidden_refusal: str | None
    openings: tuple[OpenedTest, ...]
    assumed: tuple[str, ...]
    runs: tuple[AuditedRun, ...]
    headline: str
    verdict: str
    sentences: tuple[str, ...]
    score_range: ScoreRange | None = None
    seed_share: SeedShare | None = None
    searches: SearchComparison | None = None
    clustering: Clustering | None = None

    @property
    def compared(self) -> list[AuditedRun]:
        """The runs that take part in the choice, best first."""
        return [run for run in self.runs if run.excluded is None]

    @property
    def reference_loss(self) -> float | None:
        """The loss of the reference on the validation rows."""
        if self.winner is None or self.winner.shown is None or self.gain is None:
            return None
        return self.winner.shown + self.sign * self.gain.shown

    @property
    def sign(self) -> int:
        """1 for a loss, −1 for a score: times a difference of figures, how much worse it is."""
        return -1 if self.more_is_better else 1

    @property
    def figure_word(self) -> str:
        """What the figures are called."""
        return "score" if self.more_is_better else "loss"

    @property
    def rows_word(self) -> str:
        """What the rows are called."""
        return "days" if self.dated and self.clustering is None else "rows"
