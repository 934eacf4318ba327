"""The descriptions of experiments and runs; what a person wrote is never replaced."""

from collections.abc import Mapping

from mlflow import MlflowClient


def write_note(client: MlflowClient, experiment_id: str, text: str) -> bool:
    """Describe an experiment; returns whether anything was written.

    Nothing is where a person has described it.
    """
    raise NotImplementedError


def write_run_notes(client: MlflowClient, texts: Mapping[str, str]) -> int:
    """Describe runs, by their id; returns how many changed."""
    raise NotImplementedError
