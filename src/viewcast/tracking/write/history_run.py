"""The one run that goes on from night to night, so that MLflow's UI draws a curve over nights.

A night's own run has one value of each metric, and the UI draws no line through several runs. This
run has one point per day. Its step is the day's number since 1970-01-01, its time is noon of that
day in UTC, which is the same date in nearly every time zone.

A point is written once and stays as it was known then: MLflow deletes none. A night that is
repeated, or goes on after a kill, adds only what is missing. Points of a metric are written in
order of their days, so the newest one says which are there: reading all of them would take a second
after three years.
"""

import json
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Self

from mlflow import MlflowClient
from mlflow.entities import Metric
from PIL import Image

from viewcast.base.provenance import user
from viewcast.tracking.store import all_runs
from viewcast.tracking.tags import HISTORY, PICTURES, PICTURES_FOLDER, REGISTERED_MODEL, USER
from viewcast.tracking.views.shown import IMAGES_FOLDER
from viewcast.tracking.write.recorder import BATCH

Points = Mapping[date, Mapping[str, float]]  # value of each metric, by day

EPOCH = date(1970, 1, 1)
NOON = time(12, tzinfo=UTC)


class HistoryRun:
    """The history of one registered model in an experiment. There is never more than one."""

    def __init__(self, client: MlflowClient, run_id: str) -> None:
        self.client, self.run_id = client, run_id

    @classmethod
    def of(
        cls, client: MlflowClient, experiment_id: str, model_name: str, tags: Mapping[str, str]
    ) -> Self:
        """The run of a registered model, created where there is none, with these further tags."""
        known = [
            run
            for run in all_runs(client, experiment_id, f"tags.`{HISTORY}` = 'true'")
            if run.data.tags.get(REGISTERED_MODEL) == model_name
        ]
        if known:
            return cls(client, min(known, key=lambda run: int(run.info.start_time)).info.run_id)
        own = {HISTORY: "true", REGISTERED_MODEL: model_name, USER: user()}
        name = f"nights of {model_name}"
        created = client.create_run(experiment_id, run_name=name, tags={**tags, **own})
        return cls(client, created.info.run_id)

    def add(self, points: Points) -> int:
        """Write the points of days after the newest one of each metric, and end the run until the
        next night.

        Returns how many were written.
        """
        names = {name for values in points.values() for name in values}
        stored = self.client.get_run(self.run_id)
        newest = {metric.key: int(metric.step) for metric in stored.data.to_proto().metrics}
        missing = [
            Metric(name, points[day][name], _noon(day), number(day))
            for name in sorted(names)
            for day in sorted(points)
            if name in points[day] and number(day) > newest.get(name, -1)
        ]
        for start in range(0, len(missing), BATCH):
            self.client.log_batch(self.run_id, metrics=missing[start : start + BATCH])
        if missing or stored.info.status == "RUNNING":
            self.client.set_terminated(self.run_id, "FINISHED")
        return len(missing)

    def picture(self, file: Path, key: str, day: date | None) -> None:
        """Store a picture under ``pictures/`` in place of the one of the last night.

        ``day``: also keep it for good as an image of the name ``key``, with the day as its step,
        where there is none yet; the UI shows such images one after another. None: not.
        """
        self.client.log_artifact(self.run_id, str(file), PICTURES_FOLDER)
        if day is None or self._has_image(key, day):
            return
        newest = {key: [number(day), ""]}
        self.client.set_tag(self.run_id, PICTURES, json.dumps(newest))  # the view opens at it
        with Image.open(file) as image:
            self.client.log_image(self.run_id, image.convert("RGB"), key=key, step=number(day))

    def _has_image(self, key: str, day: date) -> bool:
        # MLflow before 3.9 separates the parts of the name by %, later ones by +.
        name = re.compile(rf"{IMAGES_FOLDER}/{re.escape(key)}[+%]step[+%]{number(day)}[+%].*\.webp")
        files = self.client.list_artifacts(self.run_id, IMAGES_FOLDER)
        return any(name.fullmatch(str(file.path)) for file in files)


def number(day: date) -> int:
    """The number of a day since 1970-01-01, the step of its points."""
    return (day - EPOCH).days


def _noon(day: date) -> int:
    """Noon of a day in milliseconds since 1970-01-01."""
    return int(datetime.combine(day, NOON).timestamp() * 1000)
