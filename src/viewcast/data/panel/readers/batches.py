"""Rows of tables on disk, a batch at a time: one file, or a folder of them, maybe partitioned."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.dataset as ds

from viewcast.base.errors import DataError
from viewcast.base.escaped import is_text
from viewcast.base.quoted import listed, quoted
from viewcast.data.limits import PANEL, Limits
from viewcast.data.panel.readers.written import written
from viewcast.data.raw import HIDDEN

KINDS = {".parquet": "parquet", ".csv": "csv", ".gz": "csv"}  # by suffix, in any case of letters
ROWS = 2**17


@dataclass(frozen=True)
class Batch:
    """Some rows of ``file``; ``first``: the number of the first one, as an editor counts lines of
    a CSV file, or from 1 in a Parquet file.
    """

    file: str
    first: int
    rows: pa.RecordBatch


def files_in(source: Path, limits: Limits = PANEL) -> list[Path]:
    """The tables of a folder at any depth, by name, or the one file itself.

    Refuses (DataError) a source without a table, tables of two kinds, and more files or bytes than
    ``limits`` allow.
    """
    found = [source] if source.is_file() else tables_in(source)
    kinds = {KINDS.get(file.suffix.lower(), file.suffix) for file in found}
    if not found or not kinds <= set(KINDS.values()):
        packed = source.suffix.lower() == ".zip" or any(source.glob("*.[zZ][iI][pP]"))
        todo = "; unpack the zip, and give the folder" if packed else ""
        raise DataError(f"{source}: found no table, expected .parquet, .csv or .csv.gz{todo}")
    if len(kinds) > 1:
        raise DataError(f"{source}: found {' and '.join(sorted(kinds))} files; expected one kind")
    for file in found:
        if not is_text(str(file)):  # Arrow takes no other names
            raise DataError(f"{file}: the name of the file or of a folder is no text; rename it")
        if file.suffix.lower() == ".gz" != file.suffix:  # Arrow would read it as it is packed
            raise DataError(f"{file}: rename it, in small letters: {file.stem}.gz")
    limits.refuse("files", source, len(found), "tables")
    limits.refuse("bytes", source, sum(file.stat().st_size for file in found), "bytes of tables")
    return found


def tables_in(folder: Path) -> list[Path]:
    """The files of a folder, at any depth, that are tables by their names."""
    return sorted(
        file
        for file in folder.rglob("*")
        if file.is_file()
        and file.suffix.lower() in KINDS
        and not file.name.startswith((*HIDDEN, "_"))
    )


def is_parquet(file: Path) -> bool:
    """Whether this is a Parquet file, by its name; else it is one of text."""
    return file.suffix.lower() == ".parquet"


def columns_of(source: Path) -> list[str]:
    """The columns of a table, those of its folders' names among them (``category=Music``)."""
    try:
        return list(_dataset(source, files_in(source), {}).schema.names)
    except UnicodeDecodeError as error:
        raise DataError(f"{source}: not a readable table (a header is not UTF-8)") from error


def batches(
    source: Path,
    columns: Sequence[str],
    text: Sequence[str],
    remarks: list[str] | None = None,
    limits: Limits = PANEL,
) -> Iterator[Batch]:
    """The wanted columns of every file; ``text``: those that a CSV file gives as they are written.

    A line of one cell, such as YouTube Studio's `Showing top 500 results`, is no row; ``remarks``
    gets it.
    Refuses (DataError) a missing column, and files that cannot be read or differ in their columns,
    and tables beyond ``limits``; of a packed one that shows as it is read.
    """
    files = files_in(source, limits)
    try:
        table = _dataset(source, files, dict.fromkeys(text, pa.string()), remarks)
        limits.refuse("columns", files[0], len(table.schema.names), "columns")
        missing = [name for name in columns if name not in table.schema.names]
        if missing:
            raise DataError(
                f"{files[0]}: column {quoted(missing[0])} is missing; found "
                f"{listed(table.schema.names)}"
            )
        read = size = 0
        for fragment in table.get_fragments():
            first = 1 if is_parquet(Path(fragment.path)) else 2
            for rows in fragment.to_batches(
                schema=table.schema, columns=list(columns), batch_size=ROWS
            ):
                read, size = read + len(rows), size + rows.nbytes
                limits.refuse("rows", source, read, "rows or more")
                limits.refuse("bytes", source, size, "bytes or more in its columns")
                yield Batch(fragment.path, first, rows)
                first += len(rows)
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"{source}: not a readable table ({quoted(str(error), 200)})") from error


def _dataset(
    source: Path,
    files: Sequence[Path],
    types: dict[str, pa.DataType],
    remarks: list[str] | None = None,
) -> ds.Dataset:
    def remark(row: pacsv.InvalidRow) -> str:
        if row.actual_columns != 1:
            return "error"
        text = str(row.text)[:80]
        if remarks is not None and text not in remarks:  # it is met each time the table is opened
            remarks.append(text)
        return "skip"

    form: ds.FileFormat = ds.ParquetFileFormat()
    if not is_parquet(files[0]):
        how = written(files)
        form = ds.CsvFileFormat(
            pacsv.ParseOptions(delimiter=how.delimiter, invalid_row_handler=remark),
            convert_options=pacsv.ConvertOptions(column_types=types, strings_can_be_null=False),
            read_options=pacsv.ReadOptions(encoding=how.encoding),
        )
    base = str(source) if source.is_dir() else str(source.parent)
    try:
        return ds.dataset(
            [str(file) for file in files], format=form, partitioning="hive", partition_base_dir=base
        )
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"{source}: not a readable table ({quoted(str(error), 200)})") from error
