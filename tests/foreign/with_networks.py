"""Networks in epochs, by the real trainers of three libraries and under the names they use."""

import logging
import os
from collections.abc import Callable
from tempfile import mkdtemp

os.environ.setdefault("KERAS_BACKEND", "torch")  # Keras asks when it is imported
os.environ.setdefault("HF_HUB_OFFLINE", "1")

import keras
import mlflow
import numpy as np
import pytorch_lightning
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset
from transformers import Trainer, TrainingArguments
from transformers.trainer_callback import PrinterCallback

from foreign.bundled import cancer
from foreign.experiment import Expected, current, logged

WIDTHS = (1, 2, 4, 8)
EPOCHS = 3
BATCH = 50
RATE = 0.02


def lightning() -> Expected:
    """PyTorch Lightning with its MLFlowLogger: val_loss of every epoch, ``epoch`` as a metric."""
    logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)
    d = cancer()
    scores, fresh = {}, {}
    for width in WIDTHS:
        torch.manual_seed(width)
        name, module = f"width {width}", _Module(width)
        logger = pytorch_lightning.loggers.MLFlowLogger(
            current().name,
            run_name=name,
            tracking_uri=mlflow.get_tracking_uri(),
        )
        trainer = pytorch_lightning.Trainer(
            max_epochs=EPOCHS,
            logger=logger,
            accelerator="cpu",
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
            log_every_n_steps=2,
        )
        trainer.fit(module, _loader(d.x, d.y), _loader(d.x_val, d.y_val))
        scores[name] = float(trainer.callback_metrics["val_loss"])
        fresh[name] = _binary(module.net, d.x_fresh, d.y_fresh)
    return Expected.best_of("refused", "val_loss", scores, fresh=fresh)


def huggingface() -> Expected:
    """The Trainer of transformers: eval_loss, eval_runtime, learning_rate and the like."""
    d = cancer()
    scores, fresh = {}, {}
    for width in WIDTHS:
        torch.manual_seed(width)
        name, net = f"width {width}", _Labelled(width)
        settings = TrainingArguments(
            output_dir=mkdtemp(),
            num_train_epochs=EPOCHS,
            learning_rate=RATE,
            per_device_train_batch_size=BATCH,
            per_device_eval_batch_size=200,
            eval_strategy="epoch",
            logging_strategy="epoch",
            save_strategy="no",
            report_to=["mlflow"],
            use_cpu=True,
            disable_tqdm=True,
        )
        with logged(name):
            trainer = Trainer(
                net,
                settings,
                train_dataset=_labelled(d.x, d.y),
                eval_dataset=_labelled(d.x_val, d.y_val),
            )
            trainer.remove_callback(PrinterCallback)
            trainer.train()
        scores[name] = [
            row["eval_loss"] for row in trainer.state.log_history if "eval_loss" in row
        ][-1]
        with torch.no_grad():
            own = net(_floats(d.x_fresh), torch.as_tensor(d.y_fresh).long())
        fresh[name] = float(own["loss"])
    return Expected.best_of(
        "refused",
        "eval_loss",
        scores,
        fresh=fresh,
    )


def keras_epochs() -> Expected:
    """Keras with MLflow's callback: val_loss of every epoch, and validation_loss again."""
    d = cancer()
    scores, fresh = {}, {}
    for width in WIDTHS:
        keras.utils.set_random_seed(width)
        name = f"width {width}"
        net = keras.Sequential(
            [
                keras.layers.Dense(width, activation="relu"),
                keras.layers.Dense(1, activation="sigmoid"),
            ]
        )
        net.compile(keras.optimizers.Adam(RATE), "binary_crossentropy", metrics=["accuracy"])
        with logged(name):
            history = net.fit(
                d.x,
                d.y,
                BATCH,
                EPOCHS,
                verbose=0,
                validation_data=(d.x_val, d.y_val),
                callbacks=[mlflow.keras.MlflowCallback()],
            )
        scores[name] = history.history["val_loss"][-1]
        p = net.predict(d.x_fresh, verbose=0).ravel().clip(1e-7, 1 - 1e-7)
        fresh[name] = float(-np.log(np.where(d.y_fresh == 1, p, 1 - p)).mean())
    return Expected.best_of("refused", "val_loss", scores, fresh=fresh)


def lightning_names() -> Expected:
    """Names as Lightning users choose them: val/f1_epoch, train/loss_step, lr-Adam, epoch."""
    curves = {f"lr {rate}": np.array(own) for rate, own in _F1.items()}
    scores = {}
    for name, curve in curves.items():
        with logged(name):
            for step, value in enumerate(curve):
                mlflow.log_metrics(
                    {
                        "val/f1_epoch": float(value),
                        "train/f1_epoch": float(value) + 0.1,
                        "train/loss_step": 1 - float(value),
                        "lr-Adam": 0.1 / (step + 1),
                        "epoch": step,
                    },
                    step=step,
                )
        scores[name] = float(curve[-1])
    return Expected.best_of("refused", "val/f1_epoch", scores, more_is_better=True)


def huggingface_names() -> Expected:
    """eval_wer falls, eval_runtime and total_flos are lower or higher than any figure of merit."""
    scores = {"tiny": 0.31, "base": 0.24, "small": 0.22, "medium": 0.23}
    for size, (name, wer) in enumerate(scores.items()):
        with logged(name, model_name_or_path=f"whisper-{name}"):
            for step in (100, 200, 300):
                mlflow.log_metrics(
                    {
                        "eval_wer": wer + 0.05 * (3 - step / 100),
                        "eval_runtime": 10.0 * 2**size,
                        "eval_samples_per_second": 100.0 / 2**size,
                        "learning_rate": 1e-5 * (1 - step / 400),
                        "grad_norm": 0.1 * size,
                        "train_loss": 0.2 - 0.04 * size,
                        "total_flos": 1e12 * 3**size,
                    },
                    step=step,
                )
    return Expected.best_of("refused", "eval_wer", scores)


# The last is not the highest of a run: what counts by default is the last, and that is said.
_F1 = {
    0.1: (0.60, 0.81, 0.70),
    0.03: (0.55, 0.70, 0.78),
    0.01: (0.50, 0.66, 0.76),
    0.003: (0.40, 0.55, 0.64),
}


class _Module(pytorch_lightning.LightningModule):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.net = _net(width, 1)

    def training_step(self, batch: tuple[Tensor, Tensor], _index: int) -> Tensor:
        loss = self._loss(batch)
        self.log("train_loss", loss, on_step=True, on_epoch=True)
        return loss

    def validation_step(self, batch: tuple[Tensor, Tensor], _index: int) -> None:
        self.log("val_loss", self._loss(batch))

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.Adam(self.parameters(), RATE)

    def _loss(self, batch: tuple[Tensor, Tensor]) -> Tensor:
        return nn.functional.binary_cross_entropy_with_logits(self.net(batch[0])[:, 0], batch[1])


class _Labelled(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.net = _net(width, 2)

    def forward(self, x: Tensor, labels: Tensor) -> dict[str, Tensor]:
        logits = self.net(x)
        return {"loss": nn.functional.cross_entropy(logits, labels), "logits": logits}


def _net(width: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(30, width), nn.ReLU(), nn.Linear(width, outputs))


def _floats(values: np.ndarray) -> Tensor:
    return torch.as_tensor(values, dtype=torch.float32)


def _loader(x: np.ndarray, y: np.ndarray) -> DataLoader:
    return DataLoader(TensorDataset(_floats(x), _floats(y)), BATCH)


def _labelled(x: np.ndarray, y: np.ndarray) -> list[dict[str, object]]:
    return [{"x": row, "labels": int(label)} for row, label in zip(_floats(x), y, strict=True)]


def _binary(net: Callable[[Tensor], Tensor], x: np.ndarray, y: np.ndarray) -> float:
    with torch.no_grad():
        return float(
            nn.functional.binary_cross_entropy_with_logits(net(_floats(x))[:, 0], _floats(y))
        )
