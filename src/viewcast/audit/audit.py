"""The audit of a study as one object of ``reports/audit.json``.

Its keys, by holdout:

- ``holdout``, ``data``, ``label``, ``split``, ``unit``, ``loss``, ``experiment``: which rows, of
  which MLflow experiment; ``rows`` how many, ``first`` and ``last`` their times, ``dated`` whether
  those are days;
- ``looks``: see ``viewcast.audit.counts.looks``;
- ``dependence`` (rows), ``independent`` (rows that would give the winner's mean the same error if
  they were independent), ``rows_wanted`` (0 if there are
  enough), ``refusal`` (why there is no figure or no bound), ``excluded`` (runs that took no part);
- ``winner``, ``gain`` over the reference, ``confidence_set`` runs, ``effective`` number of runs,
  ``half_width``, ``overfit_probability``, ``best_of`` k: null or empty where they are refused;
- ``adaptive``: the caveat of choices made in sight of earlier scores, and Hoeffding's bound;
- ``hidden_holdout``: gains on shown and hidden rows. What the hidden holdout says stays sealed, null and no
  ``path``, until its alarm rings;
- ``opened``: openings of the sealed test; ``verdict``, ``sentences`` and ``runs``, best first.
"""

import math
from collections.abc import Sequence
from typing import Any

import pandas as pd

from viewcast.audit import conclusion, counts, figures, sentences
from viewcast.audit.assessment import Assessment, assess
from viewcast.audit.rounds import scored_rounds
from viewcast.audit.settings import AuditSettings
from viewcast.audit.study import Opened, Study, overlap

Plain = dict[str, Any]


def audit(
    studies: Sequence[Study],
    settings: AuditSettings,
    experiment: str,
    opened: Sequence[Opened] = (),
) -> list[Plain]:
    """One object for each study, by data set, those of many rows first.

    ``opened``: openings of sealed tests in the experiment.
    """
    found = []
    for study in studies:
        others = [other for other in studies if other is not study]
        one = assess(study, settings, overlap(study, others))
        own = [test for test in opened if test.holdout == study.holdout]
        found.append(of_study(one, settings, experiment, own))
    return sorted(found, key=lambda one: (one["data"], -one["rows"], one["holdout"]))


def of_study(
    found: Assessment, settings: AuditSettings, experiment: str, opened: Sequence[Opened] = ()
) -> Plain:
    """The object of one study."""
    study, inference = found.study, found.inference
    facts = figures.usual_facts(study)
    rows = 0 if study.keys is None else len(study.keys)
    independent = None if inference is None else (inference.effective or inference.independent)
    said: Plain = {
        "holdout": study.holdout,
        **{name: getattr(facts, name) for name in ("data", "label", "split", "unit", "loss")},
        "experiment": experiment,
        "rows": rows,
        **_times(study.keys),
        "looks": counts.looks(study, len(opened), independent, settings.tolerance),
        "dependence": None if inference is None else inference.length,
        "independent": independent,
        "rows_wanted": 0 if inference is None else inference.sample_size.rows_wanted,
        "refusal": found.refusal,
        "excluded": [
            {"run_id": run.run_id, "name": run.facts.name, "why": figures.why(run, found)}
            for run in study.runs
            if run.excluded is not None
        ],
        "winner": figures.winner(found),
        "gain": figures.gain(found),
        "confidence_set": figures.confidence_set(found),
        "effective": None,
        "half_width": None,
        "overfit_probability": None,
        "best_of": figures.best_of(found),
        "adaptive": {
            "caveat": caveat(found),
            "hoeffding": counts.bound(study, independent, settings.tolerance),
        },
        "hidden_holdout": figures.hidden_holdout(found),
        "opened": [figures.opening(one) for one in opened],
        "runs": figures.runs(found),
    }
    if found.selection_corrected and inference is not None:
        said["overfit_probability"] = inference.overfit_probability
        if inference.simultaneous is not None:
            said["effective"] = inference.simultaneous.effective
            said["half_width"] = inference.simultaneous.half_width
    said = {key: plain(value) for key, value in said.items()}
    said["verdict"] = conclusion.verdict(said, settings.worn_out)
    said["sentences"] = [*study.assumed, *sentences.all_of(said, found)]
    return said


def plain(value: Any) -> Any:
    """What JSON can hold: no NaN, no numbers of numpy."""
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    if hasattr(value, "item"):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value


def caveat(found: Assessment) -> str | None:
    """What the figures assume where runs could be launched in sight of earlier scores."""
    rounds = len(scored_rounds(found.study))
    if (
        rounds < 2
        or found.hidden_holdout is not None
        or found.study.scalar
        or not found.selection_corrected
    ):
        return None
    return (
        f"the runs were launched in {rounds} rounds, each in sight of the scores before it: what is "
        "expected of the winner holds only if none of them was tuned on these rows"
    )


def _times(keys: pd.DataFrame | None) -> Plain:
    if keys is None or "time" not in keys or keys.empty:
        return {"first": None, "last": None, "dated": False}
    times = keys["time"].astype(str)
    shaped = times.str.fullmatch(r"\d{4}-\d\d-\d\d([ T]00:00:00(\.0+)?)?").all()
    ends = {"first": times.iloc[0], "last": times.iloc[-1]}
    if shaped:
        ends = {end: time[:10] for end, time in ends.items()}
    return {**ends, "dated": bool(shaped)}
