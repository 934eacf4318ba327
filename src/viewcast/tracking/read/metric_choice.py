"""Which logged metric is the validation score that runs were chosen by, and its direction.

A metric of training rows, a runtime or a learning rate is never it; one of unnamed rows only where
no other is of validation rows and nothing says that it is of training.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from viewcast.base.errors import ConfigError
from viewcast.tracking.metric_names import MetricName, Rows, plain, read_name
from viewcast.tracking.read.candidate_runs import Candidate
from viewcast.tracking.read.data_inputs import behind
from viewcast.tracking.read.pointers import directed, meant_by, measured_by, pointed
from viewcast.tracking.read.settings import ReadSettings
from viewcast.tracking.tags import LOOK_KEY

ORDER: dict[Rows | None, int] = {"validation": 0, "cv": 1, None: 2, "test": 3}
FIRST = ("loss", "log_loss", "mse", "rmse", "mae", "accuracy", "roc_auc", "r2")
SHOWN = 12  # names in an error
TRUE = ("true", "1", "yes")
RESTORES = ("load_best_model_at_end", "restore_best_weights", "restore_best")


@dataclass(frozen=True)
class MetricChoice:
    """The metric of an experiment's runs.

    ``name``: in the store, "" where no metric was found and rows alone are known. ``measure``: its
    canonical name (rmse, accuracy, roc_auc; those of ``viewcast.scoring.metrics``), None where the
    name does not say. ``value``: which point of a series counts: last, best, min or max.
    ``metric_from``, ``direction_from``: why, in words. ``others``: metrics that might as well have
    been meant.
    """

    name: str
    measure: str | None
    more_is_better: bool
    metric_from: str
    direction_from: str
    value: str = "last"
    others: tuple[str, ...] = ()


def choose(found: Sequence[Candidate], settings: ReadSettings) -> MetricChoice | None:
    """The metric that the user names; else the one that tags, the search or most runs point to.

    None where no run has a metric that can be meant. Refuses (ConfigError) a metric that no run
    has, one of training rows, one whose direction nobody says, and a direction against its name.
    """
    if settings.metric is not None:
        return _asked(found, settings.metric, settings)
    finished = [each for each in found if each.aside is None] or list(found)
    pointer = pointed(finished)
    if pointer is not None:
        name, why = pointer
        return _with_direction(finished, name, f"{why}", settings)
    eligible = [_eligible(each, settings.more_is_better is not None) for each in finished]
    counts = Counter(figure for names in eligible for figure in {name.figure for name in names})
    if not counts:
        return None
    most = max(counts.values())
    often = [figure for figure, count in counts.items() if 2 * count >= most]
    spelled = Counter(name for names in eligible for name in names)
    named_best = {name.figure for name in spelled if name.best}
    first = min(
        often,
        key=lambda figure: (
            ORDER[figure[1]],
            figure not in named_best,
            -counts[figure],
            FIRST.index(figure[0]) if figure[0] in FIRST else len(FIRST),
            figure[0],
        ),
    )
    spellings = {name: count for name, count in spelled.items() if name.figure == first}
    name = max(  # of two spellings in the same runs, the shorter: the order of the store is none
        spellings,
        key=lambda name: (spellings[name], name.best, name.number or 0, -len(name.name), name.name),
    ).name
    rivals = [
        max((n for n in spelled if n.figure == figure), key=lambda n: spelled[n]).name
        for figure in often
        if figure != first and figure[1] == first[1] and counts[figure] == counts[first]
    ]
    why = f"{counts[first]} of {len(finished)} runs have it"
    if first[1] == "test":
        why += "; its name says test rows: a test set that runs are chosen by is a validation set"
    chosen = _with_direction(finished, name, why, settings)
    return replace(chosen, others=tuple(sorted(rivals)))


def own_name(candidate: Candidate, choice: MetricChoice) -> MetricName | None:
    """The name under which a candidate has the chosen metric: this one or another spelling of it.

    ``validation_0-rmse`` of one library and ``val_rmse`` of another are one figure. Of several
    validation sets it is the last, as a booster that stops early takes it. None where it has none,
    or only of training rows.
    """
    wanted = read_name(choice.name)
    names = [read_name(name) for name in candidate.metrics]
    same = [name for name in names if name.figure == wanted.figure and name.fold is None]
    own = [name for name in same if not behind(candidate.run, name, candidate.parent).training]
    exact = [name for name in own if name.name == choice.name]
    if exact:
        return exact[0]
    plainly = [name for name in own if not name.technical]
    return max(
        plainly,
        key=lambda name: (
            name.best == wanted.best,
            name.prefix == wanted.prefix,
            name.number or 0,
            name.name,
        ),
        default=None,
    )


def fold_names(metrics: Iterable[str], choice: MetricChoice) -> dict[int, str]:
    """The names of the chosen metric's scores by fold (``split0_test_score``), in their order."""
    wanted = read_name(choice.name)
    names = [read_name(each) for each in metrics]
    same = {
        name.fold: name.name for name in names if name.fold is not None and name.core == wanted.core
    }
    return dict(sorted(same.items()))


def _asked(found: Sequence[Candidate], metric: str, settings: ReadSettings) -> MetricChoice:
    known = {name for each in found for name in each.named}
    read = read_name(metric)
    told = settings.rows is not None or any(LOOK_KEY in each.run.data.tags for each in found)
    if metric not in known and told and read.measure is not None:  # rows tell any metric
        more = bool(read.more_is_better)
        return MetricChoice(metric, read.measure, more, "you named it", "its name")
    if metric not in known:
        listed = sorted(name for name in known if not read_name(name).technical)
        shown = ", ".join(listed[:SHOWN]) + (", …" if len(listed) > SHOWN else "")
        raise ConfigError(
            f"metric = {metric}: no run of this experiment has it; "
            f"allowed: {shown or 'none: these runs have no metrics'}"
        )
    having = [each for each in found if metric in each.named]
    name = read_name(metric)
    if all(behind(each.run, name, each.parent).training for each in having):
        how = behind(having[0].run, name, having[0].parent).how
        raise ConfigError(
            f"metric = {metric}: is of training rows, by {how}; expected one of validation rows"
        )
    return _with_direction(having, metric, "you named it", settings)


def _with_direction(
    found: Sequence[Candidate], metric: str, why: str, settings: ReadSettings
) -> MetricChoice:
    """The choice of a metric, once its direction is known."""
    name = read_name(metric)
    asked, told = settings.more_is_better, directed(found, metric)
    if asked is not None:
        more, direction_from = asked, "you named it"
    elif told is not None:
        more, direction_from = told
    elif name.more_is_better is not None:
        more, direction_from = name.more_is_better, "its name"
    else:
        raise ConfigError(
            f"metric = {metric}: its name does not say whether less or more of it is better; "
            "give direction = min or max"
        )
    if name.measure is not None and asked is not None and asked != name.more_is_better:
        better = "more" if name.more_is_better else "less"
        raise ConfigError(
            f"direction = {settings.direction}: of {metric} {better} is better; leave it out, or "
            "name the metric that is meant"
        )
    measure = name.measure or meant_by(found, metric) or measured_by(found, metric)
    value = settings.value or ("best" if _restores_best(found) else "last")
    return MetricChoice(metric, measure, more, why, direction_from, value)


def _eligible(candidate: Candidate, directed_by_user: bool) -> list[MetricName]:
    """The metrics of a run that it may have been chosen by."""
    names = [read_name(name) for name in candidate.named]
    whole = {name.figure for name in names if name.fold is None}
    trains_unnamed = any(plain(name.name) == "loss" for name in names)
    return [
        name
        for name in names
        if not name.technical
        and (name.fold is None or (name.fold == 0 and name.figure not in whole))
        and name.rows != "train"
        and (name.more_is_better is not None or directed_by_user)
        and not (name.rows is None and trains_unnamed)
        and not behind(candidate.run, name, candidate.parent).training
    ]


def _restores_best(found: Sequence[Candidate]) -> bool:
    """Whether most runs keep the best of their epochs and do not log its figure at the end."""
    count = sum(
        any(each.params.get(name, "").lower() in TRUE for name in RESTORES)
        and "restored_epoch" not in each.metrics
        for each in found
    )
    return 2 * count > len(found)
