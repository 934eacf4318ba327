"""Artifacts of many runs as local files: read where they lie on this machine, else fetched."""

import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TypeVar
from urllib.parse import unquote, urlparse

from mlflow import MlflowClient
from mlflow.entities import FileInfo, Run

from viewcast.base.errors import TrackingError
from viewcast.base.progress import runs as bar_over
from viewcast.tracking.answers import FAILURES, told
from viewcast.tracking.artifact_cache import ArtifactCache
from viewcast.tracking.former import artifact_names

AT_ONCE = 8  # fetches from a server; it waits most of the time
MANY = 200  # items on this machine, from which on a bar tells how far it is

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True)
class File:
    """An artifact: its path in the run, and its size in bytes."""

    path: str
    size: int


class Artifacts:
    """``folder``: where fetched files are put, one folder for each run. ``cache``: where those of
    ended runs are kept until the next time; None: nowhere.
    """

    def __init__(
        self, client: MlflowClient, folder: Path, cache: ArtifactCache | None = None
    ) -> None:
        self.client, self.folder, self.cache = client, folder, cache

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
        folder = str(PurePosixPath(name).parent)
        listed = self._listed(run, None if folder == "." else folder)
        sizes = {file.path: int(file.file_size or 0) for file in listed}
        return self.fetched(run, File(name, sizes[name])) if name in sizes else None

    def files(self, run: Run) -> list[File]:
        """The files at the root and one folder down; a folder that holds a model has none.

        Raises TrackingError where they cannot be listed.
        """
        here = local(run)
        if here is not None:
            return _local_files(here)
        root = self._listed(run, None)
        folders = [self._listed(run, file.path) for file in root if file.is_dir]
        below = [files for files in folders if not _is_model(file.path for file in files)]
        flat = [file for files in (root, *below) for file in files if not file.is_dir]
        return [File(str(file.path), int(file.file_size or 0)) for file in flat]

    def fetched(self, run: Run, file: File) -> Path:
        """A file of a run on this machine.

        Raises TrackingError where the server does not give it.
        """
        here = local(run)
        if here is not None:
            return here / file.path
        key = None if self.cache is None else _key(run, file)
        if self.cache is None or key is None:
            return self._downloaded(run, file.path)
        kept = self.cache.get(key)
        return self.cache.put(key, self._downloaded(run, file.path)) if kept is None else kept

    def _downloaded(self, run: Run, name: str) -> Path:
        target = self.folder / run.info.run_id
        target.mkdir(parents=True, exist_ok=True)
        try:
            return Path(self.client.download_artifacts(run.info.run_id, name, str(target)))
        except (*FAILURES, ImportError) as error:
            raise TrackingError(
                f"run {run.info.run_id}, artifact {name}: cannot be fetched: "
                f"{told(error)}; then try again"
            ) from error

    def _listed(self, run: Run, folder: str | None) -> list[FileInfo]:
        try:
            return list(self.client.list_artifacts(run.info.run_id, folder))
        except (*FAILURES, ImportError) as error:
            raise TrackingError(
                f"run {run.info.run_id}: artifacts cannot be listed: "
                f"{told(error)}; is the artifact store of the server "
                "reachable from here?"
            ) from error


def _key(run: Run, file: File) -> str | None:
    """What tells that a file is still the same: the store has no digest of it.

    None for runs that have not ended, and for sealed rows, which are not to lie about. A file
    that is replaced by one of the same size, in a run whose figures and tags stay the same, is
    not noticed.
    """
    if run.info.status == "RUNNING" or file.path.startswith("sealed/"):
        return None
    state = [run.info.end_time, sorted(run.data.metrics.items()), sorted(run.data.tags.items())]
    return repr([run.info.artifact_uri, run.info.run_id, file.path, file.size, *state])


def _local_files(root: Path) -> list[File]:
    """As ``Artifacts.files``, in a folder of this machine; none where it does not exist."""
    if not root.is_dir():
        return []
    found = sorted(os.scandir(root), key=lambda entry: entry.name)
    files = [File(entry.name, entry.stat().st_size) for entry in found if entry.is_file()]
    for folder in (entry for entry in found if entry.is_dir()):
        below = sorted(os.scandir(folder.path), key=lambda entry: entry.name)
        if not _is_model(entry.name for entry in below):
            files += [
                File(f"{folder.name}/{entry.name}", entry.stat().st_size)
                for entry in below
                if entry.is_file()
            ]
    return files


def _is_model(names: Iterable[str]) -> bool:
    return any(PurePosixPath(name).name == "MLmodel" for name in names)


def local(run: Run) -> Path | None:
    """The folder of a run's artifacts, where it is a folder of this machine."""
    return folder_of(str(run.info.artifact_uri or ""))


def folder_of(address: str) -> Path | None:
    """The path of an address of artifacts, where it is one of this machine."""
    if address.startswith("/"):
        return Path(address)
    parts = urlparse(address)
    if parts.scheme == "file" and parts.netloc in ("", "localhost"):
        return Path(unquote(parts.path))
    return None


def each(
    items: Sequence[Item], work: Callable[[Item], Result], what: str, remote: bool
) -> list[Result]:
    """``work`` on every item, in their order. ``remote``: many at once. With a bar if it may take
    long.
    """
    if not remote and len(items) < MANY:
        return [work(item) for item in items]
    with bar_over(len(items)) as bar, ThreadPoolExecutor(AT_ONCE) as pool:
        bar.update(bar.task_ids[0], description=what)
        results = []
        for result in pool.map(work, items) if remote else map(work, items):
            results.append(result)
            bar.advance(bar.task_ids[0])
        return results
