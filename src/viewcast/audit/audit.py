"""The audit of a study as one object of ``reports/audit.json``.

Its keys, by holdout:

- ``holdout``, ``data``, ``label``, ``split``, ``unit``, ``loss``, ``experiment``: which rows, of
  which MLflow experiment; ``rows`` how many, ``first`` and ``last`` their times, ``dated`` whether
  those are days;
- ``looks``: see ``viewcast.audit.counts.looks``;
- ``dependence`` (rows), ``independent`` (rows that would give the winner's mean the same error if
  they were independent), ``rows_wanted`` (0 if there are
  enough), ``refusal`` (why there is no figure or no bound), ``aside`` (runs that took no part);
- ``winner``, ``gain`` over the reference, ``tied`` runs, ``effective`` number of runs,
  ``half_width``, ``overfit_probability``, ``best_of`` k: null or empty where they are refused;
- ``adaptive``: the caveat of choices made in sight of earlier scores, and Hoeffding's bound;
- ``shadow``: gains on shown and shadow rows. What the shadow says stays sealed, null and no
  ``path``, until its alarm rings;
- ``opened``: openings of the sealed test; ``verdict``, ``sentences`` and ``runs``, best first.
"""

import math
from collections.abc import Sequence
from typing import Any

import pandas as pd

from viewcast.audit import conclusion, counts, figures, sentences
from viewcast.audit.assessment import Worth, worth
from viewcast.audit.rounds import scored_waves
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
        one = worth(study, settings, overlap(study, others))
        own = [test for test in opened if test.holdout == study.holdout]
        found.append(of_study(one, settings, experiment, own))
    return sorted(found, key=lambda one: (one["data"], -one["rows"], one["holdout"]))


def of_study(
    found: Worth, settings: AuditSettings, experiment: str, opened: Sequence[Opened] = ()
) -> Plain:
    """The object of one study."""
    study, price = found.study, found.price
    facts = figures.usual_facts(study)
    rows = 0 if study.keys is None else len(study.keys)
    independent = None if price is None else (price.effective or price.independent)
    said: Plain = {
        "holdout": study.holdout,
        **{name: getattr(facts, name) for name in ("data", "label", "split", "unit", "loss")},
        "experiment": experiment,
        "rows": rows,
        **_times(study.keys),
        "looks": counts.looks(study, len(opened), independent, settings.tolerance),
        "dependence": None if price is None else price.length,
        "independent": independent,
        "rows_wanted": 0 if price is None else price.enough.rows_wanted,
        "refusal": found.refusal,
        "aside": [
            {"run_id": run.run_id, "name": run.facts.name, "why": figures.why(run, found)}
            for run in study.runs
            if run.aside is not None
        ],
        "winner": figures.winner(found),
        "gain": figures.gain(found),
        "tied": figures.tied(found),
        "effective": None,
        "half_width": None,
        "overfit_probability": None,
        "best_of": figures.best_of(found),
        "adaptive": {
            "caveat": caveat(found),
            "hoeffding": counts.bound(study, independent, settings.tolerance),
        },
        "shadow": figures.shadow(found),
        "opened": [figures.opening(one) for one in opened],
        "runs": figures.runs(found),
    }
    if found.fair and price is not None:
        said["overfit_probability"] = price.overfit_probability
        if price.simultaneous is not None:
            said["effective"] = price.simultaneous.effective
            said["half_width"] = price.simultaneous.half_width
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


def caveat(found: Worth) -> str | None:
    """What the figures assume where runs could be launched in sight of earlier scores."""
    waves = len(scored_waves(found.study))
    if waves < 2 or found.shadow is not None or found.study.scalar or not found.fair:
        return None
    return (
        f"the runs were launched in {waves} rounds, each in sight of the scores before it: what is "
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
