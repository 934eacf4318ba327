"""The audit: from the studies of an experiment to their results."""

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from viewcast.assessment import scalar_scores, search_comparison, sentences, study_figures, usage
from viewcast.assessment.assessment import Assessment, assess
from viewcast.assessment.direction import turned
from viewcast.assessment.headline import headline
from viewcast.assessment.refereed import Refereed
from viewcast.assessment.refereed_sentences import with_referees
from viewcast.assessment.result import AuditResult
from viewcast.assessment.rounds import scored_rounds
from viewcast.assessment.score_range import score_range
from viewcast.assessment.seed_share import seed_share
from viewcast.assessment.settings import AuditSettings
from viewcast.assessment.study import Opened, Study, overlap
from viewcast.assessment.study_verdict import verdict

DAY = r"\d{4}-\d\d-\d\d([ T]00:00:00(\.0+)?)?"


def audit(
    studies: Sequence[Study],
    settings: AuditSettings,
    experiment: str,
    opened: Sequence[Opened] = (),
    refereed: Sequence[Refereed] = (),
) -> list[AuditResult]:
    """The result of each study, by data set, those of many rows first.

    ``experiment``: its name; ``opened``: openings of sealed tests in the experiment; ``refereed``:
    its referees, of which runs that read their rows are told.
    """
    results = []
    for study in studies:
        others = [other for other in studies if other is not study]
        assessment = assess(study, settings, overlap(study, others))
        of_study = [test for test in opened if test.holdout == study.holdout]
        result = result_of(assessment, settings, experiment, of_study)
        results.append(with_referees(result, refereed))
    return sorted(results, key=lambda result: (result.data, -result.rows))


def result_of(
    assessment: Assessment,
    settings: AuditSettings,
    experiment: str,
    opened: Sequence[Opened] = (),
) -> AuditResult:
    """The result of one study."""
    study, inference = assessment.study, assessment.inference
    facts = study_figures.usual_facts(study)
    first, last, dated = _times(study.keys)
    independent = None if inference is None else (inference.effective or inference.independent)
    corrected = inference if assessment.selection_corrected else None
    simultaneous = None if corrected is None else corrected.simultaneous
    gain = study_figures.gain(assessment)
    result = AuditResult(
        understood=study.understood,
        holdout=study.holdout,
        experiment=experiment,
        data=facts.data,
        label=facts.label,
        split=facts.split,
        unit=facts.unit,
        loss=facts.loss,
        more_is_better=facts.more_is_better,
        approximate=study_figures.approximate(study),
        rows=0 if study.keys is None else len(study.keys),
        first=first,
        last=last,
        dated=dated,
        usage=usage.usage(study, len(opened), independent, settings.tolerance),
        dependence=None if inference is None else inference.length,
        independent=independent,
        rows_wanted=0 if inference is None else inference.sample_size.rows_wanted,
        refusal=assessment.refusal,
        winner=study_figures.winner(assessment),
        gain=gain,
        confidence_set=study_figures.confidence_set(assessment),
        effective_runs=None if simultaneous is None else simultaneous.effective,
        half_width=None if simultaneous is None else simultaneous.half_width,
        overfit_probability=None if corrected is None else corrected.overfit_probability,
        best_of=study_figures.best_of(assessment),
        scalar=scalar_scores.of_all(study) if study.scalar else None,
        score_range=score_range(study) if study.scalar else None,
        searches=search_comparison.compared(assessment.runs, corrected),
        seed_share=seed_share(corrected, None if gain is None else gain.reference),
        untracked=study_figures.untracked(assessment),
        caveat=caveat(assessment),
        hidden_holdout=study_figures.hidden_holdout(assessment),
        hidden_refusal=assessment.hidden_refusal,
        openings=tuple(study_figures.opened_test(test) for test in opened),
        assumed=study.assumed,
        runs=study_figures.runs(assessment),
        clustering=study_figures.clustering(study),
        headline="",
        verdict="",
        sentences=(),
    )
    result = turned(result)
    reference = None if assessment.reference is None else assessment.reference.run_id
    result = replace(result, verdict=verdict(result, settings.worn_out, reference))
    result = replace(result, headline=headline(result, reference))
    return replace(result, sentences=tuple(sentences.all_of(result)))


def caveat(assessment: Assessment) -> str | None:
    """What the figures assume where runs could be launched in sight of earlier scores."""
    rounds = len(scored_rounds(assessment.study))
    if (
        rounds < 2
        or assessment.hidden is not None
        or assessment.study.scalar
        or not assessment.selection_corrected
    ):
        return None
    return (
        f"the runs were launched in {rounds} rounds, each in sight of the scores before it: what "
        "is expected of the winner holds only if none of them was tuned on these rows"
    )


def _times(keys: pd.DataFrame | None) -> tuple[str | None, str | None, bool]:
    """The first and the last time of the rows, and whether times are days."""
    if keys is None or "time" not in keys or keys.empty:
        return None, None, False
    times = keys["time"].astype(str)
    dated = bool(times.str.fullmatch(DAY).all())
    first, last = times.iloc[0], times.iloc[-1]
    return (first[:10], last[:10], True) if dated else (first, last, False)
