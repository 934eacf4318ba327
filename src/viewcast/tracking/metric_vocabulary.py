"""The words that names of metrics are made of: measures, directions, rows, and what is no metric.

All words are plain: lower case, letters and digits. A measure stands here by its spellings without
any underscore, so that ``log_loss``, ``logloss`` and ``Log-Loss`` are one.
"""

# Canonical name (viewcast.scoring.metrics): its spellings besides itself
_SPELLINGS: dict[str, tuple[str, ...]] = {
    "mse": ("meansquarederror", "squarederror", "l2"),
    "rmse": ("rootmeansquarederror",),
    "mae": ("meanabsoluteerror", "absoluteerror", "l1"),
    "mape": ("meanabsolutepercentageerror",),
    "smape": ("symmetricmeanabsolutepercentageerror",),
    "msle": ("meansquaredlogerror", "meansquaredlogarithmicerror"),
    "rmsle": ("rootmeansquaredlogerror", "rootmeansquaredlogarithmicerror"),
    "r2": ("rsquared", "rsquare"),
    "explained_variance": (),
    "log_loss": (
        *("crossentropy", "ce", "bce", "binarylogloss", "multilogloss", "mlogloss", "nll"),
        *("binarycrossentropy", "categoricalcrossentropy", "sparsecategoricalcrossentropy"),
        *("negativeloglikelihood", "negloglikelihood"),
    ),
    "perplexity": ("ppl",),
    "brier": (),
    "zero_one": (
        *("errorrate", "misclassification", "misclassificationrate", "classificationerror"),
        *("merror", "binaryerror", "multierror"),
    ),
    "accuracy": (
        *("acc", "top1", "top1acc", "top1accuracy", "binaryaccuracy", "categoricalaccuracy"),
        *("sparsecategoricalaccuracy", "multiclassaccuracy"),
    ),
    "balanced_accuracy": ("balancedacc", "balacc"),
    "f1": ("fscore", "f1measure"),
    "precision": (),
    "recall": ("sensitivity", "truepositiverate", "tpr"),
    "kappa": ("cohenkappa", "cohenskappa"),
    "mcc": ("matthewscorrcoef", "matthewscorrelation", "matthews"),
    "roc_auc": ("auc", "auroc", "aucroc"),
    "average_precision": ("ap", "auprc", "aucpr", "prauc", "precisionrecallauc"),
}
# Measures that no function of rows is known for, and that contain the spelling of another one
_OTHERS = {
    "medianabsoluteerror": False,
    "meanabsolutescalederror": False,
    "maxerror": False,
    "worderrorrate": False,
    "charactererrorrate": False,
    "top3accuracy": True,
    "top5accuracy": True,
    "top5acc": True,
    "top5": True,
    "rougel": True,
    "quantilescore": False,
    "averagerecall": True,
    "meanaverageprecision": True,
    "hitrate": True,
    "meaniou": True,
    "loglikelihood": True,
}
_LOSSES = {
    *("mse", "rmse", "mae", "mape", "smape", "msle", "rmsle", "log_loss", "perplexity", "brier"),
    "zero_one",
}
SCORES = frozenset(_SPELLINGS) - _LOSSES


def _measures() -> dict[str, tuple[str | None, bool]]:
    """Canonical name, None where there is none, and whether more is better, by spelling."""
    known: dict[str, tuple[str | None, bool]] = {}
    for name, others in _SPELLINGS.items():
        for spelling in (name.replace("_", ""), *others):
            for end in ("", "score") if name in SCORES | {"brier"} else ("", "loss"):
                known[spelling + end] = (name, name in SCORES)
    known["brierscoreloss"] = ("brier", False)
    known["auclogits"] = ("roc_auc", True)
    known["bcewithlogits"] = known["bcewithlogitsloss"] = ("log_loss", False)
    return known | {spelling: (None, more) for spelling, more in _OTHERS.items()}


MEASURES = _measures()
LONGEST = 6  # words of a spelling, at most

MORE = frozenset(
    {
        *("accuracy", "acc", "auc", "roc", "r2", "f1", "fbeta", "f2", "precision", "recall"),
        *("specificity", "map", "ndcg", "mrr", "hit", "bleu", "rouge", "rouge1", "rouge2"),
        *("meteor", "kappa", "qwk", "iou", "miou", "jaccard", "dice", "psnr", "ssim", "corr"),
        *("correlation", "pearson", "pearsonr", "spearman", "spearmanr", "likelihood", "loglik"),
        *("elbo", "reward", "return", "gain", "profit", "lift", "score", "explained", "match"),
        *("em", "gini", "ks", "similarity", "utility", "sharpe", "pck", "npv", "ppv"),
    }
)
LESS = frozenset(
    {
        *("loss", "error", "err", "errors", "perplexity", "ppl", "wer", "cer", "ter", "eer"),
        *("rmsle", "msle", "medae", "mase", "wape", "wmape", "mpe", "deviance", "entropy"),
        *("brier", "crps", "pinball", "quantile", "winkler", "interval", "energy", "cost"),
        *("regret", "fid", "ece", "kl", "divergence", "nll", "huber", "poisson", "tweedie"),
        *("hinge", "misclassification", "residual", "rss", "sse", "aic", "bic", "chamfer"),
    }
)
VALIDATION = frozenset(
    {"val", "validation", "valid", "eval", "evaluation", "dev", "holdout", "heldout", "vali"}
)
TRAIN = frozenset({"train", "training", "trn", "learn", "fit", "insample"})
TEST = frozenset({"test", "testing", "tst"})
CROSS_VALIDATION = frozenset({"cv", "oof", "crossval", "crossvalidation", "xval"})
# What a figure is not, whatever else its name has
NO_METRIC = frozenset(
    {
        *("runtime", "seconds", "second", "secs", "sec", "time", "duration", "elapsed", "lr"),
        *("latency", "throughput", "iteration", "iterations", "epochs", "steps", "grad"),
        *("gradient", "norm", "memory", "mem", "gpu", "cpu", "ram", "disk", "flops", "flos"),
        *("samples", "std", "stderr", "stdev", "sem", "var", "rank", "patience", "momentum"),
        *("count", "num", "size", "params", "parameters", "seed", "temperature", "gap"),
        *("learning", "looks", "positives", "negatives", "ci", "lower", "upper", "upper95"),
        *("optimism", "confidence", "baseline", "naive", "dummy", "target", "expected"),
        *("bound95", "drift", "price", "viewcast", "fold", "folds"),
    }
)
OF_A_SERIES = frozenset({"epoch", "step", "ema", "avg", "mean", "average", "overall", "total"})
FINAL = frozenset({"best", "final", "last", "min", "max", "restored"})
NAMELESS = frozenset({"x", "y", "df", "data", "dataset", "set", "split", "unknown"})
AVERAGES = frozenset({"macro", "micro", "weighted"})
PERCENT = frozenset({"percent", "pct", "percentage"})
