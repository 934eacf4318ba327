"""Runs in MLflow: the only part of viewcast that imports it."""

from viewcast.tracking.deferred import defer

defer()
