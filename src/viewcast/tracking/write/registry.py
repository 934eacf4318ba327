"""The registry of models: the refit of each night as a version, and which of them serves.

A version is known by its *content*, the hash of the forecaster's folder: the same refit is
registered once, however often a night is interrupted. The alias ``champion`` is what serves. The
alias ``candidate`` is a version that waits for a person's approval.
"""

import hashlib
import os
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import mlflow
import pandas as pd
from mlflow.artifacts import download_artifacts
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException
from mlflow.models import ModelSignature
from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository
from mlflow.types import ColSpec, ParamSchema, ParamSpec, Schema

from viewcast import __version__
from viewcast.base.errors import DataError, TrackingError
from viewcast.base.settings import Tracking
from viewcast.forecast.channel_forecaster import ChannelForecaster
from viewcast.tracking.answers import FAILURES, is_taken, told
from viewcast.tracking.store import connect
from viewcast.tracking.tags import CONTENT, SERVED_FROM, STORED_FORECASTER
from viewcast.tracking.write import served_forecaster as served

# With a tracking server MLflow prints the address of a run to standard output, where a night prints
# its line of JSON.
os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")

CHAMPION, CANDIDATE = "champion", "candidate"
ABSENT = ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE")


@dataclass(frozen=True)
class Version:
    """A version of the registered model and its tags."""

    number: int
    tags: dict[str, str]

    @classmethod
    def of(cls, stored: ModelVersion) -> Self:
        """From MLflow's object."""
        return cls(int(stored.version), dict(stored.tags))


class Registry:
    """The versions of one registered model, ``name``. Raises TrackingError without a store."""

    def __init__(self, tracking: Tracking, name: str) -> None:
        self.client = connect(tracking)
        self.name = name

    def champion(self) -> Version | None:
        """The version that forecasts; None before the first."""
        return self._under(CHAMPION)

    def version(self, number: int) -> Version:
        """A version by its number."""
        return Version.of(self.client.get_model_version(self.name, str(number)))

    def versions(self) -> list[Version]:
        """Every version, the oldest first."""
        found = self.client.search_model_versions(f"name = '{self.name}'", max_results=10_000)
        return sorted((Version.of(each) for each in found), key=lambda version: version.number)

    def forecaster(self, number: int) -> ChannelForecaster:
        """The forecaster of a version; refuses (TrackingError) one whose files are gone."""
        uri = f"models:/{self.name}/{number}"
        # The files alone, not the code that was stored beside them: versions that an earlier
        # release registered have code that imports its modules.
        try:
            with tempfile.TemporaryDirectory() as folder:
                files = download_artifacts(f"{uri}/artifacts/forecaster", dst_path=folder)
                return ChannelForecaster.load(Path(files))
        except (*FAILURES, DataError) as error:
            why = error if isinstance(error, DataError) else told(error, self.client.tracking_uri)
            raise TrackingError(
                f"{uri}: its files cannot be read ({why}); is the artifact store that it was "
                "registered with reachable from here? If they are gone for good, `make rollback` "
                "goes back to the version before"
            ) from error

    def register(self, run_id: str, folder: Path, tags: dict[str, str]) -> Version:
        """The version that holds the forecaster in a folder, made if there is none.

        ``tags``: of a new version.
        """
        content = content_of(folder)
        known = [each for each in self.versions() if each.tags.get(CONTENT) == content]
        return known[-1] if known else self._create(run_id, folder, {**tags, CONTENT: content})

    def tag(self, number: int, tags: dict[str, str]) -> None:
        """Add tags to a version."""
        for key, value in tags.items():
            self.client.set_model_version_tag(self.name, str(number), key, value)

    def serve(self, number: int) -> None:
        """Make a version the champion by one call; from then on it answers every forecast."""
        self.client.set_registered_model_alias(self.name, CHAMPION, str(number))

    def propose(self, number: int) -> None:
        """Let a version wait for approval, under the alias ``candidate``."""
        self.client.set_registered_model_alias(self.name, CANDIDATE, str(number))

    def candidate(self) -> Version | None:
        """The version that waits for approval; None where there is none."""
        return self._under(CANDIDATE)

    def prune(self, keep: int) -> list[int]:
        """Delete versions and their files but for the ``keep`` newest; returns their numbers.

        Only versions that a night made are counted and deleted. Those under any alias stay, which
        are what serves and what waits, and the one that a rollback would bring back.
        """
        versions = [version for version in self.versions() if CONTENT in version.tags]
        stay = {version.number for version in versions[-keep:]}
        aliases = self.client.get_registered_model(self.name).aliases
        stay |= {int(number) for number in aliases.values()}
        before = self.before(self.champion())
        stay |= {before.number} if before is not None else set()
        gone = [version for version in versions if version.number not in stay]
        for version in gone:
            self._delete(version)
        return [version.number for version in gone]

    def before(self, champion: Version | None) -> Version | None:
        """The newest older version that has served; None where there is none."""
        if champion is None:
            return None
        older = [v for v in self.versions() if v.number < champion.number and SERVED_FROM in v.tags]
        return older[-1] if older else None

    def _delete(self, version: Version) -> None:
        """Delete a version, and its model with its files. What is gone already is passed over."""
        model = self.client.get_model_version(self.name, str(version.number)).source
        with suppress(MlflowException):
            stored = self.client.get_logged_model(model.removeprefix("models:/"))
            get_artifact_repository(stored.artifact_location).delete_artifacts()
            self.client.delete_logged_model(stored.model_id)
        self.client.delete_model_version(self.name, str(version.number))

    def _under(self, alias: str) -> Version | None:
        try:
            return Version.of(self.client.get_model_version_by_alias(self.name, alias))
        except MlflowException as error:
            if error.error_code in ABSENT:
                return None
            raise

    def _create(self, run_id: str, folder: Path, tags: dict[str, str]) -> Version:
        stored = _log_model(run_id, folder)
        try:
            self.client.create_registered_model(self.name)
        except MlflowException as error:
            if not is_taken(error):
                raise
        found = self.client.create_model_version(
            self.name, stored.model_uri, run_id, tags=tags, model_id=stored.model_id
        )
        return Version.of(found)


def content_of(folder: Path) -> str:
    """Hash of the names and contents of all files of a folder (16 hex)."""
    digest = hashlib.sha256()
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        digest.update(f"{file.relative_to(folder)}\0".encode())
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()[:16]


def _log_model(run_id: str, folder: Path) -> Any:
    forecaster = ChannelForecaster.load(folder)
    # Fewer days, and the example would be refused.
    days = pd.date_range("2021-01-01", periods=forecaster.min_days).strftime("%Y-%m-%d")
    example = pd.DataFrame({"date": days, "views": 100.0})
    request = {"date": "string", "views": "double"}
    answer = {**request, "low": "double", "high": "double"}
    signature = ModelSignature(
        Schema([ColSpec(kind, name) for name, kind in request.items()]),
        Schema([ColSpec(kind, name) for name, kind in answer.items()]),
        ParamSchema([ParamSpec("days", "long", forecaster.horizon)]),
    )
    with mlflow.start_run(run_id=run_id):
        return mlflow.pyfunc.log_model(
            name=STORED_FORECASTER,
            python_model=str(served.__file__),
            artifacts={"forecaster": str(folder)},
            signature=signature,
            input_example=example,
            pip_requirements=[f"viewcast=={__version__}"],
        )
