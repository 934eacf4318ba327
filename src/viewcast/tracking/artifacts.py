"""Artifacts of many runs as local files: read where they lie on this machine, else fetched."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar
from urllib.parse import unquote, urlparse

from mlflow import MlflowClient
from mlflow.entities import Run
from mlflow.exceptions import MlflowException

from viewcast.base.errors import TrackingError
from viewcast.base.progress import runs as bar_over
from viewcast.tracking.former import artifact_names

AT_ONCE = 8  # fetches from a server; it waits most of the time

Item = TypeVar("Item")
Result = TypeVar("Result")


class Artifacts:
    """``folder``: where fetched files are put, one folder for each run."""

    def __init__(self, client: MlflowClient, folder: Path) -> None:
        self.client, self.folder = client, folder

    def path(self, run: Run, name: str) -> Path | None:
        """The file of an artifact, under its name of today or a former one; None without any.

        Raises TrackingError where the server has the artifact and does not give it.
        """
        paths = (self._path(run, known) for known in artifact_names(name))
        return next((path for path in paths if path is not None), None)

    def _path(self, run: Run, name: str) -> Path | None:
        here = local(run)
        if here is not None:
            file = here / name
            return file if file.is_file() else None
        if name not in self._names(run, str(Path(name).parent)):
            return None
        target = self.folder / run.info.run_id
        target.mkdir(parents=True, exist_ok=True)
        try:
            return Path(self.client.download_artifacts(run.info.run_id, name, str(target)))
        except (MlflowException, OSError) as error:
            raise TrackingError(
                f"run {run.info.run_id}, artifact {name}: cannot be fetched ({error}); try again"
            ) from error

    def _names(self, run: Run, folder: str) -> set[str]:
        try:
            listed = self.client.list_artifacts(run.info.run_id, None if folder == "." else folder)
        except (MlflowException, OSError) as error:
            raise TrackingError(
                f"run {run.info.run_id}: artifacts cannot be listed ({error}); is the artifact "
                "store of the server reachable from here?"
            ) from error
        return {file.path for file in listed}


def local(run: Run) -> Path | None:
    """The folder of a run's artifacts, where it is a folder of this machine."""
    address = str(run.info.artifact_uri or "")
    if address.startswith("/"):
        return Path(address)
    parts = urlparse(address)
    if parts.scheme == "file" and parts.netloc in ("", "localhost"):
        return Path(unquote(parts.path))
    return None


def each(
    items: Sequence[Item], work: Callable[[Item], Result], what: str, remote: bool
) -> list[Result]:
    """``work`` on every item, in their order. ``remote``: many at once and with a bar."""
    if not remote:
        return [work(item) for item in items]
    with bar_over(len(items)) as bar, ThreadPoolExecutor(AT_ONCE) as pool:
        bar.update(bar.task_ids[0], description=what)
        results = []
        for result in pool.map(work, items):
            results.append(result)
            bar.advance(bar.task_ids[0])
        return results
