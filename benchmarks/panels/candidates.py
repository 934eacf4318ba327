"""What is tried on each task: fixed before the test is looked at, and priced together."""

from dataclasses import dataclass
from typing import Any

from viewcast.models.boosted import Boosted
from viewcast.models.deep import Deep
from viewcast.models.linear import Linear
from viewcast.models.naive import Naive
from viewcast.scoring.log_smape import LogSMAPE
from viewcast.scoring.loss import MAE, MSE, Loss
from viewcast.scoring.squared_relative_log import SquaredRelativeLog
from viewcast.training.boosting import Boosting
from viewcast.training.ensemble import Ensemble
from viewcast.training.gradient_descent import GradientDescent
from viewcast.training.lookup import Lookup
from viewcast.training.ridge import Ridge

LOSSES: dict[str, Loss] = {
    "log smape": LogSMAPE(), "mae": MAE(), "mse": MSE(), "relative": SquaredRelativeLog()
}  # fmt: skip


@dataclass(frozen=True)
class Candidate:
    """A model, its trainer, the loss it learns by, and the columns it reads: names or starts."""

    name: str
    kind: str
    model: Any
    trainer: Any
    loss: str
    features: tuple[str, ...]

    def inputs(self, columns: list[str]) -> list[str]:
        """The columns among those of a table."""
        return [
            column
            for column in columns
            if any(
                column == name or (name.endswith("*") and column.startswith(name[:-1]))
                for name in self.features
            )
        ]


LAGS = ("lag_*",)
ALL = (
    *("lag_*", "median_*", "mean_*", "trend_*", "weekday_*", "spread*", "peak", "since_peak"),
    *("zeros", "size", "age", "category_*", "last_day", "same_day_*"),
)


def candidates(task: str) -> list[Candidate]:
    """Naive forecasts, lines, trees and ensembles of networks for a task."""
    found = [_naive("last week", ("last_week",)), _naive("last day", ("last_day",))]
    if task == "week":
        found.append(_naive("same weekday", ("same_day_*",)))
    found += [
        _ridge(f"ridge, {name}, {l2:g}", features, l2)
        for name, features in (("lags", LAGS), ("all", ALL))
        for l2 in (1, 100)
    ]
    losses = {"week": ("mae",), "month": ("mae",), "launch": ("relative", "mae")}[task]
    found += [
        _trees(f"trees, {leaves} leaves, {loss}", leaves, loss)
        for leaves in (8, 32)
        for loss in losses
    ]
    nets = {"week": ("log smape",), "month": ("mae", "mse"), "launch": ("relative", "mae")}[task]
    sizes = {"week": ((64, 1), (128, 2)), "month": ((32, 1), (64, 2)), "launch": ((32, 1), (64, 2))}
    epochs = {"week": (6, 12), "month": (15, 40), "launch": (15, 40)}[task]
    found += [
        _nets(f"nets, {layers} × {units}, {count} epochs, {loss}", units, layers, count, loss, task)
        for units, layers in sizes[task]
        for count in epochs
        for loss in nets
    ]
    if task == "week":
        found += [
            _nets(f"nets, 2 × 128, {count} epochs, mae", 128, 2, count, "mae", task)
            for count in (6, 12)
        ]
    return found


def _naive(name: str, features: tuple[str, ...]) -> Candidate:
    return Candidate(
        name, "naive", Naive("naive", list(features)), Lookup("lookup"), "mae", features
    )


def _ridge(name: str, features: tuple[str, ...], l2: float) -> Candidate:
    return Candidate(name, "ridge", Linear("linear", []), Ridge("ridge", l2), "mae", features)


def _trees(name: str, leaves: int, loss: str) -> Candidate:
    trainer = Boosting("boosting", 150, 0.08, 0.7, 0.7, 1.0, False, None)
    return Candidate(name, "trees", Boosted("boosted", [], leaves, None, 50), trainer, loss, ALL)


def _nets(name: str, units: int, layers: int, epochs: int, loss: str, task: str) -> Candidate:
    settings = GradientDescent(
        name="gradient_descent", optimizer="adam", lr=0.001, momentum=0.9, beta2=0.999,
        weight_decay=1e-5, row_share=1, feature_share=1, batch_size=256 if task == "week" else 64,
        epochs=epochs, shuffle=True, init="random", standardise=True, precision="float32",
        train_loss="during", restore_best=False, patience=None, divergence_factor=1e6,
        keep_path=False, checkpoint_seconds=1e9, engine="auto", sample_weight=None,
    )  # fmt: skip
    trainer = Ensemble("ensemble", 8, settings)
    return Candidate(name, "deep", Deep("deep", [], units, layers), trainer, loss, ALL)
