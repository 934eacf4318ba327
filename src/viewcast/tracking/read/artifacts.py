"""Artifacts of many runs as local files: read where they lie if that is here, fetched otherwise."""

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

AT_ONCE = 8  # fetches from a server; it waits most of the time

Item = TypeVar("Item")
Found = TypeVar("Found")


class Artifacts:
    """``folder``: where fetched files are put, one folder for each run."""

    def __init__(self, client: MlflowClient, folder: Path) -> None:
        self.client, self.folder = client, folder

    def path(self, run: Run, name: str) -> Path | None:
        """The file of an artifact; None where the run has none of this name.

        Raises TrackingError where the server has it and does not give it.
        """
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
    items: Sequence[Item], work: Callable[[Item], Found], what: str, afar: bool
) -> list[Found]:
    """``work`` on every item, in their order: ``afar``, many at once and with a bar."""
    if not afar:
        return [work(item) for item in items]
    with bar_over(len(items)) as bar, ThreadPoolExecutor(AT_ONCE) as pool:
        bar.update(bar.task_ids[0], description=what)
        found = []
        for one in pool.map(work, items):
            found.append(one)
            bar.advance(bar.task_ids[0])
        return found
