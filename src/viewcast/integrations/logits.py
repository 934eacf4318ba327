"""Outputs of a network as predictions: logits become probabilities.

Shape letters: N rows, C classes.
"""

from typing import Any

import numpy as np

from viewcast.scoring.metric import Array
from viewcast.scoring.metrics.given import as_array

SUM_OF_ONE = 1e-3  # how far probabilities of single precision may be from a sum of 1


def probabilities(output: Any, target: Any) -> Array:
    """Predictions (N,) or probabilities (N, C) of what a network gave for ``target`` (N,).

    Scores (N, C) that are no probabilities are taken as logits, and become some by softmax. One
    score per row is a logit where all targets are 0 or 1 and it leaves that range: by the logistic
    function. Other numbers (N,) and (N, 1) stay.
    """
    scores = as_array(output)
    if scores.ndim == 2 and scores.shape[1] == 1:
        scores = scores[:, 0]
    if scores.dtype.kind != "f":
        return scores
    within = bool(((scores >= 0) & (scores <= 1)).all())
    if scores.ndim == 2:
        if within and (abs(scores.sum(axis=1) - 1) < SUM_OF_ONE).all():
            return scores
        powers = np.exp(scores - scores.max(axis=1, keepdims=True))
        shares: Array = powers / powers.sum(axis=1, keepdims=True)
        return shares
    binary = scores.ndim == 1 and not within and bool(np.isin(as_array(target), (0, 1)).all())
    return np.exp(-np.logaddexp(0, -scores)) if binary else scores
