"""Runs in MLflow: the only part of viewcast that imports it."""
