"""What the name of a metric says: which measure, which direction, which rows, which fold.

Names are compared in plain form: lower case, everything but letters and digits as one underscore,
so that ``valid_0-rmse`` (XGBoost), ``eval/loss`` and ``Val_MAE`` need no entry of their own. The
words are in ``viewcast.tracking.metric_vocabulary``.
"""

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Literal

from viewcast.scoring.loss import MAE, MSE, Loss
from viewcast.scoring.metrics import NAMES
from viewcast.tracking import metric_vocabulary as words_of

Rows = Literal["validation", "train", "test", "cv"]

LOSSES: dict[str, Loss] = {"mse": MSE(), "mae": MAE()}
_SQUARED = ("mean_squared_error", "mse", "root_mean_squared_error", "rmse", "squared_error", "l2")
_ABSOLUTE = ("mean_absolute_error", "mae", "absolute_error", "l1")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z][a-z])|^(?:val|valid|train|test|eval|dev)(?=[A-Z])")
_FOLD = re.compile(r"(?:^|_)(?:k?fold|split|cv)_?(\d+)(?=_|$)")
_OF_SEARCH = re.compile(r"^(?:mean|split\d+)_(test|train)_(.+)$")  # scikit-learn's cv_results_
_LOADER = re.compile(r"_dataloader_idx_(\d+)$")  # Lightning, of several validation sets
_ALL_ROWS = words_of.VALIDATION | words_of.TRAIN | words_of.TEST


@dataclass(frozen=True)
class MetricName:
    """A name, read.

    ``measure``: canonical name (``viewcast.scoring.metrics``), None for a loss, a score or a value
    of no more than that name. ``more_is_better``: None where the name does not say.
    ``rows``: None where it does not say. ``prefix``: what stands before, such as the name of the
    model; ``number``: of the validation set (``valid_1``), None without one. ``core``: what was
    measured, in plain form: two names of one core and one kind of rows are the same figure.
    ``best``: whether it is the best or final point of a series (``best_val_loss``); ``fold``: the
    number of its fold. ``technical``: no score at all (learning rate, runtime, epoch).
    """

    name: str
    measure: str | None
    more_is_better: bool | None
    rows: Rows | None
    prefix: str
    number: int | None
    core: str
    best: bool
    fold: int | None
    technical: bool

    @property
    def figure(self) -> tuple[str, Rows | None]:
        """What two names share that stand for the same figure."""
        return self.core, self.rows


@lru_cache(maxsize=10_000)
def plain(name: str) -> str:
    """The name in lower case, with one underscore for everything but letters and digits."""
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")


@cache
def read_name(name: str) -> MetricName:
    """What a metric's name says, by its words."""
    text = plain(_CAMEL.sub(lambda found: f"{found.group()}_", name))
    searched, fold, loader = _OF_SEARCH.match(text), _FOLD.search(text), _LOADER.search(text)
    rows: Rows | None = None
    if searched:
        rows = "cv" if searched[1] == "test" else "train"
        text = searched[2]
    elif fold:
        rows, text = "cv", _FOLD.sub("", text, count=1).strip("_")
    text = _LOADER.sub("", text)
    words = text.split("_")
    technical = bool(words_of.NO_METRIC.intersection(words)) and not _known(words)
    technical |= words[0] == "system" or set(words) <= {*words_of.OF_A_SERIES, *_ALL_ROWS}
    said, place, number = _rows_of(words)
    if said is not None:
        rows = said if rows is None or said == "train" else rows
        del words[place : place + (1 if number is None else 2)]
    negated = words[:1] == ["neg"]
    if negated and "".join(words) not in words_of.MEASURES:
        del words[0]
    negated = negated and "neg" not in words
    percent = bool(words_of.PERCENT.intersection(words)) and not _known(words)
    if percent:
        words = [word for word in words if word not in words_of.PERCENT]
    first, last = _measure(words)
    spelling = "".join(words[first:last])
    measure, more = words_of.MEASURES.get(spelling, (None, _direction(words)))
    around = [word for word in (*words[:first], *words[last:]) if word not in words_of.NAMELESS]
    averages = [word for word in around if word in words_of.AVERAGES]
    dropped = words_of.OF_A_SERIES | words_of.FINAL | words_of.NAMELESS
    before = min(place, first) if said is not None else first
    prefix = [word for word in words[:before] if word not in dropped]
    others = [word for word in around if word not in dropped and word not in prefix]
    measure = _qualified(measure, averages, percent)
    if name.endswith("-error"):  # XGBoost's name of the share of wrong classes
        measure = "zero_one"
    core = measure or "_".join((*others, *words[first:last]))
    if measure is not None and set(others) - set(averages):
        core = "_".join((*others, measure))
        measure = None
    return MetricName(
        name=name,
        measure=measure,
        more_is_better=True if negated else more,
        rows=rows,
        prefix="_".join(prefix),
        number=int(loader[1]) if loader else number,
        core=f"neg_{core}" if negated else core,
        best=bool(words_of.FINAL.intersection(around)),
        fold=int(fold[1]) if fold else None,
        technical=technical or not core,
    )


def more_is_better(name: str) -> bool:
    """Whether the name is that of a score such as accuracy or R², not of a loss.

    ``neg_mean_squared_error`` (scikit-learn) is a score, ``negative_log_likelihood`` is a loss.
    """
    return bool(read_name(name).more_is_better)


def loss_named(name: str) -> Loss | None:
    """The loss that a metric or a setting is named after.

    ``val_rmse`` and ``reg:squarederror`` (XGBoost) are squared, ``regression_l1`` (LightGBM) and
    ``L1Loss`` (PyTorch) absolute errors; None for every other.
    """
    rows = words_of.VALIDATION | {"0", "1"}
    words = [word for word in plain(name).split("_") if word not in rows]
    core = re.sub(r"^(regression|reg)|loss$", "", "".join(words))
    for names, loss in ((_SQUARED, LOSSES["mse"]), (_ABSOLUTE, LOSSES["mae"])):
        if core in {known.replace("_", "") for known in names}:
            return loss
    return None


def _known(words: list[str]) -> bool:
    """Whether the words of a measure are among those that are technical elsewhere."""
    first, last = _measure(words)
    return last - first > 1 and "".join(words[first:last]) in words_of.MEASURES


def _rows_of(words: list[str]) -> tuple[Rows | None, int, int | None]:
    """Which rows, at which place the word for them stands, and the number behind it.

    Validation goes first: ``test_size_val_loss`` and ``eval_loss_test_run`` are of validation rows.
    """
    kinds: tuple[tuple[Rows, frozenset[str]], ...] = (
        ("cv", words_of.CROSS_VALIDATION),
        ("validation", words_of.VALIDATION),
        ("train", words_of.TRAIN),
        ("test", words_of.TEST),
    )
    for rows, names in kinds:
        for place, word in enumerate(words):
            if word in names:
                behind = words[place + 1] if place + 1 < len(words) else ""
                return rows, place, int(behind) if behind.isdecimal() else None
    return None, 0, None


def _measure(words: list[str]) -> tuple[int, int]:
    """First and one past the last word of the measure: the longest spelling, of equals the last.

    Where none is known, the last word that has a direction; otherwise all words.
    """
    for length in range(min(words_of.LONGEST, len(words)), 0, -1):
        for first in range(len(words) - length, -1, -1):
            if "".join(words[first : first + length]) in words_of.MEASURES and (
                length > 1 or not _loss_behind(words, first)
            ):
                return first, first + length
    for first in range(len(words) - 1, -1, -1):
        if words[first] in words_of.MORE | words_of.LESS:
            return first, first + 1
    return 0, len(words)


def _loss_behind(words: list[str], place: int) -> bool:
    """Whether a word for loss follows: ``l2_reg_loss`` is no squared error."""
    return bool({"loss", "error"}.intersection(words[place + 1 :]))


def _direction(words: list[str]) -> bool | None:
    if words_of.LESS.intersection(words):
        return False
    return True if words_of.MORE.intersection(words) else None


def _qualified(measure: str | None, averages: list[str], percent: bool) -> str | None:
    """``f1_macro``, ``accuracy_percent``; None for a qualified measure that is not known."""
    if measure is None:
        return None
    name = "_".join((measure, *averages, *(["percent"] if percent else [])))
    return name if name in NAMES else None
