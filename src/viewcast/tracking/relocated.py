"""Artifacts of a store on this machine that lies elsewhere than when it was written.

A store of somebody else is not changed when it is read (that of a project is mended, see
``viewcast.tracking.moved``). Where a folder that it names is gone, the artifacts of a run are
looked for beside the database, or in the folder that is the store, under the end of their old
path. It holds the identity of the run or model, so that no other run's are found.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from mlflow.entities import Run, RunInfo
from mlflow.utils.file_utils import local_file_uri_to_path
from mlflow.utils.uri import is_local_uri

from viewcast.tracking.artifacts import folder_of
from viewcast.tracking.schema import SQLITE, original


def relocated(runs: Sequence[Run], uri: str) -> list[Run]:
    """The runs, each with the address where its artifacts lie now; ``uri``: of their store.

    An address at which nothing is found stays as it is.
    """
    search = Search(uri)
    return [_at(run, search) for run in runs] if search.bases else list(runs)


class Search:
    """Looks for artifacts beside a store; what was found for one run is tried first for others."""

    def __init__(self, uri: str) -> None:
        self.bases = list(_bases(uri))
        self._gone: dict[str, Path | None] = {}  # address above many runs: its path, if it is gone
        self._known: dict[Path, Path] = {}  # a path that is gone: where it lies now

    def address(self, stored: str, identity: str) -> str:
        """Where the folder ``stored`` of the run or model ``identity`` lies now."""
        above, found, rest = stored.partition(f"/{identity}")
        former = self._former(above) if found and self.bases else None
        if former is None:
            return stored
        for folder in self._candidates(former):
            if (folder / identity).is_dir():
                self._known[former] = folder
                return f"{folder.as_uri()}/{identity}{rest}"
        return stored

    def _former(self, above: str) -> Path | None:
        """The path of a local address whose folder is gone; None for any other."""
        if above not in self._gone:
            path = folder_of(above)
            self._gone[above] = None if path is None or path.is_dir() else path
        return self._gone[above]

    def _candidates(self, former: Path) -> Iterator[Path]:
        if former in self._known:
            yield self._known[former]
            return
        for place in range(1, len(former.parts) + 1):
            yield from (base.joinpath(*former.parts[place:]) for base in self.bases)


def missing(run: Run, uri: str) -> str | None:
    """What to do where the folder of a run's artifacts lies elsewhere than its store, and is gone.

    None where it is there; in the store's own place, where no run may have any; and of a server.
    """
    path, run_id = folder_of(str(run.info.artifact_uri or "")), str(run.info.run_id)
    bases = list(_bases(uri))
    if path is None or not bases or run_id not in path.parts:
        return None
    folder = Path(*path.parts[: path.parts.index(run_id)])
    if folder.is_dir() or any(folder.is_relative_to(base) for base in bases[:1]):
        return None
    return (
        f"the folder of its artifacts, {folder}, is gone, and {bases[0]} holds none of that name; "
        f"was the store moved without it? Put the folder {folder.name!r} into {bases[0]}"
    )


def _bases(uri: str) -> Iterator[Path]:
    """Folders in which artifacts may lie, that of the store first; none of a server."""
    if uri.startswith(SQLITE):
        database = Path(original(uri).removeprefix(SQLITE)).absolute()
        yield from (database.parent, database.parent.parent)
    elif is_local_uri(uri):
        folder = Path(local_file_uri_to_path(uri)).absolute()
        yield from (folder, folder.parent)


def _at(run: Run, search: Search) -> Run:
    info = run.info
    stored = str(info.artifact_uri or "")
    found = search.address(stored, str(info.run_id))
    if found == stored:
        return run
    moved = RunInfo(
        run_id=info.run_id,
        experiment_id=info.experiment_id,
        user_id=info.user_id,
        status=info.status,
        start_time=info.start_time,
        end_time=info.end_time,
        lifecycle_stage=info.lifecycle_stage,
        artifact_uri=found,
        run_name=info.run_name,
    )
    return Run(moved, run.data, run.inputs, run.outputs)
