"""What tags, parameters and the run of a search tell of the metric that runs were chosen by."""

from collections import Counter
from collections.abc import Sequence

from viewcast.tracking.metric_names import plain, read_name
from viewcast.tracking.read.candidate_runs import Candidate, is_trial
from viewcast.tracking.tags import CHOSEN_BY

METRIC = (
    *("metric_for_best_model", "monitor", "primary_metric", "objective_metric", "target_metric"),
    *("selection_metric", "optimize_metric", "early_stopping_monitor", "checkpoint_monitor"),
    *(CHOSEN_BY, "refit"),
)
GREATER = ("greater_is_better",)
MODE = ("mode", "direction", "optuna.study_direction", "metric_mode", "objective_direction")
DEFAULT_SCORE = {"training_accuracy_score": "accuracy", "training_r2_score": "r2"}
OBJECTIVE = "value"  # what Optuna's callbacks call the objective
SEARCHED = "mean_test_"  # scikit-learn's name of the mean over folds


def pointed(found: Sequence[Candidate]) -> tuple[str, str] | None:
    """The metric that most runs, or the runs of their searches, point to; and what points to it."""
    votes: Counter[tuple[str, str]] = Counter()
    for each in found:
        vote = _objective(each) or _named(each)
        if vote is not None:
            votes[vote] += 1
    if not votes:
        return None
    first, count = votes.most_common(1)[0]
    return first if 2 * count > len(found) else None


def directed(found: Sequence[Candidate], metric: str) -> tuple[bool, str] | None:
    """The direction that most runs state for the metric they were chosen by, and where."""
    votes: Counter[tuple[bool, str]] = Counter()
    for each in found:
        vote = _objective(each) or _named(each)
        stated = _direction(each) if vote is not None and vote[0] == metric else None
        if stated is not None:
            votes[stated] += 1
    return votes.most_common(1)[0][0] if votes else None


def meant_by(found: Sequence[Candidate], metric: str) -> str | None:
    """The measure behind Optuna's ``value``: that of the metric which always equals it."""
    if plain(metric) != OBJECTIVE:
        return None
    same = set.intersection(
        *(
            {name for name, value in each.metrics.items() if value == each.metrics[metric]}
            for each in found
            if metric in each.metrics
        )
    ) - {metric}
    named = {measure for name in same if (measure := read_name(name).measure) is not None}
    return named.pop() if len(named) == 1 else None


def measured_by(found: Sequence[Candidate], metric: str) -> str | None:
    """The measure of a bare ``score`` of scikit-learn: by ``scoring``, else by what was trained."""
    if not read_name(metric).core.endswith("score"):
        return None
    known = set()
    for each in found:
        runs = [run for run in (each.parent, each.run) if run is not None]
        scoring = next((run.data.params["scoring"] for run in runs if _scores(run.data.params)), "")
        default = {
            DEFAULT_SCORE[name]
            for run in runs
            for name in run.data.metrics
            if name in DEFAULT_SCORE
        }
        known.add(read_name(scoring).measure if scoring else next(iter(default), None))
    return known.pop() if len(known) == 1 else None


def _scores(params: dict[str, str]) -> bool:
    return params.get("scoring", "None") != "None"


def _objective(candidate: Candidate) -> tuple[str, str] | None:
    """What a search optimised: Optuna's value, or the mean over the folds of scikit-learn's."""
    names = [name for name in candidate.metrics if not read_name(name).technical]
    if is_trial(candidate):
        if OBJECTIVE in names:
            return OBJECTIVE, "the objective of the Optuna study"
        return (names[0], "the only figure of an Optuna trial") if len(names) == 1 else None
    searched = [name for name in names if name.startswith(SEARCHED)]
    if not searched:
        return None
    refit = candidate.parent.data.params.get("refit", "") if candidate.parent else ""
    named = [name for name in searched if name == f"{SEARCHED}{refit}"]
    if len(searched) == 1 or named:
        return (named or searched)[0], "the search that made the runs"
    return None


def _named(candidate: Candidate) -> tuple[str, str] | None:
    """The metric that a parameter or a tag names, with or without the word for validation."""
    own = {**candidate.run.data.tags, **candidate.params}
    above = candidate.parent.data if candidate.parent is not None else None
    known = {**above.tags, **above.params, **own} if above is not None else own
    plainly = {plain(name): name for name in candidate.metrics}
    for setting in METRIC:
        value = plain(known.get(setting, ""))
        for name in (f"eval_{value}", f"val_{value}", value):
            metric = plainly.get(name) if value else None
            if metric is not None and read_name(metric).rows != "train":
                return metric, f"{setting} = {known[setting]}"
    return None


def _direction(candidate: Candidate) -> tuple[bool, str] | None:
    own = {**candidate.run.data.tags, **candidate.params}
    above = candidate.parent.data if candidate.parent is not None else None
    known = {**above.tags, **above.params, **own} if above is not None else own
    for setting in GREATER:
        if known.get(setting, "None") not in ("None", ""):
            return known[setting].lower() == "true", f"{setting} = {known[setting]}"
    for setting in MODE:
        value = known.get(setting, "").lower()
        if "max" in value or "min" in value:
            return "max" in value, f"{setting} = {known[setting]}"
    return None
