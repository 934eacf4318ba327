"""Audit a store with nothing but the package installed: the command and the function agree.

Run by `tests/packaging/check.sh` in an empty environment and an empty folder.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd

import viewcast

HEAVY = {"torch", "hydra", "omegaconf", "dvc", "pandera", "holidays", "safetensors", "arch"}
URI, EXPERIMENT = "sqlite:///runs.db", "rides"


def log_runs() -> None:
    """Eight runs whose rows lie in a table, as a plain training loop would log them."""
    mlflow.set_tracking_uri(URI)
    mlflow.set_experiment(EXPERIMENT)
    rng = np.random.default_rng(2021)
    target = rng.normal(100.0, 10.0, size=200)
    for number in range(8):
        predicted = target + rng.normal(0.0, 5.0 - number / 10, size=len(target))
        rows = pd.DataFrame(
            {"row": [f"r{i}" for i in range(len(target))], "y_true": target, "y_pred": predicted}
        )
        with mlflow.start_run(run_name=f"ridge_{number}"), tempfile.TemporaryDirectory() as folder:
            mlflow.log_param("alpha", 10.0**-number)
            mlflow.log_metric("val_mse", float(np.mean((predicted - target) ** 2)))
            rows.to_parquet(Path(folder) / "predictions.parquet")
            mlflow.log_artifact(str(Path(folder) / "predictions.parquet"))


def log_rows() -> None:
    """Eight runs that the package itself logs, with a classifier's probabilities."""
    mlflow.set_experiment("churn")
    rng = np.random.default_rng(2021)
    target = rng.integers(0, 2, size=300)
    for number in range(8):
        noise = rng.normal(0.0, 1.0 + number / 10, size=len(target))
        predicted = 1.0 / (1.0 + np.exp(-(2.0 * target - 1.0 + noise)))
        with mlflow.start_run(run_name=f"forest_{number}"):
            viewcast.log_rows(target, predicted, metric="roc_auc")


def main() -> None:
    """Make the store, audit it in both ways, and say what was found."""
    log_runs()
    program = str(Path(sys.executable).parent / "viewcast")
    command = [program, "audit", "--tracking-uri", URI, "--experiment", EXPERIMENT]
    subprocess.run([*command, "--json", "audit.json"], check=True)
    audited = viewcast.audit(URI, EXPERIMENT)
    assert audited.to_dict() == json.loads(Path("audit.json").read_text())
    audited.to_html("audit.html")
    assert "ridge_7" in Path("audit.html").read_text()

    log_rows()
    print(viewcast.audit(URI, "churn"))
    heavy = HEAVY & {name.partition(".")[0] for name in sys.modules}
    assert not heavy, f"the audit imported {heavy}"


if __name__ == "__main__":
    main()
