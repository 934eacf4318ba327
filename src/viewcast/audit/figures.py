"""The figures of one study in the form of ``reports/audit.json``, see ``viewcast.audit.audit``."""

from collections import Counter
from datetime import UTC, datetime
from typing import Any

from viewcast.audit import run_verdict, scalar_scores, sentences
from viewcast.audit.assessment import Assessment
from viewcast.audit.study import Facts, Opened, Scored, Study
from viewcast.scoring.scores import score

Plain = dict[str, Any]


def usual_facts(study: Study) -> Facts:
    """The facts of the runs that took part, as most of them have them."""
    runs = study.priced or list(study.runs)
    named = Counter(
        (run.facts.data, run.facts.label, run.facts.split, run.facts.unit, run.facts.loss)
        for run in runs
    )
    data, label, split, unit, loss = named.most_common(1)[0][0]
    return Facts("", data=data, label=label, split=split, unit=unit, loss=loss)


def why(run: Scored, found: Assessment) -> str:
    """Why a run is excluded, and what the hidden holdout says of it."""
    caught = found.caught.get(run.run_id)
    return f"{run.excluded}; {caught}" if caught else str(run.excluded)


def winner_of(found: Assessment) -> Scored | None:
    """The run with the lowest loss among those that can be compared."""
    if found.study.scalar:
        shown = [run for run in found.study.runs if run.excluded is None and run.shown is not None]
        return min(shown, key=lambda run: run.shown or 0.0, default=None)
    if found.inference is not None and found.inference.selection_corrected is not None:
        return found.runs[int(found.inference.selection_corrected.order[0])]
    return min(found.runs, key=lambda run: run.shown or 0.0, default=None)


def winner(found: Assessment) -> Plain | None:
    """Who won, what it shows and, where that can be said, what it is worth."""
    run = winner_of(found)
    if run is None:
        return None
    said: Plain = {
        "run_id": run.run_id,
        "name": run.facts.name,
        "shown": run.shown,
        "error": None,
        **dict.fromkeys(("expected", "optimism", "upper95")),
        "truth": run.truth and dict(zip(("mean", "error"), run.truth, strict=True)),
    }
    if run.rows is not None:
        own = score(run.rows.final, max(1, round(run.facts.block)))
        error = None if found.inference is None else found.inference.error
        said["error"] = own.error if error is None and own is not None else error
    if (
        found.selection_corrected
        and found.inference is not None
        and found.inference.selection_corrected is not None
    ):
        said |= _by_rank(found, 0)
    return said


def _by_rank(found: Assessment, rank: int) -> Plain:
    """The corrected figures of whoever comes so far up the list."""
    fair = (
        found.inference.selection_corrected
        if found.inference is not None and found.selection_corrected
        else None
    )
    names = ("expected", "optimism", "upper95")
    if fair is None:
        return dict.fromkeys(names)
    return {name: float(getattr(fair, name)[rank]) for name in names}


def gain(found: Assessment) -> Plain | None:
    """What the winner gained over the reference; None without one, and if it won itself."""
    run, reference, inference = winner_of(found), found.reference, found.inference
    if run is None or reference is None or inference is None or run is reference:
        return None
    assert reference.shown is not None
    assert run.shown is not None
    said: Plain = {
        "reference": reference.facts.name,
        "shown": reference.shown - run.shown,
        **dict.fromkeys(("expected", "lower95", "trust", "colour", "simultaneous")),
    }
    if inference.gain is not None and found.selection_corrected:
        names = ("expected", "lower95", "trust", "colour")
        said |= {name: getattr(inference.gain, name) for name in names}
        said["simultaneous"] = inference.paired and inference.paired.half_width
    return said


def confidence_set(found: Assessment) -> Plain | None:
    """The runs that cannot be told apart from the best."""
    if (
        found.inference is None
        or found.inference.confidence_set is None
        or not found.selection_corrected
    ):
        return None
    pairs = zip(found.runs, found.inference.confidence_set, strict=True)
    best = sorted((run for run, is_tied in pairs if is_tied), key=lambda run: run.shown or 0.0)
    return {
        "count": len(best),
        "run_ids": [run.run_id for run in best],
        "names": [run.facts.name for run in best],
        "p_spa": found.inference.superior,
    }


def best_of(found: Assessment) -> list[Plain]:
    """The best-of-k curve, one object for each k."""
    if found.study.scalar:
        return scalar_scores.best_of(found.study)
    if found.inference is None or found.inference.best_of is None or not found.selection_corrected:
        return []
    return [
        {str(key): value for key, value in line.items()}
        for line in found.inference.best_of.to_dict("records")
    ]


def hidden_holdout(found: Assessment) -> Plain | None:
    """The state of the alarm; the hidden holdout's own figures only once it rings."""
    if found.hidden_holdout is None:
        return None
    judged = found.hidden_holdout.judged
    said: Plain = {
        "rows": found.hidden_holdout.rows,
        "gain_shown": judged.gain_shown,
        **dict.fromkeys(("gain_shadow", "difference", "error", "estimate")),
        "alarm": judged.alarm,
        "looks": judged.looks,
        "seen": found.hidden_holdout.seen,
        "path": [],
    }
    if judged.alarm:
        names = ("gain_shadow", "difference", "error", "estimate")
        said |= {name: getattr(judged, name) for name in names}
        gains = enumerate(
            zip(found.hidden_holdout.shown, found.hidden_holdout.hidden, strict=True), start=1
        )
        said["path"] = [
            {"look": look, "shown": float(shown), "hidden_holdout": float(hidden)}
            for look, (shown, hidden) in gains
        ]
    said["sentence"] = sentences.of_shadow(said, usual_facts(found.study).unit)
    return said


def opening(one: Opened) -> Plain:
    """An opening of the sealed test."""
    time = datetime.fromtimestamp(one.start / 1000, UTC).isoformat(timespec="seconds")
    names = ("run_id", "name", "user", "reason", "loss", "error", "reuse")
    return {**{name: getattr(one, name) for name in names}, "time": time}


def runs(found: Assessment) -> list[Plain]:
    """All runs of the holdout, best first."""
    inference = found.inference
    ranks: dict[str, int] = {}
    if inference is not None and inference.selection_corrected is not None:
        ranks = {
            found.runs[int(i)].run_id: rank
            for rank, i in enumerate(inference.selection_corrected.order)
        }
    best = confidence_set(found)
    lines = []
    for run in found.study.runs:
        rank = ranks.get(run.run_id)
        corrected = dict.fromkeys(("expected", "optimism", "upper95"))
        line = {
            **{name: getattr(run.facts, name) for name in ("name", "model", "experiment")},
            "run_id": run.run_id,
            "train_loss": run.train_loss,
            "shown": run.shown,
            **(corrected if rank is None else _by_rank(found, rank)),
            "looks": run.look.scores,
            "confidence_set": None
            if best is None or rank is None
            else run.run_id in best["run_ids"],
            "verdict": run_verdict.of_run(
                run, run_verdict.line_for(run, found.study), found.doubts.get(run.run_id)
            ),
            "excluded": None if run.excluded is None else why(run, found),
        }
        lines.append(line)
    return sorted(lines, key=lambda line: (line["shown"] is None, line["shown"] or 0.0))
