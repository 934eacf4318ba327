"""What runs of others leave in MLflow, as an audit reads it: tables, curves, JSON, figures, tags.

There is no store: the runs are made here, and their artifacts lie in folders of this machine. A
case holds ``runs.json``, the figures of each run, and below the number of a run its artifacts.
Where a case says what is right, it is the loss of each run whose table was not touched.
"""

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import strategies as st

from fuzz import evil, stored_runs
from fuzz.case import Case
from fuzz.target import Accepted, Target

ROWS, RUNS = 60, 4
ALL_OF_IT = 12  # of so many cases one is audited to the end
Table = dict[str, list[Any]]
ODD: tuple[Any, ...] = (
    *(
        None,
        True,
        -1,
        0,
        1e308,
        2**64,
        float("nan"),
        float("inf"),
        "",
        "x",
        "1,5",
        "x" * 5_000,
        "é",
    ),
    *([], {}, [1.0], [1.0, 2.0], [[1.0]], {"a": 1}, "2021-01-01", "1e400", "validation", "train"),
)
NAMES = (
    *("target", "prediction", "loss", "row", "time", "split", "epoch", "score", "y_true", "p_1"),
    *(
        "error",
        "prob_a",
        "prob_b",
        "entity",
        "index",
        "",
        " ",
        "x" * 3_000,
        "a.b",
        "loss/score",
        "0",
    ),
)
TEXTS = (
    b"",
    b"null",
    b"[]",
    b"{}",
    b"1",
    b'"x"',
    b"[[1,2],[3]]",
    b'{"columns": 1, "data": 2}',
    b'{"columns": ["loss"], "data": {"a": 1}}',
    b'{"columns": ["loss", "loss"], "data": [[1, 2]]}',
    b'{"loss": {"0": 1, "1": {}}}',
    b'{"loss": {"0": 1}, "target": [1]}',
    b'[{"loss": 1}, {"loss": [1]}, {"x": null}]',
    b"[" * 100_000,
    b'{"a":' * 100_000,
    b"loss\n" + b"1\n" * 20 + b"x\n",
    b"loss,loss\n1,2\n",
    b"PAR1" + b"\x00" * 100 + b"PAR1",
    b'{"loss": [1e400, 1]}',
    b'{"loss": [' + b"9" * 5_000 + b"]}",
)
FILES = (
    *("predictions.parquet", "predictions.csv", "validation.csv", "rows.json", "rows.jsonl"),
    *(
        "eval_results_table.json",
        "deep/losses.tsv",
        "val_losses.csv.gz",
        "curve.csv",
        "cv_results.csv",
    ),
)
FIGURES = ("val_mse", "val_loss", "mse", "loss", "rmse", "val_accuracy", "x" * 300, "val/mse", "")


def _tables() -> list[Table]:
    """Row tables of the runs, each with more noise than the one before."""
    rng = np.random.default_rng(1)
    target = rng.standard_normal(ROWS)
    tables: list[Table] = []
    for number in range(RUNS):
        noisy = target + rng.standard_normal(ROWS) * (1 + number / 3)
        rows = [f"r{n}" for n in range(ROWS)]
        tables.append({"row": rows, "target": target.tolist(), "prediction": noisy.tolist()})
    return tables


TABLES = _tables()
LOSSES = [float(np.mean(np.subtract(t["target"], t["prediction"]) ** 2)) for t in TABLES]


def content(table: Table, name: str) -> bytes:
    """A table as people store it under such a name."""
    if name.endswith(".json"):
        data = [list(row) for row in zip(*table.values(), strict=False)]
        return json.dumps({"columns": list(table), "data": data}).encode()
    if name.endswith(".jsonl"):
        rows = [dict(zip(table, row, strict=True)) for row in zip(*table.values(), strict=False)]
        return "\n".join(map(json.dumps, rows)).encode()
    if name.endswith(".parquet"):
        made = io.BytesIO()
        pq.write_table(pa.table(list(map(_column, table.values())), list(table)), made)
        return made.getvalue()
    frame = pd.DataFrame({key: pd.Series(cells, dtype=object) for key, cells in table.items()})
    text = frame.to_csv(index=False, sep="\t" if name.endswith(".tsv") else ",")
    if name.endswith(".gz"):
        packed = io.BytesIO()
        frame.to_csv(packed, index=False, compression="gzip")
        return packed.getvalue()
    return text.encode("utf-8", "surrogatepass")


def _column(cells: list[Any]) -> pa.Array:
    """Cells of one kind as they are, others as text."""
    if {} in cells:  # Parquet has no type for it
        return pa.array([str(cell) for cell in cells])
    try:
        return pa.array(cells)
    except (pa.ArrowException, OverflowError):
        return pa.array([str(cell) for cell in cells])


@st.composite
def damaged(draw: st.DrawFn, table: Table) -> tuple[Table, str]:
    """A table in which something is wrong, and what."""
    changed = {key: list(cells) for key, cells in table.items()}
    how = draw(
        st.sampled_from(
            ("cell", "column", "name", "more", "gone", "rows", "short", "none", "lists")
        )
    )
    key, odd = draw(st.sampled_from(list(changed))), draw(st.sampled_from(ODD))
    cells = changed[key]
    if how == "cell":
        cells[evil.place(draw(evil.shares), len(cells))] = odd
    elif how == "column":
        changed[key] = [odd] * len(cells)
    elif how == "name":
        changed[draw(st.sampled_from(NAMES))] = changed.pop(key)
    elif how == "more":
        changed[draw(st.sampled_from(NAMES))] = [odd] * len(cells)
    elif how == "gone":
        del changed[key]
    elif how == "rows":
        times = draw(st.sampled_from((0, 1, 2)))
        changed = {name: each[:times] for name, each in changed.items()}
    elif how == "short":
        changed = {name: each + each[:3] for name, each in changed.items()}
    elif how == "lists":
        changed[key] = [[cell, cell] for cell in cells]
    return changed, f"{how} {key}"


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """The runs of an experiment, of which one or two left something odd."""
    name = draw(st.sampled_from(FILES[:8]))
    files, made, touched = {}, [name], set()
    figures: list[dict[str, Any]] = []
    for number, table in enumerate(TABLES):
        files[f"{number}/{name}"] = content(table, name)
        figures.append({"metrics": {"val_mse": LOSSES[number]}, "params": {"lr": "1"}, "tags": {}})
    for _ in range(draw(st.integers(0, 2))):
        number = draw(st.integers(0, RUNS - 1))
        touched.add(number)
        kind = draw(st.sampled_from(("table", "table", "bytes", "text", "figure", "file")))
        place = f"{number}/{draw(st.sampled_from((name, name, *FILES)))}"
        made.append(kind)
        if kind == "table":
            table, how = draw(damaged(TABLES[number]))
            files[place] = content(table, place)
            made.append(how)
        elif kind == "bytes":
            files[place], how = draw(evil.broken(files.get(place, files[f"{number}/{name}"])))
            made.append(how)
        elif kind == "text":
            files[place] = draw(st.sampled_from(TEXTS))
        elif kind == "figure":
            what = draw(st.sampled_from(("metrics", "params", "tags")))
            key = draw(
                st.sampled_from((*FIGURES, *NAMES, "mlflow.parentRunId", "fold", "estimator"))
            )
            odd = draw(st.sampled_from((0.5, -1.0, 1e308, float("nan"), float("inf"))))
            figures[number][what][key] = (
                odd if what == "metrics" else str(draw(st.sampled_from(ODD)))
            )
        else:
            files[place] = content(TABLES[draw(st.integers(0, RUNS - 1))], place)
    kept = {f"run-{n}": LOSSES[n] for n in range(RUNS) if n not in touched}
    whole = draw(st.integers(0, ALL_OF_IT)) == 0
    files["runs.json"] = json.dumps({"runs": figures, "whole": whole}).encode()
    return Case(files, kept, tuple(made))


def agrees(value: Any, right: Any) -> bool:
    """Whether each run that was not touched has its loss, or is left out for what it lacks."""
    return all(
        value.get(name) is None or bool(np.isclose(value[name], loss, rtol=1e-6))
        for name, loss in right.items()
    )


def run(given: Path, project: Path) -> Accepted:
    """Read all runs, and audit them to the end where the case says so."""
    about = json.loads((given / "runs.json").read_text())
    return stored_runs.read(about["runs"], given, about["whole"])


TARGET = Target("artifacts", cases(), run, agrees, places=("experiment = fuzzed", "run "))
