"""The order of the rooms, and what importing a module costs: torch and MLflow take seconds."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from support.loaded import loaded_after
from support.project import REPOSITORY

LINT = """
import sys
sys.path.insert(0, "src")
from importlinter.cli import lint_imports_command
lint_imports_command()
"""


LIGHT = [
    "runs.plan",
    "training.config",
    "data.views",
    "data.lectures",
    "data.sources.youtube",
    "scoring.summary",
    "models.fitted",
    "demo.validation_reuse",
    "demo.truth",
    "report.page",
    "retraining.retrain",
]


def test_no_module_imports_torch_mlflow_or_hydra_before_it_trains() -> None:
    everything = "; ".join(f"import viewcast.{module}" for module in LIGHT)
    assert loaded_after(everything) <= {"matplotlib"}


def test_only_the_engine_of_torch_needs_torch_and_only_compiling_needs_numba() -> None:
    modules = ("least_squares", "grid_search", "lookup", "descent", "compiled.engine")
    imports = "; ".join(f"import viewcast.training.{module}" for module in modules)
    assert loaded_after(imports) == set()
    assert "torch" in loaded_after("import viewcast.training.torch_engine.descent")


@pytest.mark.parametrize(
    "stage", ["compose", "prepare", "evaluate", "show", "retrain", "healthcheck"]
)
def test_stages_that_neither_train_nor_record_import_neither_torch_nor_mlflow(stage: str) -> None:
    imported = loaded_after(f"import runpy; runpy.run_path('pipelines/{stage}.py')")
    assert not imported & {"torch", "mlflow"}


def import_rules(project: Path) -> subprocess.CompletedProcess[str]:
    code = (
        "import sys; sys.path.insert(0, 'src'); from importlinter.cli import lint_imports_command"
    )
    return subprocess.run(
        [sys.executable, "-c", f"{code}; lint_imports_command()", "--no-cache"],
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_import_rules_of_pyproject_hold() -> None:
    result = import_rules(REPOSITORY)
    assert result.returncode == 0, result.stdout


def test_every_rule_refuses_the_import_that_it_forbids_even_inside_a_function(
    tmp_path: Path,
) -> None:
    forbidden = {
        "base/files.py": "import viewcast.data.table",
        "demo/truth.py": "import viewcast.retraining.lock",
        "runs/run.py": "import mlflow",
        "base/settings.py": "import omegaconf",
        "models/naive.py": "import torch",
        "models/linear.py": "import numba",
        "assessment/audit.py": "import matplotlib",
        "api/rows.py": "import mcp",
        "report/page.py": "import fastapi",
        "tracking/read/native.py": "import viewcast.tracking.write.views",
    }
    shutil.copytree(REPOSITORY / "src" / "viewcast", tmp_path / "src" / "viewcast")
    shutil.copy(REPOSITORY / "pyproject.toml", tmp_path)
    for file, line in forbidden.items():
        with (tmp_path / "src" / "viewcast" / file).open("a") as module:
            module.write(f"\n\ndef late() -> None:\n    {line}\n")
    with (tmp_path / "src" / "viewcast" / "data" / "raw.py").open("a") as module:
        module.write("\n\ndef late() -> None:\n    import viewcast.data.views\n")

    result = import_rules(tmp_path)

    assert result.returncode == 1
    assert " KEPT" not in result.stdout
    assert "No cycles are allowed in viewcast.data." in result.stdout
    for file, line in forbidden.items():
        importer = f"viewcast.{file.removesuffix('.py').replace('/', '.')}"
        assert f"{importer} -> {line.removeprefix('import ')}" in result.stdout
