"""The prepared tables of a panel, written part by part: no frame of the whole is made."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from viewcast.base.files import replacing
from viewcast.base.paths import prepared_path, sealed_path
from viewcast.base.settings import build
from viewcast.data.panel.videos import Videos
from viewcast.data.preparation import preparation
from viewcast.data.table import IDENTITY, SPLIT


def write(section: Mapping[str, Any], source: Path, root: Path) -> tuple[str, ...]:
    """Store the open and the sealed table of every split of a panel; returns what was told.

    ``section``: ``data`` of the configuration. ``source``: the project whose files are read;
    ``root``: the one whose tables are written.

    The rows of a panel's test are sealed whole: no row that stays has a day asked in them among its
    features (``viewcast.data.panel.held_out``). Both files of a split are replaced together, when
    the last row is written. Refuses (DataError) what reader and splits refuse.
    """
    data: Videos = build(section, "data", Videos)
    panel = data.panel(source)
    for split in data.splits:
        identity = preparation({**section, "split": split})
        _write(data.frames(panel, split), root, data.name, split, identity)
    return panel.notes


def _write(
    frames: Iterator[pd.DataFrame], root: Path, data: str, split: str, identity: str
) -> None:
    column, schema = f"{SPLIT}{split}", None
    sealed, open_ = sealed_path(root, data, split), prepared_path(root, data, split)
    with ExitStack() as files:
        partials = [files.enter_context(replacing(path)) for path in (sealed, open_)]
        writers: list[pq.ParquetWriter] = []
        for frame in frames:
            arrow = pa.Table.from_pandas(frame, schema=schema, preserve_index=False)
            if schema is None:
                metadata = {**arrow.schema.metadata, IDENTITY: identity.encode()}
                schema = arrow.schema.with_metadata(metadata)
                writers = [files.enter_context(pq.ParquetWriter(path, schema)) for path in partials]
            arrow = arrow.replace_schema_metadata(schema.metadata)
            tested = pa.array((frame[column] == "test").to_numpy())
            for writer, mask in zip(writers, (tested, pa.compute.invert(tested)), strict=True):
                rows = arrow.filter(mask)
                if len(rows):
                    writer.write_table(rows)
