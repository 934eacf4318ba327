"""What a user may say of runs that viewcast did not make; it is found where it is not said."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from viewcast.base.errors import ConfigError

Direction = Literal["less", "more"]
Value = Literal["last", "best", "min", "max"]
DIRECTIONS: dict[str, Direction] = {
    "less": "less",
    "min": "less",
    "minimize": "less",
    "minimise": "less",
    "more": "more",
    "max": "more",
    "maximize": "more",
    "maximise": "more",
}


@dataclass(frozen=True)
class ReadSettings:
    """How the runs of an experiment are read.

    ``metric``: the validation metric by its name in the store. ``direction``: min or max (also
    minimize, less, ...): which is better. ``value``: which point of a series counts: the last, the
    best in that direction, min or max. ``holdout``: only the one whose identity begins so.
    ``rows``: a table (Parquet, CSV) of validation rows that the logged models are scored on, with
    the targets in column ``target``, by the method ``predict_method`` of the model (None for
    predict); only where ``load_models``, because loading a model runs code from the store.
    ``n``: how many rows the metric is a mean of, where the store does not say. ``cluster``: which
    rows are alike (``viewcast.tracking.read.alike``).

    Refuses (ConfigError) a direction or value that does not exist, n below 1, and rows without
    their target.
    """

    metric: str | None = None
    direction: str | None = None
    value: str | None = None
    holdout: str | None = None
    rows: Path | str | None = None
    target: str | None = None
    predict_method: str | None = None
    load_models: bool = False
    n: int | None = None
    cluster: str | None = None

    def __post_init__(self) -> None:
        if self.direction is not None and self.direction.lower() not in DIRECTIONS:
            raise ConfigError(f"direction = {self.direction}: unknown; allowed: min, max")
        if self.value is not None and self.value not in get_args(Value):
            raise ConfigError(
                f"value = {self.value}: unknown; allowed: {', '.join(get_args(Value))}"
            )
        if self.n is not None and self.n < 1:
            raise ConfigError(f"n = {self.n}: expected the number of validation rows, at least 1")
        if (self.rows is None) != (self.target is None):
            raise ConfigError(
                f"rows = {self.rows}, target = {self.target}: one needs the other; name the table "
                "of validation rows and its column of targets"
            )

    @property
    def more_is_better(self) -> bool | None:
        """The direction as it was given; None where it was not."""
        return None if self.direction is None else DIRECTIONS[self.direction.lower()] == "more"
