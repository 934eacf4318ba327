"""Names of metrics: which are losses, which are scores, and which rows they are of.

Names are compared in plain form: lower case, everything but letters and digits as one underscore,
so that ``valid_0-rmse`` (XGBoost), ``eval/loss`` and ``Val_MAE`` need no entry of their own.
"""

import re
from collections.abc import Iterable

from viewcast.scoring.loss import MAE, MSE, Loss
from viewcast.tracking.tags import MODEL_VAL_LOSS

LOSSES: dict[str, Loss] = {"mse": MSE(), "mae": MAE()}
_SQUARED = ("mean_squared_error", "mse", "root_mean_squared_error", "rmse", "squared_error", "l2")
_ABSOLUTE = ("mean_absolute_error", "mae", "absolute_error", "l1")
_OTHERS = ("log_loss", "logloss", "nll", "mape", "mean_absolute_percentage_error", "smape", "mase")
_VALIDATION = ("val", "validation", "valid", "eval", "dev", "holdout", "validation_0", "valid_0")
# The figure of the stored model before the last point of a curve of that name.
_NAMED = (MODEL_VAL_LOSS, *(f"{rows}_loss" for rows in _VALIDATION))
_MEASURES = ("mse", "mae", "rmse", *_SQUARED, *_ABSOLUTE, *_OTHERS)
USUAL = tuple(
    dict.fromkeys(
        (*_NAMED, *(f"{rows}_{measure}" for measure in _MEASURES for rows in _VALIDATION))
    )
)
# mlflow.models.evaluate names neither rows nor model.
ROWS_NOT_NAMED = (
    *("mean_squared_error", "mean_absolute_error", "root_mean_squared_error"),
    *("log_loss", "mean_absolute_percentage_error"),
)
_BETTER = {
    *("accuracy", "acc", "auc", "roc", "auroc", "auprc", "aucpr", "ap", "r2", "rsquared", "f1"),
    *("f1score", "precision", "recall", "sensitivity", "specificity", "map", "ndcg", "mrr", "hit"),
    *("bleu", "rouge", "rouge1", "rouge2", "rougel", "meteor", "kappa", "mcc", "iou", "dice"),
    *("psnr", "ssim", "corr", "correlation", "pearson", "spearman", "likelihood", "loglik"),
    *("elbo", "reward", "return", "gain", "profit", "lift", "score", "neg", "explained", "match"),
}
_LOSS_AFTER_ALL = {
    *("loss", "error", "nll", "brier", "crps", "pinball", "quantile", "winkler", "interval"),
    "energy",
}


def plain(name: str) -> str:
    """The name in lower case, with one underscore for everything but letters and digits."""
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")


def more_is_better(name: str) -> bool:
    """Whether the name is that of a score such as accuracy or R², not of a loss.

    ``neg_mean_squared_error`` (scikit-learn) is a score, ``negative_log_likelihood`` is a loss.
    """
    words = plain(name).split("_")
    if words[0] == "neg" or "neg" in words[:2]:
        return True
    if "negative" in words or _LOSS_AFTER_ALL.intersection(words):
        return False
    return bool(_BETTER.intersection(words))


def loss_named(name: str) -> Loss | None:
    """The loss that a metric or a setting is named after.

    ``val_rmse`` and ``reg:squarederror`` (XGBoost) are squared, ``regression_l1`` (LightGBM) and
    ``L1Loss`` (PyTorch) absolute errors; None for every other.
    """
    words = plain(name)
    for rows in _VALIDATION:
        words = words.removeprefix(f"{rows}_")
    core = re.sub(r"^(regression|reg)|loss$", "", words.replace("_", ""))
    for names, loss in ((_SQUARED, LOSSES["mse"]), (_ABSOLUTE, LOSSES["mae"])):
        if core in {known.replace("_", "") for known in names}:
            return loss
    return None


def usual(names: Iterable[str]) -> str | None:
    """The first of the usual names of a validation loss that is among ``names``."""
    known = {plain(name): name for name in sorted(names)}
    return next((known[wanted] for wanted in (*USUAL, *ROWS_NOT_NAMED) if wanted in known), None)
