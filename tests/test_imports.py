"""Importing torch or MLflow takes seconds; who does not need them does not pay."""

import subprocess
import sys

import pytest

LOADED = """
import sys
{code}
asked = {{"torch", "mlflow", "hydra", "matplotlib", "googleapiclient"}}
print(*sorted(asked & set(sys.modules)))
"""


def loaded_after(code: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", LOADED.format(code=code)], capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


@pytest.mark.parametrize(
    "module",
    [
        "plan",
        "config",
        "data.views",
        "data.lectures",
        "summary",
        "models.fitted",
        "run",
        "experiments",
        "demo",
        "truth",
        "report.page",
        "retraining.retrain",
        "sources.youtube",
    ],
)
def test_no_module_imports_torch_mlflow_or_hydra_before_it_trains(module: str) -> None:
    assert loaded_after(f"import viewcast.{module}") <= {"matplotlib"}


def test_only_gradient_descent_needs_torch() -> None:
    for trainer in ("least_squares", "grid_search", "lookup", "gradient_descent"):
        assert "torch" not in loaded_after(f"import viewcast.training.{trainer}")
    assert "torch" in loaded_after("import viewcast.training.descent")


@pytest.mark.parametrize("stage", ["compose", "prepare", "evaluate", "show", "retrain", "watch"])
def test_stages_that_neither_train_nor_record_import_neither_torch_nor_mlflow(stage: str) -> None:
    imported = loaded_after(f"import runpy; runpy.run_path('pipelines/{stage}.py')")
    assert not imported & {"torch", "mlflow"}
