"""The hidden holdout: rows that are scored at every look and never shown, against adaptive choice.

Runs that are tuned by the shown rows, round after round, are fitted to these rows. They cannot be
fitted to the hidden rows, since no result on them is shown. What was gained on the shown rows and
not on the hidden ones is luck. Keep gaps between the two, or lagged features carry targets from one
into the other.

In the spirit of ease.ml/meter (Hubis, Wu & Zhang 2019) and Thresholdout (Dwork et al. 2015), with
a paired statistic, so that a few hundred rows are enough.

Shape letters: T looks in order of time (the first run, then the best so far after each), M1 shown
rows, M2 hidden rows.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import stdtrit

from viewcast.base.errors import DataError
from viewcast.selection.candidates import Vector
from viewcast.selection.clusters import Clusters
from viewcast.selection.dependence import standard_error

# Looks after the first at which the alarm is tested: 1, 2, 3, 5, 8, 11, 17, 26, ..., 3,325.
TESTED = np.unique(np.round(1.5 ** np.arange(21)).astype(np.int64))
FALSE_ALARMS = 0.05  # share of honest studies in which the alarm may ring
FEWEST = 8  # blocks of dependent rows, below which a standard error means nothing


@dataclass(frozen=True)
class HiddenGain:
    """Since the first run: what was gained on shown rows, on hidden rows, and their difference.

    ``error``: standard error of ``difference``. ``estimate``: loss to expect of the last model,
    with ``estimate_error``. ``alarm``: the hidden rows do not confirm the gain; ``alarm_at``:
    number of looks after the first at which the test first found that, else None. ``looks``: T.
    """

    gain_shown: float
    gain_hidden: float
    difference: float
    error: float
    estimate: float
    estimate_error: float
    alarm: bool
    alarm_at: int | None
    looks: int


def hidden_gain(
    shown: ArrayLike,
    hidden: ArrayLike,
    length: float,
    alpha: float = FALSE_ALARMS,
    clusters: tuple[Clusters, Clusters] | None = None,
) -> HiddenGain:
    """Compare the gains of T looks, from row losses ``shown`` (T, M1) and ``hidden`` (T, M2).

    Row 0 is the first run; row t the run with the lowest mean on the shown rows after t more looks.
    Rows are in order of time; standard errors are those of blocks of ``length`` rows. ``clusters``:
    of the shown and of the hidden rows, by what was hidden whole, entities or times (what shown and
    hidden rows share, such as the same days, cancels in the difference); ``length`` is then in
    times, and 1 where entities were hidden.

    Alarm: the difference of the two gains, paired with the first run row by row, exceeds the t
    quantile of 1 - ``alpha``/n times its error at one of the n looks of ``TESTED``. These looks and
    their level are fixed beforehand, so the error rate holds although the alarm is read after every
    run, and an alarm that rang stays. (Tests at powers of 2 only, at a level shared by the tests
    made until now, catch fewer attacks and ring more often for honest work.) The error is the
    smaller one of two: shown and hidden rows each with their own variance, and both with a pooled
    one. Where no run was tuned the two agree; an attack makes sometimes the one too large and
    sometimes the other.

    In simulations, with a third as many hidden as shown rows: a hill climb of 200 random directions
    with steps of 0.5 to 2 s/√M1 on 100 to 1,000 shown rows sets it off in 78 to 97 % (steps of 3,
    few of which lower the loss, in 59 to 81 %); a single look in less than 1 %, tuning two
    parameters in 1 to 3 %, the best of 200 unrelated runs in 4 to 6 %. With dependent rows and as
    few as eight blocks of hidden rows the last two come to 6 and 9 %.

    Estimate: mean loss of the first run on all rows, less the gain on hidden rows. It is unbiased
    however the shown rows were used, as long as no choice uses the hidden rows. Each alarm tells
    something about them, so after the third alarm the rows should be replaced.

    Raises DataError for losses that do not fit together or are not finite, and below eight blocks
    of shown or of hidden rows.
    """
    on_shown, on_hidden = _losses(shown, hidden, length, clusters)
    of_shown, of_hidden = (None, None) if clusters is None else clusters
    looks = len(on_shown)
    tested = TESTED[looks > TESTED]
    compared = np.append(tested, looks - 1)
    gains = on_shown[0] - on_shown[compared], on_hidden[0] - on_hidden[compared]
    difference = gains[0].mean(axis=1) - gains[1].mean(axis=1)
    error, smaller, freedom = _errors(*gains, length, of_shown, of_hidden)
    limit = float(stdtrit(freedom, 1 - alpha / len(TESTED)))
    alarms = tested[(difference > limit * smaller)[:-1]]
    estimate, estimate_error = _estimate(
        on_shown[0], on_hidden[[0, -1]], length, of_shown, of_hidden
    )
    return HiddenGain(
        gain_shown=float(gains[0][-1].mean()),
        gain_hidden=float(gains[1][-1].mean()),
        difference=float(difference[-1]),
        error=float(error[-1]),
        estimate=estimate,
        estimate_error=estimate_error,
        alarm=len(alarms) > 0,
        alarm_at=int(alarms[0]) if len(alarms) else None,
        looks=looks,
    )


def _estimate(
    first: Vector,
    hidden: Vector,
    length: float,
    of_first: Clusters | None,
    of_hidden: Clusters | None,
) -> tuple[float, float]:
    """Loss to expect of the last model, and its standard error; ``hidden`` (2, M2): first, last."""
    share = len(first) / (len(first) + hidden.shape[1])
    # The first run counts on all rows, so the hidden rows add their share of it, and the gain.
    added = (1 - share) * hidden[0] - (hidden[0] - hidden[1])
    of_means = (
        _error_of(first[np.newaxis], length, of_first)[0],
        _error_of(added[np.newaxis], length, of_hidden)[0],
    )
    error = math.hypot(share * of_means[0], of_means[1])
    return float(share * first.mean() + added.mean()), error


def _errors(
    shown: Vector,
    hidden: Vector,
    length: float,
    of_shown: Clusters | None,
    of_hidden: Clusters | None,
) -> tuple[Vector, Vector, int]:
    """Standard errors of the differences of the means of gains (T, M1) and (T, M2).

    With variances of their own; the smaller one of that and with a pooled variance; and the degrees
    of freedom.
    """
    rows = np.array([shown.shape[1], hidden.shape[1]])
    own = np.stack([_error_of(shown, length, of_shown), _error_of(hidden, length, of_hidden)])
    freedom = rows // max(1, math.ceil(length)) - 1
    if of_shown is not None and of_hidden is not None:
        freedom = np.array([int(of_shown.freedom), int(of_hidden.freedom)])
    apart = np.hypot(*own)
    variance = ((freedom * rows)[:, np.newaxis] * own**2).sum(axis=0) / freedom.sum()
    return apart, np.minimum(apart, np.sqrt(variance * (1 / rows).sum())), int(freedom.sum())


def _error_of(series: Vector, length: float, clusters: Clusters | None) -> Vector:
    """Standard errors (T,) of the means of series (T, M)."""
    if clusters is not None:
        return clusters.errors(series)
    return np.array([standard_error(row, length) for row in series])


def _losses(
    shown: ArrayLike,
    hidden: ArrayLike,
    length: float,
    clusters: tuple[Clusters, Clusters] | None,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    both = np.asarray(shown, np.float64), np.asarray(hidden, np.float64)
    shapes = f"shown {both[0].shape}, hidden {both[1].shape}"
    if any(part.ndim != 2 for part in both) or len(both[0]) != len(both[1]) or not len(both[0]):
        raise DataError(f"losses {shapes}: expected (looks, rows) for the same looks, at least one")
    if not all(np.isfinite(part).all() for part in both):
        raise DataError("a loss is not finite; exclude looks with missing losses")
    wanted = FEWEST * max(1, math.ceil(length))
    if clusters is not None:
        _refuse_few(clusters, wanted)
        return both
    if min(part.shape[1] for part in both) < wanted:
        raise DataError(
            f"too few rows for a hidden holdout: {shapes}, which depend over {length:g} rows; "
            f"{wanted} rows of each are needed"
        )
    return both


def _refuse_few(clusters: tuple[Clusters, Clusters], wanted: int) -> None:
    """Refuse (DataError) fewer shown or hidden clusters than ``wanted``."""
    for kind in ("entities", "times"):
        if clusters[0].cluster in ("both", {"entities": "entity", "times": "time"}[kind]):
            least = FEWEST if kind == "entities" else wanted
            counts = [int(getattr(own, kind)) for own in clusters]
            if min(counts) < least:
                raise DataError(
                    f"too few {kind} for a hidden holdout: {counts[0]} shown, {counts[1]} hidden; "
                    f"{least} of each are needed"
                )
