"""The prepared tables of a panel, written part by part: no frame of the whole is made."""

from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from viewcast.base import folders
from viewcast.base.errors import DataError
from viewcast.base.files import replacing
from viewcast.base.folders import Kind
from viewcast.base.paths import prepared_path, sealed_path
from viewcast.base.settings import build
from viewcast.data.panel.features import WEEKDAYS
from viewcast.data.panel.videos import Videos
from viewcast.data.preparation import preparation
from viewcast.data.table import IDENTITY, SPLIT

FEW = ("entity", "unit", *WEEKDAYS)  # columns of few different values
TABLES = Kind("prepared tables", ("*.parquet",))


def write(section: Mapping[str, Any], source: Path, root: Path) -> tuple[str, ...]:
    """Store the open and the sealed table of every split of a panel; returns what is to be told.

    ``section``: ``data`` of the configuration. ``source``: the project whose files are read;
    ``root``: the one whose tables are written. The tables of all splits take the place of the
    former ones together, when the last row is written.

    The rows of a panel's test are sealed whole: no row that stays has a day asked in them among its
    features (``viewcast.data.panel.held_out``). A split other than the chosen one for which the
    panel is too short gets no table, which is told. Refuses (DataError) what the reader refuses,
    and a panel without a training row of the chosen split.
    """
    data: Videos = build(section, "data", Videos)
    panel = data.panel(source)
    notes = [*panel.notes]
    places = prepared_path(root, data.name), sealed_path(root, data.name)
    with ExitStack() as stack:
        # The sealed tables take their place first.
        open_, sealed = (stack.enter_context(folders.replacing(root, p, TABLES)) for p in places)
        for split in data.splits:
            identity = preparation({**section, "split": split})
            paths = tuple(folder / f"{split}.parquet" for folder in (open_, sealed))
            try:
                counts = _write(data.frames(panel, split), split, identity, paths)
                notes.append(
                    f"{split}: {counts['train']:,} rows train, {counts['validation']:,} "
                    f"validate, {counts['test']:,} are the sealed test"
                )
            except DataError as error:
                if split == data.split:
                    raise
                notes.append(f"{split}: no table; {error}")
    return tuple(notes)


def _write(
    frames: Iterable[pd.DataFrame], split: str, identity: str, paths: tuple[Path, ...]
) -> Counter[str]:
    """Store a split; returns how many rows have each label.

    One row group for each frame; most numbers are stored as they are, since no two are equal.
    """
    counts: Counter[str] = Counter()
    schema = None
    with ExitStack() as stack:
        partials = [stack.enter_context(replacing(path)) for path in paths]
        writers: list[pq.ParquetWriter] = []
        for frame in frames:
            counts.update(frame[f"{SPLIT}{split}"])
            arrow = pa.Table.from_pandas(frame, schema=schema, preserve_index=False)
            if schema is None:
                metadata = {**arrow.schema.metadata, IDENTITY: identity.encode()}
                schema = arrow.schema.with_metadata(metadata)
                names = map(str, frame)
                few = [n for n in names if n in FEW or n.startswith((SPLIT, "category_"))]
                for path in partials:
                    writer = pq.ParquetWriter(path, schema, use_dictionary=few)
                    writers.append(stack.enter_context(writer))
            arrow = arrow.replace_schema_metadata(schema.metadata)
            tested = pc.equal(arrow[f"{SPLIT}{split}"], "test")
            for writer, mask in zip(writers, (pc.invert(tested), tested), strict=True):
                rows = arrow.filter(mask)
                if len(rows):
                    writer.write_table(rows)
    return counts
