"""The figures of one study, as parts of its result (``viewcast.assessment.result``)."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from viewcast.assessment import run_verdict, scalar_scores
from viewcast.assessment.assessment import Assessment
from viewcast.assessment.choice import BestOf, ConfidenceSet, GainOver, Truth, Winner
from viewcast.assessment.result import (
    AuditedRun,
    Clustering,
    HiddenHoldout,
    HiddenPoint,
    OpenedTest,
)
from viewcast.assessment.study import Facts, Opened, Scored, Study
from viewcast.holdout.looks import Use
from viewcast.scoring.scores import score
from viewcast.selection.clusters import Clusters


@dataclass(frozen=True)
class _Corrected:
    """The selection-corrected figures of one run."""

    expected: float | None = None
    optimism: float | None = None
    bound95: float | None = None


def usual_facts(study: Study) -> Facts:
    """The facts of the runs that took part, as most of them have them."""
    runs = study.compared or list(study.runs)
    kinds = Counter(map(_kind, runs))
    usual = kinds.most_common(1)[0][0]
    return next(run.facts for run in runs if _kind(run) == usual)


def _kind(run: Scored) -> tuple[str | bool, ...]:
    facts = run.facts
    return (facts.data, facts.label, facts.split, facts.unit, facts.loss, facts.more_is_better)


def approximate(study: Study) -> str | None:
    """Why figures of this metric at these rows are approximate, None where they are not."""
    return next((run.facts.approximate for run in study.compared if run.facts.approximate), None)


def winner(assessment: Assessment) -> Winner | None:
    """The winner; None where no run can be compared."""
    run = _winner(assessment)
    if run is None:
        return None
    corrected = _corrected(assessment, 0)
    return Winner(
        run_id=run.run_id,
        name=run.facts.name,
        shown=run.shown,
        error=_error(run, assessment),
        expected=corrected.expected,
        optimism=corrected.optimism,
        bound95=corrected.bound95,
        truth=run.truth and Truth(*run.truth),
    )


def gain(assessment: Assessment) -> GainOver | None:
    """What the winner gained over the reference; None without one, and if it won itself."""
    run, reference, inference = _winner(assessment), assessment.reference, assessment.inference
    if run is None or reference is None or inference is None or run is reference:
        return None
    assert reference.shown is not None
    assert run.shown is not None
    name, shown = reference.facts.name, reference.shown - run.shown
    corrected = inference.gain if assessment.selection_corrected else None
    if corrected is None:
        return GainOver(name, shown, None, None, None, None)
    return GainOver(
        name,
        shown,
        corrected.expected,
        corrected.lower95 if assessment.bounded else None,
        corrected.share,
        corrected.colour,
        corrected.standing if assessment.bounded else None,
    )


def confidence_set(assessment: Assessment) -> ConfidenceSet | None:
    """The runs that cannot be told apart from the best; None where there is no bound."""
    inference = assessment.inference
    if inference is None or inference.confidence_set is None or not assessment.selection_corrected:
        return None
    pairs = zip(assessment.runs, inference.confidence_set, strict=True)
    best = sorted((run for run, inside in pairs if inside), key=lambda run: run.shown or 0.0)
    simplest = _simplest(best)
    return ConfidenceSet(
        tuple(run.run_id for run in best),
        inference.superior,
        None if simplest is None else simplest.run_id,
    )


def _simplest(runs: Sequence[Scored]) -> Scored | None:
    """The smallest of runs, the better of equals; None where the size of one is not known."""
    kinds = {run.facts.size_of for run in runs}
    if len(kinds) != 1 or any(run.facts.size is None for run in runs):
        return None
    return min(runs, key=lambda run: run.facts.size or 0.0)


def best_of(assessment: Assessment) -> tuple[BestOf, ...]:
    """The curve of the best of k runs; without points where it is refused."""
    if assessment.study.scalar:
        return scalar_scores.best_of(assessment.study)
    inference = assessment.inference
    if inference is None or inference.best_of is None or not assessment.selection_corrected:
        return ()
    points = inference.best_of.to_dict("records")
    return tuple(BestOf(**{str(name): value for name, value in point.items()}) for point in points)


def hidden_holdout(assessment: Assessment) -> HiddenHoldout | None:
    """The state of the alarm; figures of the hidden rows themselves only once it rings."""
    evidence = assessment.hidden
    if evidence is None:
        return None
    gain, alarm = evidence.gain, evidence.gain.alarm
    gains = enumerate(zip(evidence.shown, evidence.hidden, strict=True), start=1)
    return HiddenHoldout(
        rows=evidence.rows,
        looks=gain.looks,
        seen=evidence.seen,
        alarm=alarm,
        gain_shown=gain.gain_shown,
        gain_hidden=gain.gain_hidden if alarm else None,
        difference=gain.difference if alarm else None,
        error=gain.error if alarm else None,
        estimate=gain.estimate if alarm else None,
        path=tuple(HiddenPoint(look, *both) for look, both in gains) if alarm else (),
    )


def untracked(assessment: Assessment) -> int:
    """How many runs chose an epoch by these rows and kept no losses of the other epochs."""
    if not assessment.selection_corrected:
        return 0
    return sum(
        run.rows is not None
        and run.rows.states is None
        and any(_chose_epoch(use) for use in run.look.uses)
        for run in assessment.runs
    )


def opened_test(opened: Opened) -> OpenedTest:
    """An opening of the sealed test."""
    time = datetime.fromtimestamp(opened.start / 1000, UTC).isoformat(timespec="seconds")
    return OpenedTest(
        opened.run_id, opened.name, time, opened.user, opened.reason, opened.loss, opened.error,
        opened.reuse,
    )  # fmt: skip


def runs(assessment: Assessment) -> tuple[AuditedRun, ...]:
    """All runs of the holdout, best first."""
    inference = assessment.inference
    ranks: dict[str, int] = {}
    if inference is not None and inference.selection_corrected is not None:
        order = inference.selection_corrected.order
        ranks = {assessment.runs[int(i)].run_id: rank for rank, i in enumerate(order)}
    best = confidence_set(assessment)
    inside = None if best is None else set(best.run_ids)
    audited = [
        _run(run, assessment, ranks.get(run.run_id), inside) for run in assessment.study.runs
    ]
    return tuple(sorted(audited, key=lambda run: (run.shown is None, run.shown or 0.0)))


def _run(
    run: Scored, assessment: Assessment, rank: int | None, inside: set[str] | None
) -> AuditedRun:
    corrected = _corrected(assessment, rank)
    verdict = run_verdict.of_run(
        run, run_verdict.line_for(run, assessment.study), assessment.doubts.get(run.run_id)
    )
    return AuditedRun(
        run_id=run.run_id,
        name=run.facts.name,
        model=run.facts.model,
        experiment=run.facts.experiment,
        train_loss=run.train_loss,
        shown=run.shown,
        expected=corrected.expected,
        optimism=corrected.optimism,
        bound95=corrected.bound95,
        looks=run.look.scores,
        in_confidence_set=None if inside is None or rank is None else run.run_id in inside,
        verdict=verdict,
        excluded=_excluded(run, assessment),
        size=run.facts.size,
        size_of=run.facts.size_of,
    )


def _excluded(run: Scored, assessment: Assessment) -> str | None:
    """Why a run is excluded, and what the hidden holdout says of it."""
    caught = assessment.caught.get(run.run_id)
    return run.excluded if caught is None else f"{run.excluded}; {caught}"


def clustering(study: Study) -> Clustering | None:
    """Which rows of the study are alike, and how many clusters they are; None of one series."""
    clusters = None if study.keys is None else Clusters.if_any(study.keys, study.cluster)
    if clusters is None:
        return None
    return Clustering(clusters.cluster, clusters.entities, clusters.times)


def _winner(assessment: Assessment) -> Scored | None:
    """The run with the lowest loss among those that can be compared."""
    study, inference = assessment.study, assessment.inference
    if study.scalar:
        shown = [run for run in study.runs if run.excluded is None and run.shown is not None]
        return min(shown, key=lambda run: run.shown or 0.0, default=None)
    if inference is not None and inference.selection_corrected is not None:
        return assessment.runs[int(inference.selection_corrected.order[0])]
    return min(assessment.runs, key=lambda run: run.shown or 0.0, default=None)


def _error(run: Scored, assessment: Assessment) -> float | None:
    """Standard error of the winner's mean loss: that of the audit, else by blocks of its data."""
    if run.rows is None:
        return None
    if assessment.inference is not None and assessment.inference.error is not None:
        return assessment.inference.error
    clusters = Clusters.if_any(run.rows.keys, assessment.study.cluster)
    own = score(run.rows.final, max(1, round(run.facts.block)), clusters)
    return None if own is None else own.error


def _corrected(assessment: Assessment, rank: int | None) -> _Corrected:
    """Of the run of this rank, where the rows themselves give them."""
    inference = assessment.inference
    corrected = None if inference is None else inference.selection_corrected
    if rank is None or corrected is None or not assessment.selection_corrected:
        return _Corrected()
    bound = corrected.upper95[rank] if assessment.bounded else None
    return _Corrected(corrected.expected[rank], corrected.optimism[rank], bound)


def _chose_epoch(use: Use) -> bool:
    return use.purpose == "early_stop" and use.among > 1
