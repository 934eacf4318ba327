"""From MLflow to row losses: runs of viewcast, and runs of other tools."""
