"""Which column of somebody's table is what, by its name.

Names are compared in plain form (``viewcast.tracking.metric_names.plain``) without underscores, so
that ``y_true``, ``Y True`` and ``yTrue`` are one.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

from viewcast.tracking.metric_names import plain

ROWS = ("row", "row_id", "id", "sample_id", "example_id", "uid", "key")
INDEX = ("index", "unnamed_0")  # of a data frame: a name of rows where nothing better is there
ENTITIES = ("entity",)
TIMES = ("time", "date", "day", "datetime", "timestamp")
SPLITS = ("split", "subset", "partition")
LOSSES = ("loss", "row_loss")
ERRORS = ("error", "residual")
TARGETS = (
    *("target", "targets", "y_true", "label", "labels", "y", "actual", "actuals", "truth"),
    *("ground_truth", "true", "true_label", "true_labels", "gold", "observed", "y_val", "y_valid"),
    *("y_test", "y_actual", "labels_true"),
)
PREDICTIONS = (
    *("prediction", "predictions", "y_pred", "outputs", "output", "predicted", "pred", "preds"),
    *("y_hat", "forecast", "y_preds", "predicted_label", "pred_label", "prediction_label"),
    *("predicted_class", "y_predicted"),
)
SCORES = ("y_score", "y_scores", "decision_function", "logit")  # rank rows, are no probabilities
CURVE = ("epoch", "step", "iteration", "iter")
_ANY = r"(?:(?:y|pred|predicted|prediction|class)_)*"
_WORD = r"(?:p|prob|probs|proba|probas|probability|probabilities|softmax)"
_PROBABILITY = re.compile(rf"^{_ANY}{_WORD}(?:_(?P<of>.+))?$")
_PROBABILITY_BEHIND = re.compile(r"^(?P<of>.+)_(?:prob|proba|probability)$")
_ONE_OF_SEVERAL = re.compile(r"^(?:y_)?(?:prediction|pred|outputs?|class|score)_(?P<of>\d+)$")


@dataclass(frozen=True)
class Columns:
    """The columns of a table, None where it has no such one.

    ``probabilities``: by the plain name of the class whose they are, "" where only one is given and
    its name does not say. ``curve``: a column that counts epochs or steps.
    """

    row: str | None
    index: str | None
    entity: str | None
    time: str | None
    split: str | None
    loss: str | None
    error: str | None
    target: str | None
    prediction: str | None
    score: str | None
    probabilities: dict[str, str]
    curve: str | None

    @property
    def predicted(self) -> bool:
        """Whether a prediction of any form is there."""
        return bool(self.prediction or self.score or self.probabilities)

    @property
    def told(self) -> bool:
        """Whether the table may tell what each row lost."""
        given = self.loss is not None or self.error is not None
        return given or (self.target is not None and self.predicted)


def columns_of(names: Iterable[str]) -> Columns:
    """What the columns of these names are; of several that may be meant, the most usual name."""
    return _columns_of(tuple(names))


@cache
def _columns_of(names: tuple[str, ...]) -> Columns:
    known = {_squeezed(name): name for name in reversed(names)}

    def first(wanted: tuple[str, ...]) -> str | None:
        return next((known[it] for name in wanted if (it := _squeezed(name)) in known), None)

    target, prediction = first(TARGETS), first(PREDICTIONS)
    rest = [name for name in names if name not in (target, prediction)]
    return Columns(
        row=first(ROWS),
        index=first(INDEX),
        entity=first(ENTITIES),
        time=first(TIMES),
        split=first(SPLITS),
        loss=first(LOSSES),
        error=first(ERRORS),
        target=target,
        prediction=prediction,
        score=first(SCORES),
        probabilities=_probabilities(rest),
        curve=first(CURVE),
    )


def _probabilities(names: Sequence[str]) -> dict[str, str]:
    for pattern in (_PROBABILITY, _PROBABILITY_BEHIND):
        found = {match["of"] or "": name for name in names if (match := pattern.match(plain(name)))}
        if found:
            return found
    numbered = {
        match["of"]: name for name in names if (match := _ONE_OF_SEVERAL.match(plain(name)))
    }
    return numbered if len(numbered) > 1 else {}


def _squeezed(name: str) -> str:
    return plain(name).replace("_", "")
