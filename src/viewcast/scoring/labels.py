"""How losses and measures are called in pictures and tables."""

from viewcast.scoring.log_smape import LogSMAPE
from viewcast.scoring.loss import MAE, MSE
from viewcast.scoring.measures.mrse import MRSE
from viewcast.scoring.measures.rank_percentile import RankPercentile
from viewcast.scoring.measures.smape import SMAPE
from viewcast.scoring.squared_relative_log import SquaredRelativeLog

_KNOWN = (MSE, MAE, LogSMAPE, SquaredRelativeLog, SMAPE, RankPercentile, MRSE)
LABELS = {known.name: known.label for known in _KNOWN}


def label_of(name: str) -> str:
    """The words for a loss or measure of that name; of an unknown one, made from the name."""
    words = name.replace("_", " ")
    return LABELS.get(name, words if words.endswith("loss") else f"{words} loss".strip())
