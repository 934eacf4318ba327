"""Predictions of every submission, each in a file named by its digest.

Shape letters: N rows, C classes.
"""

import os
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from viewcast.base.errors import DataError
from viewcast.base.files import wait_for_disk
from viewcast.base.parse import array_of
from viewcast.referee.journal import BACKUP
from viewcast.referee.referee import digest_of
from viewcast.scoring.metric import Array

LABEL = "label"


class KeptPredictions:
    """``folder``: where they lie."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, predictions: Array) -> None:
        """Store checked predictions (N,) or (N, C) and wait until they are on the disk.

        They take their place at once: half a file is read by nobody, for the journal does not name
        it, and the same predictions write it anew.
        """
        labels = predictions.dtype.kind == "O"
        path = self._path(digest_of(predictions), labels)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            if labels:
                table = pa.table({LABEL: pa.array(list(map(str, predictions)), pa.string())})
                pq.write_table(table, file)
            else:
                np.save(file, predictions, allow_pickle=False)
            file.flush()
            os.fsync(file.fileno())
        wait_for_disk(self.folder)

    def read(self, digest: str) -> Array:
        """Predictions as they were judged; refuses (DataError) a file that is missing, damaged or
        not as it was written.
        """
        path = self.path(digest)
        try:
            if path.suffix == ".npy":
                found: Array = array_of(path)
            else:
                found = pq.read_table(path)[LABEL].to_pandas().to_numpy(object)
        except (OSError, ValueError, EOFError, KeyError, pa.ArrowException) as error:
            raise DataError(f"{path}: cannot be read ({type(error).__name__}); {BACKUP}") from error
        if digest_of(found) != digest:
            raise DataError(f"{path}: is not as it was written; {BACKUP}")
        return found

    def path(self, digest: str) -> Path:
        """The file of a submission; refuses (DataError) a missing one."""
        for labels in (False, True):
            path = self._path(digest, labels)
            if os.path.lexists(path):
                return path
        raise DataError(f"{self._path(digest, False)}: is missing; {BACKUP}")

    def _path(self, digest: str, labels: bool) -> Path:
        return self.folder / f"{digest}.{'parquet' if labels else 'npy'}"
