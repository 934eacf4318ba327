"""The folder of a referee, as it lies on the disk between two starts: plan, rows, journal,
predictions, tokens, closing, what the recorder was told; each edited, broken, cut, or another's.

What is right of a folder that is opened: the same account when it is closed. A journal that was cut
is a younger one, whose lines are the first of all.
"""

import io
import json
import tempfile
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pandas as pd
from hypothesis import strategies as st

from fuzz import evil, json_values
from fuzz.case import Case
from fuzz.target import Accepted, Target
from support.referees import Recorder
from viewcast.base.errors import ViewcastError
from viewcast.referee import folder as referee_folder
from viewcast.referee.folder import RefereeFolder
from viewcast.referee.terms import Terms
from viewcast.referee.tokens import Tokens

N, BUDGET, SUBMISSIONS = 104, 9, 5
NOW = 1_700_000_000_000
SUBMITTERS = ("agent", "loop")
KINDS = ("numbers", "labels", "closed", "nothing")


@cache
def stored(kind: str) -> dict[str, bytes]:
    """The files of a referee of numbers that is open, one of labels, one that is closed, and one
    that has heard nothing.
    """
    rng = np.random.default_rng(4)
    labels = kind == "labels"
    truth = rng.choice(["a", "b"], N) if labels else rng.normal(size=N)
    with tempfile.TemporaryDirectory() as place, patch.object(referee_folder, "_now", lambda: NOW):
        rows, folder = Path(place) / "rows.parquet", Path(place) / "referee"
        days = pd.date_range("2023-01-01", periods=N)
        pd.DataFrame({"day": days, "y": truth}).to_parquet(rows)
        metric = "accuracy" if labels else "mae"
        with RefereeFolder.start(folder, rows, "y", metric, Terms(BUDGET), time="day") as referee:
            Tokens.of(folder, SUBMITTERS)
            for number in range(0 if kind == "nothing" else SUBMISSIONS):
                wrong = rng.random(N) < 0.4 / (1 + number)
                given = truth + rng.normal(size=N) / (1 + number) if not labels else truth.copy()
                if labels:
                    given[wrong] = "a"
                referee.submit(given, SUBMITTERS[number % 2])
            if kind == "closed":
                referee.close("loop")
        (folder / "told.json").write_text(json.dumps({"submissions": 3, "closing": 0}))
        files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
        return {str(path.relative_to(folder)): path.read_bytes() for path in files}


@cache
def account(kind: str) -> Any:
    """What is told of the folder as it was stored."""
    with tempfile.TemporaryDirectory() as place:
        laid = Case(stored(kind)).lay(Path(place) / "given")
        return run(laid, Path(place)).value


@st.composite
def edited(draw: st.DrawFn, name: str, content: bytes) -> tuple[bytes, str]:
    """Another content of a file, and how it came about."""
    how = draw(st.sampled_from(("kind", "kind", "kind", "bytes", "bytes", "text")))
    if how == "text":
        return draw(st.sampled_from((b"", b"null", b"[]", b"{}", b"1", *json_values.DEEP))), how
    if how == "kind" and Path(name).suffix in OF_KIND and content:
        return draw(OF_KIND[Path(name).suffix](content))
    return draw(evil.broken(content))


@st.composite
def value(draw: st.DrawFn, content: bytes) -> tuple[bytes, str]:
    """JSON with another value."""
    changed, how = draw(json_values.changed(json.loads(content)))
    return json_values.text(changed), how


@st.composite
def line(draw: st.DrawFn, content: bytes) -> tuple[bytes, str]:
    """A journal with another line, without one, or with one more."""
    lines = content.splitlines(keepends=True)
    at = evil.place(draw(evil.shares), len(lines))
    how = draw(st.sampled_from(("value", "value", "gone", "twice", "end", "swap")))
    if how == "value":
        lines[at], how = draw(value(lines[at]))
        lines[at] += b"\n"
    elif how == "gone":
        del lines[at]
    elif how == "twice":
        lines.insert(at, lines[at])
    elif how == "swap":
        lines[0], lines[at] = lines[at], lines[0]
    else:
        lines.append(draw(st.sampled_from((b"{}\n", b"\n", b"[1]\n", b'{"kind": 1', b"x"))))
    return b"".join(lines), f"{how} {at}"


@st.composite
def array(draw: st.DrawFn, content: bytes) -> tuple[bytes, str]:
    """Numbers that are others, fewer, or of another kind."""
    known, made = np.load(io.BytesIO(content)), io.BytesIO()
    others = (known[:-1], known * 2, known.astype("f4"), known[:0], known[:, None], known[0])
    np.save(made, draw(st.sampled_from(others)))
    return made.getvalue(), "array"


@st.composite
def cells(draw: st.DrawFn, content: bytes) -> tuple[bytes, str]:
    """A table with another cell, column or row."""
    table = pd.read_parquet(io.BytesIO(content))
    column = draw(st.sampled_from(list(table)))
    how = draw(st.sampled_from(("cell", "gone", "row", "order", "text", "empty")))
    if how == "cell":
        at = evil.place(draw(evil.shares), len(table))
        table.loc[at, column] = table.loc[(at + 1) % len(table), column]
    elif how == "gone":
        table = table.drop(columns=column)
    elif how == "row":
        table = table.iloc[:-1]
    elif how == "order":
        table = table.iloc[::-1]
    elif how == "text":
        table[column] = table[column].astype(str)
    else:
        table[column] = None
    made = io.BytesIO()
    table.to_parquet(made, index=False)
    return made.getvalue(), f"{how} {column}"


OF_KIND = {".json": value, ".jsonl": line, ".parquet": cells, ".npy": array}


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """A folder in which one or two files are other ones, or none."""
    kind = draw(st.sampled_from(KINDS))
    files, made = dict(stored(kind)), [kind]
    for _ in range(draw(st.integers(0, 2))):
        name = draw(st.sampled_from(sorted(set(files) - {"lock"})))
        how = draw(st.sampled_from(("edited", "edited", "edited", "edited", "gone", "other")))
        if how == "gone" and files[name]:  # an empty journal is made where there is none
            del files[name]
        elif how == "other":
            other = draw(st.sampled_from(KINDS))
            files[name] = stored(other).get(name, b"")
            how = f"that of {other}"
        else:
            files[name], how = draw(edited(name, stored(kind)[name]))
        made.append(f"{name}: {how}")
    if kind == "nothing" and files.get("plan.json") != stored(kind)["plan.json"]:
        return Case(files, None, tuple(made))  # before anything was asked it may be another plan
    right = dict(account(kind))
    right["tokens"] = {
        name: token
        for name, token in right["tokens"].items()
        if files.get(f"tokens/{name}") == stored(kind)[f"tokens/{name}"]
    }
    return Case(files, right, tuple(made))


def agrees(value: Any, right: Any) -> bool:
    """Whether the account is right; of a journal that was cut, as far as it goes. Predictions and
    tokens may be refused only when they are needed.
    """
    told, wanted = value["submissions"], right["submissions"]
    if value["plan"] != right["plan"] or told != wanted[: len(told)]:
        return False
    if value["refused"]:
        return True
    if any(value["tokens"].get(name) != token for name, token in right["tokens"].items()):
        return False
    return len(told) < len(wanted) or value["closing"] == right["closing"]


def run(given: Path, project: Path) -> Accepted:
    """Open the folder, hand out tokens, close, tell a recorder."""
    given.chmod(0o700)
    for path in given.rglob("*"):
        path.chmod(0o700 if path.is_dir() else 0o600)
    found: dict[str, Any] = {"tokens": {}, "closing": None, "refused": False}
    with patch.object(referee_folder, "_now", lambda: NOW):
        with RefereeFolder.open(given) as referee:
            heard, found["plan"] = referee.status().submissions, referee.plan.plain()
            try:
                tokens = Tokens.of(given).hashes
                found["tokens"] = {name: hashed.hex() for name, hashed in tokens.items()}
                closing = referee.close("loop").plain() if heard else None
                found["closing"] = json.loads(json.dumps(closing))
            except ViewcastError as error:
                assert str(given) in str(error)
                found["refused"] = True
        trouble = RefereeFolder.open(given, Recorder()).stop()
    assert trouble is None, trouble
    journal = (given / "journal.jsonl").read_bytes().split(b"\n")[:-1]
    told = [line for line in map(json.loads, journal) if line["kind"] == "submission"]
    return Accepted({**found, "submissions": told})


TARGET = Target("referees", cases(), run, agrees)
