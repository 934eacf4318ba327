"""The assessment of a study: its inference, its hidden holdout, and which figures may be given.

Shape letters: T looks in order of time, M validation rows, S hidden rows.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from viewcast.assessment import search_comparison, seed_share
from viewcast.assessment.rounds import Records, of_study, scored_rounds
from viewcast.assessment.row_losses import Losses, Vector
from viewcast.assessment.settings import AuditSettings
from viewcast.assessment.study import REMEMBERS, Scored, Study
from viewcast.base.errors import DataError
from viewcast.selection.candidates import Candidates
from viewcast.selection.clusters import Cluster, Clusters
from viewcast.selection.hidden_holdout import HiddenGain, hidden_gain
from viewcast.selection.inference import Inference, Settings, infer, measure_dependence

TUNED = (
    "a new best was shown in {shown} of {rounds} rounds, where rounds that do not build on each "
    "other bring {expected:.1f}: the runs were tuned on these rows, so no figure from these rows "
    "can correct for the choice; only hidden or sealed rows can"
)
ALARM = (
    "the hidden rows do not confirm what was gained on the shown ones: no figure from the shown "
    "rows can correct for the choice; take the one of the hidden holdout"
)
UNCONFIRMED = "its score is not to be believed: the hidden rows do not confirm it"
TUNED_TO = "its score is not to be believed: the runs were tuned on these rows"


@dataclass(frozen=True)
class HiddenEvidence:
    """The test of the hidden holdout, and the gains (T,) since the first run on both kinds of rows.

    ``rows``: S; ``seen``: hidden rows that other runs of the experiment were shown.
    """

    gain: HiddenGain
    shown: Vector
    hidden: Vector
    rows: int
    seen: int


@dataclass(frozen=True, eq=False)
class Assessment:
    """What is known of a study before it is put into a result.

    ``runs``: those that are compared, in the order of the candidates; ``reference``: one of them.
    ``inference``: None where no run has row losses. ``hidden``: None where there is no hidden
    holdout, or where ``hidden_refusal`` says why it cannot be used. ``blocked``: why the rows
    themselves give no figure however many they are, None where they do. ``caught``: by run id, what
    the hidden holdout says of runs that have seen the validation rows.
    """

    study: Study
    runs: list[Scored]
    inference: Inference | None
    reference: Scored | None
    records: Records
    hidden: HiddenEvidence | None
    blocked: str | None
    caught: dict[str, str]
    hidden_refusal: str | None = None

    @property
    def refusal(self) -> str | None:
        """Why there is no figure or no bound, None where there are both."""
        if self.study.panel is not None and self.study.cluster is None:
            return f"{self.study.panel}, and there are too few entities to tell it by them"
        if self.inference is None:
            return None if self.study.runs else "no run"
        inference = self.inference
        return inference.sample_size.refusal or self.blocked or inference.bound_refusal

    @cached_property
    def doubts(self) -> dict[str, str]:
        """Why scores cannot be believed, by the id of runs launched in sight of earlier scores."""
        if self.blocked is None:
            return {}
        alarmed = self.hidden is not None and self.hidden.gain.alarm
        why = UNCONFIRMED if alarmed else TUNED_TO
        return {look.run_id: why for looks in scored_rounds(self.study)[1:] for look in looks}

    @cached_property
    def bounded(self) -> bool:
        """Whether the metric of the runs that took part allows a bound at these rows."""
        return all(run.facts.bound for run in self.runs)

    @property
    def selection_corrected(self) -> bool:
        """Whether the rows themselves give the loss to expect on new ones."""
        return (
            self.inference is not None
            and self.inference.selection_corrected is not None
            and self.blocked is None
        )


def assess(study: Study, settings: AuditSettings, seen: int = 0) -> Assessment:
    """Assess a study. ``seen``: hidden rows that other runs of the experiment were shown."""
    runs, records = study.compared, of_study(study)
    reference = _reference(study, settings.reference)
    if not runs:
        return Assessment(study, [], None, None, records, None, None, {})
    columns, sizes = _columns(runs, study.cluster is not None)
    candidates = Candidates.of(columns, sizes)
    resampling = Settings(settings.draws, settings.seed, settings.least or _least(runs))
    clusters = _clusters(study)
    measured = measure_dependence(candidates, resampling.least, clusters)
    hidden, hidden_refusal = _hidden(runs, measured.length, seen, study.cluster)
    blocked = ALARM if hidden is not None and hidden.gain.alarm else None
    if blocked is None and records.tuned:
        blocked = TUNED.format(**vars(records))
    compared = None if reference is None else columns[runs.index(reference)][-1]
    trained = seed_share.settings(runs)
    searches = search_comparison.two(runs)
    search = None if searches is None else searches.of_first
    inference = infer(
        candidates, compared, resampling, blocked, measured, trained, search, clusters
    )
    caught = _caught(study, runs, measured.length)
    return Assessment(
        study, runs, inference, reference, records, hidden, blocked, caught, hidden_refusal
    )


def _columns(runs: Sequence[Scored], clustered: bool) -> tuple[list[Losses], Vector]:
    """All evaluated states of each run, in cells of rows where some run kept only those.

    A cell of neighbouring rows is of no one video or day: of ``clustered`` rows that were kept so,
    only the final state is taken.
    """
    rows = [run.rows for run in runs if run.rows is not None]
    if clustered:
        rows = [own if own.cell == 1 else replace(own, states=None) for own in rows]
    size = max((own.cell for own in rows if own.states is not None), default=1)
    _, sizes = rows[0].columns(size)
    return [own.columns(size)[0] for own in rows], sizes


def _clusters(study: Study) -> Clusters | None:
    """Of each row; None of one series."""
    return None if study.keys is None else Clusters.if_any(study.keys, study.cluster)


def _least(runs: Sequence[Scored]) -> float:
    """The least dependence length that the runs' data assume, in rows."""
    return max(run.facts.block for run in runs)


def _reference(study: Study, name: str | None) -> Scored | None:
    """The run that gains are measured against, by its model, its name or its id.

    Where none is named, the first one of several rounds: it usually has the settings that one
    begins with. Of a single round, such as a search at random, no run comes before the others.
    """
    runs = study.compared
    if name is None:
        in_sight = len(scored_rounds(study)) > 1
        return runs[0] if runs and in_sight else None
    for known in ("model", "name", "run_id"):
        for run in runs:
            if getattr(run if known == "run_id" else run.facts, known) == name:
                return run
    return None


def _hidden(
    runs: Sequence[Scored], length: float, seen: int, cluster: Cluster | None = None
) -> tuple[HiddenEvidence | None, str | None]:
    """The hidden holdout, tested with the best run so far at every look; or why it cannot be."""
    scored = [run for run in runs if run.hidden_holdout is not None]
    if not scored:
        return None, None
    shown, hidden = (_stacked(scored, which) for which in ("rows", "hidden_holdout"))
    if hidden is None or shown is None:
        return None, "the runs have different hidden rows, so that no two of them can be compared"
    best = _best_so_far(shown.mean(axis=1))
    clusters = None if cluster is None else _of_both(scored[0], cluster)
    try:
        gain = hidden_gain(shown[best], hidden[best], length, clusters=clusters)
    except DataError as error:
        return None, str(error)
    gains = [part.mean(axis=1)[0] - part.mean(axis=1)[best] for part in (shown, hidden)]
    return HiddenEvidence(gain, gains[0], gains[1], hidden.shape[1], seen), None


def _of_both(run: Scored, cluster: Cluster) -> tuple[Clusters, Clusters]:
    """The clusters of the shown and of the hidden rows."""
    assert run.rows is not None
    assert run.hidden_holdout is not None
    return (
        Clusters.of(run.rows.keys, cluster),
        Clusters.of(run.hidden_holdout.keys, cluster),
    )


def _stacked(runs: Sequence[Scored], which: str) -> NDArray[np.float64] | None:
    """Final row losses (T, ...) of runs; None where their rows differ or a loss is missing."""
    first = getattr(runs[0], which)
    aligned = [getattr(run, which).aligned(first.keys) for run in runs]
    if any(isinstance(rows, str) or rows.missing for rows in aligned):
        return None
    return np.stack([np.asarray(rows.final, np.float64) for rows in aligned])


def _best_so_far(scores: Vector) -> NDArray[np.int64]:
    """Index (T,) of the lowest score until now, the first of equals."""
    best = np.zeros(len(scores), np.int64)
    for look in range(1, len(scores)):
        best[look] = look if scores[look] < scores[best[look - 1]] else best[look - 1]
    return best


def _caught(study: Study, runs: Sequence[Scored], length: float) -> dict[str, str]:
    """Whether runs that remember the shown rows gained on the hidden rows too, by run id."""
    caught = {}
    for run in study.runs:
        if run.excluded != REMEMBERS or run.hidden_holdout is None or run.rows is None:
            continue
        pair = [*[other for other in runs if other.hidden_holdout is not None][:1], run]
        shown, hidden = (_stacked(pair, which) for which in ("rows", "hidden_holdout"))
        if len(pair) < 2 or shown is None or hidden is None:
            continue
        try:
            alarm = hidden_gain(shown, hidden, length).alarm
        except DataError:
            continue
        outcome = "do not confirm its gain" if alarm else "do not contradict it"
        caught[run.run_id] = f"the hidden rows {outcome}"
    return caught
