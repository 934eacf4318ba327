"""Packages of MLflow that recording does not use run their code at their first use, not before."""

import subprocess
import sys

import pytest

PROGRAM = """
import sys
import viewcast.tracking
{use}
print("mlflow.genai.evaluation" in sys.modules)
"""
USES = {
    "from mlflow import MlflowClient": False,
    "import mlflow; mlflow.genai.scorers.Guidelines": True,
    "from mlflow.genai.judges.base import Judge; import mlflow; mlflow.genai.evaluate": True,
}


@pytest.mark.parametrize(("use", "runs"), USES.items())
def test_a_deferred_package_works_as_ever_and_is_left_out_where_not_used(
    use: str, runs: bool
) -> None:
    command = [sys.executable, "-c", PROGRAM.format(use=use)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{runs}\n", "")
