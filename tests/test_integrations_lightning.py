"""ValidationRows of Lightning: the rows of the kept epoch, with the epochs as looks."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader, TensorDataset

from support.mlflow_store import Store
from viewcast.base.errors import DataError
from viewcast.holdout.looks import parsed

lightning = pytest.importorskip("pytorch_lightning")

from pytorch_lightning.callbacks import ModelCheckpoint  # noqa: E402
from pytorch_lightning.loggers import MLFlowLogger  # noqa: E402

from viewcast.integrations.lightning import ValidationRows  # noqa: E402

pytestmark = [pytest.mark.filterwarnings("ignore")]  # Lightning, about loaders and devices

INPUTS = torch.linspace(-1, 1, 40).reshape(-1, 1)
TARGETS = 2 * INPUTS[:, 0]
SLOPES = [0.0, 1.5, 1.9, 1.0]  # after each epoch; the third is the best


class Line(lightning.LightningModule):  # type: ignore[misc, name-defined]
    """A line whose slope after each epoch is known."""

    def __init__(self, tells: bool = False) -> None:
        super().__init__()
        self.slope = torch.nn.Parameter(torch.zeros(1))
        self.tells = tells

    def forward(self, inputs: Any) -> Any:
        return self.slope * inputs[:, 0]

    def training_step(self, batch: Any, place: int) -> Any:
        return (self(batch[0]) - batch[1]).square().mean()

    def on_validation_start(self) -> None:
        with torch.no_grad():
            self.slope.fill_(SLOPES[self.current_epoch])

    def validation_step(self, batch: Any, place: int) -> Any:
        predicted = self(batch[0])
        self.log("val_loss", (predicted - batch[1]).square().mean())
        return {"target": batch[1], "prediction": predicted + 1} if self.tells else None

    def configure_optimizers(self) -> Any:
        return torch.optim.SGD(self.parameters(), lr=0.0)


def fitted(
    folder: Path, rows: ValidationRows, model: Any, *callbacks: Any, logger: Any = False
) -> None:
    loader = DataLoader(TensorDataset(INPUTS, TARGETS), batch_size=16)
    trainer = lightning.Trainer(
        max_epochs=len(SLOPES),
        accelerator="cpu",
        logger=logger,
        callbacks=[*callbacks, rows],
        default_root_dir=folder,
        enable_checkpointing=bool(callbacks),
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    trainer.fit(model, loader, loader)


def uses(store: Store, run: Any) -> int:
    (use,) = parsed(store.now(run).data.tags["viewcast.looks"], "")
    return use.scores


def test_the_rows_are_those_of_the_best_epoch(others_store: Store, tmp_path: Path) -> None:
    best = ModelCheckpoint(tmp_path / "checkpoints", monitor="val_loss", mode="min")
    with others_store.run() as run:
        fitted(tmp_path, ValidationRows(), Line(), best)
    rows = others_store.table(run)
    np.testing.assert_allclose(rows["prediction"], 1.9 * INPUTS[:, 0], rtol=1e-6)
    np.testing.assert_allclose(rows["target"], TARGETS, atol=1e-6)
    assert uses(others_store, run) == len(SLOPES)


def test_without_a_checkpoint_they_are_those_of_the_last_epoch(
    others_store: Store, tmp_path: Path
) -> None:
    with others_store.run() as run:
        fitted(tmp_path, ValidationRows(metric="mae"), Line())
    rows = others_store.table(run)
    np.testing.assert_allclose(rows["loss"], abs(INPUTS[:, 0]), atol=1e-6)
    assert uses(others_store, run) == 1


def test_what_the_validation_step_tells_comes_first(others_store: Store, tmp_path: Path) -> None:
    with others_store.run() as run:
        fitted(tmp_path, ValidationRows(), Line(tells=True))
    np.testing.assert_allclose(others_store.table(run)["prediction"], INPUTS[:, 0] + 1, atol=1e-6)


def test_the_run_is_that_of_the_logger(others_store: Store, tmp_path: Path) -> None:
    experiment = others_store.client.get_experiment(others_store.experiment).name
    logger = MLFlowLogger(experiment, tracking_uri=f"sqlite:///{tmp_path}/mlflow.db")
    fitted(tmp_path, ValidationRows(), Line(), logger=logger)
    (run,) = others_store.client.search_runs([others_store.experiment])
    assert run.info.run_id == logger.run_id
    assert len(others_store.table(run)) == 40


def test_a_batch_of_another_form_needs_a_function(others_store: Store, tmp_path: Path) -> None:
    class Named(Line):
        def validation_step(self, batch: Any, place: int) -> Any:
            return None

    rows = DataLoader([{"inputs": x, "targets": y} for x, y in zip(INPUTS, TARGETS, strict=True)])
    quick = {"accelerator": "cpu", "logger": False, "enable_checkpointing": False}
    quick |= {"enable_progress_bar": False, "enable_model_summary": False, "max_epochs": 1}
    train = DataLoader(TensorDataset(INPUTS, TARGETS))
    with others_store.run(), pytest.raises(DataError, match=r"batch is dict; expected \(inputs"):
        lightning.Trainer(**quick, callbacks=[ValidationRows()]).fit(Named(), train, rows)
    told = ValidationRows(predict=lambda model, batch: (batch["targets"], model(batch["inputs"])))
    with others_store.run() as run:
        lightning.Trainer(**quick, callbacks=[told]).fit(Named(), train, rows)
    assert len(others_store.table(run)) == 40
