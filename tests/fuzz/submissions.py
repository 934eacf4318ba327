"""What is sent to a referee: requests with their headers and bodies, and files of predictions.

Each is sent to two referees that differ in their targets alone: what one refuses, the other refuses
in the same words, or the words tell of targets.
"""

import contextlib
import io
import json
import shutil
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from hypothesis import strategies as st

from fuzz import evil, json_values
from fuzz.case import Case
from fuzz.target import Accepted, Refused, Target
from support.in_process import in_process
from viewcast.referee.answers import RefusedError
from viewcast.referee.folder import RefereeFolder
from viewcast.referee.prediction_file import read_predictions
from viewcast.referee.service import Limits, app
from viewcast.referee.terms import Terms
from viewcast.referee.tokens import Tokens
from viewcast.referee.wire_format import packed

N, BUDGET = 104, 9
IDS = [f"row-{place}" for place in range(N)]
REFEREES = ("one", "two")
TOKEN = "a-token-of-forty-three-characters-in-a-test"
METRICS = {"numbers": "mae", "labels": "accuracy", "chances": "log_loss"}
RIGHT = {"accepted": True, "left": BUDGET - 2}
BODY_MOST = Limits(2**19)
FILE = ("predictions.parquet", "predictions.csv", "predictions.npy")
WAYS = ("array", "frame", "snappy", "json", "columns", *FILE)


def targets(kind: str, other: bool = False) -> Any:
    """Targets (N,), or others of the same kind."""
    rng = np.random.default_rng(8 + other)
    return (
        rng.normal(size=N)
        if kind == "numbers"
        else np.resize(["a", "b", "b"], N)[rng.permutation(N)]
    )


def predictions(kind: str, better: bool = True) -> pd.DataFrame:
    """Predictions of the rows by their names, in another order; better than the first ones."""
    truth = targets(kind)
    if kind == "numbers":
        columns: dict[str, Any] = {"prediction": truth * (0.9 if better else 0.0)}
    elif kind == "labels":
        columns = {"prediction": truth if better else np.resize(["a"], N)}
    else:
        chance = np.where(truth == "a", 0.9, 0.1) if better else np.full(N, 0.5)
        columns = {"probability_a": chance, "probability_b": 1 - chance}
    return pd.DataFrame({"id": IDS, **columns})


@cache
def stored(kind: str) -> Path:
    """Two referees with different targets, each of which has heard one submission."""
    place = Path(tempfile.mkdtemp(prefix="fuzz-"))
    for name in REFEREES:
        rows = place / f"{name}.parquet"
        pd.DataFrame({"id": IDS, "y": targets(kind, name == "two")}).to_parquet(rows)
        terms = Terms(BUDGET)
        with RefereeFolder.start(place / name, rows, "y", METRICS[kind], terms, key="id") as folder:
            (folder.folder / "tokens" / "loop").write_text(TOKEN + "\n")
            folder.submit(predictions(kind, better=False), "loop")
        rows.unlink()
    return place


def sent(frame: pd.DataFrame, way: str) -> bytes:
    """Predictions as somebody may send them."""
    made = io.BytesIO()
    if way == "snappy":
        frame.sample(frac=1, random_state=3).to_parquet(made, index=False)
    elif way == "predictions.parquet":
        frame.to_parquet(made)
    elif way == "predictions.csv":
        return frame.to_csv(index=False).encode("utf-8", "surrogatepass")
    elif way == "predictions.npy":
        np.save(made, _array(frame))
    elif way == "json":
        return json.dumps({"predictions": _array(frame).tolist()}).encode()
    elif way == "columns":
        return json.dumps({"columns": frame.to_dict("list")}).encode()
    else:
        return packed(frame if way == "frame" else _array(frame))
    return made.getvalue()


def _array(frame: pd.DataFrame) -> Any:
    """The predictions alone, in the order of the rows."""
    alone = frame.drop(columns="id", errors="ignore").to_numpy()
    alone = alone[:, 0] if alone.ndim == 2 and alone.shape[1] == 1 else alone
    return alone.astype(str) if alone.dtype == object else alone


@st.composite
def damaged(draw: st.DrawFn, frame: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """Predictions with something wrong in them, and what."""
    column, cell = draw(st.sampled_from(list(frame))), draw(evil.cells)
    how = draw(st.sampled_from(("cell", "number", "name", "more", "gone", "short", "long", "all")))
    at = evil.place(draw(evil.shares), len(frame))
    if how == "cell":
        frame[column] = frame[column].astype(object)
        frame.loc[at, column] = cell
    elif how == "number":
        frame[frame.columns[-1]] = frame.iloc[:, -1].astype(object)
        frame.loc[at, frame.columns[-1]] = draw(st.sampled_from((np.nan, np.inf, -1.0, 1e308, 2.0)))
    elif how == "name":
        frame = frame.rename(columns={column: cell})
    elif how == "more":
        frame[cell] = 1.0
    elif how == "gone":
        frame = frame.drop(columns=column)
    elif how == "short":
        frame = frame.iloc[: draw(st.integers(0, N - 1))]
    elif how == "long":
        frame = pd.concat([frame, frame.iloc[:at]], ignore_index=True)
    else:
        frame[column] = cell
    return frame, f"{how} {column}"


@st.composite
def bodies(draw: st.DrawFn, kind: str, way: str) -> tuple[bytes, tuple[str, ...]]:
    """A body or a file, and what is wrong with it; empty for nothing."""
    frame, made = predictions(kind), []
    how = draw(st.sampled_from(("right", "frame", "frame", "bytes", "value", "text")))
    if how == "frame":
        for _ in range(draw(st.integers(1, 2))):
            if frame.columns.size and len(frame):
                frame, wrong = draw(damaged(frame))
                made.append(wrong)
    try:
        content = sent(frame, way)
    except Exception:  # noqa: BLE001 (no library would write it)
        return b"", ("nothing",)
    if how == "value" and way in ("json", "columns"):
        value, wrong = draw(json_values.changed(json.loads(content)))
        return json_values.text(value), (wrong,)
    if how == "text":
        texts = (b"", b"null", b"{}", b"PAR1", b'{"predictions": []}', *json_values.DEEP)
        return draw(st.sampled_from(texts)), ("text",)
    if how in ("bytes", "value"):
        content, wrong = draw(evil.broken(content))
        made.append(wrong)
    return content, tuple(made)


@st.composite
def requests(draw: st.DrawFn) -> tuple[dict[str, Any], tuple[str, ...]]:
    """How a body is sent, and what is odd about it."""
    request: dict[str, Any] = {"method": "POST", "path": "/submit", "headers": {}, "parts": 1}
    request["token"] = f"Bearer {TOKEN}"
    if draw(st.integers(0, 5)):
        return request, ()
    key = draw(st.sampled_from(("method", "path", "token", "host", "length", "headers", "parts")))
    odd = {
        "method": ("GET", "PUT", "HEAD", "OPTIONS", "x" * 300, ""),
        "path": ("/", "/status", "/close/", "//", "/submit/../close", "/%00", "/" + "x" * 5_000),
        "token": (
            "",
            "Bearer",
            f"bearer  {TOKEN}",
            f"Basic {TOKEN}",
            "Bearer é",
            TOKEN,
            "B" * 9999,
        ),
        "host": ("evil.org", "", "127.0.0.1:0", "[::1]:1", "localhost", "127.0.0.1.evil.org"),
        "length": ("-1", "0", "x", "9" * 30, "٣", "1e3", "999999999999"),
        "headers": tuple(
            {name: name} for name in ("Expect", "Transfer-Encoding", "X-" + "y" * 999)
        ),
        "parts": (0, 3, 50),
    }
    request[key] = draw(st.sampled_from(odd[key]))
    return request, (f"{key} {str(request[key])[:40]}",)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Predictions, and how they are sent."""
    kind, way = draw(st.sampled_from(tuple(METRICS))), draw(st.sampled_from(WAYS))
    content, made = draw(bodies(kind, way))
    if way in FILE:
        files, odd = {way: content}, ()
    else:
        request, odd = draw(requests())
        files = {"body": content, "request.json": json.dumps(request).encode()}
    right = None if made or odd else RIGHT
    return Case({**files, "kind": kind.encode()}, right, (kind, way, *made, *odd))


def run(given: Path, project: Path) -> Accepted | Refused:
    """Send it to both referees."""
    kind = (given / "kind").read_text()
    one, two = [_heard(given, project / kind / name) for name in REFEREES]
    if isinstance(one, Refused) or isinstance(two, Refused):
        if one != two:
            raise RuntimeError(f"what is refused depends on targets: {one}, {two}")
        return one
    return one


def _heard(given: Path, place: Path) -> Accepted | Refused:
    request, failed = given / "request.json", io.StringIO()
    with RefereeFolder.open(place) as folder:
        if not request.exists():
            (path,) = given.glob("predictions.*")
            try:
                return Accepted(folder.submit(read_predictions(path), "loop").plain())
            except RefusedError as error:
                return Refused(str(error))
        service = app(folder, Tokens.of(place), BODY_MOST)
        with in_process(service) as asked, contextlib.redirect_stderr(failed):
            status, body = _answer(asked, json.loads(request.read_text()), given / "body")
    if status >= 500 or failed.getvalue():
        raise RuntimeError(failed.getvalue() or body)
    if status >= 400:
        return Refused(body)
    return Accepted(json.loads(body or "null"))


def _answer(asked: Any, request: dict[str, Any], body: Path) -> tuple[int, str]:
    content, parts = body.read_bytes(), request["parts"]
    length = request.get("length", str(len(content)))
    headers = {"Authorization": request["token"], "Content-Length": length, **request["headers"]}
    heard = asked.heard(
        request["method"],
        request["path"],
        headers,
        _parts(content, parts),
        request.get("host", "127.0.0.1:8573"),
    )
    return heard.status, heard.body.decode()


def _parts(content: bytes, count: int) -> Iterator[bytes]:
    size = max(1, -(-len(content) // max(count, 1)))
    for start in range(0, len(content) if count else 0, size):
        yield content[start : start + size]


def _project(folder: Path) -> None:
    """All of the referees, of which each kind is made once."""
    for kind in METRICS:
        shutil.copytree(stored(kind), folder / kind)


# What a refusal says is to be done: there is no place but the body.
DONE = (
    "expected",
    "anew",
    "again",
    "send",
    "such as",
    "name the rows",
    "name each row",
    "Invalid host header",
)
TARGET = Target("submissions", cases(), run, places=DONE, project=_project)
