"""EvaluationRows of Hugging Face's Trainer: the evaluation rows of the kept model."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from support.mlflow_store import Store
from viewcast.base.errors import ConfigError
from viewcast.holdout.looks import parsed

transformers = pytest.importorskip("transformers")
pytest.importorskip("accelerate")

from viewcast.integrations.transformers import EvaluationRows  # noqa: E402

pytestmark = [
    pytest.mark.filterwarnings("ignore"),  # transformers, about devices and loaders
    pytest.mark.xdist_group("transformers"),  # one process imports what it trains with
]

RNG = np.random.default_rng(4)
INPUTS = RNG.normal(size=(30, 2)).astype("float32")
LABELS = (INPUTS[:, 0] > 0).astype(int)
DATA = [{"inputs": x, "labels": int(y)} for x, y in zip(INPUTS, LABELS, strict=True)]


class Classifier(torch.nn.Module):
    """Two classes; weights that training does not change, so that each evaluation is known."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = torch.nn.Parameter(torch.ones(1))

    def forward(self, inputs: Any, labels: Any = None) -> Any:
        logits = torch.stack([-self.scale * inputs[:, 0], self.scale * inputs[:, 0]], dim=1)
        return {"loss": torch.nn.functional.cross_entropy(logits, labels), "logits": logits}


def trained(folder: Path, rows: EvaluationRows, **settings: Any) -> Any:
    args = transformers.TrainingArguments(
        output_dir=str(folder / "trained"),
        num_train_epochs=3,
        eval_strategy="epoch",
        save_strategy="epoch",
        learning_rate=0.5,
        lr_scheduler_type="constant",
        report_to=[],
        disable_tqdm=True,
        use_cpu=True,
        **settings,
    )
    trainer = transformers.Trainer(
        Classifier(),
        args,
        train_dataset=DATA,
        eval_dataset=DATA,
        compute_metrics=rows.compute_metrics,
        callbacks=[rows],
    )
    trainer.train()
    return trainer


def test_the_rows_are_those_of_the_best_evaluation(others_store: Store, tmp_path: Path) -> None:
    rows = EvaluationRows(compute_metrics=lambda seen: {"seen": float(len(seen.label_ids))})
    with others_store.run() as run:
        trainer = trained(tmp_path, rows, load_best_model_at_end=True)
    scores = [entry["eval_loss"] for entry in trainer.state.log_history if "eval_loss" in entry]
    assert {entry["eval_seen"] for entry in trainer.state.log_history if "eval_seen" in entry} == {
        30
    }
    table = others_store.table(run)
    assert table["loss"].mean() == pytest.approx(min(scores), rel=1e-4)
    np.testing.assert_array_equal(table["target"], LABELS)
    (use,) = parsed(others_store.now(run).data.tags["viewcast.looks"], "")
    assert use.scores == 3


def test_the_last_evaluation_is_kept_where_none_is_chosen(
    others_store: Store, tmp_path: Path
) -> None:
    with others_store.run() as run:
        trainer = trained(tmp_path, EvaluationRows(metric="zero_one"))
    (use,) = parsed(others_store.now(run).data.tags["viewcast.looks"], "")
    assert use.scores == 1
    assert others_store.table(run)["loss"].mean() == 0.0
    with others_store.run() as later:  # an evaluation after the training is logged at once
        trainer.evaluate()
    assert len(others_store.table(later)) == 30


def test_a_callback_that_sees_no_predictions_says_what_to_type(tmp_path: Path) -> None:
    rows = EvaluationRows()
    args = transformers.TrainingArguments(
        output_dir=str(tmp_path), report_to=[], use_cpu=True, disable_tqdm=True
    )
    trainer = transformers.Trainer(Classifier(), args, eval_dataset=DATA, callbacks=[rows])
    with pytest.raises(ConfigError, match=r"compute_metrics=rows\.compute_metrics"):
        trainer.evaluate()
