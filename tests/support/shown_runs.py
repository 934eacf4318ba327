"""Experiments as views see them, made without a store."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from viewcast.tracking.views.shown import Shown, ShownRun
from viewcast.tracking.views.view import View

OURS = {"viewcast.data": "lectures", "viewcast.unit": "minutes²"}


def run(
    number: int,
    metrics: Mapping[str, float],
    tags: Mapping[str, str] | None = None,
    params: Mapping[str, str] | None = None,
    status: str = "FINISHED",
) -> ShownRun:
    """A run with an id of its own."""
    return ShownRun(f"{number:032x}", f"run-{number}", status, params or {}, metrics, tags or {})


def trained(number: int, loss: float, split: str = "within", **tags: str) -> ShownRun:
    """A run as viewcast records it, of a model trained in epochs."""
    metrics = {"train_loss": loss / 2, "val_loss": loss}
    metrics |= {"model_train_loss": loss / 2, "model_val_loss": loss}
    own = {"compared": "true", "split": split, "epochs": "100", "identity": f"{number:016x}"}
    named = {f"viewcast.{name}": value for name, value in (own | tags).items()}
    return run(number, metrics, named, {"trainer.lr": str(number)})


def experiment(
    runs: Sequence[ShownRun],
    tags: Mapping[str, str] | None = None,
    curves: Sequence[str] = ("train_loss", "val_loss"),
) -> Shown:
    """An experiment; of viewcast unless other ``tags`` are given."""
    return Shown("7", "lectures", OURS if tags is None else tags, runs, frozenset(curves))


def candidates(count: int, split: str = "year", parent: str = "a" * 32) -> list[ShownRun]:
    """Candidates of a sweep over a learning rate, with its logarithm, and a number of units."""
    made = []
    for number in range(1, count + 1):
        one = trained(number, 1 + number / 1000, split, candidate=str(number))
        params = {"trainer.lr": f"{number / 1000}", "trainer.lr.log10": f"{-number / 100}"}
        params |= {"model.units": str(2 ** (number % 4)), "seed": str(number), "loss.name": "mse"}
        tags = {**one.tags, "mlflow.parentRunId": parent}
        made.append(replace(one, params=params, tags=tags))
    return made


def cards(view: View, kind: str) -> list[dict[str, Any]]:
    """The charts of a kind."""
    return [card for card in view.state["compareRunCharts"] if card["type"] == kind]


def headings(view: View) -> list[str]:
    """What stands above the charts that are not folded away."""
    return [part["name"] for part in view.state["compareRunSections"] if part["display"]]
